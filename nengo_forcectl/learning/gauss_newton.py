"""Gauss-Newton in task space, with the Jacobians of network and arm."""

from dataclasses import dataclass

import numpy as np

from ..errors import ConfigurationError, NetworkError
from ..support.validation import check_not_negative, check_positive
from .law import Arrays, Memory, Signal, finite, needed, outputs
from .task_jacobian import of_task


@dataclass(frozen=True)
class GaussNewton:
    """The smallest change of the weights that provides the task's missing acceleration.

        dw/dt = eta G^T (G G^T + damping I)^-1 a_err,        G = J M^-1 J_w

    G [m/s^2 per unit of weight] is the derivative of the task's acceleration by all weights; a_err
    [m/s^2] is the acceleration that the task lacks. G G^T is only m by m. One step is explicit
    Euler. With damping 0 and F linear in w it removes the fraction ``eta dt`` of a_err at this x,
    all of it for eta = 1 / dt; above 2 / dt it diverges. This is a Levenberg-Marquardt step
    (Levenberg 1944; Marquardt 1963, doi:10.1137/0111030); damping leaves out task directions in
    which G is weaker than sqrt(damping), as near a singularity.

    It learns from the task alone. On a redundant arm, motion in the null space is neither learned
    from nor bounded; nothing is proved beyond one step. The minimised norm adds up weights of all
    arrays, despite their different units.
    """

    eta: float  # rate [1/s]
    damping: float  # [m^2/s^4 per unit of weight^2]

    def __post_init__(self) -> None:
        check_positive(self, eta="1/s")
        check_not_negative(self, damping="")

    def start(self, w: Arrays) -> Memory:
        """Return an empty memory: the law needs none."""
        return {}

    def step(
        self, w: Arrays, J_w: Arrays, signal: Signal, memory: Memory, dt: float
    ) -> dict[str, np.ndarray]:
        """Return the weights after dt; see `Law.step`."""
        if self.eta * dt > 2:
            raise ConfigurationError(
                f"GaussNewton.eta: is {self.eta} 1/s, needs at most {2 / dt} 1/s, which is 2 / dt"
            )
        a_err = needed(self, signal, "task_error", -1)
        m = len(a_err)
        G = of_task(needed(self, signal, "mobility", m, outputs(J_w)), J_w)
        flat = np.concatenate([G[name].reshape(m, -1) for name in w], axis=1)  # (m, P)
        try:
            y = np.linalg.solve(flat @ flat.T + self.damping * np.eye(m), a_err)
        except np.linalg.LinAlgError:
            raise NetworkError(
                f"GaussNewton.damping: is {self.damping}, needs a number above 0, because the "
                "weights do not move the task in every direction (G G^T is singular)"
            ) from None
        moved = {
            name: value + dt * self.eta * np.tensordot(y, G[name], 1) for name, value in w.items()
        }
        return finite(self, moved)
