"""The formulas of `Gradient`, for numba to compile, TensorFlow to trace and numpy to run.

This module needs no numba, so that the law loads quickly.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

SMALL = 1e-30  # avoids 0 / 0, also in single precision


class Formulas(NamedTuple):
    """One step of the law in three parts; ``w`` and ``descent`` are arrays or their entries."""

    rates: Callable[..., Any]
    move: Callable[..., Any]
    shrink: Callable[..., Any]


def formulas(xp: Any) -> Formulas:
    """Return the formulas for a namespace with numpy's names."""

    def rates(square, steepness, dt, gamma, sigma, e_mod, dead_zone, normalise):
        """Return a step's gain of descent and leak of weights, for |s|^2 and |J_w^T s|^2."""
        size = xp.sqrt(square)
        left = xp.maximum(size - dead_zone, 0.0)  # |s_d|
        m2 = 1.0 + normalise * (steepness / xp.maximum(square, SMALL))
        gain = gamma * (left / xp.maximum(size, SMALL)) / m2
        return dt * gain, dt * (sigma + e_mod * left)

    def move(w, descent, gain, leak):
        """Return the weights after an Euler step, before the projection."""
        return w + (gain * descent - leak * w)

    def shrink(square, bound):
        """Return the factor, at most 1, that scales weights of norm^2 ``square`` to the bound."""
        return 1.0 / xp.maximum(1.0, xp.sqrt(square) / bound)

    return Formulas(rates, move, shrink)
