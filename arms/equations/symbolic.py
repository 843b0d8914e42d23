"""The terms as Sympy matrices, for reading, differentiating and printing."""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from typing import Any

import sympy as sp

from arms.equations.derive import derive
from arms.equations.program import Program, with_numbers
from arms.model.bodies import Bodies
from arms.model.terms import Request


class Symbolic:
    """``pose, J, dJ, M, C, g`` and friction of an arm over the symbols ``q`` and ``dq``.

    They come from the compiled program, by substituting its intermediate results. The entries for a
    planar arm are simplified; those for a spatial arm are long.
    """

    def __init__(self, bodies: Bodies) -> None:
        self._bodies = bodies
        self.q = sp.symbols(f"q0:{bodies.dof}", real=True)
        self.dq = sp.symbols(f"dq0:{bodies.dof}", real=True)
        self._built: dict[tuple[str, str], sp.Matrix] = {}

    @cached_property
    def planar(self) -> bool:
        """Do all joints turn about parallel axes?"""
        bodies = self._bodies.bodies
        return all(not b.slides and abs(b.R[2, 2]) == 1.0 for b in bodies[1:])

    def term(self, name: str, frame: str = "tool") -> sp.Matrix:
        """A term of ``TERMS`` that depends on q and dq alone, by its name."""
        if (name, frame) not in self._built:
            program = derive(self._bodies, Request((name,), frame))
            self._built[name, frame] = self._assemble(program, name)
        return self._built[name, frame]

    def _assemble(self, program: Program, name: str) -> sp.Matrix:
        known = dict(zip([*program.q, *program.dq], [*self.q, *self.dq], strict=True))
        for symbol, expr in program.assignments.items():
            known[symbol] = with_numbers(expr).xreplace(known)
        output = program.outputs[name]
        entries = [with_numbers(entry).xreplace(known) for entry in output.entries]
        if self.planar:
            entries = [sp.simplify(_with_fractions(sp.expand(entry))) for entry in entries]
        rows = output.shape[0] if output.shape else 1
        return sp.Matrix(rows, len(entries) // rows, entries)

    @property
    def pose(self) -> sp.Matrix:
        """Homogeneous transform (4, 4) of the tool."""
        return self.term("pose")

    @property
    def J(self) -> sp.Matrix:
        """Geometric Jacobian (6, n) of the tool, linear rows first."""
        return self.term("J")

    @property
    def dJ(self) -> sp.Matrix:
        """Time derivative (6, n) of ``J``."""
        return self.term("dJ")

    @property
    def M(self) -> sp.Matrix:
        """Mass matrix (n, n)."""
        return self.term("M")

    @property
    def C(self) -> sp.Matrix:
        """Coriolis matrix (n, n) of the Christoffel symbols."""
        return self.term("C")

    @property
    def g(self) -> sp.Matrix:
        """Torque (n, 1) that holds the arm against gravity."""
        return self.term("g")

    @property
    def friction(self) -> sp.Matrix:
        """Torque (n, 1) that overcomes the model's friction."""
        return self.term("friction")


def _with_fractions(expr: Any) -> Any:
    """``expr`` with short fractions in place of the decimals that equal them up to rounding."""
    short = {}
    for number in expr.atoms(sp.Float):
        fraction = Fraction(float(number)).limit_denominator(10_000)
        if abs(float(fraction) - float(number)) <= 4e-16 * abs(float(number)):
            short[number] = sp.Rational(fraction.numerator, fraction.denominator)
    return expr.xreplace(short)
