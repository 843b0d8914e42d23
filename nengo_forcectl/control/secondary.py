"""Secondary tasks: joint torques for what a task leaves free, projected into its null space.

Each is a frozen dataclass with ``torque(terms, state) -> tau_0`` [N m]; a task-space controller
adds those of its ``secondary`` and applies ``N^T = I - J^T Lambda J M^-1`` to the sum (Khatib
1987), so that they do not move the tool. ``entries`` describes the task to compiled code.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from jaxtyping import Float

from arms import Arm, Terms
from arms.machine.kernel import Kernel

from ..contract import State
from ..errors import ConfigurationError
from .gains import Gain, check_gain

NEAREST = 0.05  # of the margin: nearer, what pushes away does not grow any more
SINGULAR = 1e-6  # a manipulability below which its gradient is taken for zero
POSTURE, DAMPING, LIMITS, OBSTACLE, MANIPULABILITY = range(5)


class Entry(NamedTuple):
    """A task for compiled code: what it is, its numbers, and the arm's terms that it needs."""

    kind: int
    numbers: Float[np.ndarray, "k"]
    kernel: Kernel | None = None


class Secondary(Protocol):
    """A torque for the joints that the main task does not need."""

    def torque(self, terms: Terms, state: State) -> Float[np.ndarray, "n"]:
        """Return tau_0 [N m]."""
        ...

    def entries(self, n: int) -> list[Entry]:
        """Return what compiled code needs, for an arm of ``n`` joints."""
        ...


@dataclass(frozen=True)
class Posture:
    """``tau_0 = k (posture - q) - 2 sqrt(k diag(M)) dq``: critically damped, joint by joint."""

    posture: Float[np.ndarray, "n"]  # [rad]
    k: Gain = 30.0  # a number, or one a joint [N m/rad]

    def __post_init__(self) -> None:
        posture = _vector(self, "posture", self.posture)
        object.__setattr__(self, "posture", posture)
        check_gain(self, "k", len(posture))
        if np.ndim(self.k) == 2:
            raise ConfigurationError("Posture.k: is a matrix, needs a number or one a joint")

    def torque(self, terms: Terms, state: State) -> Float[np.ndarray, "n"]:
        """Return tau_0 [N m]."""
        d_null = 2.0 * np.sqrt(self.k * terms.M.diagonal())  # [N m s/rad]
        return self.k * (self.posture - state.q) - d_null * state.dq

    def entries(self, n: int) -> list[Entry]:
        """Return what compiled code needs."""
        _same(self, "posture", self.posture, n)
        return [Entry(POSTURE, np.concatenate((self.posture, np.broadcast_to(self.k, n))))]


@dataclass(frozen=True)
class Damping:
    """``tau_0 = -kv M dq``: what moves freely slows down at the rate kv, light joints or heavy."""

    kv: float = 5.0  # [1/s]

    def __post_init__(self) -> None:
        check_gain(self, "kv", 0)

    def torque(self, terms: Terms, state: State) -> Float[np.ndarray, "n"]:
        """Return tau_0 [N m]."""
        return -self.kv * (terms.M @ state.dq)

    def entries(self, n: int) -> list[Entry]:
        """Return what compiled code needs."""
        return [Entry(DAMPING, np.array([self.kv]))]


@dataclass(frozen=True)
class JointLimits:
    """Pushes a joint away from a limit that is nearer than ``margin``, rho away::

        tau_0 = k margin (margin - rho) / rho

    That is the gradient of a potential that begins as a spring of stiffness k and has no bound at
    the limit (after Khatib 1986); below 0.05 margin the torque grows by the numerator alone. What
    the main task itself wants of the joint it does not change.
    """

    lower: Float[np.ndarray, "n"]  # [rad]; -inf where there is none
    upper: Float[np.ndarray, "n"]  # [rad]; inf where there is none
    margin: float = 0.2  # [rad]
    k: float = 50.0  # [N m/rad]

    def __post_init__(self) -> None:
        for field in ("lower", "upper"):
            value = np.array(getattr(self, field), dtype=float)
            if value.ndim != 1 or np.isnan(value).any():
                raise ConfigurationError(f"JointLimits.{field}: is {value}, needs one a joint")
            object.__setattr__(self, field, value)
        _same(self, "upper", self.upper, len(self.lower))
        if (self.lower >= self.upper).any():
            joint = int(np.argmax(self.lower >= self.upper))
            raise ConfigurationError(
                f"JointLimits.lower: is {self.lower[joint]} at joint {joint}, "
                f"needs to be below upper, {self.upper[joint]}"
            )
        check_gain(self, "margin", 0, positive=True)
        check_gain(self, "k", 0)

    def torque(self, terms: Terms, state: State) -> Float[np.ndarray, "n"]:
        """Return tau_0 [N m]."""
        low, high = state.q - self.lower, self.upper - state.q
        return push(low, self.margin, self.k) - push(high, self.margin, self.k)

    def entries(self, n: int) -> list[Entry]:
        """Return what compiled code needs."""
        _same(self, "lower", self.lower, n)
        return [Entry(LIMITS, np.concatenate((self.lower, self.upper, [self.margin, self.k])))]


