"""Straight-line programs: Sympy expressions over named intermediate results.

A ``Program`` collects assignments such as ``s17 = s3*s2 - s5``; its outputs are matrices over those
names. Repeated expressions are named once (up to sign) and nothing is expanded or simplified, so a
program grows with the length of the arm and not exponentially. The symbols are ``q0, dq0, u0,
s17``; none has a name from a URDF.

``lower`` turns a program into single operations, from which machine code and the Python function
are both written: they do the same arithmetic in the same order.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import sympy as sp

from arms.equations.sums import Signed, key, minus
from arms.machine.steps import Constant, Load, Number, Operation, Step, Steps
from arms.model.variable import Entry

Expr: TypeAlias = Any  # of Sympy, whose annotations do not separate its own classes


def constant(value: float | Entry) -> Expr:
    """A number in a program; integers stay exact, so that 0 and 1 vanish from the equations.

    Any other is a symbol that has the number's digits as its name, or minus one: Sympy takes three
    times as long over its own decimal numbers. An entry of the table of numbers is a symbol, too.
    """
    if isinstance(value, Entry):
        entry = sp.Symbol(f"{_TABLE}{value.index}")
        return -entry if value.negative else entry
    if value == int(value):
        return sp.Integer(int(value))
    size = sp.Symbol(abs(float(value)).hex())
    return size if value > 0 else -size


_TABLE = "#"  # the first letter of an entry's symbol


def value_of(symbol: sp.Symbol) -> float | None:
    """The number that a symbol stands for, if it is a `constant`."""
    return float.fromhex(symbol.name) if symbol.name.startswith("0x") else None


def with_numbers(expr: Expr) -> Expr:
    """``expr`` with Sympy's own numbers in place of constants."""
    values = {symbol: value_of(symbol) for symbol in expr.free_symbols}
    return expr.xreplace({s: sp.Float(value) for s, value in values.items() if value is not None})


@dataclass(frozen=True)
class Matrix:
    """An output: its shape and its entries, row by row."""

    shape: tuple[int, ...]
    entries: tuple[Expr, ...]


@dataclass
class Program:
    """Assignments in order, over the inputs q, dq and u (a third vector: ddq, tau or a point)."""

    dof: int
    width: int = 0  # entries of u
    assignments: dict[sp.Symbol, Expr] = field(default_factory=dict)
    outputs: dict[str, Matrix] = field(default_factory=dict)
    _names: dict[frozenset[Signed], Expr] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.q = sp.symbols(f"q:{self.dof}", seq=True)
        self.dq = sp.symbols(f"dq:{self.dof}", seq=True)
        self.u = sp.symbols(f"u:{self.width}", seq=True) if self.width else ()

    def let(self, expr: Expr) -> Expr:
        """Name ``expr``, unless it is a symbol or a number (or the negative of one) already."""
        if _is_leaf(expr):
            return expr
        own = key(expr)
        known = self._names.get(own)
        if known is not None:
            return known
        negative = self._names.get(key(expr, -1))
        if negative is not None:
            return minus(negative)
        name = sp.Symbol(f"s{len(self.assignments)}")
        self.assignments[name] = expr
        self._names[own] = name
        return name

    def output(self, name: str, shape: tuple[int, ...], entries: Iterable[Expr]) -> None:
        """Declare an output."""
        self.outputs[name] = Matrix(shape, tuple(self.let(sp.sympify(entry)) for entry in entries))


_FOLDED = {"add": operator.add, "sub": operator.sub, "mul": operator.mul}


def _is_leaf(expr: Expr) -> bool:
    if expr.is_Mul:
        return len(expr.args) == 2 and expr.args[0] is sp.S.NegativeOne and expr.args[1].is_Symbol
    return bool(expr.is_Symbol or expr.is_Number)


