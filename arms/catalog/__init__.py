"""Arms as data: one module per manufacturer, each with the source of its numbers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from arms.catalog.franka import fr3, panda
from arms.catalog.kinova import gen3, jaco2
from arms.catalog.kuka import iiwa14, kuka_iiwa
from arms.catalog.planar import planar
from arms.catalog.ufactory import lite6, xarm6, xarm7
from arms.catalog.universal import ur3e, ur5, ur5e, ur10e, ur16e
from arms.model.chain import Chain

CATALOG: dict[str, Callable[[], Chain]] = {
    "planar1": partial(planar, 1),
    "planar2": partial(planar, 2),
    "planar3": partial(planar, 3),
    "ur5": ur5,
    "ur3e": ur3e,
    "ur5e": ur5e,
    "ur10e": ur10e,
    "ur16e": ur16e,
    "jaco2": jaco2,
    "gen3": gen3,
    "kuka_iiwa": kuka_iiwa,
    "iiwa14": iiwa14,
    "panda": panda,
    "fr3": fr3,
    "xarm6": xarm6,
    "xarm7": xarm7,
    "lite6": lite6,
}
"""Name of an arm to the function that makes its chain."""
