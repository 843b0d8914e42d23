"""Conversion of a path of the tool to a path of the joints."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from arms import Arm
from arms.errors import UnreachableError
from arms.model.description import sample_range

from ..contract import EndingPath, Reference
from ..errors import ConfigurationError
from ..support.validation import Arguments, check_positive
from .path_limits import check_continuous, check_joints
from .piecewise import Piecewise, hermite
from .slerp import rotation_vector

CLOSE = 1e-9  # [m], [rad]
SINGULAR = 1e-4  # singular value of J below which it counts as singular [m/rad]


@dataclass(frozen=True)
class JointPath:
    """The joints' motion, from a start posture, that moves the tool along a path.

    The first posture is ``arm.inverse_kinematics`` of the path's start, searched from ``start``.
    From there the joints move at resolved rates (Whitney 1969), with ``J+ = J^T (J J^T)^-1`` over
    the rows of J that the arm can move and the path specifies, and ``v`` the path's velocity::

        dq  = J+ v
        ddq = J+ (dv/dt - dJ dq) + (I - J+ J) dJ^T (J J^T)^-1 v     which is its derivative

    q is integrated by fourth-order Runge-Kutta with a Newton step onto the path at each posture.
    Between postures it is a quintic polynomial through q, dq and ddq. An orientation is followed if
    the path has one.

    Raises:
        ArmError: the start posture does not fit the arm.
        UnreachableError: the path leaves the arm's reach; the message gives time and place.
        ConfigurationError: the path jumps, a joint is beyond its limits of position or speed, or
            the path leads through a singularity; the message names joint, time, value and limit.
    """

    path: EndingPath  # of the tool
    arm: Arm
    start: Float[np.ndarray, "n"] | None = None  # [rad]; None: the middle of the joints' ranges
    period: float = 2e-3  # time between two postures [s]
    speeds: Float[np.ndarray, "n"] = field(init=False, repr=False)  # each joint's greatest [rad/s]
    _pieces: Piecewise = field(init=False, repr=False)

    if TYPE_CHECKING:  # any sequences are accepted and converted to arrays

        def __init__(
            self, path: EndingPath, arm: Arm, start: ArrayLike | None = None, period: float = 2e-3
        ) -> None: ...

    def __post_init__(self) -> None:
        check_positive(self, period="s")
        check_positive(Arguments("JointPath.path", end=self.path.end), end="s")
        name = type(self.path).__name__
        steps = max(2, int(np.ceil(self.path.end / self.period)))
        times = np.linspace(0.0, self.path.end, 2 * steps + 1)
        samples = [self.path.at(float(time)) for time in times]
        if samples[0].x.shape != (3,):
            raise ConfigurationError(
                f"JointPath.path: its x has shape {samples[0].x.shape}, needs (3,), the tool's"
            )
        check_continuous(name, times, samples)
        follower = _Follower(self.arm, name, samples[0].R is not None)
        q, dq, ddq = follower.follow(times, samples, self.start)
        object.__setattr__(self, "speeds", check_joints(name, self.arm, times[::2], q, dq))
        object.__setattr__(self, "_pieces", hermite(times[::2], q, dq, ddq))

    @property
    def end(self) -> float:
        """Time of arrival [s]."""
        return self.path.end

    def at(self, time: float) -> Reference:
        """Return q, dq and ddq at ``time`` [s]; at rest before 0 and from the end on."""
        return self._pieces.reference(time)


def check_speed(
    path: EndingPath, arm: Arm, q0: ArrayLike | None = None, period: float = 2e-3
) -> Float[np.ndarray, "n"]:
    """Return every joint's greatest speed [rad/s] on a path, after checking the limits.

    With ``q0`` the path is of the tool, which the arm follows from there as in `JointPath`;
    otherwise it is of the joints. Speeds are sampled every ``period`` [s].

    Raises:
        UnreachableError: the path leaves the arm's reach; the message gives time and place.
        ConfigurationError: the path jumps, or a joint is beyond its limits of position or speed;
            the message names joint, time, value and limit.
    """
    if q0 is not None:
        return JointPath(path, arm, q0, period).speeds
    check_positive(Arguments("check_speed", period=period), period="s")
    times = np.linspace(0.0, path.end, max(2, int(np.ceil(path.end / period))) + 1)
    samples = [path.at(float(time)) for time in times]
    name = type(path).__name__
    if samples[0].x.shape != (arm.dof,):
        raise ConfigurationError(
            f"{name}: its x has shape {samples[0].x.shape}, needs ({arm.dof},), one for each "
            f"joint of {arm.name!r}; for a path of the tool give q0, too"
        )
    check_continuous(name, times, samples)
    q, dq = np.array([s.x for s in samples]), np.array([s.dx for s in samples])
    return check_joints(name, arm, times, q, dq)


class _Follower:
    """Resolved-rate motion of one arm along one path."""

    def __init__(self, arm: Arm, name: str, turns: bool) -> None:
        self._arm, self._name, self._size = arm, name, 6 if turns else 3
        low, high = sample_range(arm.q_lower, arm.q_upper)
        postures = np.random.default_rng(0).uniform(low, high, (20, arm.dof))
        J = np.abs(arm.jacobian(postures)[:, : self._size]).max(axis=(0, 2))
        self._rows = np.flatnonzero(J > 1e-9)  # rows that the arm can move

    def follow(
        self, times: Float[np.ndarray, "2k-1"], samples: list[Reference], start: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return q, dq and ddq at every second time."""
        q = self._begin(samples[0], start)
        rows = [(q, *self._rates(q, samples[0], times[0]))]
        for k in range(2, len(times), 2):
            h, before, middle, now = times[k] - times[k - 2], *samples[k - 2 : k + 1]
            k1 = self._velocity(q, before, times[k - 2])
            k2 = self._velocity(q + h / 2 * k1, middle, times[k - 1])
            k3 = self._velocity(q + h / 2 * k2, middle, times[k - 1])
            k4 = self._velocity(q + h * k3, now, times[k])
            q = self._onto(q + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4), now, times[k])
            rows.append((q, *self._rates(q, now, times[k])))
        return tuple(np.array(column) for column in zip(*rows, strict=True))  # pyright: ignore[reportReturnType]

    def _begin(self, first: Reference, start: np.ndarray | None) -> Float[np.ndarray, "n"]:
        pose = first.x
        if first.R is not None:
            pose = np.eye(4)
            pose[:3, :3], pose[:3, 3] = first.R, first.x
        try:
            return self._arm.inverse_kinematics(pose, start)
        except UnreachableError as error:
            raise UnreachableError(f"{self._name} at 0 s: {error}") from None

    def _onto(self, q: np.ndarray, wanted: Reference, time: float) -> Float[np.ndarray, "n"]:
        """Solve for a posture on the path by Newton's method, from a near one."""
        e = self._error(q, wanted)
        for _ in range(10):
            if np.linalg.norm(e) < CLOSE:
                return q
            J, A = self._jacobian(q, time)
            q = q + J.T @ np.linalg.solve(A, e[self._rows])
            e = self._error(q, wanted)
        if np.linalg.norm(e) < CLOSE:
            return q
        raise UnreachableError(
            f"{self._name} at {time:.4g} s: arm {self._arm.name!r} cannot move on to "
            f"{np.round(wanted.x, 4).tolist()}; it comes within {np.linalg.norm(e[:3]):.3g} m of it"
        )

    def _error(self, q: np.ndarray, wanted: Reference) -> np.ndarray:
        pose = self._arm.pose(q)
        e = wanted.x - pose[:3, 3]
        if self._size == 3 or wanted.R is None:
            return e
        return np.concatenate((e, rotation_vector(wanted.R @ pose[:3, :3].T)))

    def _jacobian(self, q: np.ndarray, time: float) -> tuple[np.ndarray, np.ndarray]:
        """Return J of the rows, and ``J J^T``, which is invertible."""
        J = self._arm.jacobian(q)[self._rows]
        A = J @ J.T
        least = np.sqrt(max(np.linalg.eigvalsh(A)[0], 0.0))
        if least < SINGULAR:
            raise ConfigurationError(
                f"{self._name} at {time:.4g} s: arm {self._arm.name!r} is singular there (least "
                f"singular value of J {least:.2g}, needs {SINGULAR}) and would need infinite "
                f"speed; q = {np.round(q, 4).tolist()}"
            )
        return J, A

    def _twist(self, part: tuple[np.ndarray | None, ...]) -> np.ndarray:
        linear, angular = part
        if self._size == 3:
            return np.asarray(linear)[self._rows]
        angular = np.zeros(3) if angular is None else angular
        return np.concatenate((np.asarray(linear), angular))[self._rows]

    def _velocity(self, q: np.ndarray, wanted: Reference, time: float) -> np.ndarray:
        J, A = self._jacobian(q, time)
        return J.T @ np.linalg.solve(A, self._twist((wanted.dx, wanted.omega)))

    def _rates(
        self, q: np.ndarray, wanted: Reference, time: float
    ) -> tuple[Float[np.ndarray, "n"], Float[np.ndarray, "n"]]:
        """Return ``J+ v`` and its derivative."""
        J, A = self._jacobian(q, time)
        force = np.linalg.solve(A, self._twist((wanted.dx, wanted.omega)))  # (J J^T)^-1 v
        dq = J.T @ force
        dJ = self._arm.jacobian_dot(q, dq)[self._rows]
        null = dJ.T @ force
        acceleration = self._twist((wanted.ddx, wanted.domega)) - dJ @ dq - J @ null
        return dq, null + J.T @ np.linalg.solve(A, acceleration)
