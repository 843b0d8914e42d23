"""The parameters of an arm from logs, all data at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..errors import RecordError
from ..learning.presliding import SLOW
from ..support.validation import Arguments, check, check_positive, check_whole
from .motion_log import MotionLog, check_fits, still_joints
from .physical_fit import fit_physical
from .regression import (
    Sums,
    Unknowns,
    blocks_of,
    columns_of,
    presliding_of,
    sums_of,
    total,
    unknowns_of,
)
from .signals import Signals, signals_of

SPREAD = 10.0  # samples that count as one: errors last longer than a sample
STATES = 400  # random ones, that show which parameters have an effect
NO_EFFECT = 1e-9  # singular value, over the largest, of what no motion can show


@dataclass(frozen=True)
class Identified:
    """An arm found from logs, and how well it is known."""

    arm: Arm  # links, armature and friction as found; all physical
    offset: Float[np.ndarray, "n"]  # constant torque of each joint [N m]
    presliding: Float[np.ndarray, "n"]  # share s of dry friction that a stopped joint holds
    unknowns: Unknowns
    values: Float[np.ndarray, "p"]  # of the unknowns, as in ``arm``, then the offset
    deviation: Float[np.ndarray, "p"]  # standard deviations; those of the prior are not known
    base: int  # independent combinations that any motion can show
    shown: int  # those of them that these logs show
    condition: float  # of the columns of those
    noise: Float[np.ndarray, "n"]  # root mean square of what is left [N m]
    error_model: Float[np.ndarray, "n"]  # |tau - prediction| / |tau| of the model before
    error: Float[np.ndarray, "n"]  # of the arm found, on the data that it was found from
    error_unseen: Float[np.ndarray, "n"]  # on blocks of time that were left out
    sources: tuple[tuple[str, str, int], ...]  # file, checksum, rows
    still: tuple[int, ...]  # joints, from 0, that never moved

    def predict(self, states: Signals) -> Float[np.ndarray, "k n"]:
        """Return the torques [N m] of states by what was found."""
        return columns_of(self.arm, states, self.presliding) @ self.values


def identify(
    logs: Sequence[MotionLog], arm: Arm, *, cutoff: float = 10.0, blocks: int = 5
) -> Identified:
    """Fit links, armature, friction and offsets of an arm to logs of it.

    Weighted least squares of all rows at once, the weight of a joint the inverse of its noise, with
    the model as a prior: what the motion does not show stays as it was. Links are bodies and
    friction is not negative; see `fit_physical`. To know the error on motions that were not seen,
    the fit is repeated ``blocks`` times, each time without one block of time of every log.

    Args:
        logs: of one arm without a load, or with the same one.
        arm: the model to start from.
        cutoff: of the zero-phase filter of all signals [Hz].
        blocks: how often the fit is repeated.

    Raises:
        RecordError: a log is not of this arm, or there is none.
        ConfigurationError: an argument is not valid.
    """
    own = Arguments("identify", logs=logs, cutoff=cutoff, blocks=blocks)
    check(own, "logs", len(logs) > 0, "one log at least")
    check_positive(own, cutoff="Hz")
    check_whole(own, blocks=2)
    for log in logs:
        check_fits(log, arm)
    unknowns = unknowns_of(arm)
    parts: list[list[Sums]] = [[] for _ in range(blocks)]
    states = [signals_of(log, cutoff) for log in logs]
    presliding = presliding_of(arm, states)
    for log, own_states in zip(logs, states, strict=True):
        for part, rows in zip(parts, blocks_of(log, blocks), strict=True):
            part.append(sums_of(arm, own_states.at(rows), presliding))
    sums = [total(part) for part in parts]
    whole = total(sums)
    variance = _noise(whole, unknowns)
    values = _fit(whole, unknowns, variance)
    left = np.zeros(arm.dof)
    for k, own_part in enumerate(sums):
        rest = total([each for each in sums if each is not sums[k]])
        left += own_part.misfit(_fit(rest, unknowns, variance))
    square = whole.A[:, -1, -1]
    base, shown, condition = _rank(arm, unknowns, whole, variance)
    A = _normal(whole, unknowns, variance)[0]
    deviation = np.sqrt(np.linalg.inv(A).diagonal()) * unknowns.size
    still = [set(still_joints(log)) for log in logs]
    return Identified(
        _arm_of(arm, unknowns, values),
        values[-arm.dof :],
        presliding,
        unknowns,
        values,
        deviation,
        base,
        shown,
        condition,
        np.sqrt(whole.misfit(values) / whole.rows),
        whole.error(unknowns.prior),
        whole.error(values),
        np.sqrt(left / square),
        tuple((log.source, log.checksum, len(log.time)) for log in logs),
        tuple(sorted(set.intersection(*still))),
    )


def _normal(
    sums: Sums, unknowns: Unknowns, variance: Float[np.ndarray, "n"]
) -> tuple[Float[np.ndarray, "p p"], Float[np.ndarray, "p"]]:
    """Return A and b for the deviations from the prior, over their sizes."""
    W = np.tensordot(1.0 / (SPREAD * variance), sums.A, axes=1)
    size = unknowns.size
    A = W[:-1, :-1] * size * size[:, None] + np.eye(len(size))
    b = size * (W[:-1, -1] - W[:-1, :-1] @ unknowns.prior)
    return A, b


def _noise(sums: Sums, unknowns: Unknowns) -> Float[np.ndarray, "n"]:
    """Return the variance of what a free fit leaves of each joint's torque."""
    variance = sums.A[:, -1, -1] / sums.rows * 1e-2
    for _ in range(3):
        A, b = _normal(sums, unknowns, variance)
        values = unknowns.prior + unknowns.size * np.linalg.solve(A, b)
        variance = np.maximum(sums.misfit(values), 1e-12 * sums.A[:, -1, -1]) / sums.rows
    return variance


