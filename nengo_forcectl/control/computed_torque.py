"""Computed-torque control of the joints."""

from dataclasses import dataclass

import numpy as np

from arms import Terms

from ..contract import Command, Reference, State
from .gains import Gain
from .joint_space import JointLaw, JointSpace


@dataclass(frozen=True)
class ComputedTorque(JointSpace):
    """``tau = M (ddq_r + kv (dq_r - dq) + kp (q_r - q)) + C dq + g``.

    With an exact model ``dde + kv de + kp e = 0``, joint by joint (Luh, Walker and Paul 1980).
    """

    kp: Gain = 196.0  # [1/s^2]
    kv: Gain = 28.0  # [1/s]

    def law(self, n: int) -> JointLaw:
        """Return the law for ``n`` joints."""
        return JointLaw(self.gain("kp", n), self.gain("kv", n), follow=1.0, coriolis=1.0)

    def torque(self, terms: Terms, state: State, reference: Reference) -> Command:
        """Return the torque that moves the joints along the reference."""
        e, de = self.errors(state, reference)
        feedback = self.gain("kp", len(e)) @ e + self.gain("kv", len(e)) @ de  # [rad/s^2]
        error = terms.M @ feedback
        tau = error + terms.M @ reference.ddx + terms.C @ state.dq + terms.g
        mobility = np.linalg.inv(terms.M)
        return Command(tau, error, error, reference.dx, reference.ddx, mobility, feedback)
