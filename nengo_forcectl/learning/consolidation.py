"""Consolidation: the slow law that makes a function of the state of what a fast one supplies."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from ..errors import ConfigurationError, NetworkError
from ..networks.encoding import StateEncoding
from ..support.checks import check_positive
from .law import Arrays, Memory, Signal, needed

COLUMNS = 8  # of the Cholesky factor that are computed in one cycle
ROWS = 64  # of the weights


@dataclass(frozen=True)
class Consolidation:
    """Recursive least squares in a smooth basis, in information form, forgetting as it must.

        phi   features of the network, F = W phi: its input x, 1 and its neural activities a
        z     = B^T phi_f, phi filtered like the observer's torque (gain K)
        y     = -r, what a generalised-momentum observer says that the model lacks [N m]
        Lambda <- lambda Lambda + z z^T,    b <- lambda b + z y^T         every ``sampling`` seconds
        W     = ((Lambda + noise^2 I)^-1 b)^T B^T                         every ``period`` seconds

    This is the Kalman filter of decoders (`RecursiveLeastSquares`) for a prior covariance B B^T, in
    information form: Lambda can only shrink towards zero, so that the covariance never exceeds the
    prior and cannot wind up, however long nothing excites a direction. Because the target and the
    features have gone through the same filter, the regression is exact for constant weights: no
    joint acceleration is needed, and the delay of the observer does not bias it (the filtered
    regressor of Slotine and Li 1989, doi:10.1016/0005-1098(89)90094-0).

    B (`smooth_basis`) is the smoothness prior: a constant that may be large, slopes that may be
    moderate, and the principal components of what the neurons add to that, the less the rougher.

    lambda forgets at rate 1 / memory while the network explains what it sees, and faster the more
    it does not, up to 1 / reset when the prediction error reaches ``surprise``: a load that is
    picked up or dropped makes the old data worthless (variable forgetting: Fortescue, Kershenbaum
    and Ydstie 1981, doi:10.1016/0005-1098(81)90070-4).

    With lambda = 1, F = W* phi and white noise of variance noise^2, W is the maximum a posteriori
    estimate and converges to W* in every direction that is persistently excited; the others keep
    their prior. Features of the reference only make the learned torque a feed-forward, which cannot
    destabilise the loop; features of the measured state close a loop, for which the prior's small
    slopes are the only guard.

    The work is spread over cycles so that none takes much longer than the others: a sample of phi_f
    is projected during ``sampling`` and added to Lambda during the next; the solution is computed
    over some forty cycles, and then takes the old one's place at once. Whoever uses it hands the
    load over without a bump by adding ``bump`` of the memory to what the fast law supplies.
    """

    basis: Float[np.ndarray, "features p"]  # B [N m per unit of feature]
    gain: float  # K of the observer [1/s]
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
                f"Consolidation.basis has shape {basis.shape}, must be a finite matrix"
            )
        object.__setattr__(self, "basis", basis)

    def cycles(self, dt: float, n: int) -> tuple[int, int, int]:
        """Return the cycles of ``sampling``, of ``period``, and from its end to the new weights.

        Raises:
            ConfigurationError: the period is too short for its work.
        """
        every = max(round(self.sampling / dt), 1)
        period = max(round(self.period / (every * dt)), 1) * every
        features, p = self.basis.shape
        latency = -(-p // COLUMNS) + n + -(-features // ROWS)
        if period <= latency:
            raise ConfigurationError(
                f"Consolidation.period is {self.period} s, {period} cycles, must be over "
                f"the {latency} that its work takes"
            )
        return every, period, latency

    def start(self, w: Arrays) -> Memory:
        """Return the memory before the first step."""
        n = len(next(iter(w.values())))
        features, p = self.basis.shape
        if sum(value.shape[-1] for value in w.values()) != features:
            raise NetworkError(
                f"Consolidation.basis is for {features} features, the weights "
                f"{', '.join(w)} have {sum(value.shape[-1] for value in w.values())}"
            )
        shapes = {
            "filtered": (features,),
            "last": (features,),
            "begun": (),  # whether ``last`` is of the cycle before; to be set to 0 after a gap
            "information": (p, p),  # Lambda [(N m)^2]
            "moment": (p, n),  # b
            "z": (p,),
            "y": (n,),
            "keep": (),  # lambda of the sample that is being projected
            "next": (n, features),  # weights that are ready at ``due``
            "due": (),
            "cycle": (),
            "bump": (n,),  # F of the old weights less F of the new, when they take their place
        }
        memory = {name: np.zeros(shape) for name, shape in shapes.items()}
        memory["keep"] += 1.0
        memory["due"] -= 1.0
        return memory

    def step(
        self, w: Arrays, J_w: Arrays, signal: Signal, memory: Memory, dt: float
    ) -> dict[str, np.ndarray]:
        """Return the weights after dt; see `Law.step`."""
        phi = np.concatenate([_feature(name, J_w[name]) for name in w])
        n = len(J_w[next(iter(w))])
        y = needed(self, signal, "unmodelled", n)
        e = needed(self, signal, "prediction", n)
        every, period, latency = self.cycles(dt, n)
        cycle = int(memory["cycle"])
        if memory["begun"] > 0:
            share = -math.expm1(-self.gain * dt)
            memory["filtered"] += share * (0.5 * (memory["last"] + phi) - memory["filtered"])
        memory["last"][:], memory["begun"][...] = phi, 1.0
        if cycle % every == 0:
            # What was projected while the last sample's turn lasted is added during this one's.
            z = memory["z"]
            memory["information"] *= memory["keep"]
            memory["information"] += np.outer(z, z)
            memory["moment"] *= memory["keep"]
            memory["moment"] += np.outer(z, memory["y"])
            memory["z"][:] = memory["filtered"] @ self.basis
            memory["y"][:] = y
            memory["keep"][...] = self.forgetting(float(e @ e), every * dt)
        moved = dict(w)
        memory["bump"][:] = 0.0
        if cycle == int(memory["due"]):
            W = np.concatenate(list(w.values()), axis=1)
            memory["bump"][:] = (W - memory["next"]) @ phi
            stops = np.cumsum([value.shape[1] for value in w.values()])[:-1]
            parts = np.split(memory["next"].copy(), stops, axis=1)
            moved = dict(zip(w, parts, strict=True))
        if (cycle + 1) % period == 0:
            p = self.basis.shape[1]
            A = memory["information"] + self.noise**2 * np.eye(p)
            memory["next"][:] = np.linalg.solve(A, memory["moment"]).T @ self.basis.T
            memory["due"][...] = cycle + latency
        memory["cycle"] += 1
        return moved

    def forgetting(self, square: float, seconds: float) -> float:
        """Return lambda for a prediction error whose square is given [(N m)^2]."""
        u = min(square / self.surprise**2, 1.0)
        return math.exp(-seconds * ((1.0 - u) / self.memory + u / self.reset))


def smooth_basis(
    encoding: StateEncoding,
    features: Float[np.ndarray, "k features"],
    torque: float,
    *,
    components: int = 100,
    constant: float = 1.0,
    position: float = 0.1,
    motion: float = 0.03,
    neurons: float = 0.01,
) -> Float[np.ndarray, "features p"]:
    """Return B, functions of the features that are plausible, each with a prior variance of 1.

    Args:
        encoding: of the network's input.
        features: (x, 1, a) over a sample of the workspace.
        torque: the arm's typical torque [N m]; the rest is in multiples of it.
        components: how many of the neurons' are kept.
        constant: prior standard deviation of the constant.
        position: of the change of F over one standard deviation of a position.
        motion: over one of a velocity or an acceleration.
        neurons: of the first component of what the neurons add; the others in proportion to their
            own standard deviation (the components of the activity: Eliasmith and Anderson 2003,
            section 7.3).
    """
    d = encoding.size
    x, a = features[:, : d + 1], features[:, d + 1 :]
    slope = np.linalg.lstsq(x, a, rcond=None)[0]  # what of the activity is linear in x
    rest = a - x @ slope
    variance, axes = np.linalg.eigh(rest.T @ rest / len(rest))
    kept = slice(None, -1 - min(components, len(variance)), -1)
    deviation, axes = np.sqrt(np.maximum(variance[kept], 1e-12)), axes[:, kept]
    axes = axes * (neurons / deviation[0])
    linear = np.full(d + 1, motion)
    linear[: encoding.positions], linear[d] = position, constant
    B = np.block([[np.diag(linear), -slope @ axes], [np.zeros((a.shape[1], d + 1)), axes]])
    return torque * B


def _feature(name: str, J: Any) -> Float[np.ndarray, "features"]:
    """phi of J = I kron phi; `NetworkError` for the Jacobian of other weights."""
    if J.ndim == 3 and J.shape[1] == len(J) and not np.any(J[0, 1:]):
        return J[0, 0]
    raise NetworkError(
        f"Consolidation learns weights that F is linear in, row by row; {name!r} is not so"
    )
