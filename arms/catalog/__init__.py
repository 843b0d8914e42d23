"""Arms as data: one module per maker, each with the source of its numbers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module

from arms.model.chain import Chain


def _made_by(module: str, function: str, *args: int) -> Chain:
    return getattr(import_module(f"arms.catalog.{module}"), function)(*args)


CATALOG: dict[str, Callable[[], Chain]] = {
    "planar1": partial(_made_by, "planar", "planar", 1),
    "planar2": partial(_made_by, "planar", "planar", 2),
    "planar3": partial(_made_by, "planar", "planar", 3),
    "ur5": partial(_made_by, "universal", "ur5"),
    "ur5e": partial(_made_by, "universal", "ur5e"),
    "ur10e": partial(_made_by, "universal", "ur10e"),
    "jaco2": partial(_made_by, "kinova", "jaco2"),
    "kuka_iiwa": partial(_made_by, "kuka", "kuka_iiwa"),
    "panda": partial(_made_by, "franka", "panda"),
    "xarm6": partial(_made_by, "ufactory", "xarm6"),
}
