"""How well a learner knows a payload if its errors last longer than a sample."""

import math

import numpy as np
from jaxtyping import Float

from ..cycle.findings import LearnedPayload
from ..cycle.structured_cycle import StructuredCycle

WINDOW = 5.0  # times of correlation over which the correlation is summed (Sokal 1997)


def doubt_payload(
    payload: LearnedPayload,
    left: Float[np.ndarray, "k n"],
    learner: StructuredCycle,
    gain_error: float,
) -> LearnedPayload:
    """Return a payload with deviations that account for errors that last, and for the drive gains.

    A learner takes samples as independent, but for a factor. What it leaves of a log shows how long
    its errors last. If samples count less than it assumes, the deviations grow by::

        sqrt(mean_j(P_j s_j^2 t_j) / R^2)

    s_j^2 and t_j are the mean square of joint j's errors and their time of correlation in samples;
    P and R^2 are those of `StructuredLeastSquares`. A torque that is gain times current makes mass,
    moment and inertia as wrong as the gains: ``gain_error`` times their values is added as well, as
    the square root of a sum of squares.

    Args:
        payload: what was learned.
        left: torques [N m] that the learner leaves of a log, row by row.
        learner: of that log.
        gain_error: standard deviation of the drive gains, as a share of them.
    """
    law = learner.learner.law_block
    times = np.array([correlation_time(each) for each in left.T]) / float(law["every"])
    lasting = float(np.mean(law["precision"] * np.mean(left**2, axis=0) * np.maximum(times, 1.0)))
    more = math.sqrt(max(lasting / float(law["repeated"]), 1.0))
    moment = payload.mass * payload.com
    return payload._replace(
        mass_deviation=math.hypot(more * payload.mass_deviation, gain_error * payload.mass),
        moment_deviation=np.hypot(more * payload.moment_deviation, gain_error * moment),
        inertia_deviation=np.hypot(more * payload.inertia_deviation, gain_error * payload.inertia),
    )


def correlation_time(errors: Float[np.ndarray, "k"]) -> float:
    """Return how many rows of errors count as one: the integrated time of autocorrelation.

    ``1 + 2 sum_k rho_k``, with rho_k the correlation of rows k apart, up to the first k that is
    `WINDOW` times the sum (Sokal 1997, doi:10.1007/978-1-4899-0319-8_6).
    """
    k = len(errors)
    power = np.abs(np.fft.rfft(errors, 2 * k)) ** 2
    shared = np.fft.irfft(power)[:k]
    if not shared[0] > 0.0:
        return 1.0
    times = 2.0 * np.cumsum(shared) / shared[0] - 1.0
    long = np.flatnonzero(np.arange(k) >= WINDOW * times)
    return float(times[long[0] if len(long) else -1])
