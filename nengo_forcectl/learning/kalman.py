"""The extended Kalman filter as a learning law: second order, on the prediction error."""

from dataclasses import dataclass
from math import expm1
from typing import get_args

import numpy as np

from ..support.validation import check_choice, check_not_negative, check_positive
from .covariance import Blocks, measured, prior_covariance, shrink
from .law import Arrays, Memory, Signal, finite, needed, outputs


@dataclass(frozen=True)
class Kalman:
    """The most likely weights, given all prediction errors so far and their variance.

        K = P J_w^T (J_w P J_w^T + noise I)^-1
        w <- w + K e,        P <- P - K J_w P,        P <- P + share (prior I - P)

    w are all weights in one vector, e [N m] is the prediction error (unmodelled torque less F),
    P their covariance, prior I before the first step, and share = 1 - exp(-forgetting dt). One step
    is one measurement at any dt. Successive measurements are not independent, so choose ``noise``
    larger than the sensor's variance by the number of steps over which errors are correlated.

    With F linear in w (decoders) and no forgetting this is exact: after k steps w minimises
    ``sum |y_i - F(x_i; w)|^2 / noise + |w - w_0|^2 / prior``, ridge regression. For other weights
    it is the extended Kalman filter of Singhal and Wu (1989), linear about the present w, and
    nothing is proved.

    Forgetting: dividing P by a factor below one lets it grow without bound where nothing is
    measured (wind-up), until a small error moves the weights far. Here P relaxes to the prior
    instead (as in Salgado, Goodwin and Middleton 1988, doi:10.1080/00207178808906026): the
    weights' process noise is prior forgetting. A measurement only shrinks P, and the relaxation is
    a mean of P and prior I, so **0 < P <= prior I always**, in every direction.

    ``blocks`` selects the covariances to store (Puskorius and Feldkamp 1994,
    doi:10.1109/72.279191): of all weights (up to a few thousand), within each array, or within
    each row of one: the encoder of a neuron, the decoders of an output. For decoders alone rows are
    exact; `RecursiveLeastSquares` then does the same with one matrix for all outputs.
    """

    noise: float  # variance of the prediction error not caused by the weights [(N m)^2]
    prior: float = 1.0  # variance of every weight before the first step
    forgetting: float = 0.0  # rate at which P returns to the prior [1/s]
    blocks: Blocks = "all"

    def __post_init__(self) -> None:
        check_positive(self, noise="(N m)^2", prior="")
        check_not_negative(self, forgetting="1/s")
        check_choice(self, "blocks", get_args(Blocks))

    def start(self, w: Arrays) -> Memory:
        """Return the covariances, by group of weights."""
        return prior_covariance(self, w, self.blocks, self.prior)

    def step(
        self, w: Arrays, J_w: Arrays, signal: Signal, memory: Memory, dt: float
    ) -> dict[str, np.ndarray]:
        """Return the weights after dt; see `Law.step`."""
        e = needed(self, signal, "prediction", outputs(J_w))
        K, roots = measured(w, J_w, memory, self.blocks, self.noise)
        moved = finite(self, {name: value + K[name] @ e for name, value in w.items()})
        for group, A in roots.items():
            shrink(memory[group], A, self.prior, -expm1(-self.forgetting * dt))
        return moved
