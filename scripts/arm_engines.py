"""The terms of an arm by every engine: Pinocchio, MuJoCo, PyBullet and ours."""

from __future__ import annotations

import tempfile

import mujoco
import numpy as np
import pinocchio as pin
import pybullet
from interleaved import Action

import arms


def pinocchio_all(urdf: str, q: np.ndarray, dq: np.ndarray) -> Action:
    """All terms by Pinocchio: pose, J, dJ, M, C dq, g."""
    model = pin.buildModelFromXML(urdf)
    data = model.createData()
    tool = model.getFrameId("tool")
    axes = pin.LOCAL_WORLD_ALIGNED

    def compute() -> None:
        pin.computeAllTerms(model, data, q, dq)
        pin.computeJointJacobiansTimeVariation(model, data, q, dq)
        pin.updateFramePlacement(model, data, tool)
        pin.getFrameJacobian(model, data, tool, axes)
        pin.getFrameJacobianTimeVariation(model, data, tool, axes)

    return compute


def contenders(name: str) -> dict[str, dict[str, Action]]:
    """Each block of the table: the work of every engine."""
    arm = arms.load(name)
    urdf = arm.to_urdf()
    rng = np.random.default_rng(0)
    q, dq = rng.normal(size=(2, arm.dof))
    every = arm.kernel("pose", "J", "dJ", "M", "Cdq", "g")
    out = np.empty(every.size)

    model = pin.buildModelFromXML(urdf)
    data = model.createData()
    tool = model.getFrameId("tool")
    axes = pin.LOCAL_WORLD_ALIGNED
    scene = mujoco.MjModel.from_xml_string(urdf)
    state = mujoco.MjData(scene)
    M = np.empty((arm.dof, arm.dof))
    linear, angular = np.empty((3, arm.dof)), np.empty((3, arm.dof))
    point, last = arm.pose(q)[:3, 3], scene.nbody - 1

    def mujoco_all() -> None:
        state.qpos[:], state.qvel[:] = q, dq
        mujoco.mj_fwdPosition(scene, state)
        mujoco.mj_fwdVelocity(scene, state)
        mujoco.mj_fullM(scene, state, M)
        mujoco.mj_jac(scene, state, linear, angular, point, last)
        mujoco.mj_jacDot(scene, state, linear, angular, point, last)

    pybullet.connect(pybullet.DIRECT)
    with tempfile.NamedTemporaryFile("w", suffix=".urdf") as file:
        file.write(urdf)
        file.flush()
        flags = pybullet.URDF_USE_INERTIA_FROM_FILE
        body = pybullet.loadURDF(file.name, useFixedBase=True, flags=flags)
    end = pybullet.getNumJoints(body) - 1
    lists, zero, origin = (q.tolist(), dq.tolist()), [0.0] * arm.dof, [0.0] * 3

    def bullet_all() -> None:
        pybullet.calculateMassMatrix(body, lists[0])
        pybullet.calculateInverseDynamics(body, *lists, zero)
        pybullet.calculateJacobian(body, end, origin, lists[0], zero, zero)
        pybullet.getLinkState(body, end)

    def pinocchio_jacobian() -> None:
        pin.computeFrameJacobian(model, data, q, tool, axes)

    everything = {
        "Pinocchio": pinocchio_all(urdf, q, dq),
        "MuJoCo": mujoco_all,
        "PyBullet (no dJ)": bullet_all,
        "ours, C dq, into a buffer": lambda: every.fill(q, dq, None, out),
        "ours, C dq, new arrays": lambda: every.call(q, dq, None),
        "ours, arm.terms(q, dq), C matrix": lambda: arm.terms(q, dq),
    }
    return {
        "all terms: pose, J, dJ, M, C dq, g": everything,
        "J": {"Pinocchio": pinocchio_jacobian, "arm.jacobian": lambda: arm.jacobian(q)},
        "M": {
            "Pinocchio": lambda: pin.crba(model, data, q),
            "arm.mass_matrix": lambda: arm.mass_matrix(q),
        },
        "g": {
            "Pinocchio": lambda: pin.computeGeneralizedGravity(model, data, q),
            "arm.gravity": lambda: arm.gravity(q),
        },
        "nonlinear effects, C dq + g": {
            "Pinocchio": lambda: pin.nonLinearEffects(model, data, q, dq),
            "arm.bias": lambda: arm.bias(q, dq),
        },
        "inverse dynamics": {
            "Pinocchio": lambda: pin.rnea(model, data, q, dq, dq),
            "arm.inverse_dynamics": lambda: arm.inverse_dynamics(q, dq, dq),
        },
        "forward dynamics": {
            "Pinocchio": lambda: pin.aba(model, data, q, dq, dq),
            "arm.forward_dynamics": lambda: arm.forward_dynamics(q, dq, dq),
        },
    }
