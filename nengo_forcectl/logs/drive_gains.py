"""The drive gains of an arm from a payload of known mass."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..support.validation import Arguments, check, check_positive
from .identification import SPREAD, identify
from .motion_log import MotionLog, check_fits
from .payload_fit import carried_prior, carried_sums
from .regression import total, unknowns_of

WRONG = 0.2  # prior deviation of a gain's factor
KNOWN = 1e-4  # deviation of the known mass, as a share of it
STEPS = 15


@dataclass(frozen=True)
class Gains:
    """By which factors torques, or drive gains, have to be multiplied."""

    factor: Float[np.ndarray, "n"]
    deviation: Float[np.ndarray, "n"]


def find_gains(
    empty: Sequence[MotionLog], loaded: MotionLog, arm: Arm, mass: float, *, cutoff: float = 10.0
) -> Gains:
    """Find the factor of each joint's torques that makes the payload as heavy as it is.

    A log alone shows links, friction and gains up to a common factor. A known mass fixes it
    (Gautier and Briot 2014, doi:10.1115/1.4027506, who use total least squares). Here

        tau_j = (Phi_j x) / s_j + noise,    x the payload with its mass, links, rotors, friction

    is fitted to all logs by Gauss-Newton steps in x and 1 / s, so that noise in the torques does
    not make the factors small. A joint that bears no weight, such as one with a vertical axis, is
    known by its inertia alone.

    Args:
        empty: logs of the arm without the payload.
        loaded: log of the arm with it.
        arm: the model to start from.
        mass: of the payload [kg].
        cutoff: of the zero-phase filter of all signals [Hz].

    Raises:
        RecordError: a log is not of this arm.
        ConfigurationError: an argument is not valid.
    """
    own = Arguments("find_gains", empty=empty, mass=mass, cutoff=cutoff)
    check(own, "empty", len(empty) > 0, "one log at least")
    check_positive(own, mass="kg", cutoff="Hz")
    check_fits(loaded, arm)
    n, first, second = arm.dof, identify(empty, arm, cutoff=cutoff), None
    parts = []
    for log in empty:
        without, second = carried_sums(log, loaded, arm, cutoff, first.presliding)
        parts.append(without)
    assert second is not None
    sums = total([*parts, second])
    weighed = sums.A / (SPREAD * first.noise**2)[:, None, None]
    prior, size = carried_prior(unknowns_of(arm))
    prior[0], size[0] = mass, KNOWN * mass
    u, x = np.ones(n), prior.copy()  # 1 / s, and the other unknowns
    scale = np.concatenate((np.full(n, WRONG), size))
    A = np.eye(len(scale))
    for _ in range(STEPS):
        A, b = np.eye(len(scale)), np.concatenate((1.0 - u, prior - x)) / scale
        for j in range(n):
            slope, left = np.zeros((len(x) + 1, len(scale))), np.append(-u[j] * x, 1.0)
            slope[:-1, j] = x
            slope[:-1, n:] = u[j] * np.eye(len(x))
            slope *= scale
            A += slope.T @ weighed[j] @ slope
            b += slope.T @ weighed[j] @ left
        step = scale * np.linalg.solve(A, b)
        u, x = u + step[:n], x + step[n:]
    deviation = np.sqrt(np.linalg.inv(A).diagonal()[:n]) * WRONG
    return Gains(1.0 / u, deviation / u**2)
