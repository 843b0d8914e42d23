"""The integral term of a PID law of the tool."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from arms import Terms

from ..contract import Adaptation, Command, Reference, State
from ..control.task_space import task_inertia
from ..learning.task_jacobian import force_to_torque
from ..support.validation import check_not_negative


class IntegralAction(Adaptation):
    """``tau = J^T Lambda ki z``, ``dz/dt = x_r - x``: the integral term of a PID law of the tool.

    With gains kp and kv the loop is stable for ``ki < kp kv`` (Routh). ``Lambda`` is the arm's mass
    at the tool, see ``OperationalSpace``. z does not change in a cycle whose state is not sound: so
    it does not wind up while a limit changes the torque.
    """

    def __init__(self, rows: Sequence[int], ki: float, dt: float) -> None:
        self.ki = ki  # [1/s^3]
        self.dt = dt  # [s]
        check_not_negative(self, ki="1/s^3")
        self._rows = list(rows)
        self._sum = np.zeros(len(self._rows))  # z [m s]

    def torque(
        self, terms: Terms, state: State, reference: Reference, command: Command
    ) -> Float[np.ndarray, "n"]:
        """Return the torque of the integral, updated to this cycle."""
        J = terms.J[self._rows]
        tau = force_to_torque(J, task_inertia(J, terms.M) @ (self.ki * self._sum))
        if state.sound:
            self._sum = self._sum + self.dt * (reference.x - terms.pose[:3, 3])[self._rows]
        return tau
