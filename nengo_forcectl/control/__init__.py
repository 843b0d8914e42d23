"""Control laws: one file each, each a frozen dataclass with one method."""

from ..contract import Command, Controller
from .admittance import Admittance
from .computed_torque import ComputedTorque
from .floating import Floating
from .hybrid_force import HybridForce
from .impedance import Impedance
from .joint_pd import JointPD
from .operational_space import OperationalSpace
from .parallel_force import ParallelForce
from .secondary import Damping, JointLimits, Manipulability, ObstacleAvoidance, Posture, Secondary
from .sliding import Sliding

__all__ = [
    "Admittance",
    "Command",
    "ComputedTorque",
    "Controller",
    "Damping",
    "Floating",
    "HybridForce",
    "Impedance",
    "JointLimits",
    "JointPD",
    "Manipulability",
    "ObstacleAvoidance",
    "OperationalSpace",
    "ParallelForce",
    "Posture",
    "Secondary",
    "Sliding",
]
