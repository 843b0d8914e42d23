"""Arms that differ in a payload or a tool alone: what differs, as a table of numbers.

Their equations are the same ones over the entries of this table. So they are derived and compiled
once, and the code of each arm reads its own table. The entries are the moments of the regrouped
bodies that a payload reaches, the mass and first moment of all links, and the tool's pose.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy import ndarray

from arms.model.bodies import MASSLESS, Bodies, Body, Frame, Mass
from arms.model.terms import WHOLE, Request


@dataclass(frozen=True)
class Entry:
    """In place of a number: entry ``index`` of the table, or minus that."""

    index: int
    negative: bool = False

    def __neg__(self) -> Entry:
        return Entry(self.index, not self.negative)

    def hex(self) -> str:
        """Its text in a fingerprint."""
        return f"{'-' if self.negative else ''}entry {self.index}"


@dataclass
class _Table:
    values: list[float] = field(default_factory=list)

    def entry(self, value: float) -> Any:
        self.values.append(float(value))
        return Entry(len(self.values) - 1)

    def vector(self, values: ndarray, varies: ndarray) -> ndarray:
        """``values`` with entries in place of those that vary."""
        result = values.astype(object)
        for place in np.argwhere(varies):
            result[tuple(place)] = self.entry(values.item(*place))
        return result


def general(bodies: Bodies, request: Request) -> tuple[Bodies, tuple[float, ...]]:
    """What all arms with the same variable parts have in common, and the numbers of this one.

    An arm without variable parts is returned as it is, with no numbers.
    """
    if not (bodies.reached or bodies.tool_varies):
        return bodies, ()
    table = _Table()
    parts, frames = bodies.bodies, bodies.frames
    if bodies.reached:
        pairs = zip(parts, bodies.reached, strict=True)
        parts = tuple(_with_entries(body, reached, table) for body, reached in pairs)
    rest, total = MASSLESS, 0.0
    if WHOLE & set(request.terms):
        rest, total = bodies.rest, bodies.total
        if bodies.reached:
            rest = Mass(0.0, table.vector(rest.h, np.ones(3, bool)), MASSLESS.S)
            total = table.entry(total)
    if bodies.tool_varies and "tool" in request.frames_read:
        frames = {**frames, "tool": _open_frame(frames["tool"], table)}
    numbers = tuple(table.values)
    if not numbers:
        return bodies, ()
    entries = len(numbers)
    general = replace(bodies, bodies=parts, frames=frames, rest=rest, total=total, entries=entries)
    return general, numbers


def _with_entries(body: Body, reached: Mass, table: _Table) -> Body:
    """``body`` with entries in place of the moments that vary."""
    mass = body.mass
    m = table.entry(mass.m) if reached.m else mass.m
    h = table.vector(mass.h, reached.h != 0.0)
    varies = np.triu(reached.S != 0.0)
    opposite = varies[0, 0] and not body.slides  # S_zz is -S_xx, see `bodies`
    varies[2, 2] &= not opposite
    S = table.vector(mass.S, varies)
    if opposite:
        S[2, 2] = -S[0, 0]
    for i, j in ((1, 0), (2, 0), (2, 1)):
        S[i, j] = S[j, i]
    return replace(body, mass=Mass(m, h, S))


def _open_frame(frame: Frame, table: _Table) -> Frame:
    """``frame`` with entries in place of its origin, and of its axes unless they are the body's.

    Axes along those of the body take no operations as they are.
    """
    along = bool(np.isin(frame.R, (-1.0, 0.0, 1.0)).all())
    R = frame.R if along else table.vector(frame.R, np.ones((3, 3), bool))
    return Frame(frame.body, R, table.vector(frame.r, np.ones(3, bool)))