def _fit(
    sums: Sums, unknowns: Unknowns, variance: Float[np.ndarray, "n"]
) -> Float[np.ndarray, "p"]:
    A, b = _normal(sums, unknowns, variance)
    size, n = unknowns.size, len(variance)
    H, c = A / size / size[:, None], b / size
    c = c + H @ unknowns.prior
    drives = slice(unknowns.inertial, unknowns.inertial + 3 * n)
    return fit_physical(H, c, unknowns.prior, unknowns.links, drives)


def _rank(
    arm: Arm, unknowns: Unknowns, sums: Sums, variance: Float[np.ndarray, "n"]
) -> tuple[int, int, float]:
    """Return how many combinations any motion shows, how many this one, and their condition."""
    rng = np.random.default_rng(0)
    q, dq, ddq = rng.uniform(-2.0, 2.0, (3, STATES, arm.dof))
    pace = np.tanh(dq / SLOW)
    states = Signals(q, dq, ddq, np.zeros_like(q), pace, pace)
    X = columns_of(arm, states).reshape(-1, len(unknowns.names)) * unknowns.size
    values, axes = np.linalg.eigh(X.T @ X)
    base = axes[:, values > NO_EFFECT * values[-1]]
    A = _normal(sums, unknowns, variance)[0]
    known = np.linalg.eigvalsh(base.T @ A @ base) - 1.0
    shown = known[known > 1.0]  # better known by data than by the prior
    condition = float(np.sqrt(shown[-1] / shown[0])) if len(shown) else float("inf")
    return base.shape[1], len(shown), condition


def _arm_of(arm: Arm, unknowns: Unknowns, values: Float[np.ndarray, "p"]) -> Arm:
    """Return the arm with the links, rotors and friction found."""
    n, links = arm.dof, values[: unknowns.inertial]
    armature, viscous, dry = values[unknowns.inertial :].reshape(-1, n)[:3]
    if not np.isfinite(values).all():
        raise RecordError("identify: the fit gave numbers that are not finite")
    return arm.with_inertial_parameters(links).with_armature(armature).with_friction(viscous, dry)
