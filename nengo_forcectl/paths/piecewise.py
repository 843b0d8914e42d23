"""Piecewise polynomials: cubic and quintic pieces between knots, and natural splines."""

import bisect

import numpy as np
from jaxtyping import Float

from ..contract import Reference


class Piecewise:
    """A polynomial in ``u = t - knot`` between knots, constant beyond the ends."""

    def __init__(
        self, knots: Float[np.ndarray, "k"], coefficients: Float[np.ndarray, "k-1 order m"]
    ) -> None:
        self._knots: list[float] = knots.tolist()
        self._coefficients = coefficients  # of u^0, u^1, ...

    def at(self, t: float) -> Float[np.ndarray, "3 m"]:
        """Return the value at ``t``, and its first and second derivative by t."""
        knots, order = self._knots, self._coefficients.shape[1]
        t = min(max(t, knots[0]), knots[-1])
        piece = min(bisect.bisect_right(knots, t), len(knots) - 1) - 1
        u = t - knots[piece]
        rows = np.zeros((3, order))
        power = 1.0
        for k in range(order):
            rows[0, k] = power
            if k + 1 < order:
                rows[1, k + 1] = (k + 1) * power
            if k + 2 < order:
                rows[2, k + 2] = (k + 2) * (k + 1) * power
            power *= u
        return rows @ self._coefficients[piece]

    def reference(self, t: float) -> Reference:
        """Return the reference at ``t``, from knots that begin at 0: at rest beyond the ends."""
        x, dx, ddx = self.at(t)
        if 0.0 <= t < self._knots[-1]:
            return Reference(x, dx, ddx)
        return Reference(x, np.zeros_like(x), np.zeros_like(x))


def hermite(
    t: Float[np.ndarray, "k"],
    x: Float[np.ndarray, "k m"],
    dx: Float[np.ndarray, "k m"],
    ddx: Float[np.ndarray, "k m"] | None = None,
) -> Piecewise:
    """Return cubic pieces through x with slopes dx; with ddx, quintic ones with continuous ddx."""
    h, step = np.diff(t)[:, None], np.diff(x, axis=0)
    v0, v1 = dx[:-1], dx[1:]
    if ddx is None:
        mean = step / h
        cubic = (x[:-1], v0, (3 * mean - 2 * v0 - v1) / h, (v0 + v1 - 2 * mean) / h**2)
        return Piecewise(t, np.stack(cubic, axis=1))
    a0, a1 = ddx[:-1], ddx[1:]
    quintic = (
        x[:-1],
        v0,
        a0 / 2,
        (20 * step - (8 * v1 + 12 * v0) * h - (3 * a0 - a1) * h**2) / (2 * h**3),
        (-30 * step + (14 * v1 + 16 * v0) * h + (3 * a0 - 2 * a1) * h**2) / (2 * h**4),
        (12 * step - 6 * (v1 + v0) * h - (a0 - a1) * h**2) / (2 * h**5),
    )
    return Piecewise(t, np.stack(quintic, axis=1))


def natural_spline(t: Float[np.ndarray, "k"], x: Float[np.ndarray, "k m"]) -> Piecewise:
    """Return the cubic spline through x with a continuous second derivative, zero at both ends.

    The slopes v solve ``v[i-1]/h[i-1] + 2 (1/h[i-1] + 1/h[i]) v[i] + v[i+1]/h[i] = 3 (step[i-1] /
    h[i-1]^2 + step[i] / h[i]^2)``, at the ends without the missing terms. The matrix is tridiagonal
    and diagonally dominant, and solved by elimination from the first row to the last and back.
    """
    h, step = np.diff(t), np.diff(x, axis=0)
    side = 1 / h
    diagonal = 2 * (np.r_[0.0, side] + np.r_[side, 0.0])
    pull = 3 * step * side[:, None] ** 2
    v = np.vstack([pull, np.zeros(x.shape[1])]) + np.vstack([np.zeros(x.shape[1]), pull])
    for i in range(1, len(t)):
        factor = side[i - 1] / diagonal[i - 1]
        diagonal[i] -= factor * side[i - 1]
        v[i] -= factor * v[i - 1]
    v[-1] /= diagonal[-1]
    for i in range(len(t) - 2, -1, -1):
        v[i] = (v[i] - side[i] * v[i + 1]) / diagonal[i]
    return hermite(t, x, v)
