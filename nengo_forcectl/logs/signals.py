"""Positions, velocities, accelerations and torques of a log through one filter."""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from ..errors import ConfigurationError
from ..learning.presliding import SLOW, Presliding
from .motion_log import MotionLog

ORDER = 2  # of the Butterworth filter


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


def signals_of(log: MotionLog, cutoff: float = 10.0, *, causal: bool = False) -> Signals:
    """Return q, dq, ddq and tau through a Butterworth filter of second order.

    By default it runs forwards and backwards, so that nothing is late. ddq, and dq if the log has
    none, are central differences of the filtered values. A causal filter takes past rows alone, as
    a controller must; its differences are backward ones. The filter takes the rows of a stretch
    for equally far apart. So do the differences of q without a dq: what one does to rows that are
    not, the other undoes.

    Args:
        log: the log.
        cutoff: where the filter has lost 3 dB [Hz], 6 dB for the zero-phase one.
        causal: whether to use past rows alone.

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
    parts = [_stretch(log, rows, sections, causal) for rows in log.stretches()]
    return Signals(*(np.concatenate(each) for each in zip(*parts, strict=True)))


def _filters() -> Any:
    """Return SciPy's filters, untyped: a checker would take seconds to infer what they return."""
    from scipy import signal  # takes a second to load

    return signal


def measured_of(
    log: MotionLog, cutoff: float = 10.0
) -> tuple[
    Float[np.ndarray, "k n"],
    Float[np.ndarray, "k n"],
    Float[np.ndarray, "k n"],
]:
    """Return q, dq and tau as a controller has them: measured.

    Without a measured dq, all three pass one causal filter, so that they are late alike.
    """
    if log.dq is not None:
        return log.q, log.dq, log.tau
    states = signals_of(log, cutoff, causal=True)
    return states.q, states.dq, states.tau


def _stretch(
    log: MotionLog, rows: slice, sections: Float[np.ndarray, "s 6"], causal: bool
) -> Signals:
    time, q = log.time[rows], log.q[rows]
    if len(time) < 3:
        still = np.zeros_like(q)
        return Signals(
            q, still if log.dq is None else log.dq[rows], still, log.tau[rows], still, still
        )
    smooth_q = _smooth(q, sections, causal)
    own = None if log.dq is None else log.dq[rows]
    if own is None:
        time = np.linspace(time[0], time[-1], len(time))
    dq = _rate(smooth_q, time, causal) if own is None else _smooth(own, sections, causal)
    ddq = _rate(dq, time, causal)
    if not causal:
        ddq = _smooth(ddq, sections, causal)
    moved = dq if own is None else own
    pace = _smooth(np.tanh(moved / SLOW), sections, causal)
    held = _smooth(held_friction(time, moved), sections, causal)
    tau = _smooth(log.tau[rows], sections, causal)
    return Signals(smooth_q if own is None else q, dq, ddq, tau, pace, held)


def held_friction(
    time: Float[np.ndarray, "k"], dq: Float[np.ndarray, "k n"]
) -> Float[np.ndarray, "k n"]:
    """Return z of `Presliding` along a motion.

    A joint that has stopped holds friction of the motion before; before the first one z is 0.
    """
    way = np.diff(time)[:, None] * 0.5 * (dq[1:] + dq[:-1])
    return Presliding().built_up(np.concatenate((np.zeros_like(dq[:1]), way)))


def _smooth(
    x: Float[np.ndarray, "k n"], sections: Float[np.ndarray, "s 6"], causal: bool
) -> Float[np.ndarray, "k n"]:
    filters = _filters()
    if causal:
        start = filters.sosfilt_zi(sections)[:, :, None] * x[0]
        return np.asarray(filters.sosfilt(sections, x, axis=0, zi=start)[0])
    pad = min(3 * (2 * len(sections) + 1), len(x) - 1)
    return np.asarray(filters.sosfiltfilt(sections, x, axis=0, padlen=pad))


def _rate(
    x: Float[np.ndarray, "k n"], time: Float[np.ndarray, "k"], causal: bool
) -> Float[np.ndarray, "k n"]:
    if causal:
        change = np.diff(x, axis=0) / np.diff(time)[:, None]
        return np.concatenate((np.zeros_like(x[:1]), change))
    return np.gradient(x, time, axis=0)
