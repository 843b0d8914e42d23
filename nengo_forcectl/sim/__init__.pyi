"""The public names, and where each lives."""

from .actuators import (
    ActuatorDelay as ActuatorDelay,
    ActuatorLag as ActuatorLag,
    TorqueError as TorqueError,
    TorqueRipple as TorqueRipple,
)
from .bristles import LuGreFriction as LuGreFriction
from .bullet import Bullet as Bullet
from .cycle_times import IrregularCycles as IrregularCycles
from .disturbances import Disturbance as Disturbance
from .engines import ENGINES as ENGINES, default_engine as default_engine
from .forces import (
    ForceBump as ForceBump,
    ForceField as ForceField,
    LinkForces as LinkForces,
    Spring as Spring,
)
from .friction import (
    CoulombFriction as CoulombFriction,
    UnevenFriction as UnevenFriction,
    ViscousFriction as ViscousFriction,
)
from .geometry import TiltedBase as TiltedBase, WrongLengths as WrongLengths
from .masses import Payload as Payload, WrongMasses as WrongMasses
from .mujoco import MuJoCo as MuJoCo
from .resolution import resolved_step as resolved_step
from .rotors import ElasticJoints as ElasticJoints, RotorInertia as RotorInertia
from .sensing import Sensors as Sensors
from .surfaces import Peg as Peg, Surface as Surface, Table as Table
from .tools import Tool as Tool
from .wrist import Wrist as Wrist
