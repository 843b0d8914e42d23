"""An arm's model in MuJoCo: alone, or as the arm of a scene."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from arms import Arm
from arms.model.chain import MOVING, Chain, coordinates
from arms.model.mjcf_compile import mujoco_package
from arms.model.mjcf_drives import actuators_of
from arms.model.mjcf_parts import names_in
from arms.model.spatial import matrix

from ..errors import ConfigurationError, SimulationError
from .mujoco_scene import scene_model


class Placed(NamedTuple):
    """A frame of the arm, fixed to a body of MuJoCo."""

    body: int
    T: Float[np.ndarray, "4 4"]


class ArmModel(NamedTuple):
    """MuJoCo's compiled model, and where the arm is in it."""

    model: Any
    dofs: np.ndarray
    places: np.ndarray  # in qpos
    base: Placed
    tool: Placed


def alone(real: Arm) -> ArmModel:
    """Return the model of the arm alone, without contacts.

    Raises:
        SimulationError: MuJoCo cannot load the arm.
    """
    mujoco = mujoco_package()
    try:
        model: Any = mujoco.MjModel.from_xml_string(real.to_urdf())
    except ValueError as error:
        raise SimulationError(f"arm '{real.name}': MuJoCo says: {error}") from None
    if model.nv != real.dof:
        raise SimulationError(f"arm '{real.name}': has {real.dof} joints, MuJoCo {model.nv}")
    model.opt.gravity[:] = real.gravity_vector
    model.opt.integrator = mujoco.mjtIntegrator.mjINT_EULER
    model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_CONTACT
    model.dof_damping[:] = model.dof_frictionloss[:] = 0.0  # friction is among the torques
    # MuJoCo joins links that a rigid joint connects: a body is what a moving joint leads to.
    bodies = {
        joint.child: int(body)
        for joint, body in zip(coordinates(real.chain), model.jnt_bodyid, strict=True)
    }
    tool = _carried(real.chain, bodies)
    n = np.arange(real.dof)
    return ArmModel(model, n, n, Placed(0, np.eye(4)), tool)


def in_scene(path: Path, real: Arm) -> ArmModel:
    """Return the model of a scene, in which the arm has the links and rotors of ``real``.

    What drives the arm is this package's: the scene's actuators, damping and dry friction on its
    joints are switched off, and so is gravity compensation of its bodies.

    Raises:
        ArmError: The file cannot be read.
        ConfigurationError: The arm is not the scene's.
    """
    mujoco, chain = mujoco_package(), real.chain
    model = scene_model(path, chain)
    names = names_in(model)
    joints = [names.joints.index(joint.name) for joint in coordinates(chain)]
    dofs = np.array(model.jnt_dofadr[joints])
    for field in ("dof_damping", "dof_frictionloss", "dof_dampingpoly"):
        if hasattr(model, field):
            getattr(model, field)[dofs] = 0.0
    for joint in joints:
        for number, _ in actuators_of(model, joint):
            _switch_off(model, number)
    bodies = {name: number for number, name in enumerate(names.bodies)}
    model.body_gravcomp[[bodies[link] for link in _moving(chain) if link in bodies]] = 0.0
    # What remains integrates the arm as Euler's method does, and damps the rest implicitly.
    euler = int(mujoco.mjtIntegrator.mjINT_EULER)
    if int(model.opt.integrator) != euler:
        rough = int(model.opt.integrator) == int(mujoco.mjtIntegrator.mjINT_RK4)
        model.opt.integrator = euler if rough else mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    base, data = _mount(chain, bodies), mujoco.MjData(model)
    if model.body_weldid[base.body] != 0:
        raise ConfigurationError(
            f"MuJoCo.scene: the base '{chain.base}' of arm '{chain.name}' moves in it, needs one "
            "that is fixed to the world; load the arm with the world as its base"
        )
    mujoco.mj_kinematics(model, data)
    R = data.xmat[base.body].reshape(3, 3) @ base.T[:3, :3]
    model.opt.gravity[:] = R @ real.gravity_vector
    tool = _carried(chain, bodies)
    return ArmModel(model, dofs, np.array(model.jnt_qposadr[joints]), base, tool)


def _switch_off(model: Any, actuator: int) -> None:
    """Let an actuator exert no force, and have no inertia or damping."""
    model.actuator_gaintype[actuator] = model.actuator_biastype[actuator] = 0
    model.actuator_gainprm[actuator] = model.actuator_biasprm[actuator] = 0.0
    for field in ("actuator_armature", "actuator_damping", "actuator_dampingpoly"):
        if hasattr(model, field):
            getattr(model, field)[actuator] = 0.0


def _moving(chain: Chain) -> set[str]:
    """Return the links that the arm moves."""
    moving: set[str] = set()
    for joint in chain.joints:  # sorted from the base
        if joint.kind in MOVING or joint.parent in moving:
            moving.add(joint.child)
    return moving


def _carried(chain: Chain, bodies: dict[str, int]) -> Placed:
    """Return where the tool frame is in the body that carries it."""
    above = {joint.child: joint for joint in chain.joints}
    link, T = chain.tip, matrix(chain.tool)
    while link not in bodies:
        T, link = matrix(above[link].origin) @ T, above[link].parent
    return Placed(bodies[link], T)


def _mount(chain: Chain, bodies: dict[str, int]) -> Placed:
    """Return where the arm's base frame is in a body of the scene."""
    link, T = chain.base, np.eye(4)
    while link not in bodies:
        down = [joint for joint in chain.joints if joint.parent == link and joint.kind == "fixed"]
        if not down:
            raise ConfigurationError(
                f"MuJoCo.scene: has no body '{chain.base}', the base of arm '{chain.name}'; load "
                "the arm from the scene"
            )
        T, link = np.linalg.inv(matrix(down[0].origin)) @ T, down[0].child
    return Placed(bodies[link], T)
