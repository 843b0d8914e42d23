"""Distances between an arm's links, and between links and obstacles, with their Jacobians."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from math import prod
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy import ndarray
from numpy.typing import ArrayLike

from arms.arm import Arm
from arms.errors import ArmError
from arms.machine.object_files import Part, pack
from arms.machine.shape_rows import SEGMENT, SHAPE
from arms.model.bodies import Bodies
from arms.model.capsules import Capsule, HalfSpace, Obstacle, Sphere
from arms.model.chain import some
from arms.model.description import sample_range
from arms.model.values import refuse_other, sequence

if TYPE_CHECKING:
    from jaxtyping import Float, Int

_SAMPLE = 200  # postures in which shapes are compared to leave pairs out
_CONSTANT = 1e-9  # change of a distance that is rounding [m]
_PLANE = -1.0  # radius of a half-space in ``Pairs.shapes``
_FAR = 1e9  # bound on what has none [m]
_find_all = Part("arms.machine.distances", "find_all")


class Distances(NamedTuple):
    """Of every pair, in the order of `CollisionPairs.names`; negative where shapes overlap."""

    distance: Float[ndarray, "*batch p"]  # [m]
    jacobian: Float[ndarray, "*batch p n"]  # its derivative by q [m/rad]


class PairTables(NamedTuple):
    """The pairs as numbers, for `arms.machine.distances`; b bodies, s shapes, p pairs, n joints."""

    of: Int[ndarray, "s"]  # the body of every shape, -1: the base
    shapes: Float[ndarray, "s 7"]  # a, b, radius [m] in the body's axes
    first: Int[ndarray, "p"]
    second: Int[ndarray, "p"]
    signs: Float[ndarray, "p b"]  # 1: the body's joint moves the second alone, -1: the first
    coordinates: Int[ndarray, "b"]  # joint of every body
    reach: Float[ndarray, "p n"]  # bound on every entry of the Jacobian [m/rad]


class CollisionPairs:
    """Pairs of an arm's shapes, whose distances and Jacobians are computed in compiled code.

    By default these are all pairs of a moving capsule with another one or with an obstacle, but for
    those that never matter: both on one body, or on neighbours in the chain; or in touch in each of
    200 random postures within the joints' limits (from a fixed seed), or as far apart in all.

    A distance is that of the surfaces. It is the derivative of one pair of closest points that
    ``jacobian`` holds; where several are equally close, as of parallel capsules, the distance has
    a kink. Where the segments of two capsules cross, the normal is that of both.

    Args:
        arm: The arm.
        capsules: Shapes of its links; several may belong to one.
        obstacles: Spheres, half-spaces, and capsules of the base link. They stand still.
        pairs: Names of the shapes of each pair, if not the default's.

    Attributes:
        arm: The arm.
        shapes: All shapes by name, capsules first.
        standing: Names of the obstacles.
        names: The names of each pair's shapes; an obstacle is the second.
        tables: The pairs as numbers.

    Raises:
        ArmError: A capsule's link or a pair's name does not exist, a pair is of shapes that cannot
            move relative to each other, or there is no pair.
    """

    def __init__(
        self,
        arm: Arm,
        capsules: Iterable[Capsule],
        obstacles: Iterable[Obstacle] = (),
        pairs: Iterable[Sequence[str]] | None = None,
    ) -> None:
        refuse_other("arm", arm, Arm)
        self.arm = arm
        links = sequence("capsules", capsules, "shapes")
        standing = sequence("obstacles", obstacles, "shapes")
        self.shapes = _named([*links, *standing])
        bodies = arm._bodies
        self._bodies = _bodies_of(arm, bodies, self.shapes)
        self.standing = tuple(self.shapes)[len(links) :]
        for name in self.standing:
            if self._bodies[name] >= 0:
                raise ArmError(
                    f"Arm {arm.name!r}: obstacle {name!r} is on a link that moves, needs the base "
                    f"link {arm.chain.base!r}"
                )
        candidates = self._all() if pairs is None else self._given(pairs)
        self.names: tuple[tuple[str, str], ...] = tuple(candidates)
        self.tables = self._tables(bodies)
        if pairs is None and self.names:
            changing = self._changing()
            self.names = tuple(n for n, kept in zip(self.names, changing, strict=True) if kept)
            self.tables = self._tables(bodies)
        if not self.names:
            raise ArmError(f"Arm {arm.name!r}: no pair of shapes can collide, needs one")

    def __repr__(self) -> str:
        return f"CollisionPairs({self.arm.name!r}, {len(self.shapes)} shapes, {len(self)} pairs)"

    def __len__(self) -> int:
        return len(self.names)

    def distances(self, q: ArrayLike) -> Distances:
        """The distances [m] and Jacobians [m/rad] of all pairs at q.

        Source: Ericson 2005, *Real-Time Collision Detection*, section 5.1.9.

        Raises:
            ArmError: q is not real, finite and of the arm's size.
        """
        arm, t = self.arm, self.tables
        array = arm.checked("q", q)
        lead, pairs = array.shape[:-1], len(t.first)
        bodies = arm.kernel("screws").run(array, None, None)
        distance, J = np.empty((*lead, pairs)), np.empty((*lead, pairs, arm.dof))
        ends = np.empty((len(t.of), SEGMENT))
        _find_all.call(pack(*t), bodies, ends, distance, J, prod(lead))
        return Distances(distance, J)

    def _all(self) -> list[tuple[str, str]]:
        """All pairs on different bodies that are no neighbours, the moving one first."""
        parents = [body.parent for body in self.arm._bodies.bodies]
        found = []
        for first, second in combinations(self.shapes, 2):
            i, j = self._bodies[first], self._bodies[second]
            neighbours = max(i, j) >= 0 and parents[max(i, j)] == min(i, j)
            if i == j or (neighbours and second not in self.standing):
                continue
            found.append((second, first) if i < 0 else (first, second))
        return found

    def _given(self, pairs: Iterable[Sequence[str]]) -> list[tuple[str, str]]:
        """The given pairs, a half-space last."""
        found = []
        for pair in sequence("pairs", pairs, "two names each"):
            names = () if isinstance(pair, str) or not isinstance(pair, Iterable) else tuple(pair)
            if len(names) != 2 or not all(isinstance(name, str) for name in names):
                raise ArmError(f"Arm {self.arm.name!r}: a pair is {pair!r}, needs two names")
            for name in names:
                if name not in self.shapes:
                    raise ArmError(
                        f"Arm {self.arm.name!r} has no shape {name!r}; shapes: {some(self.shapes)}"
                    )
            first, second = names
            if self._bodies[first] == self._bodies[second]:
                raise ArmError(
                    f"Arm {self.arm.name!r}: pair {first!r}, {second!r} cannot move relative to "
                    "each other, needs shapes on different bodies"
                )
            found.append((second, first) if self._bodies[first] < 0 else (first, second))
        return found

    def _tables(self, bodies: Bodies) -> PairTables:
        """The pairs as numbers."""
        places = {name: k for k, name in enumerate(self.shapes)}
        of = np.array([self._bodies[name] for name in self.shapes], dtype=np.int64)
        rows = [_row(bodies, shape) for shape in self.shapes.values()]
        pairs = np.array([[places[name] for name in pair] for pair in self.names], dtype=np.int64)
        first, second = np.ascontiguousarray(pairs.reshape(-1, 2).T)
        shapes = np.array(rows).reshape(-1, SHAPE)
        levers = _levers(self.arm, bodies, of, shapes)
        signs, reach = (
            np.zeros((len(first), len(bodies.bodies))),
            np.zeros((len(first), bodies.dof)),
        )
        for pair, (i, j) in enumerate(zip(first, second, strict=True)):
            for sign, shape, other in ((-1.0, i, j), (1.0, j, i)):
                for body in set(bodies.path(int(of[shape]))) - set(bodies.path(int(of[other]))):
                    signs[pair, body] = sign
                    reach[pair, bodies.bodies[body].coordinate] += levers[shape, body]
        joints = np.array([body.coordinate for body in bodies.bodies], dtype=np.int64)
        return PairTables(of, shapes, first, second, signs, joints, np.minimum(reach, _FAR))

    def _changing(self) -> ndarray:
        """Which pairs part in some posture of a sample, and whose distance changes (p,)."""
        lower, upper = sample_range(self.arm.q_lower, self.arm.q_upper)
        q = np.random.default_rng(0).uniform(lower, upper, (_SAMPLE, self.arm.dof))
        distance = self.distances(q).distance
        return (distance > 0.0).any(axis=0) & (np.ptp(distance, axis=0) > _CONSTANT)


def _named(shapes: Sequence[Obstacle]) -> dict[str, Obstacle]:
    """The shapes by name; a name that is taken gets a number."""
    named: dict[str, Obstacle] = {}
    for shape in shapes:
        if not isinstance(shape, (Capsule, Sphere, HalfSpace)):
            raise ArmError(f"a shape is {shape!r:.60}, needs a Capsule, Sphere or HalfSpace")
        name, k = shape.name, 2
        while name in named:
            name, k = f"{shape.name} {k}", k + 1
        named[name] = shape
    return named


def _bodies_of(arm: Arm, bodies: Bodies, shapes: Mapping[str, Obstacle]) -> dict[str, int]:
    """The body of every shape, -1 for the base."""
    found = {}
    for name, shape in shapes.items():
        if isinstance(shape, Capsule) and shape.link not in bodies.links:
            raise ArmError(
                f"Arm {arm.name!r} has no link {shape.link!r}; links: {some(bodies.links)}"
            )
        found[name] = bodies.links[shape.link].body if isinstance(shape, Capsule) else -1
    return found


def _row(bodies: Bodies, shape: Obstacle) -> list[float]:
    """A shape's row: points in its body's axes, and its radius."""
    if isinstance(shape, HalfSpace):
        return [*shape.point, *shape.normal, _PLANE]
    if isinstance(shape, Sphere):
        return [*shape.centre, *shape.centre, shape.radius]
    frame = bodies.links[shape.link]
    a, b = (frame.R @ np.array(point) + frame.r for point in (shape.a, shape.b))
    return [*a, *b, shape.radius]


def _levers(
    arm: Arm, bodies: Bodies, of: Int[ndarray, "s"], shapes: Float[ndarray, "s 7"]
) -> Float[ndarray, "s b"]:
    """How fast a joint can move any point of a shape at most, over its coordinate's rate."""
    levers = np.zeros((len(of), len(bodies.bodies)))
    most = np.maximum(np.abs(arm.q_lower), np.abs(arm.q_upper))
    for shape, body in enumerate(of):
        way = float(np.linalg.norm(shapes[shape, :SEGMENT].reshape(2, 3), axis=1).max())
        for k in reversed(bodies.path(int(body))):
            joint = bodies.bodies[k]
            gain = abs(joint.multiplier)
            levers[shape, k] = gain if joint.slides else gain * min(way, _FAR)
            way += float(np.linalg.norm(joint.r))
            if joint.slides:
                way += gain * most[joint.coordinate] + abs(joint.offset)
    return levers
