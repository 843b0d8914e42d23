"""Impedance control: the tool as a mass on a spring and a damper."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .gains import Gain, check_gain
from .task_space import TaskForm, TaskSpace


@dataclass(frozen=True)
class Impedance(TaskSpace):
    """Impedance control (Hogan 1985), e = x_r - x, f the environment's wrench on the tool::

        without ``inertia``   Lambda dde + D de + K e = -(f_r + f)
        with it               inertia dde + D de + K e = -(f_r + f)

    Without ``inertia``, the law adds ``J^T (K e + D de + f_r)`` to the exact feed-forward: the arm
    keeps its own inertia Lambda and needs no force sensor. With ``inertia``, it uses the measured
    f: the feedback is ``inertia^-1 (K e + D de + f_r + f)``, an acceleration. f_r is the wrench of
    the reference.

    D must not reverse a motion within one control cycle: without ``inertia``, keep D below Lambda
    over the period, which is very little for rotations of a light wrist.

    ``Command.error`` is zero where the equation above holds at rest: a measured push against the
    spring is no error to learn from. Without a sensor the push counts as an error, and learning
    from it stiffens the spring.
    """

    K: Gain | None = None  # [N/m], [N m/rad]; by default 400, and 5 of a rotation
    D: Gain | None = None  # [N s/m], [N m s/rad]; by default 60, and 0.3 of a rotation
    inertia: Gain | None = None  # [kg], [kg m^2]

    def __post_init__(self) -> None:
        super().__post_init__()
        for field, (linear, angular) in {"K": (400.0, 5.0), "D": (60.0, 0.3)}.items():
            if getattr(self, field) is None:
                gains = np.array([linear if row < 3 else angular for row in self.rows])
                object.__setattr__(self, field, gains)
            check_gain(self, field, len(self.rows))
        if self.inertia is not None:
            check_gain(self, "inertia", len(self.rows), positive=True)

    @property
    def needs_wrench(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Whether the law needs a force sensor."""
        return self.inertia is not None

    @cached_property
    def form(self) -> TaskForm:
        """The law's matrices."""
        K, D, one = self.gain("K"), self.gain("D"), np.eye(len(self.rows))
        if self.inertia is None:
            return TaskForm(f_e=K, f_de=D, f_f=one, a_ff=one, f_h=one)
        inverse = np.linalg.inv(self.gain("inertia"))
        return TaskForm(a_e=inverse @ K, a_de=inverse @ D, a_f=inverse, a_ff=one, f_h=one)
