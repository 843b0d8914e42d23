"""Composite adaptation: the tracking error and the prediction error together."""

from dataclasses import dataclass
from math import expm1
from typing import get_args

import numpy as np

from ..support.validation import check_choice, check_not_negative, check_positive
from .covariance import Blocks, measured, prior_covariance, shrink
from .law import Arrays, Memory, Signal, finite, needed, outputs


@dataclass(frozen=True)
class Composite:
    """Learn from the tracking error and from the network's prediction error.

        dw/dt = P J_w^T (s + rho e)
        P = gamma I                                                 forgetting None: constant gain
        dP/dt = forgetting (gamma I - P) - rho P J_w^T J_w P        else; P = gamma I at first

    s [N m] is the tracking error in joint torque space, e [N m] the prediction error (unmodelled
    torque less F). The prediction error adds damping to the weights: with s alone (rho = 0 is
    `Gradient`) they oscillate ever faster the higher gamma is.

    Proved for F linear in w (decoders), the unmodelled torque exactly F(x; w*), an observer
    without lag (e = J_w (w* - w)), a passive arm and a nominal law with damping K on s: for
    V = (s^T M s + (w - w*)^T P^-1 (w - w*)) / 2 and constant gain dV/dt = -s^T K s - rho e^T e,
    with P as above at most -s^T K s - rho e^T e / 2. So s and e converge to zero, and w to w*,
    exponentially, if x excites all of w (Slotine and Li 1989, doi:10.1016/0005-1098(89)90094-0,
    with the forgetting rate lambda_0 (1 - |P| / k_0)). Their rate vanishes as soon as one direction
    of w is not excited; the one here keeps the gain bounded, 0 < P <= gamma I, and forgets in each
    direction separately. It adds to dV/dt a term that is not positive, because gamma P^-2 >= P^-1.

    The constant gain uses explicit Euler: dt gamma rho |J_w|^2 must stay below 2. The varying gain
    is implicit and has no such limit: P^-1 grows by dt rho J_w^T J_w, and w moves with the new P.
    It equals `Kalman` with noise 1 / (rho dt) and the error e + s / rho. For ``blocks`` see
    `Kalman`.
    """

    gamma: float  # initial and largest gain [1/s for decoders]
    rho: float  # weight of the prediction error relative to the tracking error
    forgetting: float | None = None  # rate at which P returns to gamma I [1/s]
    blocks: Blocks = "all"

    def __post_init__(self) -> None:
        check_positive(self, gamma="", rho="")
        if self.forgetting is not None:
            check_not_negative(self, forgetting="1/s")
        check_choice(self, "blocks", get_args(Blocks))

    def start(self, w: Arrays) -> Memory:
        """Return the gains P by group of weights; empty if they are constant."""
        if self.forgetting is None:
            return {}
        return prior_covariance(self, w, self.blocks, self.gamma)

    def step(
        self, w: Arrays, J_w: Arrays, signal: Signal, memory: Memory, dt: float
    ) -> dict[str, np.ndarray]:
        """Return the weights after dt; see `Law.step`."""
        n = outputs(J_w)
        s, e = needed(self, signal, "error", n), needed(self, signal, "prediction", n)
        if self.forgetting is None:
            drive = dt * self.gamma * (s + self.rho * e)
            return finite(
                self, {name: value + np.tensordot(drive, J_w[name], 1) for name, value in w.items()}
            )
        K, roots = measured(w, J_w, memory, self.blocks, 1.0 / (self.rho * dt))
        drive = e + s / self.rho
        moved = finite(self, {name: value + K[name] @ drive for name, value in w.items()})
        for group, A in roots.items():
            shrink(memory[group], A, self.gamma, -expm1(-self.forgetting * dt))
        return moved
