"""Operational-space control of the tool's position, with a posture in its null space."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

from arms import Terms

from ..exceptions import ConfigurationError
from ..paths import Reference
from ..robot import State
from .command import Command

DAMPING = 1e-3  # [1/sqrt(kg)]


def task_inertia(
    J: Float[np.ndarray, "m n"], M: Float[np.ndarray, "n n"], damping: float = DAMPING
) -> Float[np.ndarray, "m m"]:
    """Return ``Lambda = (J M^-1 J^T + damping^2 I)^-1``, the arm's inertia along the rows of J.

    For linear rows [kg], for angular ones [kg m^2] (Khatib 1987, eq. 24). The damping keeps it
    finite at a singularity and costs a relative error of about ``damping^2 Lambda`` elsewhere.
    """
    mobility = J @ np.linalg.solve(M, J.T)
    return np.linalg.inv(mobility + damping**2 * np.eye(len(J)))


@dataclass(frozen=True)
class OperationalSpace:
    """Computed-torque control of the tool (Khatib 1987), posture projected into its null space.

    With ``Lambda = (J M^-1 J^T)^-1`` [kg] and ``N^T = I - J^T Lambda J M^-1``::

        f     = Lambda (kp (x_r - x) + kv (dx_r - dx))                  feedback force [N]
        tau_0 = k_null (posture - q) - 2 sqrt(k_null diag(M)) dq        posture torque [N m]
        error = J^T f + N^T tau_0
        tau   = error + J^T Lambda (ddx_r - dJ dq) + C dq + g
        dq_r  = Jbar dx_r,  ddq_r = Jbar (ddx_r - dJ dq),  Jbar = M^-1 J^T Lambda

    ``error`` contains the null-space part: learned from ``J^T f`` alone, the weights of a redundant
    arm drift along motions that the tool does not show.

    Near a singularity ``Lambda`` is damped, see ``task_inertia``.
    """

    posture: Float[np.ndarray, "n"]  # [rad]
    rows: tuple[int, ...] = (0, 1, 2)  # of J and x: the axes of the base frame that are controlled
    kp: float = 196.0  # [1/s^2]
    kv: float = 28.0  # [1/s]
    k_null: float | Float[np.ndarray, "n"] = 30.0  # of every joint [N m/rad]
    damping: float = DAMPING  # [1/sqrt(kg)]

    def __post_init__(self) -> None:
        for name in ("kp", "kv", "k_null", "damping"):
            value = getattr(self, name)
            if not np.all(np.isfinite(value) & (np.asarray(value) >= 0)):
                raise ConfigurationError(
                    f"OperationalSpace.{name}: is {value}, needs a number from 0 up"
                )
        if not self.rows or not set(self.rows) <= {0, 1, 2}:
            raise ConfigurationError(
                f"OperationalSpace.rows: is {self.rows}, needs some of 0, 1, 2 (x, y, z)"
            )
        object.__setattr__(self, "posture", np.array(self.posture, dtype=float))
        if np.ndim(self.k_null) and np.shape(self.k_null) != self.posture.shape:
            raise ConfigurationError(
                f"OperationalSpace.k_null: has shape {np.shape(self.k_null)}, needs one number, or "
                f"{self.posture.shape} as the posture has"
            )

    def torque(self, terms: Terms, state: State, reference: Reference) -> Command:
        """Return the torque that moves the tool along the reference."""
        rows = self._rows
        q, dq, M = state.q, state.dq, terms.M
        J = terms.J[rows]  # (m, n)
        dx_error = reference.dx[rows] - J @ dq
        x_error = reference.x[rows] - terms.pose[rows, 3]
        feedback = self.kp * x_error + self.kv * dx_error  # [m/s^2]
        feedforward = reference.ddx[rows] - terms.dJ[rows] @ dq  # [m/s^2]

        d_null = 2.0 * np.sqrt(self.k_null * M.diagonal())  # [N m s/rad]
        tau_0 = self.k_null * (self.posture - q) - d_null * dq

        mobility = np.linalg.solve(M, J.T).T  # J M^-1, (m, n)
        # Lambda times: feedback, feed-forward, velocity, and tau_0's motion of the tool.
        motions = np.stack((feedback, feedforward, reference.dx[rows], mobility @ tau_0))
        forces = np.linalg.solve(mobility @ J.T + self._damping, motions.T)  # (m, 4)
        task_torque, feedforward_torque, _, in_task = forces.T @ J

        error = task_torque + (tau_0 - in_task)
        dq_r, ddq_r = forces.T[[2, 1]] @ mobility
        tau = error + feedforward_torque + terms.C @ dq + terms.g
        return Command(tau, error, task_torque, dq_r, ddq_r, mobility, feedback)

    @cached_property
    def _rows(self) -> slice | list[int]:
        """The rows as a slice where they are in sequence, which is cheaper to take."""
        first, last = self.rows[0], self.rows[-1] + 1
        return slice(first, last) if self.rows == tuple(range(first, last)) else list(self.rows)

    @cached_property
    def postures(self) -> Float[np.ndarray, "2 n"]:
        """The posture [rad] and every joint's k_null [N m/rad]."""
        return np.stack((self.posture, np.broadcast_to(self.k_null, self.posture.shape)))

    @cached_property
    def _damping(self) -> Float[np.ndarray, "m m"]:
        return self.damping**2 * np.eye(len(self.rows))
