"""Sums and products as Sympy makes them, several times as fast, for what programs consist of.

The operands are names, numbers, and products of two names. Anything else goes to Sympy. The result
is the same expression, argument for argument.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import sympy as sp
from sympy.core.add import _addsort

Expr: TypeAlias = Any  # of Sympy, whose annotations do not separate its own classes
Signed: TypeAlias = tuple[tuple[Expr, ...], int]  # factors, and the sign before them

_ZERO, _ONE, _MINUS = sp.S.Zero, sp.S.One, sp.S.NegativeOne
_Mul: Any = sp.Mul
_Add: Any = sp.Add


def times(a: Expr, b: Expr) -> Expr:
    """a * b."""
    if a is _ZERO or b is _ZERO:
        return _ZERO
    if a is _ONE:
        return b
    if b is _ONE:
        return a
    x, y = _name(a), _name(b)
    if x is None or y is None or x is y:
        return a * b
    names = (x, y) if x.name < y.name else (y, x)
    return _Mul._from_args(names if (x is a) == (y is b) else (_MINUS, *names), True)


def total(*terms: Expr) -> Expr:
    """The sum of ``terms``."""
    terms = tuple(term for term in terms if term is not _ZERO)
    if len(terms) < 2:
        return terms[0] if terms else _ZERO
    different = {signed(term)[0] for term in terms}
    if len(different) < len(terms) or any(map(_is_mixed, terms)):  # some may be merged
        return sp.Add(*terms)
    ordered = list(terms)
    _addsort(ordered)
    return _Add._from_args(ordered, True)


def minus(a: Expr) -> Expr:
    """-a."""
    if a is _ZERO:
        return a
    if a.is_Symbol:
        return _Mul._from_args((_MINUS, a), True)
    if a.is_Mul:
        factors, sign = signed(a)
        if sign > 0 and not factors[0].is_Number:
            return _Mul._from_args((_MINUS, *factors), True)
        if sign < 0 and a.args[0] is _MINUS:
            return factors[0] if len(factors) == 1 else _Mul._from_args(factors, True)
    return -a


def signed(term: Expr) -> Signed:
    """The factors of a term without its sign, and the sign."""
    if term.is_Number and term.is_negative:
        return (-term,), -1
    if not term.is_Mul:
        return (term,), 1
    first, *rest = term.args
    if first is _MINUS:
        return tuple(rest), -1
    if first.is_Number and first.is_negative:
        return (-first, *rest), -1
    return term.args, 1


def key(expr: Expr, sign: int = 1) -> frozenset[Signed]:
    """What tells ``sign * expr`` from all other sums."""
    terms: Sequence[Expr] = expr.args if expr.is_Add else (expr,)
    return frozenset((factors, s * sign) for factors, s in map(signed, terms))


def _is_mixed(term: Expr) -> bool:
    """Is the term a sum, a number, or a product with a number other than -1?"""
    if term.is_Mul:
        return bool(term.args[0].is_Number) and term.args[0] is not _MINUS
    return bool(term.is_Add or term.is_Number)


def _name(expr: Expr) -> Expr | None:
    """The symbol, if ``expr`` is one or minus one."""
    if expr.is_Symbol:
        return expr
    if expr.is_Mul and len(expr.args) == 2 and expr.args[0] is _MINUS and expr.args[1].is_Symbol:
        return expr.args[1]
    return None
