"""Gravity compensation: the arm floats, and goes where it is pushed."""

from dataclasses import dataclass

from .gains import Gain
from .joint_space import JointForm, JointSpace


@dataclass(frozen=True)
class Floating(JointSpace):
    """``tau = g(q) - kv dq``: whatever the reference is, the arm stays where it is left.

    It wants nothing, so there is no error to learn from: ``Command.error`` is zero. What a momentum
    observer tells (`DisturbanceObserver`, `ConsolidatingAdaptation`) can take a payload off it.
    """

    kv: Gain = 0.0  # [N m s/rad]

    follows = False

    def form(self, n: int) -> JointForm:
        """Return the law for ``n`` joints."""
        return JointForm(f_de=self.gain("kv", n), feedback_f=0.0)
