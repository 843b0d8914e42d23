"""Products of joints' screws with the wrenches of what other joints carry: entries of M and C.

A wrench reaches the joints before its own either body by body, in their axes, or all at once in the
base's axes, where each product is one of six numbers. The second costs more per joint and less per
pair, so it is for arms that are long or whose axes are at odd angles.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from arms.equations.places import Places
from arms.equations.program import Expr
from arms.equations.vectors import Joint, Vec, add, apply, cross, dot

Wrench = tuple[Vec, Vec]  # force, moment
_PLACE, _SCREW = 54, 12  # operations of a body's place and its screw, unless they are there
_WRENCH, _VECTOR = 42, 15  # of taking one to the base's axes
_PRODUCT, _CHANGE = 12, 7  # of the products of a pair, above what they take in a body's axes


class Carried(NamedTuple):
    """What a joint carries and how its screw changes, at its body's origin in its axes."""

    unit: Wrench  # the momentum that a unit rate of the joint gives
    N: Vec  # see `Composite.unit`
    other: Wrench  # another wrench
    change: tuple[Vec, Vec, Vec]  # of its screw: linear and angular, and the factor of N


class Product(NamedTuple):
    """Of joint i with what joint j carries; i is j or before it."""

    i: int
    j: int
    unit: Expr  # screw of i, unit wrench of j
    other: Expr  # screw of i, other wrench of j
    change: Expr  # change of i, unit wrench and N of j


def products(
    joints: Sequence[Joint], carried: Sequence[Carried], places: Places, point: Vec | None
) -> Iterator[Product]:
    """All products, in the cheaper way.

    ``point`` is a place at which other terms need the screws in the base's axes; None: none do.
    """
    quadratic = any(any(each.change[0]) or any(each.change[1]) for each in carried)
    if _in_base_is_cheaper(joints, quadratic, point is not None):
        at = places.of(len(joints) - 1).p if point is None else point
        return _in_base(joints, carried, places, at)
    return _body_by_body(joints, carried)


def _body_by_body(joints: Sequence[Joint], carried: Sequence[Carried]) -> Iterator[Product]:
    for j, (F, N, W, _) in enumerate(carried):
        for i in _before(joints, j):
            ancestor, (dv, dw, turn) = joints[i], carried[i].change
            row = 0 if ancestor.slides else 1
            change = dot(dv, F[0]) + dot(dw, F[1]) + dot(turn, N)
            yield Product(i, j, F[row][2], W[row][2], change)
            if ancestor.body.parent >= 0:
                F, W, N = ancestor.to_parent(*F), ancestor.to_parent(*W), ancestor.up(N)


def _in_base(
    joints: Sequence[Joint], carried: Sequence[Carried], places: Places, point: Vec
) -> Iterator[Product]:
    count = range(len(joints))
    screws = [places.twist(i, point) for i in count]
    changes = []
    for i, joint in enumerate(joints):
        R = places.of(i).R
        dv, dw, turn = (joint.let(apply(R, v)) for v in carried[i].change)
        lever = places.lever(i, point) if any(dw) else dw
        changes.append((joint.let(add(dv, joint.let(cross(dw, lever)))), dw, turn))
    for j, (joint, each) in enumerate(zip(joints, carried, strict=True)):
        R, let = places.of(j).R, joint.let
        lever = places.lever(j, point)

        def based(wrench: Wrench) -> Wrench:
            force, moment = (let(apply(R, v)) for v in wrench)  # noqa: B023  called below
            away = let(cross(force, lever))  # noqa: B023
            return force, let(add(moment, away))  # noqa: B023

        F, W, N = based(each.unit), based(each.other), let(apply(R, each.N))
        row = 0 if joint.slides else 1
        yield Product(j, j, each.unit[row][2], each.other[row][2], 0)
        for i in list(_before(joints, j))[1:]:
            v, w = screws[i]
            dv, dw, turn = changes[i]
            change = dot(dv, F[0]) + dot(dw, F[1]) + dot(turn, N)
            yield Product(i, j, dot(v, F[0]) + dot(w, F[1]), dot(v, W[0]) + dot(w, W[1]), change)


def _before(joints: Sequence[Joint], j: int) -> Iterator[int]:
    """Joint j and those before it, up to the base."""
    while j >= 0:
        yield j
        j = joints[j].body.parent


def _in_base_is_cheaper(joints: Sequence[Joint], quadratic: bool, placed: bool) -> bool:
    """Compare the operations of both ways; without velocities there is one wrench to move."""
    bodies = len(joints)
    passing = [i for j in range(bodies) for i in _before(joints, j) if joints[i].body.parent >= 0]
    step = sum(joints[i].cost_up(2 if quadratic else 1, 1 if quadratic else 0) for i in passing)
    each, pair = _WRENCH, _PRODUCT
    if quadratic:
        each, pair = 3 * _WRENCH + _VECTOR, 2 * _PRODUCT + _CHANGE
    if not placed:
        each += _PLACE + _SCREW
    return each * bodies + pair * len(passing) < step
