"""The terms of an arm by every engine: Pinocchio, MuJoCo, PyBullet and ours."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from timeit import Timer

import mujoco
import numpy as np
import pinocchio as pin
import pybullet
from interleaved import Action, statement

import arms


def pinocchio(urdf: str, q: np.ndarray, dq: np.ndarray) -> Callable[[str], Timer]:
    """Statements with the names of Pinocchio, and of a model's data, its tool and a state."""
    model = pin.buildModelFromXML(urdf)
    own = {"model": model, "data": model.createData(), "tool": model.getFrameId("tool")}
    names = {**vars(pin), **own, "axes": pin.LOCAL_WORLD_ALIGNED, "q": q, "dq": dq}
    return partial(statement, **names)


PINOCCHIO_ALL = """
computeAllTerms(model, data, q, dq)
computeJointJacobiansTimeVariation(model, data, q, dq)
updateFramePlacement(model, data, tool)
getFrameJacobian(model, data, tool, axes)
getFrameJacobianTimeVariation(model, data, tool, axes)
"""
"""All terms by Pinocchio: pose, J, dJ, M, C dq, g."""


def ours(arm: arms.Arm, q: np.ndarray, dq: np.ndarray) -> dict[str, Timer]:
    """The same terms by the arm's kernel."""
    every = arm.kernel("pose", "J", "dJ", "M", "Cdq", "g")
    names = {"fill": every.fill, "call": every.call, "q": q, "dq": dq, "out": np.empty(every.size)}
    return {
        "ours, C dq, into a buffer": statement("fill(q, dq, None, out)", **names),
        "ours, C dq, new arrays": statement("call(q, dq, None)", **names),
    }


def contenders(name: str) -> dict[str, dict[str, Action]]:
    """Each block of the table: the work of every engine."""
    arm = arms.load(name)
    urdf = arm.to_urdf()
    rng = np.random.default_rng(0)
    q, dq = rng.normal(size=(2, arm.dof))
    by_pinocchio = pinocchio(urdf, q, dq)
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

    by_arm = partial(statement, arm=arm, q=q, dq=dq)
    everything: dict[str, Action] = {
        "Pinocchio": by_pinocchio(PINOCCHIO_ALL),
        "MuJoCo": mujoco_all,
        "PyBullet (no dJ)": bullet_all,
        **ours(arm, q, dq),
        "ours, arm.terms(q, dq), C matrix": by_arm("arm.terms(q, dq)"),
    }
    blocks = {
        "J": ("computeFrameJacobian(model, data, q, tool, axes)", "arm.jacobian(q)"),
        "M": ("crba(model, data, q)", "arm.mass_matrix(q)"),
        "g": ("computeGeneralizedGravity(model, data, q)", "arm.gravity(q)"),
        "nonlinear effects, C dq + g": ("nonLinearEffects(model, data, q, dq)", "arm.bias(q, dq)"),
        "inverse dynamics": ("rnea(model, data, q, dq, dq)", "arm.inverse_dynamics(q, dq, dq)"),
        "forward dynamics": ("aba(model, data, q, dq, dq)", "arm.forward_dynamics(q, dq, dq)"),
    }
    contest = {"all terms: pose, J, dJ, M, C dq, g": everything}
    for title, (theirs, own) in blocks.items():
        contest[title] = {"Pinocchio": by_pinocchio(theirs), own: by_arm(own)}
    return contest
