"""Recursive least squares of the decoders: the Kalman law, one covariance for all outputs."""

from dataclasses import dataclass
from math import expm1

import numpy as np
from jaxtyping import Float

from ..errors import NetworkError
from ..support.validation import check_not_negative, check_positive
from .covariance import shrink
from .law import Arrays, Memory, Signal, finite, needed, outputs


@dataclass(frozen=True)
class RecursiveLeastSquares:
    """`Kalman` for decoders with 1 / n^2 of its memory: P is (N, N) for N neurons and n outputs.

        k = P a / (a^T P a + noise)
        D <- D + e k^T,        P <- P - k a^T P,        P <- P + share (prior I - P)

    F = D a, so J_D is the neural activity a, once per output, and all outputs share one P. e [N m]
    is the prediction error. Decoders of several ensembles on the same output form one D. Symbols,
    forgetting and proofs are those of `Kalman` with blocks="all", and the results are equal. A step
    reads and writes all of P a few times: 2 ms for 1,000 neurons with one BLAS thread
    (``OPENBLAS_NUM_THREADS=1``). One thread per core is slower as soon as the machine does anything
    else.
    """

    noise: float  # variance of the prediction error not caused by the weights [(N m)^2]
    prior: float = 1.0  # variance of every decoder before the first step
    forgetting: float = 0.0  # rate at which P returns to the prior [1/s]

    def __post_init__(self) -> None:
        check_positive(self, noise="(N m)^2", prior="")
        check_not_negative(self, forgetting="1/s")

    def start(self, w: Arrays) -> Memory:
        """Return the covariance of one output's decoders."""
        return {"covariance": self.prior * np.eye(sum(value.shape[-1] for value in w.values()))}

    def step(
        self, w: Arrays, J_w: Arrays, signal: Signal, memory: Memory, dt: float
    ) -> dict[str, np.ndarray]:
        """Return the decoders after dt; see `Law.step`."""
        e = needed(self, signal, "prediction", outputs(J_w))
        P, sizes = memory["covariance"], [value.shape[-1] for value in w.values()]
        a = np.concatenate([_activity(name, J_w[name]) for name in w])
        Pa = P @ a
        S = a @ Pa + self.noise
        parts = np.split(Pa / S, np.cumsum(sizes)[:-1])
        moved = {
            name: value + np.multiply.outer(e, k)
            for (name, value), k in zip(w.items(), parts, strict=True)
        }
        finite(self, moved)
        A = Pa[None, :, None] / np.sqrt(S)
        shrink(P[None], A, self.prior, -expm1(-self.forgetting * dt))
        return moved


def _activity(name: str, J: Float[np.ndarray, "n n N"]) -> Float[np.ndarray, "N"]:
    """Return a of J = I kron a; raise `NetworkError` for other Jacobians."""
    n = len(J)
    if J.ndim == 3 and J.shape[1] == n:
        a = J[0, 0]
        expected = np.zeros_like(J)
        expected[np.arange(n), np.arange(n)] = a
        if np.array_equal(J, expected):
            return a
    raise NetworkError(
        f"RecursiveLeastSquares: learns decoders D of F = D a only, not {name!r}; use Kalman"
    )
