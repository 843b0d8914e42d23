"""Vector algebra in a straight-line program, and the joints whose frames it works in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import sympy as sp

from arms.equations.program import Expr, Program, constant
from arms.equations.sums import minus, times, total
from arms.model.bodies import Body

Vec = Sequence[Expr]
Mat = Sequence[Sequence[Expr]]

ZERO: tuple[Expr, ...] = (sp.S.Zero,) * 3
EZ: tuple[Expr, ...] = (sp.S.Zero, sp.S.Zero, sp.S.One)
_ROUNDING = 1e-15  # [m] of an origin's coordinate


def constants(values: Any) -> Any:
    """A number or a nested sequence as constants of a program."""
    return constant(values) if np.ndim(values) == 0 else [constants(v) for v in values]


def zeros(*shape: int) -> Any:
    """Nested lists of zeros of a shape."""
    count, *rest = shape
    return [zeros(*rest) if rest else sp.S.Zero for _ in range(count)]


def cross(a: Vec, b: Vec) -> list[Expr]:
    """a x b."""
    return [total(times(a[i], b[j]), minus(times(a[j], b[i]))) for i, j in ((1, 2), (2, 0), (0, 1))]


def dot(a: Vec, b: Vec) -> Expr:
    """a . b."""
    return total(*map(times, a, b))


def add(*vectors: Vec) -> list[Expr]:
    """Sum of vectors."""
    return [total(*entries) for entries in zip(*vectors, strict=True)]


def scale(factor: Expr, vector: Vec) -> list[Expr]:
    """factor * vector."""
    return [times(factor, x) for x in vector]


def apply(A: Mat, v: Vec) -> list[Expr]:
    """A v."""
    return [dot(row, v) for row in A]


def outer(a: Vec, b: Vec) -> list[list[Expr]]:
    """a b^T."""
    return [scale(x, b) for x in a]


def transpose(A: Mat) -> list[list[Expr]]:
    """A^T."""
    return [list(column) for column in zip(*A, strict=True)]


class Joint:
    """A body's joint in a program: the body's pose in its parent, and the joint's rate.

    ``R = E Rz(angle)`` are the body's axes and ``r`` its origin, both in the parent's frame;
    ``s = E^T r`` is the same origin in the axes E. ``by_s`` says that s has fewer entries.
    """

    def __init__(self, program: Program, body: Body) -> None:
        self.program, self.body, self.slides = program, body, body.slides
        gain = constant(body.multiplier)
        position = program.let(gain * program.q[body.coordinate] + constant(body.offset))
        self.gain = gain
        self.rate = program.let(gain * program.dq[body.coordinate])
        self.E: Mat = constants(body.R)
        self.r: Vec = constants(body.r)
        s = body.R.T @ body.r
        self.s: Vec = constants(np.where(np.abs(s) < _ROUNDING, 0.0, s))
        if body.slides:
            self.cos, self.sin = sp.S.One, sp.S.Zero
            self.r = self.let(add(self.r, [row[2] * position for row in self.E]))
            self.s = self.let(add(self.s, [sp.S.Zero, sp.S.Zero, position]))
        else:
            self.cos, self.sin = program.let(sp.cos(position)), program.let(sp.sin(position))
        self.by_s = _entries(self.s) < _entries(self.r)
        # A 1 alone does not make it one: it may be the rounded cosine of a small angle.
        about_x = not (body.R[0, 1:].any() or body.R[1:, 0].any()) and body.R[0, 0] == 1.0
        tilts = about_x and np.count_nonzero(body.R) == 5
        self._tilt = (self.E[1][1], self.E[2][1]) if tilts else None  # cosine, sine, about x

    def let(self, vector: Vec) -> list[Expr]:
        """Name every entry."""
        return [self.program.let(x) for x in vector]

    def let2(self, A: Mat) -> list[list[Expr]]:
        """Name every entry of a matrix."""
        return [self.let(row) for row in A]

    def turn(self, v: Vec) -> list[Expr]:
        """Rz v: a vector in the body's axes, expressed in the axes E."""
        c, s = self.cos, self.sin
        x = total(times(c, v[0]), minus(times(s, v[1])))
        y = total(times(s, v[0]), times(c, v[1]))
        return self.let([x, y, v[2]])

    def tilt(self, v: Vec) -> list[Expr]:
        """E v: a vector in the axes E, expressed in the parent's."""
        return self.let(apply(self.E, v))

    def up(self, v: Vec) -> list[Expr]:
        """R v: a vector in the body's axes, expressed in its parent's."""
        return self.tilt(self.turn(v))

    def down(self, v: Vec) -> list[Expr]:
        """R^T v: a vector in the parent's axes, expressed in the body's."""
        c, s = self.cos, self.sin
        x, y, z = self.let(apply(transpose(self.E), v))
        first = total(times(c, x), times(s, y))
        return self.let([first, total(times(c, y), minus(times(s, x))), z])

    def to_parent(self, force: Vec, moment: Vec) -> tuple[Vec, Vec]:
        """A wrench about the body's origin, expressed about and in the axes of its parent."""
        if self.by_s:
            force, moment = self.turn(force), self.turn(moment)
            moment = self.let(add(moment, self.let(cross(self.s, force))))
            return self.tilt(force), self.tilt(moment)
        force = self.up(force)
        return force, self.let(add(self.up(moment), self.let(cross(self.r, force))))

    def turn2(self, A: Mat) -> list[list[Expr]]:
        """Rz A Rz^T: a tensor in the body's axes, expressed in the axes E."""
        return self._turned2(A, self.cos, self.sin)

    def tilt2(self, A: Mat) -> list[list[Expr]]:
        """E A E^T: a tensor in the axes E, expressed in the parent's."""
        if self._tilt is not None:
            (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = A
            turned = self._turned2([[yy, yz, yx], [zy, zz, zx], [xy, xz, xx]], *self._tilt)
            (yy, yz, yx), (zy, zz, zx), (xy, xz, xx) = turned
            return [[xx, xy, xz], [yx, yy, yz], [zx, zy, zz]]
        half = transpose([self.let(apply(self.E, column)) for column in transpose(A)])
        return [self.let(apply(self.E, row)) for row in half]

    def _turned2(self, A: Mat, c: Expr, s: Expr) -> list[list[Expr]]:
        """A tensor turned about z by an angle of cosine c and sine s, in 11 operations."""
        let = self.program.let
        cc, cs = let(c * c), let(times(c, s))
        (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = A
        d, e = let(total(xx, minus(yy))), let(total(xy, yx))
        f = let(total(times(cc, d), minus(times(cs, e))))
        g = let(total(times(cs, d), times(cc, e)))

        def turn(a: Expr, b: Expr) -> tuple[Expr, Expr]:
            return (
                total(times(c, a), minus(times(s, b))),
                total(times(s, a), times(c, b)),
            )

        (xz, yz), (zx, zy) = turn(xz, yz), turn(zx, zy)
        return self.let2(
            [
                [total(yy, f), total(g, minus(yx)), xz],
                [total(g, minus(xy)), total(xx, minus(f)), yz],
                [zx, zy, zz],
            ]
        )

    def cost_up(self, wrenches: int, vectors: int) -> int:
        """Operations that take wrenches and vectors to the parent, about."""
        tilt = sum(max(0, 2 * _entries(row) - 1) if _entries(row) > 1 else 0 for row in self.E)
        turn = 0 if self.slides else 6
        lever = 4 * min(_entries(self.s), _entries(self.r))
        return wrenches * (2 * (tilt + turn) + lever) + vectors * (tilt + turn)


def _entries(vector: Vec) -> int:
    """How many entries of a vector are not 0."""
    return sum(x is not sp.S.Zero for x in vector)
