"""Other engines' answers for our arms, from the URDF text that we write."""

from __future__ import annotations

import numpy as np
import pinocchio as pin

import arms


class Pinocchio:
    """The terms of an arm as Pinocchio computes them."""

    def __init__(self, urdf: str, arm: arms.Arm) -> None:
        self.model = pin.buildModelFromXML(urdf)
        self.model.gravity.linear = np.array(arm.chain.gravity)
        self.data = self.model.createData()
        assert [name for name in self.model.names if name != "universe"] == list(arm.joint_names)

    def configuration(self, q):
        """Pinocchio keeps continuous joints as cosine and sine."""
        wide = []
        for joint, value in zip(list(self.model.joints)[1:], q, strict=True):
            wide += [value] if joint.nq == 1 else [np.cos(value), np.sin(value)]
        return np.array(wide)

    def jacobian(self, axes, index):
        J = pin.getFrameJacobian(self.model, self.data, index, axes)
        return J.reshape(6, self.model.nv)  # of one joint, Pinocchio returns a vector

    def jacobian_rate(self, axes, index):
        dJ = pin.getFrameJacobianTimeVariation(self.model, self.data, index, axes)
        return dJ.reshape(6, self.model.nv)

    def terms(self, q, dq, ddq, frame):
        model, data, q = self.model, self.data, self.configuration(q)
        index = model.getFrameId(frame)
        pin.forwardKinematics(model, data, q, dq)
        pin.computeJointJacobiansTimeVariation(model, data, q, dq)
        pin.updateFramePlacements(model, data)
        g = pin.computeGeneralizedGravity(model, data, q).copy()
        h = pin.nonLinearEffects(model, data, q, dq).copy()
        pin.crba(model, data, q)
        return {
            "pose": data.oMf[index].homogeneous.copy(),
            "J": self.jacobian(pin.LOCAL_WORLD_ALIGNED, index),
            "dJ": self.jacobian_rate(pin.LOCAL_WORLD_ALIGNED, index),
            "M": np.triu(data.M) + np.triu(data.M, 1).T,
            "C": pin.computeCoriolisMatrix(model, data, q, dq).copy(),
            "g": g,
            "Cdq": h - g,
            "h": h,
            "tau": pin.rnea(model, data, q, dq, ddq).copy(),
            "ddq": pin.aba(model, data, q, dq, ddq).copy(),
        }


def relative_error(ours, theirs) -> float:
    """Largest difference, relative to the largest entry (or to one, if that is smaller)."""
    return float(np.abs(ours - theirs).max() / max(1.0, np.abs(theirs).max()))


def states(arm: arms.Arm, count: int, seed: int):
    """Random q within the limits (or half a turn, half a metre), dq and ddq."""
    rng = np.random.default_rng(seed)
    low, high = np.maximum(arm.q_lower, -np.pi), np.minimum(arm.q_upper, np.pi)
    return (
        rng.uniform(low, high, (count, arm.dof)),
        rng.normal(size=(count, arm.dof)),
        rng.normal(size=(count, arm.dof)),
    )
