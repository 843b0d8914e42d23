"""A payload from two logs: one without it, one with it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..kernels.layout.body_fields import MASS, MOMENT, PARAMETERS, XX, XY, XZ, YY, YZ, ZZ
from ..support.validation import Arguments, check_not_negative
from .identification import SPREAD, Identified, identify
from .lasting_errors import correlation_time
from .motion_log import MotionLog, check_fits
from .physical_fit import fit_physical
from .regression import CHUNK, Sums, Unknowns, columns_of, sums_of, total
from .signals import Signals, signals_of

KNOWN = 0.25  # deviation of the mass over it from which on the mass is not known
CENTRED = 0.1  # deviation of the centre of mass from which on it is not known [m]
SWAPPED = 5.0  # deviations below 0 from which on the logs are in the wrong order
SHOWN = 2.0  # deviations above 0 below which there may be none
MASS_SIZE, LENGTH = 5.0, 0.3  # prior deviations: [kg], and of lengths [m]


@dataclass(frozen=True)
class Payload:
    """A body fixed to the tool frame, in its axes, with standard deviations."""

    mass: float  # [kg]
    com: Float[np.ndarray, "3"]  # centre of mass [m]
    inertia: Float[np.ndarray, "3 3"]  # about the centre of mass [kg m^2]
    mass_deviation: float  # [kg]
    com_deviation: Float[np.ndarray, "3"]  # [m]
    inertia_deviation: Float[np.ndarray, "3 3"]  # about the tool frame's origin [kg m^2]
    known: bool  # whether the motion was enough to know mass and centre
    reason: str  # why not; empty if it was
    error_before: Float[np.ndarray, "n"]  # |tau - prediction| / |tau| without the payload
    error: Float[np.ndarray, "n"]  # and with it
    empty: Identified  # the arm without it


def find_payload(
    empty: MotionLog,
    loaded: MotionLog,
    arm: Arm,
    *,
    gain_error: float = 0.0,
    cutoff: float = 10.0,
) -> Payload:
    """Find the payload that explains how a log with it differs from one without.

    The arm is identified from the empty log. Then both logs are fitted together, by links, rotors,
    friction and offsets that are the same in both, and ten parameters of a body at the tool that
    the second one has. So what the first motion did not show of the arm is uncertain in the
    payload, too. The motions need not be alike.

    Deviations are those of least squares, for errors as large as those that are left and that last
    as long (`correlation_time`), and of the drive gains: the mass is as wrong as they are.

    Args:
        empty: of the arm without the payload.
        loaded: of the arm with it.
        arm: the model to start from.
        gain_error: standard deviation of the drive gains, as a share of them.
        cutoff: of the zero-phase filter of all signals [Hz].

    Raises:
        RecordError: a log is not of this arm.
    """
    check_not_negative(Arguments("find_payload", gain_error=gain_error), gain_error="")
    for log in (empty, loaded):
        check_fits(log, arm)
    found = identify([empty], arm, cutoff=cutoff)
    first, second = carried_sums(empty, loaded, arm, cutoff, found.presliding)
    prior, size = carried_prior(found.unknowns)
    both = total([first, second])
    variance = np.maximum(found.noise**2, 1e-12)
    values = prior
    for _ in range(3):
        values = _fit(both, prior, size, SPREAD * variance)[0]
        variance = np.maximum(both.misfit(values) / both.rows, 1e-12 * variance)
    fitted, covariance = _fit(both, prior, size, SPREAD * variance)
    free, H = fitted[:PARAMETERS], np.linalg.inv(covariance[:PARAMETERS, :PARAMETERS])
    body = fit_physical(H, H @ free, free, 1, slice(0, 0))
    times = _lasting(empty, loaded, arm, cutoff, found.presliding, values)
    covariance = _fit(both, prior, size, np.maximum(times, SPREAD) * variance)[1]
    known = covariance.diagonal()[:PARAMETERS]
    deviation = np.sqrt(known + (gain_error * body) ** 2)
    return _payload(body, deviation, found, second, values, free[MASS] / np.sqrt(known[MASS]))


def _fit(
    sums: Sums,
    prior: Float[np.ndarray, "p"],
    size: Float[np.ndarray, "p"],
    noise: Float[np.ndarray, "n"],
) -> tuple[Float[np.ndarray, "p"], Float[np.ndarray, "p p"]]:
    """Return the numbers that fit best, physical or not, and their covariance."""
    W = np.tensordot(1.0 / noise, sums.A, axes=1)
    C = np.linalg.inv(W[:-1, :-1] * size * size[:, None] + np.eye(len(size))) * size * size[:, None]
    return prior + C @ (W[:-1, -1] - W[:-1, :-1] @ prior), C


def carried_sums(
    empty: MotionLog,
    loaded: MotionLog,
    arm: Arm,
    cutoff: float,
    presliding: Float[np.ndarray, "n"],
) -> tuple[Sums, Sums]:
    """Return the sums of both logs, with ten columns of the payload before those of the arm."""
    carrier = arm.with_payload(1.0, (0.0, 0.0, 0.0), 0.01 * np.eye(3))
    first = _sums(arm, carrier, signals_of(empty, cutoff), presliding, carries=False)
    return first, _sums(arm, carrier, signals_of(loaded, cutoff), presliding, carries=True)


def _sums(
    arm: Arm, carrier: Arm, states: Signals, presliding: Float[np.ndarray, "n"], carries: bool
) -> Sums:
    """Return the sums of the arm's columns after ten of the payload, 0 if it carries none."""
    own = sums_of(carrier, states, presliding)
    links = len(arm.inertial_parameters)
    p = own.A.shape[1]
    # The carrier's columns: links, payload, drives and offsets, torque.
    order = [*range(links, links + PARAMETERS), *range(links), *range(links + PARAMETERS, p)]
    A = own.A[:, order][:, :, order].copy()
    if not carries:
        A[:, :PARAMETERS] = 0.0
        A[:, :, :PARAMETERS] = 0.0
    return Sums(A, own.rows)


