"""What the control laws of the tool have in common: errors, task inertia, null space."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
from jaxtyping import Float

from arms import Terms

from ..contract import Command, Controller, Reference, State
from ..errors import ConfigurationError, SimulationError
from ..paths.slerp import twice_quaternion
from .gains import check_gain, matrix
from .secondary import Posture, Secondary

DAMPING = 1e-3  # [1/sqrt(kg)]
Square = Float[np.ndarray, "m m"]
Rows = Float[np.ndarray, "m"]


class TaskLaw(NamedTuple):
    """What one law makes of the errors of the task's rows: matrices, None for zero::

        feedback = a_e e + a_de de + a_f (f_r + f) + a_z z      acceleration, times Lambda
        force    = f_e e + f_de de + f_f (f_r + f) + f_z z      [N, N m]
        ahead    = a_ff ddx_r,   press = f_r_ff f_r - f_h f     what answers no error
        dz/dt    = z (f_r + f)

    e and de are the errors of position and velocity, f the wrench that the environment exerts on
    the tool, f_r the one that the tool is to exert on the environment, z the integral of both [N].
    """

    a_e: Square | None = None
    a_de: Square | None = None
    a_f: Square | None = None
    a_z: Square | None = None
    f_e: Square | None = None
    f_de: Square | None = None
    f_f: Square | None = None
    f_z: Square | None = None
    a_ff: Square | None = None
    f_r_ff: Square | None = None
    f_h: Square | None = None
    z: Square | None = None

    def matrices(self, m: int) -> Float[np.ndarray, "m 12 m"]:
        """Return them as one array, the rows of each next to those of the others."""
        parts = np.stack([np.zeros((m, m)) if part is None else part for part in self], axis=1)
        return np.ascontiguousarray(parts)


@dataclass(frozen=True)
class TaskSpace(Controller):
    """A law of the tool's rows, with a posture and other tasks in their null space.

    With ``Lambda = (J M^-1 J^T)^-1``, ``N^T = I - J^T Lambda J M^-1`` (Khatib 1987), tau_0 the
    secondary tasks' torque and the parts of a `TaskLaw`::

        tau   = J^T (Lambda (feedback + ahead - dJ dq) + force + press) + N^T tau_0 + C dq + g
        error = J^T (Lambda feedback + force) + N^T tau_0
        dq_r  = Jbar dx_r,  ddq_r = Jbar (ahead - dJ dq),  Jbar = M^-1 J^T Lambda

    Rows 0 to 2 are x, y, z of the tool, 3 to 5 its rotation about them, all in the base frame. The
    error of orientation is ``2 sign(w) v`` with (w, v) the quaternion of ``R_r R^T``: of the two
    that describe a rotation the shorter way; it is the angle times the axis where it is small
    (Yuan 1988).

    Near a singularity, where Lambda's eigenvalues grow without bound, none is above ``inertia_max``
    (as if the arm were lighter than it is, along that direction): the torque for a motion that is
    hardly possible fades out towards the singularity, and as it does the secondary tasks get the
    direction. Elsewhere Lambda is exact but for ``damping``. ``Command.singularity`` tells which.
    """

    posture: Float[np.ndarray, "n"]  # [rad]
    rows: tuple[int, ...] = (0, 1, 2)  # of J: the axes that are controlled
    k_null: float | Float[np.ndarray, "n"] = 30.0  # of the posture [N m/rad]
    damping: float = DAMPING  # [1/sqrt(kg)]
    inertia_max: float = 100.0  # [kg], [kg m^2]
    secondary: tuple[Secondary, ...] = ()  # beside the posture

    needs_wrench = False
    integral = None  # what the law remembers, z [N, N m]; nothing without an integral term

    def __post_init__(self) -> None:
        name = type(self).__name__
        object.__setattr__(self, "posture", np.array(self.posture, dtype=float))
        rows = tuple(self.rows)
        if not rows or not set(rows) <= set(range(6)) or len(set(rows)) < len(rows):
            raise ConfigurationError(
                f"{name}.rows: is {self.rows}, needs some of 0, 1, 2 (x, y, z) and 3, 4, 5 "
                "(rotation about them), each once"
            )
        object.__setattr__(self, "rows", tuple(int(row) for row in rows))
        check_gain(self, "damping", 0)
        check_gain(self, "k_null", len(self.posture))
        if np.ndim(self.k_null) == 2:
            raise ConfigurationError(f"{name}.k_null: is a matrix, needs a number or one a joint")
        check_gain(self, "inertia_max", 0, positive=True)
        object.__setattr__(self, "secondary", tuple(self.secondary))

    @cached_property
    def law(self) -> TaskLaw:
        """The law's matrices."""
        raise NotImplementedError

    @cached_property
    def tasks(self) -> tuple[Secondary, ...]:
        """The secondary tasks, the posture first."""
        return (Posture(self.posture, self.k_null), *self.secondary)

    def gain(self, field: str) -> Square:
        """Return one of the gains as a matrix over the rows."""
        return matrix(self, field, len(self.rows))

    def torque(self, terms: Terms, state: State, reference: Reference) -> Command:
        """Return the torque for this cycle.

        Raises:
            SimulationError: the reference lacks an orientation, or the state a wrench, that the law
                needs.
        """
        law, rows = self.law, self._rows
        dq, M = state.dq, terms.M
        J = terms.J[rows]  # (m, n)
        x_error, dx_r, ddx_r = self._motion(terms, state, reference)
        pushed = pushes(state, reference, self)
        errors = (x_error, dx_r - J @ dq, None if pushed is None else pushed[rows], self.integral)
        feedback = _sum(law[:4], errors, len(self.rows))
        force = _sum(law[4:8], errors, len(self.rows))
        feedforward = _sum((law.a_ff,), (ddx_r,), len(self.rows)) - terms.dJ[rows] @ dq
        press = self._press(state, reference)

        tau_0 = self.tasks[0].torque(terms, state)
        for task in self.tasks[1:]:
            tau_0 = tau_0 + task.torque(terms, state)

        mobility = np.linalg.solve(M, J.T).T  # J M^-1, (m, n)
        inverse, singularity = limited_mobility(
            mobility @ J.T + self._damping, 1.0 / self.inertia_max
        )
        # Lambda times: feedback, feed-forward, velocity, and tau_0's motion of the tool.
        motions = np.stack((feedback, feedforward, dx_r, mobility @ tau_0))
        forces = np.linalg.solve(inverse, motions.T)  # (m, 4)
        forces[:, 0] += force
        task_torque, feedforward_torque, _, in_task = forces.T @ J

        error = task_torque + (tau_0 - in_task)
        dq_r, ddq_r = forces.T[[2, 1]] @ mobility
        tau = error + feedforward_torque + terms.C @ dq + terms.g
        if press is not None:
            tau = tau + J.T @ press
        self._integrate(errors, state)
        task_error = feedback + inverse @ force if force.any() else feedback
        return Command(tau, error, task_torque, dq_r, ddq_r, mobility, task_error, singularity)

    def _motion(self, terms: Terms, state: State, reference: Reference) -> tuple[Rows, Rows, Rows]:
        """Error of position, velocity and acceleration of the reference, of the rows."""
        rows = self._rows
        x, dx, ddx = reference[:3]
        for name, value in zip(("x", "dx", "ddx"), (x, dx, ddx), strict=True):
            if np.shape(value) != (3,):
                raise SimulationError(
                    f"reference at {state.time:.3f} s: {name} has shape {np.shape(value)}, "
                    f"{type(self).__name__} needs (3,)"
                )
        if not self.turns:
            return x[rows] - terms.pose[rows, 3], dx[rows], ddx[rows]
        R, omega, domega = orientation(reference, state.time, type(self).__name__)
        turn = orientation_error(R, terms.pose[:3, :3])
        return (
            np.concatenate((x - terms.pose[:3, 3], turn))[rows],
            np.concatenate((dx, omega))[rows],
            np.concatenate((ddx, domega))[rows],
        )

    def _press(self, state: State, reference: Reference) -> Rows | None:
        law, m = self.law, len(self.rows)
        f, f_r = state.wrench, reference.wrench
        if (law.f_r_ff is None or f_r is None) and (law.f_h is None or f is None):
            return None
        press = np.zeros(m)
        if law.f_r_ff is not None and f_r is not None:
            press = press + law.f_r_ff @ f_r[self._rows]
        if law.f_h is not None and f is not None:
            press = press - law.f_h @ f[self._rows]
        return press

    def _integrate(self, errors: tuple[Rows | None, ...], state: State) -> None:
        """Let z follow; nothing without an integral term."""

    @cached_property
    def turns(self) -> bool:
        """Whether it controls a rotation."""
        return max(self.rows) > 2

    @cached_property
    def _rows(self) -> slice | list[int]:
        """The rows as a slice where they are in sequence, which is cheaper to take."""
        first, last = self.rows[0], self.rows[-1] + 1
        return slice(first, last) if self.rows == tuple(range(first, last)) else list(self.rows)

    @cached_property
    def _damping(self) -> Square:
        return self.damping**2 * np.eye(len(self.rows))