def lower(program: Program, wanted: Sequence[str]) -> Steps:
    """The operations, in order, that the ``wanted`` outputs depend on."""
    entries = [entry for name in wanted for entry in program.outputs[name].entries]
    needed: set[Expr] = set()
    stack = [symbol for entry in entries for symbol in entry.free_symbols]
    while stack:
        symbol = stack.pop()
        if symbol in program.assignments and symbol not in needed:
            needed.add(symbol)
            stack.extend(program.assignments[symbol].free_symbols)
    lowering = _Lowering(program)
    for symbol, expr in program.assignments.items():
        if symbol in needed:
            lowering.numbers[symbol] = lowering.lower(expr)
    results = tuple(lowering.lower(entry) for entry in entries)
    return Steps(tuple(lowering.order), results)


class _Lowering:
    """Sympy expressions to steps; equal ones are emitted once, sums and products of numbers not."""

    def __init__(self, program: Program) -> None:
        self.steps: dict[Step, int] = {}
        self.order: list[Step] = []
        self.numbers: dict[Expr, int] = {}
        self.loads = {
            symbol: Load(vector, index)
            for vector in ("q", "dq", "u")
            for index, symbol in enumerate(getattr(program, vector))
        }

    def emit(self, step: Step) -> int:
        if step not in self.steps:
            self.steps[step] = len(self.order)
            self.order.append(step)
        return self.steps[step]

    def operation(self, name: str, *operands: int) -> int:
        steps = [self.order[i] for i in operands]
        values = [step.value for step in steps if isinstance(step, Constant)]
        if name in _FOLDED and len(values) == len(steps):
            return self.emit(Constant(_FOLDED[name](*values)))
        return self.emit(Operation(name, operands))

    def symbol(self, symbol: sp.Symbol) -> int:
        if symbol in self.loads:
            return self.emit(self.loads[symbol])
        if symbol.name.startswith(_TABLE):
            return self.emit(Number(int(symbol.name[len(_TABLE) :])))
        value = value_of(symbol)
        return self.numbers[symbol] if value is None else self.emit(Constant(value))

    def lower(self, expr: Expr) -> int:
        if expr.is_Symbol:
            return self.symbol(expr)
        if expr.is_Number:
            return self.emit(Constant(float(expr)))
        if expr.is_Add:
            return self.sum(expr.args)
        if expr.is_Mul:
            return self.product(expr.args)
        if expr.is_Pow:
            return self.power(*expr.args)
        return self.operation(expr.func.__name__, self.lower(expr.args[0]))

    def sum(self, terms: Sequence[Expr]) -> int:
        negative = [minus(term) for term in terms if _is_negative(term)]
        plus = [term for term in terms if not _is_negative(term)]
        total = self.lower(plus[0] if plus else sp.S.Zero)
        for term in plus[1:]:
            total = self.operation("add", total, self.lower(term))
        for term in negative:
            total = self.operation("sub", total, self.lower(term))
        return total

    def product(self, factors: Sequence[Expr]) -> int:
        if factors[0] is sp.S.NegativeOne:
            value = value_of(factors[1]) if factors[1].is_Symbol else None
            if value is not None:
                number = self.emit(Constant(-value))
                rest = factors[2:]
                return self.operation("mul", number, self.product(rest)) if rest else number
            zero = self.emit(Constant(0.0))
            return self.operation("sub", zero, self.product(factors[1:]))
        below = [f for f in factors if f.is_Pow and f.args[1] is sp.S.NegativeOne]
        above = [f for f in factors if f not in below]
        total = self.lower(above[0] if above else sp.S.One)
        for factor in above[1:]:
            total = self.operation("mul", total, self.lower(factor))
        for factor in below:
            total = self.operation("div", total, self.lower(factor.args[0]))
        return total

    def power(self, base: Expr, exponent: Expr) -> int:
        x = self.lower(base)
        if exponent is sp.S.NegativeOne:
            return self.operation("div", self.emit(Constant(1.0)), x)
        if exponent is sp.S.Half:
            return self.operation("sqrt", x)
        if not (exponent.is_Integer and exponent > 1):
            raise NotImplementedError(f"exponent is {exponent}, needs -1, 1/2 or 2, 3, ...")
        total = x
        for _ in range(int(exponent) - 1):
            total = self.operation("mul", total, x)
        return total


def _is_negative(term: Expr) -> bool:
    """Does the term have a minus sign, so that it can be subtracted?"""
    coefficient = term.args[0] if term.is_Mul else term
    return bool(coefficient.is_Number and coefficient < 0)
