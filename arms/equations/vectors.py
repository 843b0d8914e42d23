"""Vector algebra in a straight-line program, and the joints whose frames it works in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import sympy as sp

from arms.equations.program import Expr, Program, constant
from arms.model.bodies import Body

Vec = Sequence[Expr]
Mat = Sequence[Sequence[Expr]]

ZERO: tuple[Expr, ...] = (sp.S.Zero,) * 3
EZ: tuple[Expr, ...] = (sp.S.Zero, sp.S.Zero, sp.S.One)


def constants(values: Any) -> Any:
    """A number or a nested sequence as constants of a program."""
    return constant(values) if np.ndim(values) == 0 else [constants(v) for v in values]


def zeros(*shape: int) -> Any:
    """Nested lists of zeros of a shape."""
    count, *rest = shape
    return [zeros(*rest) if rest else sp.S.Zero for _ in range(count)]


def cross(a: Vec, b: Vec) -> list[Expr]:
    """a x b."""
    return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]


def dot(a: Vec, b: Vec) -> Expr:
    """a . b."""
    return sp.Add(*(x * y for x, y in zip(a, b, strict=True)))


def add(*vectors: Vec) -> list[Expr]:
    """Sum of vectors."""
    return [sp.Add(*entries) for entries in zip(*vectors, strict=True)]


def scale(factor: Expr, vector: Vec) -> list[Expr]:
    """factor * vector."""
    return [factor * x for x in vector]


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

    ``R = E Rz(angle)`` are the body's axes and ``r`` its origin, both in the parent's frame.
    """

    def __init__(self, program: Program, body: Body) -> None:
        self.program, self.body, self.slides = program, body, body.slides
        gain = constant(body.multiplier)
        position = program.let(gain * program.q[body.coordinate] + constant(body.offset))
        self.gain = gain
        self.rate = program.let(gain * program.dq[body.coordinate])
        self.E: Mat = constants(body.R)
        self.r: Vec = constants(body.r)
        if body.slides:
            self.cos, self.sin = sp.S.One, sp.S.Zero
            self.r = self.let(add(self.r, [row[2] * position for row in self.E]))
        else:
            self.cos, self.sin = program.let(sp.cos(position)), program.let(sp.sin(position))

    def let(self, vector: Vec) -> list[Expr]:
        """Name every entry."""
        return [self.program.let(x) for x in vector]

    def let2(self, A: Mat) -> list[list[Expr]]:
        """Name every entry of a matrix."""
        return [self.let(row) for row in A]

    def up(self, v: Vec) -> list[Expr]:
        """R v: a vector in the body's axes, expressed in its parent's."""
        c, s = self.cos, self.sin
        return self.let(apply(self.E, self.let([c * v[0] - s * v[1], s * v[0] + c * v[1], v[2]])))

    def down(self, v: Vec) -> list[Expr]:
        """R^T v: a vector in the parent's axes, expressed in the body's."""
        c, s = self.cos, self.sin
        x, y, z = self.let(apply(transpose(self.E), v))
        return self.let([c * x + s * y, c * y - s * x, z])

    def up2(self, A: Mat) -> list[list[Expr]]:
        """R A R^T: a tensor in the body's axes, expressed in its parent's (Rz: 11 operations)."""
        let, c, s = self.program.let, self.cos, self.sin
        cc, cs = let(c * c), let(c * s)
        (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = A
        d, e = let(xx - yy), let(xy + yx)
        f, g = let(cc * d - cs * e), let(cs * d + cc * e)
        turned = self.let2(
            [
                [yy + f, g - yx, c * xz - s * yz],
                [g - xy, xx - f, s * xz + c * yz],
                [c * zx - s * zy, s * zx + c * zy, zz],
            ]
        )
        half = transpose([self.let(apply(self.E, column)) for column in transpose(turned)])
        return [self.let(apply(self.E, row)) for row in half]