def _lasting(
    empty: MotionLog,
    loaded: MotionLog,
    arm: Arm,
    cutoff: float,
    presliding: Float[np.ndarray, "n"],
    values: Float[np.ndarray, "p"],
) -> Float[np.ndarray, "n"]:
    """Return how many rows of what the values leave of both logs count as one, joint by joint."""
    carrier = arm.with_payload(1.0, (0.0, 0.0, 0.0), 0.01 * np.eye(3))
    links = len(arm.inertial_parameters)
    theta, rest = values[PARAMETERS : PARAMETERS + links], values[PARAMETERS + links :]
    times = np.zeros(arm.dof)
    for log, body in ((empty, np.zeros(PARAMETERS)), (loaded, values[:PARAMETERS])):
        states, own = signals_of(log, cutoff), np.concatenate((theta, body, rest))
        left = [
            part.tau - columns_of(carrier, part, presliding) @ own
            for k in range(0, len(states.q), CHUNK)
            for part in (states.at(slice(k, k + CHUNK)),)
        ]
        lasting = [correlation_time(each) for each in np.concatenate(left).T]
        times = np.maximum(times, lasting)
    return times


def carried_prior(unknowns: Unknowns) -> tuple[Float[np.ndarray, "p"], Float[np.ndarray, "p"]]:
    """Return values before, and their deviations, of the payload and of the arm."""
    length = np.array([1.0] + 3 * [LENGTH] + 6 * [LENGTH**2])
    prior = np.concatenate((np.zeros(PARAMETERS), unknowns.prior))
    return prior, np.concatenate((MASS_SIZE * length, unknowns.size))


def _payload(
    body: Float[np.ndarray, "10"],
    deviation: Float[np.ndarray, "10"],
    found: Identified,
    loaded: Sums,
    values: Float[np.ndarray, "p"],
    free: float,
) -> Payload:
    """Return the payload of its parameters, and whether it is known.

    ``free`` is the mass that fits best, of any sign, in its deviations.
    """
    mass, com = float(body[MASS]), body[MOMENT : MOMENT + 3] / body[MASS]
    about_tool = _matrix(body)
    inertia = about_tool - mass * (com @ com * np.eye(3) - np.outer(com, com))
    spread = deviation[MOMENT : MOMENT + 3] / mass
    reason = ""
    if free < -SWAPPED:
        reason = "the log with it shows less mass than the one without: give the empty one first"
    elif free < SHOWN:
        reason = f"the logs show none above {SHOWN * deviation[MASS]:.2g} kg"
    elif deviation[MASS] > KNOWN * mass:
        reason = f"the mass is known to {deviation[MASS]:.2g} kg only"
    elif spread.max() > CENTRED:
        axis = "xyz"[int(spread.argmax())]
        reason = f"the centre's {axis} is known to {spread.max():.2g} m only: turn the wrist more"
    without = np.concatenate((np.zeros(PARAMETERS), values[PARAMETERS:]))
    with_it = np.concatenate((body, values[PARAMETERS:]))
    return Payload(
        mass, com, inertia, float(deviation[MASS]), spread, _matrix(deviation), not reason, reason,
        loaded.error(without), loaded.error(with_it), found,
    )  # fmt: skip


def _matrix(theta: Float[np.ndarray, "10"]) -> Float[np.ndarray, "3 3"]:
    """Return the matrix of the last six parameters."""
    I = np.diag(theta[[XX, YY, ZZ]])  # noqa: E741
    for (i, j), k in zip(((0, 1), (0, 2), (1, 2)), (XY, XZ, YZ), strict=True):
        I[i, j] = I[j, i] = theta[k]
    return I
