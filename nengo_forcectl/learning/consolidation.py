"""Consolidation: a slow law that learns as a function of the state what a fast one supplies."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from ..errors import ConfigurationError, NetworkError
from ..kernels.block import Block
from ..kernels.layout.learner_fields import CONSOLIDATION, FACTOR_COLUMNS, NO_JOB, WEIGHT_ROWS
from ..kernels.parts import replace_square, step_consolidation
from ..support.validation import check_positive
from .law import Arrays, Memory, Signal, needed

REMEMBERED = (
    "filtered", "last", "sampled", "z_next", "z", "y_next", "y_done", "information", "moment",
    "factor", "solution", "weights_next", "bump", "phi",
)  # fmt: skip
"""Array fields of the block that a checkpoint saves, besides the scalars."""
COUNTS = "cycle", "job", "begun"
"""Scalar fields of whole numbers, which a checkpoint saves together."""


@dataclass(frozen=True)
class Consolidation:
    """Recursive least squares in a smooth basis, in information form, with variable forgetting.

        phi   features of the network, F = W phi: its input x, 1 and its neural activities a
        z     = B^T phi_f, phi filtered like the observer's torque (gain K)
        y     = -r, what a generalised-momentum observer says that the model lacks [N m]
        Lambda <- lambda Lambda + z z^T,    b <- lambda b + z y^T         every ``sampling`` seconds
        W     = ((Lambda + noise^2 I)^-1 b)^T B^T                         every ``period`` seconds

    This is the Kalman filter of decoders (`RecursiveLeastSquares`) for a prior covariance B B^T, in
    information form: Lambda can only shrink towards zero, so the covariance never exceeds the prior
    and cannot wind up in a direction that nothing excites. Target and features pass the same
    filter, so the regression is exact for constant weights: it needs no joint acceleration, and the
    observer's delay does not bias it (the filtered regressor of Slotine and Li 1989,
    doi:10.1016/0005-1098(89)90094-0).

    B (`smooth_basis`) is the smoothness prior: a large variance for the constant, a moderate one
    for slopes, and less for rougher principal components of the neurons' remainder.

    lambda forgets at rate 1 / memory while the prediction error is small, and faster as it grows,
    up to 1 / reset at ``surprise``: a load picked up or dropped invalidates the old data (variable
    forgetting: Fortescue, Kershenbaum and Ydstie 1981, doi:10.1016/0005-1098(81)90070-4).

    With lambda = 1, F = W* phi and white noise of variance noise^2, W is the maximum a posteriori
    estimate and converges to W* in every direction that is persistently excited; the others keep
    their prior. Features of the reference only make the learned torque a feed-forward, which cannot
    destabilise the loop; features of the measured state close a loop, for which the prior's small
    slopes are the only guard.

    The work is spread evenly over the cycles: a sample of phi_f is projected during one
    ``sampling`` and added to Lambda during the next; the solution is computed over some forty
    cycles and then replaces the old one at once. For a bumpless transfer, the caller adds ``bump``
    of the memory to the torque of the fast law.
    """

    basis: Float[np.ndarray, "features p"]  # B [N m per unit of feature]
    gain: float  # gain K of the observer [1/s]
    noise: float  # of a sample of y that no smooth function explains [N m]
    surprise: float  # prediction error at which the past is forgotten [N m]
    memory: float = 60.0  # [s]
    reset: float = 0.3  # [s]
    sampling: float = 0.01  # [s]
    period: float = 1.2  # [s]

    def __post_init__(self) -> None:
        check_positive(self, gain="1/s", noise="N m", surprise="N m")
        check_positive(self, memory="s", reset="s", sampling="s", period="s")
        basis = np.ascontiguousarray(self.basis, dtype=float)
        if basis.ndim != 2 or not np.isfinite(basis).all():
            raise ConfigurationError(
                f"Consolidation.basis: has shape {basis.shape}, needs a matrix of finite numbers"
            )
        object.__setattr__(self, "basis", basis)

    def cycles(self, dt: float, n: int) -> tuple[int, int, int]:
        """Return the number of cycles of ``sampling``, of ``period``, and of the solution after it.

        Raises:
            ConfigurationError: the period is too short for its work.
        """
        every = max(round(self.sampling / dt), 1)
        period = max(round(self.period / (every * dt)), 1) * every
        features, p = self.basis.shape
        latency = -(-p // FACTOR_COLUMNS) + n + -(-features // WEIGHT_ROWS)
        if period <= latency:
            raise ConfigurationError(
                f"Consolidation.period: is {self.period} s, {period} cycles, needs more than the "
                f"{latency} that its work takes"
            )
        return every, period, latency

    def start(self, w: Arrays) -> "ConsolidationMemory":
        """Return the memory before the first step.

        Raises:
            NetworkError: weights and basis differ in the number of features.
        """
        features = sum(value.shape[-1] for value in w.values())
        if features != len(self.basis):
            raise NetworkError(
                f"Consolidation.basis: is for {len(self.basis)} features, the weights "
                f"{', '.join(w)} have {features}"
            )
        return ConsolidationMemory(self, len(next(iter(w.values()))))

    def step(
        self, w: Arrays, J_w: Arrays, signal: Signal, memory: Memory, dt: float
    ) -> dict[str, np.ndarray]:
        """Return the weights after dt; see `Law.step`."""
        phi = features_of(w, J_w)
        n = len(J_w[next(iter(w))])
        y = needed(self, signal, "unmodelled", n)
        e = needed(self, signal, "prediction", n)
        if not isinstance(memory, ConsolidationMemory):
            raise NetworkError("memory: is a copy, needs what Consolidation.start returned")
        memory.set_period(dt)
        block = memory.block
        np.concatenate(list(w.values()), axis=1, out=block["weights"])
        block["phi"][:], block["lacking"][:], block["square"][...] = phi, y, e @ e
        if not step_consolidation.call(block.address):
            return dict(w)
        return split_weights(w, block["weights"])

    def forgetting(self, square: float, seconds: float) -> float:
        """Return lambda for a sample of ``seconds`` with the squared prediction error |e|^2."""
        given = np.array([square, self.surprise, seconds / self.memory, seconds / self.reset])
        replace_square.call(given)
        return float(given[0])


class ConsolidationMemory(dict[str, np.ndarray]):
    """The law's memory by name: fields of the block that compiled code works on.

    Assigning to a name copies the value into the field.

    Args:
        law: the law.
        n: number of the network's outputs.
    """

    def __init__(self, law: Consolidation, n: int) -> None:
        features, functions = law.basis.shape
        gains = {name: getattr(law, name) for name in ("basis", "noise", "surprise")}
        start = {"keep_next": 1.0, "keep_done": 1.0, "job": NO_JOB}
        sizes = {"n": n, "features": features, "functions": functions}
        self.block = Block(CONSOLIDATION, sizes, gains | start)
        super().__init__({name: self.block[name] for name in REMEMBERED})
        super().__setitem__("keep", self.block.between("keep_next", "keep_done"))
        super().__setitem__("count", self.block.between(COUNTS[0], COUNTS[-1]))
        self._law, self._n, self._dt = law, n, math.nan

    def __setitem__(self, name: str, value: np.ndarray) -> None:
        self[name][...] = value

    def set_period(self, dt: float) -> None:
        """Work with cycles of dt [s]; raises as `Consolidation.cycles`."""
        if dt == self._dt:
            return
        law, block = self._law, self.block
        every, period, _ = law.cycles(dt, self._n)
        seconds = every * dt
        block["every"][...], block["period"][...] = every, period
        block["share"][...] = -math.expm1(-law.gain * dt)
        block["slow"][...], block["quick"][...] = seconds / law.memory, seconds / law.reset
        self._dt = dt


def features_of(w: Arrays, J_w: Arrays) -> Float[np.ndarray, "features"]:
    """Return phi of a network F = W phi, from the Jacobians of its weights ``w``.

    Raises:
        NetworkError: F is not linear in a weight, row by row.
    """
    return np.concatenate([_feature(name, J_w[name]) for name in w])


def split_weights(w: Arrays, W: Float[np.ndarray, "n features"]) -> dict[str, np.ndarray]:
    """Return W split into weights with the names and sizes of ``w``."""
    stops = np.cumsum([value.shape[1] for value in w.values()])[:-1]
    return dict(zip(w, np.split(W.copy(), stops, axis=1), strict=True))


def _feature(name: str, J: Any) -> Float[np.ndarray, "features"]:
    """Return phi of J = I kron phi; raise `NetworkError` for other Jacobians."""
    if J.ndim == 3 and J.shape[1] == len(J) and not np.any(J[0, 1:]):
        return J[0, 0]
    raise NetworkError(
        f"Consolidation: cannot learn {name!r}, needs weights in which F is linear, row by row"
    )
