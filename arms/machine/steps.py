"""A program as single operations: the meeting point of the equations and the machine.

The equations lower a ``Program`` to ``Steps``; scalar code, batch code, the Python function and the
tape are all written from them, so all four do the same arithmetic in the same order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Constant:
    """Step: a number."""

    value: float


@dataclass(frozen=True)
class Load:
    """Step: entry ``index`` of input ``vector`` ("q", "dq" or "u")."""

    vector: str
    index: int


@dataclass(frozen=True)
class Number:
    """Step: entry ``index`` of a table that belongs to the arm, not to the code."""

    index: int


@dataclass(frozen=True)
class Operation:
    """Step: add, sub, mul, div, sin, cos, sqrt or tanh of the results of earlier steps."""

    name: str
    operands: tuple[int, ...]


Step = Constant | Load | Number | Operation


@dataclass(frozen=True)
class Steps:
    """A lowered program: the result of step ``results[k]`` is entry k of the output."""

    steps: tuple[Step, ...]
    results: tuple[int, ...]

    def operations(self) -> int:
        """Additions, multiplications and so on per call."""
        return sum(isinstance(step, Operation) for step in self.steps)

    def filled(self, numbers: Sequence[float]) -> Steps:
        """These steps with constants in place of the entries of a table."""
        if not numbers:
            return self
        steps = (Constant(numbers[s.index]) if isinstance(s, Number) else s for s in self.steps)
        return Steps(tuple(steps), self.results)
