"""A motion that shows as much as it can of an arm's parameters, within its limits."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from threadpoolctl import threadpool_limits

from arms import Arm
from arms.model.description import sample_range

from ..learning.presliding import SLOW
from ..paths.recorded import RecordedPath
from ..support.validation import Arguments, check, check_positive, check_seed
from .regression import columns_of, unknowns_of
from .signals import Signals

HARMONICS = 5
SAMPLES = 160  # of a candidate
DENSE = 10  # times as many when the winner is checked
SHARE = 0.9  # of the limits of torque that the model may need
RAMP = 0.08  # share of the time in which the motion begins, and ends
TRIES, STEPS = 40, 300  # random series, and improvements of the best one
HALVINGS = 12
STOP_TIME = 0.5  # time in which a joint's largest acceleration stops its top speed [s]
SPEED = 0.6  # of the top speed


@dataclass(frozen=True)
class Excitation:
    """A motion from rest to rest, a Fourier series in each joint, with what it shows."""

    time: Float[np.ndarray, "k"]  # [s]
    q: Float[np.ndarray, "k n"]  # [rad]
    dq: Float[np.ndarray, "k n"]  # [rad/s]
    ddq: Float[np.ndarray, "k n"]  # [rad/s^2]
    tau: Float[np.ndarray, "k n"]  # by the model [N m]
    condition: float  # of the columns that any motion can show
    condition_random: float  # the same of the middle one of the random series

    @property
    def path(self) -> RecordedPath:
        """The motion as a path of the joints."""
        return RecordedPath(self.time, self.q, self.dq, self.ddq)


def excite(
    arm: Arm,
    *,
    seconds: float = 20.0,
    rate: float = 100.0,
    box: Sequence[float] | None = None,
    around: ArrayLike | None = None,
    swing: float = 0.3,
    seed: int = 0,
) -> Excitation:
    """Design a motion for identification.

    The series has `HARMONICS` multiples of a base frequency of one period in the given time,
    and quintic ramps at both ends (as in Swevers et al. 1997, doi:10.1109/70.631234, who let the
    series begin in motion). Among random series the best is taken and improved by random steps.
    Best is the largest determinant of the information about all base parameters, friction and
    offsets, in units of their prior deviations. A series that passes a limit is made smaller
    around its middle until it does not.

    The limits are the arm's positions, `SPEED` of its speeds, accelerations of ``dq_max`` in
    `STOP_TIME`, and `SHARE` of its torques by the model. Whether the arm touches itself, or
    anything outside the box, is not known here: look at the motion in a simulator first.

    Args:
        arm: the model.
        seconds: length of the motion.
        rate: rows a second.
        box: lower corner and upper corner for the tool, six numbers [m], base frame.
        around: posture [rad] at which the motion begins and ends; None: the best one is found.
        swing: largest distance of a joint from that posture [rad].
        seed: of the random series.

    Raises:
        ConfigurationError: an argument is not valid, or the box leaves no room for a motion.
    """
    own = Arguments(
        "excite", seconds=seconds, rate=rate, box=box, around=around, swing=swing, seed=seed
    )
    check_positive(own, seconds="s", rate="Hz", swing="rad")
    check_seed(own)
    corners = None if box is None else np.asarray(box, dtype=float)
    good = corners is None or (corners.shape == (6,) and bool((corners[:3] < corners[3:]).all()))
    check(own, "box", good, "six numbers: a lower and an upper corner")
    design = _Design(arm, seconds, corners, np.random.default_rng(seed))
    if around is not None:
        posture = np.asarray(around, dtype=float)
        inside = posture.shape == (arm.dof,) and design.stay(posture, swing)
        check(own, "around", bool(inside), f"{arm.dof} numbers well inside the joints' limits")
    with threadpool_limits(1):  # matrices are small: threads only wait for each other
        best, first = design.search()
    check(own, "box", best is not None, "room for a motion; none was found")
    assert best is not None
    time = np.arange(round(seconds * rate) + 1) / rate
    best = design.within(best, _series(np.linspace(0.0, seconds, DENSE * SAMPLES), seconds)) or best
    q, dq, ddq = design.motion(best, _series(time, seconds))
    condition = design.information(best)[1]
    return Excitation(time, q, dq, ddq, arm.inverse_dynamics(q, dq, ddq), condition, first)


def _series(time: Float[np.ndarray, "k"], seconds: float) -> Float[np.ndarray, "3 k h"]:
    """Return the ramped sines and cosines of the harmonics, and two derivatives."""
    w = 2.0 * np.pi / seconds * np.arange(1, HARMONICS + 1)
    angle = time[:, None] * w
    sin, cos = np.sin(angle), np.cos(angle)
    f = np.concatenate((sin, cos), axis=1)
    df = np.concatenate((w * cos, -w * sin), axis=1)
    ddf = np.concatenate((-(w**2) * sin, -(w**2) * cos), axis=1)
    length = RAMP * seconds
    end = np.minimum(time, seconds - time) / length
    sign = np.where(time < 0.5 * seconds, 1.0, -1.0)
    x = np.clip(end, 0.0, 1.0)
    r = x**3 * (10.0 - 15.0 * x + 6.0 * x**2)
    dr = sign * 30.0 * x**2 * (1.0 - x) ** 2 / length
    ddr = 60.0 * x * (1.0 - x) * (1.0 - 2.0 * x) / length**2
    r, dr, ddr = r[:, None], dr[:, None], ddr[:, None]
    return np.stack((r * f, r * df + dr * f, r * ddf + 2.0 * dr * df + ddr * f))


@dataclass(frozen=True)
class _Candidate:
    middle: Float[np.ndarray, "n"]
    weights: Float[np.ndarray, "2h n"]


class _Design:
    """The search for a motion."""

    def __init__(
        self,
        arm: Arm,
        seconds: float,
        box: Float[np.ndarray, "6"] | None,
        rng: np.random.Generator,
    ) -> None:
        self.arm, self.box, self.rng = arm, box, rng
        self.middle: Float[np.ndarray, "n"] | None = None  # None: to be found
        self.series = _series(np.linspace(0.0, seconds, SAMPLES), seconds)
        low, high = sample_range(arm.q_lower, arm.q_upper)
        low = np.where(np.isfinite(arm.q_lower), arm.q_lower, low)
        high = np.where(np.isfinite(arm.q_upper), arm.q_upper, high)
        margin = 0.05 * (high - low)
        self.low, self.high = sample_range(low + margin, high - margin)
        self.dq_most = SPEED * np.where(np.isfinite(arm.dq_max), arm.dq_max, 1.0)
        self.ddq_most = self.dq_most / STOP_TIME
        self.tau_most = SHARE * arm.tau_max
        unknowns = unknowns_of(arm)
        self.size = unknowns.size
        q, dq, ddq = rng.uniform(-2.0, 2.0, (3, 400, arm.dof))
        X = self._columns(q, dq, ddq)
        values, axes = np.linalg.eigh(X.T @ X)
        self.base = axes[:, values > 1e-9 * values[-1]]

    def stay(self, posture: Float[np.ndarray, "n"], swing: float) -> bool:
        """Move around a posture alone; return whether there is room around it."""
        self.low = np.maximum(self.low, posture - swing)
        self.high = np.minimum(self.high, posture + swing)
        self.middle = posture
        return bool((self.low < posture).all() and (posture < self.high).all())

    def search(self) -> tuple[_Candidate | None, float]:
        """Return the best motion found, and the condition of the middle one of the first."""
        found = []
        for _ in range(TRIES):
            each = self.within(self._random(), self.series)
            if each is not None:
                found.append((*self.information(each), each))
        if not found:
            return None, float("inf")
        found.sort(key=lambda each: each[0])
        first = found[len(found) // 2][1]
        score, _, best = found[-1]
        step = 0.3
        for _ in range(STEPS):
            other = self.within(self._changed(best, step), self.series)
            better = other is not None and self.information(other)[0] > score
            step = min(step * 1.3, 0.5) if better else max(step * 0.97, 0.02)
            if better and other is not None:
                best, score = other, self.information(other)[0]
        return best, first

    def _random(self) -> _Candidate:
        n, half = self.arm.dof, 0.5 * (self.high - self.low)
        middle = self.low + half + 0.5 * half * self.rng.uniform(-1.0, 1.0, n)
        middle = middle if self.middle is None else self.middle
        return _Candidate(middle, half * self.rng.normal(size=(2 * HARMONICS, n)))

    def _changed(self, best: _Candidate, step: float) -> _Candidate:
        half = 0.5 * (self.high - self.low)
        move = step * self.rng.normal(size=best.middle.shape) * half * 0.3
        middle = np.clip(best.middle + move, self.low, self.high)
        middle = middle if self.middle is None else self.middle
        size = np.abs(best.weights).mean(axis=0)
        weights = best.weights + step * size * self.rng.normal(size=best.weights.shape)
        return _Candidate(middle, 1.2 * weights)

    def motion(
        self, candidate: _Candidate, series: Float[np.ndarray, "3 k h"]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return q, dq and ddq."""
        q, dq, ddq = series @ candidate.weights
        return candidate.middle + q, dq, ddq

    def within(self, candidate: _Candidate, series: np.ndarray) -> _Candidate | None:
        """Return the candidate, smaller if it passes a limit; None if its middle does."""
        q, dq, ddq = self.motion(candidate, series)
        room = np.minimum(candidate.middle - self.low, self.high - candidate.middle)
        reach = np.abs(q - candidate.middle).max(axis=0)
        share = np.minimum(1.0, room / reach)
        share = np.minimum(share, self.dq_most / np.abs(dq).max(axis=0))
        share = np.minimum(share, self.ddq_most / np.abs(ddq).max(axis=0))
        weights = candidate.weights * share
        if self._fits(_Candidate(candidate.middle, weights), series):
            return _Candidate(candidate.middle, weights)
        if not self._fits(_Candidate(candidate.middle, 0.0 * weights), series):
            return None
        low, high = 0.0, 1.0
        for _ in range(HALVINGS):
            half = 0.5 * (low + high)
            good = self._fits(_Candidate(candidate.middle, half * weights), series)
            low, high = (half, high) if good else (low, half)
        return _Candidate(candidate.middle, low * weights)

    def _fits(self, candidate: _Candidate, series: np.ndarray) -> bool:
        q, dq, ddq = self.motion(candidate, series)
        if (np.abs(self.arm.inverse_dynamics(q, dq, ddq)) > self.tau_most).any():
            return False
        if self.box is None:
            return True
        place = self.arm.pose(q)[:, :3, 3]
        return bool(((place >= self.box[:3]) & (place <= self.box[3:])).all())

    def information(self, candidate: _Candidate) -> tuple[float, float]:
        """Return the log determinant of the information of a motion, and its condition."""
        X = self._columns(*self.motion(candidate, self.series)) @ self.base
        values = np.linalg.eigvalsh(X.T @ X)
        values = np.maximum(values, 1e-12 * values[-1])
        return float(np.log(values).sum()), float(np.sqrt(values[-1] / values[0]))

    def _columns(self, q: np.ndarray, dq: np.ndarray, ddq: np.ndarray) -> np.ndarray:
        """Return the columns of states, of size 1 in their units, each row over its torque."""
        pace = np.tanh(dq / SLOW)
        X = columns_of(self.arm, Signals(q, dq, ddq, q, pace, pace)) * self.size
        torque = np.where(np.isfinite(self.arm.tau_max), self.arm.tau_max, 100.0)
        return (X / torque[:, None]).reshape(-1, X.shape[2])
