"""Curves: pure geometry, a point for every s from 0 to 1."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ..errors import ConfigurationError
from ..support.validation import as_points, as_vector, check, check_within
from .piecewise import Piecewise, natural_spline


class CurvePoint(NamedTuple):
    """A point of a curve and its derivatives by s."""

    x: Float[np.ndarray, "m"]  # [m], or [rad] in joint space
    slope: Float[np.ndarray, "m"]  # dx/ds
    bend: Float[np.ndarray, "m"]  # d2x/ds2


@runtime_checkable
class Curve(Protocol):
    """Anything that has a point for every s from 0 to 1."""

    def at(self, s: float) -> CurvePoint:
        """Return the point at ``s``."""
        ...


@dataclass(frozen=True)
class Line:
    """A straight line. Equal ends give a path at rest.

    Raises:
        ConfigurationError: the ends are not two finite points of one size.
    """

    start: Float[np.ndarray, "m"]  # [m]
    end: Float[np.ndarray, "m"]  # [m]

    if TYPE_CHECKING:  # any sequences are accepted and converted to arrays

        def __init__(self, start: ArrayLike, end: ArrayLike) -> None: ...

    def __post_init__(self) -> None:
        as_vector(self, "end", len(as_vector(self, "start")))

    def at(self, s: float) -> CurvePoint:
        """Return the point at ``s``."""
        step = self.end - self.start
        return CurvePoint(self.start + s * step, step, np.zeros_like(step))


@dataclass(frozen=True)
class Ellipse:
    """``x(s) = centre + cos(p) a + sin(p) b`` with ``p = 2 pi turns s``: from centre + a towards b.

    Raises:
        ConfigurationError: the vectors do not fit, a and b are parallel, or turns is 0.
    """

    centre: Float[np.ndarray, "m"]  # [m]
    a: Float[np.ndarray, "m"]  # from the centre to the start [m]
    b: Float[np.ndarray, "m"]  # from the centre to the point after a quarter turn [m]
    turns: float = 1.0  # 0.25 is a quarter; negative: away from b

    if TYPE_CHECKING:  # any sequences are accepted and converted to arrays

        def __init__(
            self, centre: ArrayLike, a: ArrayLike, b: ArrayLike, turns: float = 1.0
        ) -> None: ...

    def __post_init__(self) -> None:
        size = len(as_vector(self, "centre"))
        a, b = as_vector(self, "a", size), as_vector(self, "b", size)
        spans = np.linalg.matrix_rank(np.stack((a, b)), tol=1e-9) == 2
        check(self, "b", spans, f"a direction other than that of a, {a.tolist()}")
        _check_turns(self)

    def at(self, s: float) -> CurvePoint:
        """Return the point at ``s``."""
        rate = 2 * math.pi * self.turns
        cosine, sine = math.cos(rate * s), math.sin(rate * s)
        out = cosine * self.a + sine * self.b
        return CurvePoint(
            self.centre + out, rate * (cosine * self.b - sine * self.a), -(rate**2) * out
        )


@dataclass(frozen=True)
class Circle:
    """A circle about ``normal`` through ``start``, counter-clockwise seen from the normal's tip.

    Raises:
        ConfigurationError: the vectors are not of three numbers, the normal is zero or not at right
            angles to the radius, start is the centre, or turns is 0.
    """

    centre: Float[np.ndarray, "3"]  # [m]
    start: Float[np.ndarray, "3"]  # [m]
    normal: Float[np.ndarray, "3"] = (0.0, 0.0, 1.0)  # pyright: ignore[reportAssignmentType]
    turns: float = 1.0  # 0.5 is a half circle; negative: clockwise

    if TYPE_CHECKING:  # any sequences are accepted and converted to arrays

        def __init__(
            self,
            centre: ArrayLike,
            start: ArrayLike,
            normal: ArrayLike = (0.0, 0.0, 1.0),
            turns: float = 1.0,
        ) -> None: ...

    def __post_init__(self) -> None:
        centre, start, normal = (as_vector(self, name, 3) for name in ("centre", "start", "normal"))
        spoke = start - centre
        radius, length = np.linalg.norm(spoke), np.linalg.norm(normal)
        check(self, "start", bool(radius > 0), "a point beside the centre")
        across = length > 0 and abs(normal @ spoke) <= 1e-6 * length * radius
        needs = f"a direction at right angles to start - centre, {spoke.tolist()}"
        check(self, "normal", bool(across), needs)
        _check_turns(self)

    @cached_property
    def _ellipse(self) -> Ellipse:
        a = self.start - self.centre
        b = np.cross(self.normal, a) / np.linalg.norm(self.normal)
        return Ellipse(self.centre, a, b, self.turns)

    def at(self, s: float) -> CurvePoint:
        """Return the point at ``s``."""
        return self._ellipse.at(s)


@dataclass(frozen=True)
class Spline:
    """The natural cubic spline through points, with s in proportion to the chord lengths.

    First and second derivatives are continuous; the second is zero at both ends (de Boor 1978, ch.
    4).

    Raises:
        ConfigurationError: fewer than two points, values that are not finite, or two equal
            successive points.
    """

    points: Float[np.ndarray, "k m"]  # [m]

    if TYPE_CHECKING:  # any sequences are accepted and converted to arrays

        def __init__(self, points: ArrayLike) -> None: ...

    def __post_init__(self) -> None:
        through = as_points(self, "points")
        same = np.flatnonzero((through[1:] == through[:-1]).all(axis=1))
        if len(same):
            raise ConfigurationError(
                f"Spline.points: are both {through[same[0]].tolist()} at {same[0]} and "
                f"{same[0] + 1}, needs points that differ from the one before"
            )

    @cached_property
    def _pieces(self) -> Piecewise:
        knots = np.cumsum(np.r_[0.0, np.linalg.norm(np.diff(self.points, axis=0), axis=1)])
        return natural_spline(knots / knots[-1], self.points)

    def at(self, s: float) -> CurvePoint:
        """Return the point at ``s``."""
        return CurvePoint(*self._pieces.at(s))


def _check_turns(curve: Ellipse | Circle) -> None:
    check_within(curve, "turns", -1000, 1000)
    check(curve, "turns", curve.turns != 0, "a number other than 0")