class NeedsWrench(Protocol):
    """A controller that says whether it needs a force sensor."""

    @property
    def needs_wrench(self) -> bool:
        """Whether there must be a wrench in the state."""
        ...


def pushes(
    state: State, reference: Reference, controller: NeedsWrench
) -> Float[np.ndarray, "6"] | None:
    """Return ``f_r + f``: zero where the tool exerts what it is to exert; None without both.

    Raises:
        SimulationError: no f although the controller needs it, or one of them that is no wrench.
    """
    f, f_r = state.wrench, reference.wrench
    if f is None and controller.needs_wrench:
        raise SimulationError(
            f"state.wrench at {state.time:.3f} s: is missing; {type(controller).__name__} "
            "needs a sensor's, of shape (6,)"
        )
    for name, value in (("state.wrench", f), ("reference.wrench", f_r)):
        if value is not None and not (np.shape(value) == (6,) and np.isfinite(value).all()):
            raise SimulationError(
                f"{name} at {state.time:.3f} s: is {value}, needs 6 finite numbers"
            )
    if f is None or f_r is None:
        return f if f_r is None else f_r
    return f_r + f


def orientation(reference: Reference, time: float, needed_by: str) -> tuple[np.ndarray, ...]:
    """Return R, omega and domega of the reference; what is None of the last two is zero.

    Raises:
        SimulationError: there is no orientation, or one of another shape.
    """
    R = reference.R
    if R is None or np.shape(R) != (3, 3):
        has = "no R" if R is None else f"R of shape {np.shape(R)}"
        raise SimulationError(
            f"reference at {time:.3f} s: has {has}; rotation is controlled by {needed_by}, "
            "which needs R (3, 3)"
        )
    still = np.zeros(3)
    omega = still if reference.omega is None else reference.omega
    domega = still if reference.domega is None else reference.domega
    return np.asarray(R), omega, domega


