"""KUKA LBR iiwa 14, from the URDF that comes with pybullet_data."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from arms.chain import Chain
from arms.exceptions import ArmError
from arms.urdf import read_urdf


def kuka_iiwa() -> Chain:
    """Links, inertias, limits and meshes of ``kuka_iiwa/model.urdf``; the tool is the flange link's frame."""
    spec = find_spec("pybullet_data")
    if spec is None or spec.origin is None:
        raise ArmError("Arm 'kuka_iiwa' is read from pybullet_data, which is not installed: pip install pybullet")
    chain = read_urdf(Path(spec.origin).parent / "kuka_iiwa" / "model.urdf")
    return replace(
        chain,
        name="kuka_iiwa",
        source="kuka_iiwa/model.urdf of pybullet_data, from R. Krug and T. Stoyanov's lbr_iiwa (2015)",
    )
