"""The one validator: what it takes, what it refuses, and how it says so."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.support.validation import (
    Arguments,
    Settings,
    as_direction,
    as_points,
    as_rotation,
    as_triple,
    as_vector,
    check_choice,
    check_choices,
    check_not_negative,
    check_positive,
    check_whole,
    check_within,
)


@dataclass(frozen=True)
class Part:
    """Anything with a field."""

    x: Any


@dataclass(frozen=True)
class Options(Settings):
    """Options of a command line."""

    x: Any


@pytest.mark.parametrize("value", [1, 0.5, np.float32(0.5), np.int64(1), np.array(0.5)])
def test_numbers_are_taken(value):
    """Python's and numpy's scalars are numbers."""
    check_positive(Part(value), x="m")
    check_not_negative(Part(value), x="m")
    check_within(Part(value), "x", 0.0, 1.0)


@pytest.mark.parametrize("value", [True, np.True_, np.nan, np.inf, "1", None, [1.0], 1j, 10**400])
def test_what_is_not_a_finite_number_is_refused(value):
    """Booleans, NaN, strings, None, lists, complex numbers and integers beyond the floats."""
    for check, needs in (
        (lambda: check_positive(Part(value), x="m"), "m, needs a number above 0"),
        (lambda: check_not_negative(Part(value), x="m"), "m, needs a number from 0 up"),
        (lambda: check_within(Part(value), "x", 0.0, 2.0), ", needs a number from 0 to 2"),
    ):
        with pytest.raises(ConfigurationError, match=rf"^Part\.x: is .*{needs}$"):
            check()


@pytest.mark.parametrize("value", [True, 1.0, 0, "3", np.nan])
def test_what_is_not_a_whole_number_from_its_least_up_is_refused(value):
    """A float is not one, however whole; None, where nothing is given, is allowed."""
    check_whole(Part(np.int32(3)), x=1)
    check_whole(Part(None), x=1)
    with pytest.raises(ConfigurationError, match=r"^Part\.x: is .*, needs a whole number from 1"):
        check_whole(Part(value), x=1)


def test_names_are_one_or_several_of_the_valid():
    """The message lists the valid ones."""
    check_choice(Part("a"), "x", ("a", "b"))
    check_choices(Part(("b", "a")), "x", ("a", "b"))
    for value, text in (("c", "'c'"), (3, "3"), (["a"], r"\['a'\]")):
        with pytest.raises(ConfigurationError, match=rf"^Part\.x: is {text}, needs one of a, b$"):
            check_choice(Part(value), "x", ("a", "b"))
    for value, text in (((), "empty"), (("c",), "c"), (("a", "a"), "a a"), ("ab", "'ab'")):
        needs = "needs some of a, b, each at most once"
        with pytest.raises(ConfigurationError, match=rf"^Part\.x: is {text}, {needs}$"):
            check_choices(Part(value), "x", ("a", "b"))


def test_the_owner_names_the_message():
    """A class, a function, or, for an option of the command line, the option alone."""
    for owner, name in (
        (Part(-1), "Part.x"),
        (Options(-1), "x"),
        (Arguments("learn", x=-1), "learn.x"),
        (Arguments("", x=-1), "x"),
    ):
        with pytest.raises(ConfigurationError, match=rf"^{name}: is -1 kg, needs a number above"):
            check_positive(owner, x="kg")


def test_arrays_are_copied_and_cannot_be_written():
    """Whoever changes the array that was given does not change the field."""
    given = np.array([[1.0, 2.0], [3.0, 4.0]])
    part = Part(given)
    array = as_points(part, "x")
    given[0, 0] = 9.0
    assert part.x is array
    assert array[0, 0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        array[0, 0] = 5.0
    assert as_triple(Part(np.arange(3)), "x") == (0.0, 1.0, 2.0)
    assert as_direction(Part([0, 0, 2]), "x") == (0.0, 0.0, 1.0)
    np.testing.assert_allclose(as_rotation(Part(np.eye(3) + 1e-8), "x"), np.eye(3), atol=1e-7)


@pytest.mark.parametrize(
    ("turn", "value", "message"),
    [
        (as_vector, 1.0, r"has shape \(\), needs \(m,\)"),
        (as_vector, [], r"has shape \(0,\), needs \(m,\)"),
        (as_vector, "here", "is 'here', needs numbers"),
        (as_vector, [1.0, None], r"is nan at \[1\], needs finite numbers"),
        (as_vector, [[1.0], [1.0, 2.0]], r"is \[\[1.0\], \[1.0, 2.0\]\], needs numbers"),
        (as_points, [1.0, 2.0], r"has shape \(2,\), needs \(k, m\), k at least 2"),
        (as_rotation, np.diag([1, 1, -1]), "is not a rotation .* needs orthonormal columns"),
        (as_triple, (0, 1), r"is \(0, 1\), needs three finite numbers"),
        (as_direction, (0, 0, 0), r"is \(0.0, 0.0, 0.0\), needs a direction"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(turn, value, message):
    """Shape, kind or place of what is wrong."""
    with pytest.raises(ConfigurationError, match=rf"^Part\.x: {message}"):
        turn(Part(value), "x")
