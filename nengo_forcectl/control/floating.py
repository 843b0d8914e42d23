"""Gravity compensation: the arm floats and moves where it is pushed."""

from dataclasses import dataclass

from .gains import Gain
from .joint_space import JointForm, JointSpace


@dataclass(frozen=True)
class Floating(JointSpace):
    """``tau = g(q) - kv dq``: the arm ignores the reference and stays where it is left.

    Without a target there is no error to learn from: ``Command.error`` is zero. Adaptations based
    on a momentum observer (`DisturbanceObserver`, `ConsolidatingAdaptation`) can compensate a
    payload.
    """

    kv: Gain = 0.0  # [N m s/rad]

    follows = False

    def form(self, n: int) -> JointForm:
        """Return the law for ``n`` joints."""
        return JointForm(f_de=self.gain("kv", n), feedback_f=0.0)
