"""A surface's force on the arm's tip, solved for at the end of a step, for any engine.

In a step dt the contact gives the impulse p = dt f that fulfils the law of the surface at its end,
``f = stiffness depth' + damping d(depth')/dt``, never below zero, with ``depth' = depth + dt
d(depth')/dt`` and the new velocity. It is solved together with the dry friction of the joints and
of the surface (Stewart and Trinkle 1996, see `CoulombFriction`).
"""

import numpy as np
from jaxtyping import Float

from arms.model.spatial import skew

from ..support.arrays import cross
from .stiction import Cone, impulses
from .surfaces import HEAD, TIP, Peg, Surface

Six = Float[np.ndarray, "6 n"]


class Pressing:
    """A surface at work.

    Args:
        surface: the surface.
        gravity: acceleration [m/s^2] in the axes in which the surface is given.
        dt: simulation step [s].
    """

    def __init__(self, surface: Surface, gravity: Float[np.ndarray, "3"], dt: float) -> None:
        self._surface, self._dt = surface, dt
        self._peg = surface if isinstance(surface, Peg) else None
        self._normal = np.array(surface.normal)
        self._weight = float(gravity @ self._normal)  # acceleration of the peg along the normal
        self._along = _across(self._normal)
        self._turn = TIP * skew(self._normal)  # times omega: the point's velocity about the tip
        self.place()

    def place(self) -> None:
        """Put the peg fully out, and feel nothing."""
        self._height, self._rate = 0.0, 0.0  # of the peg [m], [m/s]
        self._force, self._at = np.zeros(3), np.zeros(3)

    def wrench(self, x: Float[np.ndarray, "3"]) -> Float[np.ndarray, "6"]:
        """Return the surface's wrench on the tip in the last step, about ``x`` [N, N m]."""
        return np.concatenate((self._force, cross(self._at - x, self._force)))

    def push(
        self,
        x: Float[np.ndarray, "3"],
        J: Six,
        mobility: Float[np.ndarray, "n n"],
        dq: Float[np.ndarray, "n"],
        limit: Float[np.ndarray, "n"],
    ) -> Float[np.ndarray, "n"]:
        """Return the impulses [N m s] of the surface and of dry friction on the joints.

        Args:
            x: position of the tip before the step [m].
            J: its Jacobian.
            mobility: inverse of the arm's inertia [1/(kg m^2)].
            dq: the velocities after the step without the impulses [rad/s].
            limit: the largest impulses of the joints' dry friction [N m s].
        """
        n, dt, arm = len(dq), self._dt, TIP * self._normal
        point = J[:3] + self._turn @ J[3:]  # J of the ball's lowest point
        rate = 0.0 if self._peg is None else self._free_rate(self._peg)
        off = x - np.array(self._surface.point)
        depth = TIP + self._height - float(off @ self._normal)
        aside = off - float(off @ self._normal) * self._normal
        beside = self._peg is not None and float(np.linalg.norm(aside)) > self._peg.radius
        closing = rate - float(self._normal @ point @ dq)
        touches = not beside and depth + dt * closing > 0
        directions, give, bias, lower = self._rows(n, point, depth, touches)
        velocity = dq if self._peg is None else np.append(dq, rate)
        move = mobility
        if self._peg is not None:
            move = np.zeros((n + 1, n + 1))
            move[:n, :n], move[n, n] = mobility, 1.0 / self._peg.mass
        braked = np.flatnonzero(limit)
        if not touches and self._peg is None and not braked.size:
            self._force, self._at = np.zeros(3), x - arm
            return np.zeros(n)
        brakes = np.eye(len(velocity))[braked]
        rows = np.vstack((brakes, directions))
        free, k = np.zeros(len(braked)), len(braked)
        p = impulses(
            rows @ move @ rows.T + np.diag(np.concatenate((free, give))),
            rows @ velocity + np.concatenate((free, bias)),
            np.concatenate((-limit[braked], lower)),
            np.concatenate((limit[braked], np.full(len(give), np.inf))),
            Cone(k, self._surface.mu) if touches and not isinstance(self._surface, Peg) else None,
        )
        total = rows.T @ p
        self._force, self._at = np.zeros(3), x - arm
        if touches:
            self._force = p[k] / dt * self._normal
            if self._peg is None:
                self._force = self._force + p[k + 1 : k + 3] / dt @ self._along
        if self._peg is not None:
            self._rate = rate + float(total[n]) / self._peg.mass
            self._height += dt * self._rate
        return total[:n]

    def _rows(
        self, n: int, point: Float[np.ndarray, "3 n"], depth: float, touches: bool
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return directions, compliances, wanted speeds and lower bounds of the impulses.

        First that of the contact, if any, and on a table the two along it; then the peg's stops.
        """
        dt, peg = self._dt, self._peg
        size = n if peg is None else n + 1
        surface = self._surface
        stiffness, damping = (
            HEAD if isinstance(surface, Peg) else (surface.stiffness, surface.damping)
        )
        rows: list[np.ndarray] = []
        give: list[float] = []
        bias: list[float] = []
        lower: list[float] = []
        if touches:
            normal = np.zeros(size)
            normal[:n] = self._normal @ point
            if peg is not None:
                normal[n] = -1.0
            firm = dt * stiffness + damping
            rows, give, lower = [normal], [1.0 / (dt * firm)], [0.0]
            bias = [-stiffness * depth / firm]
            if peg is None:
                rows += list(self._along @ point)
                give, bias, lower = [*give, 0.0, 0.0], [*bias, 0.0, 0.0], [*lower, -np.inf, -np.inf]
        if peg is not None:
            up = np.eye(size)[n]
            rows += [up, -up]
            give, lower = [*give, 0.0, 0.0], [*lower, 0.0, 0.0]
            bias += [(self._height + peg.travel) / dt, -self._height / dt]
        return np.reshape(rows, (-1, size)), np.array(give), np.array(bias), np.array(lower)

    def _free_rate(self, peg: Peg) -> float:
        """Return the peg's velocity after the step without contact and stops [m/s]."""
        force = peg.preload - peg.stiffness * self._height - peg.damping * self._rate
        return self._rate + self._dt * (force / peg.mass + self._weight)


def _across(normal: Float[np.ndarray, "3"]) -> Float[np.ndarray, "2 3"]:
    """Return two unit vectors along a surface."""
    first = np.cross(normal, np.eye(3)[int(np.argmin(np.abs(normal)))])
    first /= np.linalg.norm(first)
    return np.array((first, np.cross(normal, first)))
