"""Positions, velocities, accelerations and torques of a log through one filter."""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from ..errors import ConfigurationError
from ..learning.presliding import SLOW, Presliding
from .motion_log import MotionLog

ORDER = 2  # of the Butterworth filter
MEMORY = 1.0  # of it, in periods of the cutoff
SLOPE = 0.288  # half the time of a slope that loses 3 dB at the cutoff, in its periods
EVEN = 0.01  # distance from equal steps, over the step, below which rows are at equal steps


class Signals(NamedTuple):
    """The states of a log's rows, and the torques, all filtered alike."""

    q: Float[np.ndarray, "k n"]  # [rad]
    dq: Float[np.ndarray, "k n"]  # [rad/s]
    ddq: Float[np.ndarray, "k n"]  # [rad/s^2]
    tau: Float[np.ndarray, "k n"]  # [N m]
    pace: Float[np.ndarray, "k n"]  # tanh(dq / v) of dry friction
    held: Float[np.ndarray, "k n"]  # z of `Presliding`, -1 to 1: see `held_friction`

    def at(self, rows: slice | np.ndarray) -> "Signals":
        """Return some rows."""
        return Signals(*(each[rows] for each in self))


class Even(NamedTuple):
    """The rows of a stretch, moved to times that are equally far apart."""

    time: Float[np.ndarray, "k"]  # [s]
    q: Float[np.ndarray, "k n"]  # [rad]
    dq: Float[np.ndarray, "k n"] | None  # [rad/s]
    tau: Float[np.ndarray, "k n"]  # [N m]
    moved: bool  # whether any row was


class Smoother(NamedTuple):
    """A Butterworth filter of second order, forwards and backwards."""

    sections: Float[np.ndarray, "s 6"]
    pad: int  # rows by which the ends are continued: its memory, or the ends of ddq are wrong

    def smooth(self, x: Float[np.ndarray, "k n"]) -> Float[np.ndarray, "k n"]:
        """Return x through the filter, k > 1."""
        pad = min(self.pad, len(x) - 1)
        return np.asarray(_filters().sosfiltfilt(self.sections, x, axis=0, padlen=pad))


def signals_of(log: MotionLog, cutoff: float = 10.0) -> Signals:
    """Return q, dq, ddq and tau through a Butterworth filter of second order.

    It runs forwards and backwards, so that nothing is late. ddq, and dq if the log has none, are
    central differences of the filtered values. Filters need rows that are equally far apart: those
    of a stretch that are not are interpolated to such times, and the results back to the rows'.

    Args:
        log: the log.
        cutoff: where the filter has lost 6 dB [Hz].

    Raises:
        ConfigurationError: the log's rate is too low for the cutoff.
    """
    rate = 1.0 / log.period
    if not 0.0 < cutoff < 0.45 * rate:
        raise ConfigurationError(
            f"cutoff: is {cutoff:g} Hz, needs a number above 0 and below {0.45 * rate:.4g}, for "
            f"the {rate:.4g} rows a second of '{log.source}'"
        )
    sections = np.asarray(_filters().butter(ORDER, cutoff, fs=rate, output="sos"))
    smoother = Smoother(sections, max(round(MEMORY / cutoff * rate), 9))
    parts = [_stretch(log, rows, smoother) for rows in log.stretches()]
    return Signals(*(np.concatenate(each) for each in zip(*parts, strict=True)))


def _filters() -> Any:
    """Return SciPy's filters, untyped: a checker would take seconds to infer what they return."""
    from scipy import signal  # takes a second to load

    return signal


def measured_of(
    log: MotionLog, cutoff: float = 10.0
) -> tuple[
    Float[np.ndarray, "k"],
    Float[np.ndarray, "k n"],
    Float[np.ndarray, "k n"],
    Float[np.ndarray, "k n"],
]:
    """Return time, q, dq and tau as a controller has them: measured, at equal steps.

    Without a measured dq, a row's is the slope of a line through q of some rows before and after
    it, as many as make the slope lose 3 dB at the cutoff. So all three are late by these rows.
    """
    parts = [_measured(_even(log, rows), cutoff) for rows in log.stretches()]
    time, q, dq, tau = (np.concatenate(each) for each in zip(*parts, strict=True))
    return time, q, dq, tau


def _measured(even: Even, cutoff: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    time, q, dq, tau, _ = even
    if dq is not None:
        return time, q, dq, tau
    if len(time) < 3:
        return time, q, np.zeros_like(q), tau
    dt = (time[-1] - time[0]) / (len(time) - 1)
    m = min(max(round(SLOPE / cutoff / dt), 1), (len(time) - 1) // 2)
    taken = np.maximum(np.arange(len(time)) - m, 0)
    return time, q[taken], _slopes(q, m, dt)[taken], tau[taken]


def _slopes(q: Float[np.ndarray, "k n"], m: int, dt: float) -> Float[np.ndarray, "k n"]:
    """Return the slopes of lines through 2 m + 1 rows; 0 where there are fewer."""
    away = np.arange(-m, m + 1)
    slopes, inside = np.zeros_like(q), len(q) - 2 * m
    for k in away:
        slopes[m : m + inside] += k * q[m + k : m + k + inside]
    return slopes / (float(np.sum(away**2)) * dt)


def _even(log: MotionLog, rows: slice) -> Even:
    """Return a stretch at equal steps."""
    time, q, tau = log.time[rows], log.q[rows], log.tau[rows]
    dq = None if log.dq is None else log.dq[rows]
    grid = np.linspace(time[0], time[-1], len(time))
    if np.abs(grid - time).max() <= EVEN * log.period:
        return Even(time, q, dq, tau, False)
    q, tau = _at(grid, time, q), _at(grid, time, tau)
    return Even(grid, q, None if dq is None else _at(grid, time, dq), tau, True)


def _at(
    wanted: Float[np.ndarray, "k"], time: Float[np.ndarray, "k"], x: Float[np.ndarray, "k n"]
) -> Float[np.ndarray, "k n"]:
    """Return x at other times, on lines between the rows."""
    return np.stack([np.interp(wanted, time, column) for column in x.T], axis=1)


def _stretch(log: MotionLog, rows: slice, smoother: Smoother) -> Signals:
    if rows.stop - rows.start < 3:
        q = log.q[rows]
        still = np.zeros_like(q)
        return Signals(
            q, still if log.dq is None else log.dq[rows], still, log.tau[rows], still, still
        )
    time, q, own, tau, moved = _even(log, rows)
    smooth = smoother.smooth
    smooth_q = smooth(q)
    dq = np.gradient(smooth_q, time, axis=0) if own is None else smooth(own)
    ddq = smooth(np.gradient(dq, time, axis=0))
    raw = dq if own is None else own
    pace, held = smooth(np.tanh(raw / SLOW)), smooth(held_friction(time, raw))
    parts = smooth_q, dq, ddq, smooth(tau), pace, held
    if moved:
        parts = [_at(log.time[rows], time, each) for each in parts]
    states = Signals(*parts)
    return states if log.dq is None else states._replace(q=log.q[rows])


def held_friction(
    time: Float[np.ndarray, "k"], dq: Float[np.ndarray, "k n"]
) -> Float[np.ndarray, "k n"]:
    """Return z of `Presliding` along a motion.

    A joint that has stopped holds friction of the motion before; before the first one z is 0.
    """
    way = np.diff(time)[:, None] * 0.5 * (dq[1:] + dq[:-1])
    return Presliding().built_up(np.concatenate((np.zeros_like(dq[:1]), way)))
