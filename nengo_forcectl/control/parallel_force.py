"""Parallel control: force and position along the same axes, with priority to the force."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .force_control import ForceControl
from .gains import Gain, check_gain
from .task_space import TaskForm


@dataclass(frozen=True)
class ParallelForce(ForceControl):
    """Parallel force and position control (Chiaverini and Sciavicco 1993).

    f is the environment's wrench on the tool, f_r the wrench to exert, S' selects ``axes``::

        feedback = kp e + kv de + mass^-1 (S' kf (f_r + f) + z)     [m/s^2], ahead: ddx_r
        dz/dt    = S' ki (f_r + f),   press = -f

    Position is controlled along all rows. Along the axes of force the integral dominates: at rest
    the force is f_r for any x_r, and without contact the tool advances until it finds one (or z
    reaches its bound). With a misplaced surface the force stays lower than with `Impedance`, and
    contact is not lost as with `HybridForce`.
    """

    kp: Gain = 100.0  # [1/s^2]
    kv: Gain = 28.0  # [1/s]
    mass: Gain = 10.0  # [kg], [kg m^2]

    def __post_init__(self) -> None:
        super().__post_init__()
        for gain in ("kp", "kv"):
            check_gain(self, gain, len(self.rows))
        check_gain(self, "mass", len(self.rows), positive=True)

    @cached_property
    def form(self) -> TaskForm:
        """The law's matrices."""
        one, inverse = np.eye(len(self.rows)), np.linalg.inv(self.gain("mass"))
        return TaskForm(
            a_e=self.gain("kp"),
            a_de=self.gain("kv"),
            a_f=inverse @ self.turned(self.gain("kf")),
            a_z=inverse,
            a_ff=one,
            f_h=one,
        )
