"""Whether the torques of a log can be those of an arm: their signs, their size, and gravity."""

import logging

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..errors import RecordError
from ..learning.presliding import SHARE
from .identification import SPREAD
from .motion_log import MotionLog
from .physical_fit import fit_physical
from .regression import Sums, Unknowns, sums_of, unknowns_of
from .signals import Signals, signals_of

LOGGER = logging.getLogger(__name__)
ROWS = 1000  # that are looked at
LEAST_ERROR = 1e-3  # of a torque, over its size
USUAL = 0.05  # error of a torque over its size, for the weights of the joints
ODD = 0.1  # error of a joint from which on its sign is tried
CLEARER = 3.0  # product of all joints' errors over that with a turned sign, which shows it
LEAST, MOST = 0.25, 4.0  # torque by gravity over the model's, beyond which it is another quantity
KNOWN = 0.1  # deviation of gravity over itself below which it is known
TILTED = 15.0  # angle between gravity and the model's from which on it is told [degrees]
CLEAR = 10.0  # the same, in deviations


def check_torques(log: MotionLog, arm: Arm) -> None:
    """Compare the torques of a log with those that bodies and friction can have.

    Links of an arm that are bodies, and joints whose friction is not negative, do not explain a
    torque whose sign is wrong: the one joint contradicts the others, or its friction drives it. So
    signs are wrong if the best of such arms leaves far less of all torques once they are turned.
    Gravity is fitted along each axis, so torques without it, or many times as large as the model's,
    are noticed; a base that is tilted is a warning.

    Raises:
        RecordError: torques have a wrong sign, are without gravity, or in other units.
    """
    states = signals_of(log, min(10.0, 0.2 / log.period))
    states = states.at(np.linspace(0, len(states.q) - 1, min(ROWS, len(states.q))).astype(int))
    what = f"log '{log.source}': rows {log.row[0]} to {log.row[-1]}"
    sign = turned_signs(states, arm)
    wrong = np.flatnonzero(sign < 0.0)
    if len(wrong):
        joints = ", ".join(str(j + 1) for j in wrong)
        signs = " ".join(f"{each:g}" for each in sign)
        raise RecordError(
            f"{what}, the torque of joint{'s' if len(wrong) > 1 else ''} {joints} has the wrong "
            "sign: no bodies and friction explain it, but its opposite; needs --columns "
            f"current=... and --gains, for torques {signs}, or those of the currents times these"
        )
    _check_gravity(states, arm, what)


def turned_signs(states: Signals, arm: Arm) -> Float[np.ndarray, "n"]:
    """Return 1 for each joint, -1 for those whose torque seems to have the wrong sign."""
    unknowns, n = unknowns_of(arm), arm.dof
    sums = sums_of(arm, states, np.full(n, SHARE))
    weight = sums.rows / (SPREAD * USUAL**2 * np.maximum(sums.A[:, -1, -1], 1e-300))
    sign = np.ones(n)
    error = _error(sums, unknowns, sign, weight)
    while error.max() > ODD:
        tried = [np.where(np.arange(n) == j, -sign, sign) for j in np.flatnonzero(error > ODD)]
        if (sign > 0.0).all():
            tried.append(-sign)
        errors = [_error(sums, unknowns, each, weight) for each in tried]
        best = int(np.argmin([np.log(each).sum() for each in errors]))
        if np.log(error / errors[best]).sum() < np.log(CLEARER):
            break
        sign, error = tried[best], errors[best]
    return sign


def _error(
    sums: Sums, unknowns: Unknowns, sign: Float[np.ndarray, "n"], weight: Float[np.ndarray, "n"]
) -> Float[np.ndarray, "n"]:
    """Return what the best physical fit to torques times signs leaves of each, over its size."""
    A = sums.A.copy()
    A[:, -1, :-1] *= sign[:, None]
    A[:, :-1, -1] *= sign[:, None]
    W, own = np.tensordot(weight, A, axes=1), unknowns.size**-2.0
    drives = slice(unknowns.inertial, unknowns.inertial + 3 * len(sign))
    H, b = W[:-1, :-1] + np.diag(own), W[:-1, -1] + own * unknowns.prior
    values = fit_physical(H, b, unknowns.prior, unknowns.links, drives)
    return np.maximum(Sums(A, sums.rows).error(values), LEAST_ERROR)


def _check_gravity(states: Signals, arm: Arm, what: str) -> None:
    """Fit gravity to the torques, along each axis, beside inertia, friction and offsets."""
    model = np.asarray(arm.chain.gravity, float)
    size = float(np.linalg.norm(model))
    if size == 0.0:
        return
    q, dq, ddq, tau, pace, _ = states
    n, k = arm.dof, len(q)
    pull = arm.gravity_gradient(q)  # (k, n, 3)
    inertia = arm.inverse_dynamics(q, dq, ddq) - pull @ model - arm.friction.viscous * dq
    joints = [each[:, :, None] * np.eye(n) for each in (ddq, dq, pace, np.ones_like(q))]
    X = np.concatenate((pull, inertia[:, :, None], *joints), axis=2)
    weight = 1.0 / np.maximum(np.sqrt(np.mean(tau**2, axis=0)), 1e-300)
    A, b = (X * weight[:, None]).reshape(k * n, -1), (tau * weight).ravel()
    length = np.maximum(np.linalg.norm(A, axis=0), 1e-300)
    H = A.T @ A / length / length[:, None] + 1e-9 * np.eye(len(length))
    values = np.linalg.solve(H, A.T @ b / length) / length
    left = float(np.mean((b - A @ values) ** 2))
    deviation = np.sqrt(SPREAD * left * np.linalg.inv(H).diagonal()[:3]) / length[:3]
    found = values[:3]
    scale = float(np.linalg.norm(found)) / size
    if not (deviation < KNOWN * size).all():
        return
    if not LEAST <= scale <= MOST:
        raise RecordError(
            f"{what}, the torques hold {scale:.2g} times the weight of the model; needs those "
            "of the motors in N m, gravity included: see --units tau=mNm, or --columns current=... "
            "and --gains"
        )
    cosine = float(found @ model) / (scale * size**2)
    angle = float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))
    away = np.abs(found - scale * model) > CLEAR * deviation
    if angle > TILTED and away.any():
        axis = ", ".join(f"{each:.1f}" for each in found)
        LOGGER.warning(
            "%s, gravity seems to act along (%s) m/s^2 in the frame of the base, %.0f degrees from "
            "the model's; is the base tilted?", what, axis, angle,
        )  # fmt: skip
