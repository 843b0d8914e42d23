"""Shapes for distances: capsules on links, and spheres, capsules and half-spaces that stand still.

A capsule is all points within its radius of a segment; a segment of length 0 makes it a sphere.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy import ndarray
from numpy.typing import ArrayLike

from arms.errors import ArmError
from arms.model.chain import Vector
from arms.model.values import array, number, refuse_other, vector

if TYPE_CHECKING:
    from jaxtyping import Float

_TURNS = 5  # directions tried on each side of an axis, per round
_ROUNDS = 6  # each round turns the axis by a third of the last one's angle
_DIRECTIONS = 400  # in which points lie farthest out that choose the axis
_WIDEST = 0.4  # angle of the first round [rad]


def _set(shape: Any, **values: Any) -> None:
    """Give a frozen dataclass the checked form of some fields."""
    for name, value in values.items():
        object.__setattr__(shape, name, value)


def _radius(what: str, value: Any) -> float:
    radius = number(what, value, "m")
    if radius <= 0.0:
        raise ArmError(f"{what}: is {radius:g} m, needs a number above 0")
    return radius


@dataclass(frozen=True)
class Capsule:
    """All points of a link within ``radius`` of the segment from ``a`` to ``b``.

    On the arm's base link, or one fixed to it, it is an obstacle.

    Raises:
        ArmError: A number is not finite, or the radius is not positive.
    """

    link: str
    a: Vector  # [m], in the link's frame
    b: Vector  # [m], in the link's frame; equal to a: a sphere
    radius: float  # [m]
    name: str = ""  # by default the link's

    def __post_init__(self) -> None:
        refuse_other("Capsule.link", self.link, str)
        refuse_other("Capsule.name", self.name, str)
        what = f"Capsule of link {self.link!r}"
        _set(self, a=vector(f"{what}: a", self.a, "m"), b=vector(f"{what}: b", self.b, "m"))
        _set(self, radius=_radius(f"{what}: radius", self.radius), name=self.name or self.link)

    @classmethod
    def around(cls, link: str, points: ArrayLike, name: str = "") -> Capsule:
        """A small capsule that contains ``points`` (k, 3) [m], given in the link's frame.

        The convex hull of the points is inside, too. Of the capsules about many axes near the
        points' principal ones, it is the one with the least volume.

        Raises:
            ArmError: There is no point, or a number is not finite.
        """
        cloud = array(f"Capsule of link {link!r}: points", points)
        if cloud.ndim != 2 or cloud.shape[1:] != (3,) or not len(cloud):
            raise ArmError(
                f"Capsule of link {link!r}: points have shape {cloud.shape}, need (k, 3), k above 0"
            )
        if not np.isfinite(cloud).all():
            raise ArmError(f"Capsule of link {link!r}: points hold NaN or infinity, need numbers")
        a, b, radius = _smallest(cloud.astype(float))
        return cls(link, tuple(a.tolist()), tuple(b.tolist()), max(radius, 1e-6), name)


@dataclass(frozen=True)
class Sphere:
    """An obstacle: a sphere that stands still in the base frame.

    Raises:
        ArmError: A number is not finite, or the radius is not positive.
    """

    centre: Vector  # [m]
    radius: float  # [m]
    name: str = "sphere"

    def __post_init__(self) -> None:
        refuse_other("Sphere.name", self.name, str)
        what = f"Sphere {self.name!r}"
        _set(self, centre=vector(f"{what}: centre", self.centre, "m"))
        _set(self, radius=_radius(f"{what}: radius", self.radius))


@dataclass(frozen=True)
class HalfSpace:
    """An obstacle: all that is behind a plane of the base frame, such as a table or a wall.

    Raises:
        ArmError: A number is not finite, or the normal has no length.
    """

    point: Vector  # of the plane [m]
    normal: Vector  # out of the obstacle, of any length
    name: str = "half-space"

    def __post_init__(self) -> None:
        refuse_other("HalfSpace.name", self.name, str)
        what = f"HalfSpace {self.name!r}"
        x, y, z = vector(f"{what}: normal", self.normal)
        length = hypot(x, y, z)
        if not length > 0.0:
            raise ArmError(f"{what}: normal is {(x, y, z)}, needs a length above 0")
        _set(self, point=vector(f"{what}: point", self.point, "m"))
        _set(self, normal=(x / length, y / length, z / length))


Obstacle: TypeAlias = Sphere | HalfSpace | Capsule


def _smallest(points: Float[ndarray, "k 3"]) -> tuple[ndarray, ndarray, float]:
    """Ends and radius of the smallest capsule found around some points."""
    outer = _outermost(points)
    axes = np.linalg.svd(outer - outer.mean(axis=0))[2]  # 3 rows, also of one point
    best = min((_about(outer, axis) for axis in axes), key=_volume)
    for angle in _WIDEST * 3.0 ** -np.arange(_ROUNDS):
        axis = best[3]
        sides = np.linalg.svd(axis[None])[2][1:]
        turns = np.linspace(-angle, angle, _TURNS)
        axes = [axis + x * sides[0] + y * sides[1] for x in turns for y in turns]
        best = min((_about(outer, each) for each in axes), key=_volume)
    return _about(points, best[3])[:3]


def _outermost(points: Float[ndarray, "k 3"]) -> Float[ndarray, "m 3"]:
    """The points that lie farthest out in some of the directions all around."""
    z = np.linspace(-1.0, 1.0, _DIRECTIONS)
    turn = np.pi * (1.0 + 5.0**0.5) * np.arange(_DIRECTIONS)  # golden angle
    flat = np.sqrt(1.0 - z * z)
    around = np.stack((flat * np.cos(turn), flat * np.sin(turn), z), axis=-1)
    return points[np.unique([np.argmax(points @ direction) for direction in around])]


def _volume(capsule: tuple[ndarray, ndarray, float, ndarray]) -> float:
    a, b, radius, _ = capsule
    return radius * radius * (float(np.linalg.norm(b - a)) + 4.0 / 3.0 * radius)


def _about(
    points: Float[ndarray, "k 3"], axis: Float[ndarray, "3"]
) -> tuple[ndarray, ndarray, float, ndarray]:
    """Ends, radius and axis of a capsule around the points, along an axis."""
    axis = axis / np.linalg.norm(axis)
    sides = np.linalg.svd(axis[None])[2][1:]
    flat = points @ sides.T
    centre = flat.mean(axis=0)
    for step in range(2, 40):  # towards the farthest point (Badoiu and Clarkson 2003)
        farthest = flat[np.argmax(((flat - centre) ** 2).sum(axis=1))]
        centre = centre + (farthest - centre) / step
    away = ((flat - centre) ** 2).sum(axis=1)
    radius = float(np.sqrt(away.max())) * (1.0 + 1e-12)
    along, cap = points @ axis, np.sqrt(np.maximum(radius * radius - away, 0.0))
    low, high = float((along + cap).min()), float((along - cap).max())
    if low > high:  # the caps alone contain them
        low = high = 0.5 * (low + high)
    on = centre @ sides
    a, b = on + low * axis, on + high * axis
    return a, b, radius, axis
