"""KUKA LBR iiwa 14: ``kuka_iiwa`` from a URDF beside this file, ``iiwa14`` as Drake has it.

They are one arm. Drake's has other masses, and KUKA's flange as the tool: RobotLocomotion/drake,
manipulation/models/iiwa_description/urdf/iiwa14_no_collision.urdf (from iiwa_stack).
"""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from math import pi, radians
from pathlib import Path

from arms.catalog.serial import ZERO, Row, serial
from arms.model.chain import MOVING, Chain, Pose
from arms.model.urdf import parse_urdf

URDF = Path(__file__).parent / "kuka_iiwa.urdf"
# KUKA, data sheet of the LBR iiwa 14 R820, A1 to A7. The URDF has placeholders: 10 rad/s, 300 N m.
SPEEDS = (85, 85, 100, 75, 130, 135, 135)  # [deg/s]
TORQUES = (320, 320, 176, 176, 110, 40, 40)  # [N m]

DRAKE = (
    "RobotLocomotion/drake, manipulation/models/iiwa_description/urdf/iiwa14_no_collision.urdf; "
    "speed and torque limits from KUKA's data sheet of the LBR iiwa 14 R820"
)
# Of A1 to A7: the joint's origin [m] and axes [rad] in the link before, its limit [deg]; the link's
# mass [kg], centre [m] and moments of inertia [kg m^2].
PARTS = (
    ((0.0, 0.0, 0.1575), ZERO, 170, 5.76, (0.0, -0.03, 0.12), (0.033, 0.0333, 0.0123)),
    (
        *((0.0, 0.0, 0.2025), (pi / 2, 0.0, pi), 120),
        *(6.35, (0.0003, 0.059, 0.042), (0.0305, 0.0304, 0.011)),
    ),
    (
        *((0.0, 0.2045, 0.0), (pi / 2, 0.0, pi), 170),
        *(3.5, (0.0, 0.03, 0.13), (0.025, 0.0238, 0.0076)),
    ),
    (
        *((0.0, 0.0, 0.2155), (pi / 2, 0.0, 0.0), 120),
        *(3.5, (0.0, 0.067, 0.034), (0.017, 0.0164, 0.006)),
    ),
    (
        *((0.0, 0.1845, 0.0), (-pi / 2, pi, 0.0), 170),
        *(3.5, (0.0001, 0.021, 0.076), (0.01, 0.0087, 0.00449)),
    ),
    (
        *((0.0, 0.0, 0.2155), (pi / 2, 0.0, 0.0), 120),
        *(1.8, (0.0, 0.0006, 0.0004), (0.0049, 0.0047, 0.0036)),
    ),
    (
        *((0.0, 0.081, 0.0), (-pi / 2, pi, 0.0), 175),
        *(1.2, (0.0, 0.0, 0.02), (0.001, 0.001, 0.001)),
    ),
)


def iiwa14() -> Chain:
    """KUKA LBR iiwa 14, seven joints, with Drake's inertias; the tool is the flange."""
    rows = []
    for k, (xyz, rpy, limit, mass, com, (Ixx, Iyy, Izz)) in enumerate(PARTS):
        rows.append(
            Row(
                *(f"iiwa_joint_{k + 1}", f"iiwa_link_{k + 1}", xyz, rpy),
                *(-radians(limit), radians(limit), radians(SPEEDS[k]), float(TORQUES[k])),
                *(mass, com, (Ixx, 0.0, 0.0, Iyy, 0.0, Izz)),
            )
        )
    return serial("iiwa14", rows, DRAKE, base="iiwa_link_0", flange=Pose((0.0, 0.0, 0.045)))


def kuka_iiwa() -> Chain:
    """KUKA LBR iiwa 14, seven joints; the tool is the last link of the URDF.

    Links, inertias and position limits are those of kuka_iiwa/model.urdf in pybullet_data (from
    lbr_iiwa, R. Krug and T. Stoyanov, 2015); speed and torque limits are KUKA's. It has meshes
    where pybullet_data is installed.
    """
    spec = find_spec("pybullet_data")
    origin = None if spec is None else spec.origin
    meshes = None if origin is None else Path(origin).parent / "kuka_iiwa"
    chain = parse_urdf(URDF.read_bytes(), meshes)
    limits = iter(zip(SPEEDS, TORQUES, strict=True))
    joints = []
    for joint in chain.joints:
        if joint.kind in MOVING:
            speed, torque = next(limits)
            joint = replace(joint, velocity=radians(speed), effort=float(torque))
        joints.append(joint)
    return replace(
        chain,
        joints=tuple(joints),
        name="kuka_iiwa",
        source="kuka_iiwa/model.urdf of pybullet_data, from lbr_iiwa (R. Krug and T. Stoyanov, "
        "2015); speed and torque limits from KUKA's data sheet of the LBR iiwa 14 R820",
    )
