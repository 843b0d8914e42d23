"""The public names, and where each lives."""

from .bullet import Bullet as Bullet
from .disturbances import Disturbance as Disturbance
from .forces import ForceField as ForceField, LinkForces as LinkForces, Spring as Spring
from .friction import CoulombFriction as CoulombFriction, ViscousFriction as ViscousFriction
from .masses import Payload as Payload, WrongMasses as WrongMasses
from .mujoco import MuJoCo as MuJoCo
from .sensing import Sensors as Sensors
from .surfaces import Peg as Peg, Surface as Surface, Table as Table
from .tools import Tool as Tool
from .wrist import Wrist as Wrist
