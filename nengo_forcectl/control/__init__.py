"""Control laws: one file each, each a frozen dataclass with one method."""

from .command import Command, Controller
from .joint_pd import JointPD
from .operational_space import OperationalSpace

__all__ = ["Command", "Controller", "JointPD", "OperationalSpace"]
