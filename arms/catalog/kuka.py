"""KUKA LBR iiwa 14, from a URDF beside this file."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from math import radians
from pathlib import Path

from arms.model.chain import MOVING, Chain
from arms.model.urdf import parse_urdf

URDF = Path(__file__).parent / "kuka_iiwa.urdf"
# KUKA, data sheet of the LBR iiwa 14 R820, A1 to A7. The URDF has placeholders: 10 rad/s, 300 N m.
SPEEDS = (85, 85, 100, 75, 130, 135, 135)  # [deg/s]
TORQUES = (320, 320, 176, 176, 110, 40, 40)  # [N m]


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
