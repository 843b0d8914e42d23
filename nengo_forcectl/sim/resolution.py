"""The simulation step that elastic joints and friction need."""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from arms import Arm
from arms.model.chain import position_unit

from ..errors import ConfigurationError
from .bristles import LuGreFriction
from .disturbances import Disturbance, real_arm
from .friction import UnevenFriction, ViscousFriction
from .per_joint import per_joint
from .rotors import ElasticJoints

# A step dt makes a frequency w larger by (w dt)^2 / 24, and its decay by about (w dt)^2 / 5.
SWING = 0.3  # largest w dt: 0.4 % of the frequency, 2 % of the decay
SWINGS_UP = 2.0  # least dt b / I at which explicit steps of viscous friction b are unstable
DECAY = 0.2  # largest a dt for a rate of decay a; from 0.57 on, `Transmission` is unstable

Square = Float[np.ndarray, "k k"]


def resolved_step(
    arm: Arm, q: Float[np.ndarray, "n"], disturbances: Sequence[Disturbance]
) -> float:
    """Return the largest simulation step [s] that resolves joints and friction at ``q`` to 1 %.

    It is infinite without `ElasticJoints` and `LuGreFriction`.

    Raises:
        ConfigurationError: a field has another number of joints, or a rotor no inertia.
    """
    return min((step for step, _ in _needs(arm, q, disturbances)), default=math.inf)


def check_resolved(
    arm: Arm, q: Float[np.ndarray, "n"], disturbances: Sequence[Disturbance], dt: float
) -> None:
    """Refuse a simulation step ``dt`` [s] that is too long; the message says which would do.

    Viscous friction acts in explicit steps, which swing up from ``b dt / I = 2`` on.

    Raises:
        ConfigurationError: it is too long.
    """
    _check_viscous(arm, q, disturbances, dt)
    needs = _needs(arm, q, disturbances)
    if not needs:
        return
    step, text = min(needs)
    if dt > step * (1 + 1e-9):
        needed = float(f"{step:.1e}")
        needed = needed if needed <= step else float(f"{0.95 * step:.1e}")
        raise ConfigurationError(
            f"{text}, needs a simulation step of {needed:g} s or less, not {dt:g} s"
        )


def most_viscous(M: Square, dt: float) -> float:
    """Return the largest viscous friction [N m s/rad] whose steps ``dt`` [s] do not swing."""
    return float(np.linalg.eigvalsh(M)[0]) / dt


def _check_viscous(
    arm: Arm, q: Float[np.ndarray, "n"], disturbances: Sequence[Disturbance], dt: float
) -> None:
    """Refuse a step in which viscous friction swings up, unless it acts on rotors of their own."""
    b = arm.friction.viscous.copy()
    for each in disturbances:
        if isinstance(each, ElasticJoints):
            return
        if isinstance(each, (ViscousFriction, UnevenFriction)):  # its mean over the angle
            b += per_joint(each, "coefficient", arm.dof)
    if not b.any():
        return
    rate, joint = _fastest(real_arm(arm, disturbances).mass_matrix(q), np.diag(b))
    if rate * dt >= SWINGS_UP:
        unit = "N s/m" if position_unit(arm.chain, joint) == "m" else "N m s/rad"
        raise ConfigurationError(
            f"viscous friction of {b[joint]:.3g} {unit} stops joint {joint + 1} at {rate:.3g} 1/s, "
            f"needs a simulation step of {1.0 / rate:.1e} s or less, not {dt:g} s; or less "
            "friction, or more inertia, such as RotorInertia"
        )


def _needs(
    arm: Arm, q: Float[np.ndarray, "n"], disturbances: Sequence[Disturbance]
) -> list[tuple[float, str]]:
    """Return each bound on the step [s], with what it comes from."""
    elastic = [each for each in disturbances if isinstance(each, ElasticJoints)]
    bristles = [each for each in disturbances if isinstance(each, LuGreFriction)]
    if not elastic and not bristles:
        return []
    n = arm.dof
    real = real_arm(arm, disturbances)
    M, rotor = real.mass_matrix(q), np.diag(real.armature)
    stiffness = sum((per_joint(each, "stiffness", n) for each in bristles), np.zeros(n))
    damping = sum(
        (per_joint(each, "damping", n) + per_joint(each, "viscous", n) for each in bristles),
        np.zeros(n),
    )
    if not elastic:
        inertia, K, D = M, np.diag(stiffness), np.diag(damping)
    else:
        zero = np.zeros((n, n))
        inertia = np.block([[M - rotor, zero], [zero, rotor]])
        K = _coupled(per_joint(elastic[0], "stiffness", n), stiffness)
        D = _coupled(per_joint(elastic[0], "damping", n), damping)
    source = elastic[0] if elastic else bristles[0]
    square, joint = _fastest(inertia, K)
    rate, damped = _fastest(inertia, D)
    swing, hertz = SWING / math.sqrt(square), math.sqrt(square) / (2.0 * math.pi)
    name = type(source).__name__
    needs = [
        (
            swing,
            f"{name}.stiffness: is {source.stiffness} N m/rad (joint {joint % n + 1} oscillates at "
            f"{hertz:.3g} Hz)",
        )
    ]
    if rate > 0:
        text = f"is {source.damping} N m s/rad (joint {damped % n + 1} settles at {rate:.3g} 1/s)"
        needs.append((DECAY / rate, f"{name}.damping: {text}"))
    return needs


def _coupled(between: Float[np.ndarray, "n"], rotor: Float[np.ndarray, "n"]) -> Square:
    """Return the matrix of springs between links and rotors, and from the rotors to the ground."""
    k, ground = np.diag(between), np.diag(rotor)
    return np.block([[k, -k], [-k, k + ground]])


def _fastest(inertia: Square, matrix: Square) -> tuple[float, int]:
    """Return the largest eigenvalue of ``inertia^-1 matrix``, and the coordinate it moves most."""
    half = np.linalg.inv(np.linalg.cholesky(inertia))
    values, vectors = np.linalg.eigh(half @ matrix @ half.T)
    return float(values[-1]), int(np.argmax(np.abs(half.T @ vectors[:, -1])))