@dataclass(frozen=True)
class ObstacleAvoidance:
    """Pushes points of the arm out of the neighbourhood of spheres (Khatib 1986)::

        tau_0 = sum J_p^T f_p,    f_p = k margin (margin - rho) / rho along the sphere's normal

    for every point p that is nearer than ``margin`` to a sphere's surface, rho away; as
    `JointLimits` near the surface and within.
    """

    arm: Arm
    points: Sequence[tuple[str, tuple[float, float, float]]]  # frame, and where in it [m]
    spheres: Float[np.ndarray, "k 4"]  # x, y, z of the centre in the base frame, radius [m]
    margin: float = 0.1  # [m]
    k: float = 500.0  # [N/m]

    def __post_init__(self) -> None:
        spheres = np.atleast_2d(np.array(self.spheres, dtype=float))
        if spheres.ndim != 2 or spheres.shape[1] != 4 or not np.isfinite(spheres).all():
            raise ConfigurationError(
                f"ObstacleAvoidance.spheres: has shape {spheres.shape}, needs (k, 4) of finite "
                "numbers: x, y, z, radius"
            )
        if (spheres[:, 3] < 0).any():
            raise ConfigurationError(
                f"ObstacleAvoidance.spheres: a radius is {spheres[:, 3].min()} m, "
                "needs a number from 0 up"
            )
        if not self.points:
            raise ConfigurationError("ObstacleAvoidance.points: is empty, needs (frame, point)")
        points = []
        for frame, point in self.points:
            self.arm.kernel("pose", "J", frame=frame, at_point=True)  # whether there is the frame
            points.append((frame, tuple(_vector(self, "points", point, 3).tolist())))
        object.__setattr__(self, "points", tuple(points))
        object.__setattr__(self, "spheres", spheres)
        check_gain(self, "margin", 0, positive=True)
        check_gain(self, "k", 0)

    def torque(self, terms: Terms, state: State) -> Float[np.ndarray, "n"]:
        """Return tau_0 [N m]."""
        tau = np.zeros(len(state.q))
        for frame, point in self.points:
            away = self.arm.pose(state.q, frame, point=point)[:3, 3] - self.spheres[:, :3]
            length = np.linalg.norm(away, axis=1)
            force = push(length - self.spheres[:, 3], self.margin, self.k)  # [N]
            normal = away / np.maximum(length, 1e-9)[:, None]
            J = self.arm.jacobian(state.q, frame, point=point)[:3]
            tau += J.T @ (force @ normal)
        return tau

    def entries(self, n: int) -> list[Entry]:
        """Return what compiled code needs; `ConfigurationError` for another arm's joints."""
        _fits(self, self.arm, n)
        return [
            Entry(
                OBSTACLE,
                np.concatenate((point, [self.margin, self.k], self.spheres.ravel())),
                self.arm.kernel("pose", "J", frame=frame, at_point=True),
            )
            for frame, point in self.points
        ]


@dataclass(frozen=True)
class Manipulability:
    """``tau_0 = k dw/dq``: uphill in Yoshikawa's measure ``w = sqrt(det(J J^T))`` (1985)."""

    arm: Arm
    k: float = 10.0  # [N m] per unit of w
    rows: tuple[int, ...] = (0, 1, 2)  # of J

    def __post_init__(self) -> None:
        check_gain(self, "k", 0)
        rows = tuple(self.rows)
        if not rows or not set(rows) <= set(range(6)) or len(set(rows)) < len(rows):
            raise ConfigurationError(
                f"Manipulability.rows: is {self.rows}, needs some of 0 to 5, each once"
            )
        if len(rows) > self.arm.dof:
            raise ConfigurationError(
                f"Manipulability.rows: is {self.rows}, which is more than the arm's "
                f"{self.arm.dof} joints"
            )

    def torque(self, terms: Terms, state: State) -> Float[np.ndarray, "n"]:
        """Return tau_0 [N m]; none where the arm is singular."""
        rows = list(self.rows)
        if self.arm.manipulability(state.q, rows=rows) < SINGULAR:
            return np.zeros(len(state.q))
        return self.k * self.arm.manipulability_gradient(state.q, rows=rows)

    def entries(self, n: int) -> list[Entry]:
        """Return what compiled code needs; `ConfigurationError` for another arm's joints."""
        _fits(self, self.arm, n)
        numbers = np.array([self.k, *self.rows], dtype=float)
        return [Entry(MANIPULABILITY, numbers, self.arm.kernel("J", "dJdq"))]


def push(distance: Float[np.ndarray, "*k"], margin: float, k: float) -> Float[np.ndarray, "*k"]:
    """Return how hard to push away: nothing from ``margin`` on, without bound towards zero."""
    inside = np.maximum(margin - distance, 0.0)
    with np.errstate(invalid="ignore"):
        force = k * margin * inside / np.maximum(distance, NEAREST * margin)
    return np.where(inside > 0.0, force, 0.0)


def _vector(owner: object, field: str, value: object, size: int | None = None) -> np.ndarray:
    vector = np.array(value, dtype=float)
    if vector.ndim != 1 or size not in (None, len(vector)) or not np.isfinite(vector).all():
        needs = "one finite number a joint" if size is None else f"{size} finite numbers"
        raise ConfigurationError(f"{type(owner).__name__}.{field}: is {value}, needs {needs}")
    return vector


def _fits(owner: object, arm: Arm, n: int) -> None:
    if arm.dof != n:
        raise ConfigurationError(
            f"{type(owner).__name__}.arm: is '{arm.name}' of {arm.dof} joints, needs the "
            f"controlled arm, of {n}"
        )


def _same(owner: object, field: str, value: np.ndarray, n: int) -> None:
    if len(value) != n:
        raise ConfigurationError(
            f"{type(owner).__name__}.{field}: has {len(value)} values, needs {n}, one a joint"
        )
