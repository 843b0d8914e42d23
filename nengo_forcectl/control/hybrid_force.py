"""Hybrid control: a force along some axes of the task, a motion along the others."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .force_control import ForceControl
from .gains import Gain, check_gain
from .task_space import TaskForm


@dataclass(frozen=True)
class HybridForce(ForceControl):
    """Hybrid force and position control (Raibert and Craig 1981), decoupled as in Khatib 1987.

    S selects the axes of motion in the task frame, S' = I - S those of force; e = x_r - x, f is the
    environment's wrench on the tool, f_r the wrench that the tool is to exert::

        feedback = S (kp e + kv de)                       [m/s^2], ahead: S ddx_r
        force    = S' (kf (f_r + f) + z + kd de)          [N], press: S' f_r - S f
        dz/dt    = S' ki (f_r + f)

    Along the axes of force the reference's velocity must be zero, so that ``kd de`` is damping.
    Along those of motion the measured force, the friction of a surface, is compensated (Siciliano
    et al. 2009, sec. 9.3): it causes no position error, and an adaptation does not learn it.
    """

    kp: Gain = 196.0  # [1/s^2]
    kv: Gain = 28.0  # [1/s]
    kd: Gain = 200.0  # [N s/m], [N m s/rad]

    def __post_init__(self) -> None:
        super().__post_init__()
        for gain in ("kp", "kv", "kd"):
            check_gain(self, gain, len(self.rows))

    @cached_property
    def form(self) -> TaskForm:
        """The law's matrices."""
        one = np.eye(len(self.rows))
        return TaskForm(
            a_e=self.turned(self.gain("kp"), motion=True),
            a_de=self.turned(self.gain("kv"), motion=True),
            f_de=self.turned(self.gain("kd")),
            f_f=self.turned(self.gain("kf")),
            f_z=one,
            a_ff=self.turned(one, motion=True),
            f_r_ff=self.turned(one),
            f_h=self.turned(one, motion=True),
        )
