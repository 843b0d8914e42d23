"""The configuration of each verb; its fields are the command line's options and their help."""

from .bench import DISTURBANCES, BenchSettings
from .contact import ContactSettings, PressSettings, WipeSettings
from .jacobian import JacobianSettings
from .others import ArmsSettings, ExportSettings
from .reach import ADAPT, JACOBIANS, Adapt, Jacobian, ReachSettings, pass_name

__all__ = [
    "ADAPT",
    "DISTURBANCES",
    "JACOBIANS",
    "Adapt",
    "ArmsSettings",
    "BenchSettings",
    "ContactSettings",
    "ExportSettings",
    "Jacobian",
    "JacobianSettings",
    "PressSettings",
    "ReachSettings",
    "WipeSettings",
    "pass_name",
]
