"""Sums and products of programs: the fast ways make what Sympy makes."""

from itertools import product

import sympy as sp

from arms.equations.program import constant
from arms.equations.sums import key, minus, times, total

x, y, s12, s3 = sp.symbols("x y s12 s3")
NAMES = (x, -y, s12, -s3, constant(0.5), constant(-0.25))
NUMBERS = (sp.Integer(0), sp.Integer(1), sp.Integer(-1), sp.Integer(2), sp.Integer(-3))
OTHERS = (x * y, -s12 * s3, 2 * x, -2 * y, x**2, sp.cos(x), x + y, x - y * s3)


def same(ours, theirs):
    """Equal, with the arguments in the same order at every depth."""
    pairs = zip(ours.args, theirs.args, strict=True)
    return ours == theirs and hash(ours) == hash(theirs) and all(same(a, b) for a, b in pairs)


def test_products_are_those_of_sympy():
    """Of names, numbers and anything else."""
    for a, b in product(NAMES + NUMBERS + OTHERS, repeat=2):
        assert same(times(a, b), a * b), (a, b)


def test_sums_are_those_of_sympy():
    """Of up to three terms; those that can be merged, or cancel, are."""
    for terms in product(NAMES + NUMBERS + OTHERS, repeat=3):
        assert same(total(*terms), sp.Add(*terms)), terms
    assert total() == 0


def test_negatives_are_those_of_sympy():
    """Of everything, sums included."""
    for a in NAMES + NUMBERS + OTHERS:
        assert same(minus(a), -a), a


def test_keys_tell_sums_apart_and_find_negatives():
    """Two expressions have one key if they are equal; that of the negative is ``key(-1)``."""
    pairs = product(NAMES + NUMBERS + OTHERS, repeat=2)
    everything = {total(a, b) for a, b in pairs} - {sp.S.Zero}
    assert len({key(a) for a in everything}) == len(everything)
    for a in everything:
        assert key(a, -1) == key(-a), a
