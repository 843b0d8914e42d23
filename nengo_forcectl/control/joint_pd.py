"""Joint PD control with gravity compensation."""

from dataclasses import dataclass

import numpy as np

from arms import Terms

from ..exceptions import ConfigurationError
from ..paths import Reference
from ..robot import State
from .command import Command


@dataclass(frozen=True)
class JointPD:
    """``tau = g(q) + kp (q_r - q) + kv (dq_r - dq)``.

    The reference is a path in joint space. Globally asymptotically stable at a fixed reference when
    the gravity model is exact (Takegaki and Arimoto 1981).
    """

    kp: float = 100.0  # [N m/rad]
    kv: float = 20.0  # [N m s/rad]

    def __post_init__(self) -> None:
        for name in ("kp", "kv"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value >= 0):
                raise ConfigurationError(f"JointPD.{name}: is {value}, needs a number from 0 up")

    def torque(self, terms: Terms, state: State, reference: Reference) -> Command:
        """Return the torque that pulls the joints to the reference."""
        error = self.kp * (reference.x - state.q) + self.kv * (reference.dx - state.dq)
        mobility = np.linalg.inv(terms.M)
        return Command(
            terms.g + error, error, error, reference.dx, reference.ddx, mobility, mobility @ error
        )
