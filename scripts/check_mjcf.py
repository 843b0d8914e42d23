"""Arms read from MJCF files against MuJoCo itself: pose, J, M, C dq, g and armature.

    python scripts/check_mjcf.py robot.xml other.xml:left_hand

After a colon stands the tip, if it is not the default one. Each number is the largest difference
over random states, relative to the largest entry (or to 1, if that is smaller); it should be below
1e-9. MuJoCo compiles the whole file, with its meshes; the arm was read without those that no
inertia needs.
"""

import sys
from pathlib import Path
from typing import Any, NamedTuple

import mujoco
import numpy as np
from rich.console import Console
from rich.table import Table

import arms
from arms import Arm, ArmError
from arms.model.mjcf_compile import compiled, mechanics, whole_spec

STATES, BOUND = 50, 1e-9
MOVING = int(mujoco.mjtJoint.mjJNT_HINGE), int(mujoco.mjtJoint.mjJNT_SLIDE)
ON_JOINT = int(mujoco.mjtTrn.mjTRN_JOINT)


class Differences(NamedTuple):
    """Largest relative differences between an arm and MuJoCo."""

    pose: float
    J: float
    M: float
    Cdq: float
    g: float
    armature: float


def differences(
    arm: Arm, model: Any, base: str | None = None, tip: str | None = None, seed: int = 0
) -> Differences:
    """Return the differences of an arm and MuJoCo's model of the same file.

    ``base`` and ``tip`` are those with which it was read; the base a body, or None for the world.
    """
    rng = np.random.default_rng(seed)
    data, n = mujoco.MjData(model), arm.dof
    joints = [model.joint(name).id for name in arm.joint_names]
    at, dofs = model.jnt_qposadr[joints], model.jnt_dofadr[joints]
    low, high = np.maximum(arm.q_lower, -np.pi), np.minimum(arm.q_upper, np.pi)
    rest = _rest(model)
    M, J = np.zeros((model.nv, model.nv)), np.zeros((6, model.nv))
    armature = np.zeros(n)
    found: list[list[float]] = []
    for _ in range(STATES):
        q, dq = rng.uniform(low, high), rng.normal(size=n)
        data.qpos[:], data.qvel[:] = rest, 0.0
        data.qpos[at] = q
        mujoco.mj_forward(model, data)
        g = data.qfrc_bias[dofs].copy()
        data.qvel[dofs] = dq
        mujoco.mj_forward(model, data)
        mujoco.mj_fullM(model, data, M)
        frame = np.eye(4)
        if base is not None:
            frame[:3, :3] = data.body(base).xmat.reshape(3, 3)
            frame[:3, 3] = data.body(base).xpos
        T, body = _tip(model, data, tip or arm.chain.tip)
        mujoco.mj_jac(model, data, J[:3], J[3:], T[:3, 3], body)
        turned = np.vstack((frame[:3, :3].T @ J[:3, dofs], frame[:3, :3].T @ J[3:, dofs]))
        found.append(
            [
                _relative(arm.pose(q), np.linalg.inv(frame) @ T),
                _relative(arm.jacobian(q), turned),
                _relative(arm.mass_matrix(q), M[np.ix_(dofs, dofs)]),
                _relative(arm.coriolis(q, dq) @ dq, data.qfrc_bias[dofs] - g),
                _relative(arm.gravity(q), g),
            ]
        )
    armature = model.dof_armature[dofs].copy()
    for actuator in range(model.nu):
        joint = model.actuator_trnid[actuator, 0]
        if int(model.actuator_trntype[actuator]) == ON_JOINT and joint in joints:
            own = getattr(model, "actuator_armature", np.zeros(model.nu))[actuator]
            armature[joints.index(joint)] += model.actuator_gear[actuator, 0] ** 2 * own
    return Differences(*np.max(found, axis=0).tolist(), _relative(arm.armature, armature))


def _rest(model: Any) -> np.ndarray:
    """Return where joints that are not the arm's are rigid: as near zero as their limits allow."""
    rest = model.qpos0.copy()
    for joint in range(model.njnt):
        if int(model.jnt_type[joint]) in MOVING:
            limited = model.jnt_limited[joint]
            lower, upper = model.jnt_range[joint] if limited else (-np.inf, np.inf)
            rest[model.jnt_qposadr[joint]] = min(max(0.0, lower), upper)
    return rest


def _tip(model: Any, data: Any, name: str) -> tuple[np.ndarray, int]:
    """Return the pose of a body or site, and its body."""
    T = np.eye(4)
    body = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_BODY, name)
    place = data.body(name) if body >= 0 else data.site(name)
    T[:3, :3], T[:3, 3] = place.xmat.reshape(3, 3), place.xpos
    return T, body if body >= 0 else int(model.site(name).bodyid[0])


def _relative(ours: np.ndarray, theirs: np.ndarray) -> float:
    return float(np.abs(ours - theirs).max() / max(1.0, np.abs(theirs).max()))


def main(files: list[str]) -> int:
    """Print a table; return the number of files that are not as MuJoCo has them."""
    table, wrong = Table("file", "tip", "joints", *Differences._fields, "meshes"), 0
    for name in files:
        path, _, tip = name.partition(":")
        label = "/".join(Path(path).parts[-2:])
        try:
            arm = arms.load(path, tip=tip or None)
            meshes = "read"
            try:
                model = compiled(whole_spec(Path(path)))
            except ArmError:
                model, meshes = mechanics(Path(path)), "not found"
            found = differences(arm, model, tip=tip or None)
        except ArmError as error:
            table.add_row(label, tip, *[""] * 7, str(error))
            wrong += 1
            continue
        wrong += not max(found) < BOUND
        numbers = [f"{value:.1e}" for value in found]
        table.add_row(label, tip or arm.chain.tip, str(arm.dof), *numbers, meshes)
    Console(width=max(160, 60)).print(table)
    return wrong


if __name__ == "__main__":
    sys.exit(min(1, main(sys.argv[1:])))
