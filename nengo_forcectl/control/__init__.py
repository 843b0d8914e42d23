"""Control laws: one file each, a frozen dataclass of gains over one compiled kernel.

Laws are registered in `LAWS` and secondary tasks in `SECONDARY_TASKS`. Export, bench and equation
tests cover everything registered.
"""

from .admittance import Admittance
from .bound_law import BoundLaw
from .collision_avoidance import CollisionAvoidance
from .computed_torque import ComputedTorque
from .floating import Floating
from .hybrid_force import HybridForce
from .impedance import Impedance
from .joint_pd import JointPD
from .joint_pid import JointPID
from .joint_space import JointSpace
from .operational_space import OperationalSpace
from .parallel_force import ParallelForce
from .secondary import (
    Damping,
    JointLimits,
    Manipulability,
    ObstacleAvoidance,
    Posture,
    Secondary,
)
from .sliding import Sliding
from .task_space import TaskSpace, task_inertia

LAWS = (
    JointPD, JointPID, ComputedTorque, Sliding, Floating,
    OperationalSpace, Impedance, HybridForce, ParallelForce, Admittance,
)  # fmt: skip
"""Every control law of the package."""

SECONDARY_TASKS = (
    Posture, Damping, JointLimits, ObstacleAvoidance, Manipulability, CollisionAvoidance,
)  # fmt: skip
"""Every secondary task of the package that an exported controller may have."""

__all__ = [
    "LAWS",
    "SECONDARY_TASKS",
    "Admittance",
    "BoundLaw",
    "CollisionAvoidance",
    "ComputedTorque",
    "Damping",
    "Floating",
    "HybridForce",
    "Impedance",
    "JointLimits",
    "JointPD",
    "JointPID",
    "JointSpace",
    "Manipulability",
    "ObstacleAvoidance",
    "OperationalSpace",
    "ParallelForce",
    "Posture",
    "Secondary",
    "Sliding",
    "TaskSpace",
    "task_inertia",
]
