"""Computed-torque control of the joints."""

from dataclasses import dataclass

from .gains import Gain
from .joint_space import JointForm, JointSpace


@dataclass(frozen=True)
class ComputedTorque(JointSpace):
    """``tau = M (ddq_r + kv (dq_r - dq) + kp (q_r - q)) + C dq + g``.

    With an exact model ``dde + kv de + kp e = 0``, joint by joint (Luh, Walker and Paul 1980).
    """

    kp: Gain = 196.0  # [1/s^2]
    kv: Gain = 28.0  # [1/s]

    def form(self, n: int) -> JointForm:
        """Return the law for ``n`` joints."""
        return JointForm(
            self.gain("kp", n), self.gain("kv", n), follow=1.0, coriolis=1.0, feedback_a=1.0
        )
