"""What takes M^-1: forward dynamics and its derivatives, from the factors of ``M = L D L^T``.

M^-1 itself is the solution for the columns of the unit matrix; only the entries on and below the
diagonal are computed. Featherstone (2008, section 6.5) does the same with L^T L.
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from arms.equations.program import Expr, Program
from arms.equations.vectors import Mat, Vec, zeros


class Factors:
    """The unit lower triangle L and the diagonal D of M, an output of a program."""

    def __init__(self, program: Program) -> None:
        n, let = program.dof, program.let
        self.let = let
        M = rows(program, "M", n)
        self.L, self.D = zeros(n, n), zeros(n)
        L, D = self.L, self.D
        for j in range(n):
            scaled = [let(L[j][k] * D[k]) for k in range(j)]
            D[j] = let(M[j][j] - sp.Add(*(let(L[j][k] * scaled[k]) for k in range(j))))
            inverse = let(1 / D[j])
            for i in range(j + 1, n):
                rest = M[i][j] - sp.Add(*(let(L[i][k] * scaled[k]) for k in range(j)))
                L[i][j] = let(let(rest) * inverse)

    def solve(self, right: Vec, first: int = 0) -> list[Expr]:
        """Entries ``first`` to the last of ``M^-1 right``; those of ``right`` before are 0."""
        let, L, n = self.let, self.L, len(right)
        y = list(right)
        for i in range(first, n):
            y[i] = let(y[i] - sp.Add(*(let(L[i][k] * y[k]) for k in range(first, i))))
        y = [let(value / d) for value, d in zip(y, self.D, strict=True)]
        for i in range(n - 1, first - 1, -1):
            y[i] = let(y[i] - sp.Add(*(let(L[k][i] * y[k]) for k in range(i + 1, n))))
        return y[first:]


def rows(program: Program, name: str, n: int) -> list[list[Expr]]:
    """The output ``name`` with ``n`` rows."""
    entries = program.outputs[name].entries
    width = len(entries) // n
    return [list(entries[i * width : (i + 1) * width]) for i in range(n)]


def forward_dynamics(program: Program, factors: Factors, tau: Vec, friction: Vec) -> None:
    """Write ``ddq = M^-1 (tau - friction - Cdq - g)`` into ``program``."""
    let, bias = program.let, program.outputs["h"].entries
    net = [let(let(t - f) - b) for t, f, b in zip(tau, friction, bias, strict=True)]
    program.output("ddq", (program.dof,), factors.solve(net))


def inverse_mass_matrix(program: Program, factors: Factors) -> None:
    """Write M^-1 into ``program``."""
    n = program.dof
    inverse = zeros(n, n)
    for j in range(n):
        unit = [sp.S.One if i == j else sp.S.Zero for i in range(n)]
        for i, entry in enumerate(factors.solve(unit, j), start=j):
            inverse[i][j] = inverse[j][i] = entry
    program.output("Minv", (n, n), [entry for row in inverse for entry in row])


def minus_solved(program: Program, factors: Factors, name: str, A: Mat) -> None:
    """Write ``-M^-1 A`` into ``program``, as output ``name``."""
    columns = [factors.solve([-entry for entry in column]) for column in zip(*A, strict=True)]
    entries: Sequence[Expr] = [entry for row in zip(*columns, strict=True) for entry in row]
    program.output(name, (program.dof, len(columns)), entries)