def orientation_error(
    R_r: Float[np.ndarray, "3 3"], R: Float[np.ndarray, "3 3"]
) -> Float[np.ndarray, "3"]:
    """Return ``2 sign(w) v`` of the quaternion (w, v) of ``R_r R^T``, in the base frame [rad]."""
    return twice_quaternion(R_r @ R.T)[1]


def limited_mobility(inverse: Square, least: float) -> tuple[Square, float]:
    """Return ``Lambda^-1`` with no eigenvalue below ``least``, and how far one was below it.

    That is 0 where none was and the matrix is as given, up to 1 where one was zero.
    """
    values, vectors = np.linalg.eigh(inverse)
    if values[0] >= least:
        return inverse, 0.0
    lift = np.maximum(least - values, 0.0)
    return inverse + (vectors * lift) @ vectors.T, min(1.0, 1.0 - float(values[0]) / least)


def task_inertia(
    J: Float[np.ndarray, "m n"], M: Float[np.ndarray, "n n"], damping: float = DAMPING
) -> Square:
    """Return ``Lambda = (J M^-1 J^T + damping^2 I)^-1``, the arm's inertia along the rows of J.

    For linear rows [kg], for angular ones [kg m^2] (Khatib 1987, eq. 24). The damping keeps it
    finite at a singularity and costs a relative error of about ``damping^2 Lambda`` elsewhere.
    """
    mobility = J @ np.linalg.solve(M, J.T)
    return np.linalg.inv(mobility + damping**2 * np.eye(len(J)))


def _sum(parts: Sequence[Square | None], errors: Sequence[Rows | None], m: int) -> Rows:
    """The sum of the matrices times the errors, of those that there are."""
    terms = [
        part @ error
        for part, error in zip(parts, errors, strict=True)
        if part is not None and error is not None
    ]
    return sum(terms[1:], terms[0]) if terms else np.zeros(m)
