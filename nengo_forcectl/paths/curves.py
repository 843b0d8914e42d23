"""Curves: geometry alone, a point for every s from 0 to 1."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
from jaxtyping import Float

from ..errors import ConfigurationError
from ..support.path_checks import check_share, points, vectors
from .piecewise import Piecewise, natural_spline


class CurvePoint(NamedTuple):
    """A point of a curve, with its derivatives by s."""

    x: Float[np.ndarray, "m"]  # [m], or [rad] in joint space
    slope: Float[np.ndarray, "m"]  # dx/ds
    bend: Float[np.ndarray, "m"]  # d2x/ds2


class Curve(Protocol):
    """Anything that has a point for every s from 0 to 1."""

    def at(self, s: float) -> CurvePoint:
        """Return the point at ``s``."""
        ...


@dataclass(frozen=True)
class Line:
    """A straight line. From a point to itself it is a stay.

    Raises:
        ConfigurationError: the ends are not two finite points of one size.
    """

    start: Float[np.ndarray, "m"]  # [m]
    end: Float[np.ndarray, "m"]  # [m]

    def __post_init__(self) -> None:
        for field, value in zip(
            ("start", "end"), vectors("Line.start,end", self.start, self.end), strict=True
        ):
            object.__setattr__(self, field, value)

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
    a: Float[np.ndarray, "m"]  # to where the curve starts [m]
    b: Float[np.ndarray, "m"]  # to where it is after a quarter turn [m]
    turns: float = 1.0  # 0.25 is a quarter; below 0 away from b

    def __post_init__(self) -> None:
        centre, a, b = vectors("Ellipse.centre,a,b", self.centre, self.a, self.b)
        if not np.linalg.matrix_rank(np.stack((a, b)), tol=1e-9) == 2:
            raise ConfigurationError(
                f"Ellipse.b: is {b.tolist()}, needs a direction other than that of a, {a.tolist()}"
            )
        _check_turns("Ellipse.turns", self.turns)
        for field, value in (("centre", centre), ("a", a), ("b", b)):
            object.__setattr__(self, field, value)

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
    turns: float = 1.0  # 0.5 is a half circle; below 0 clockwise

    def __post_init__(self) -> None:
        centre, start, normal = vectors(
            "Circle.centre,start,normal", self.centre, self.start, self.normal
        )
        if len(centre) != 3:
            raise ConfigurationError(f"Circle.centre: has shape {centre.shape}, needs (3,)")
        radius, length = np.linalg.norm(start - centre), np.linalg.norm(normal)
        if radius == 0:
            raise ConfigurationError(
                f"Circle.start: is the centre, {start.tolist()}; needs a point beside it"
            )
        if length == 0 or abs(normal @ (start - centre)) > 1e-6 * length * radius:
            raise ConfigurationError(
                f"Circle.normal: is {normal.tolist()}, needs a direction at right angles to "
                f"start - centre, {(start - centre).tolist()}"
            )
        _check_turns("Circle.turns", self.turns)
        for field, value in (("centre", centre), ("start", start), ("normal", normal)):
            object.__setattr__(self, field, value)

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
    """The natural cubic spline through points, s in proportion to the chords between them.

    Slope and bend are continuous; the bend is zero at both ends (de Boor 1978, ch. 4).

    Raises:
        ConfigurationError: fewer than two points, values that are not finite, or a point that is
            the one before it.
    """

    points: Float[np.ndarray, "k m"]  # [m]

    def __post_init__(self) -> None:
        through = points("Spline.points", self.points)
        same = np.flatnonzero((through[1:] == through[:-1]).all(axis=1))
        if len(same):
            raise ConfigurationError(
                f"Spline.points: number {same[0] + 1} is number {same[0]} again, "
                f"{through[same[0]].tolist()}; needs points that differ from the one before"
            )
        object.__setattr__(self, "points", through)

    @cached_property
    def _pieces(self) -> Piecewise:
        knots = np.cumsum(np.r_[0.0, np.linalg.norm(np.diff(self.points, axis=0), axis=1)])
        return natural_spline(knots / knots[-1], self.points)

    def at(self, s: float) -> CurvePoint:
        """Return the point at ``s``."""
        return CurvePoint(*self._pieces.at(s))


def _check_turns(name: str, turns: float) -> None:
    if turns == 0:
        raise ConfigurationError(f"{name}: is 0, needs a number other than 0")
    check_share(name, turns, -1000, 1000)
