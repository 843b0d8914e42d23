"""Python's functions of compiled code: what they take, copy and refuse."""

import ctypes

import numpy as np
import pytest

import arms.machine.python_call as python_call

ENTRY = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * 6, ctypes.c_double)


@pytest.fixture(params=["machine code", "Python"])
def form(request, monkeypatch):
    """Both forms of each function."""
    if request.param == "Python":
        monkeypatch.setattr(python_call, "layout_fits", lambda: False)


@pytest.fixture
def taken():
    """What the compiled function was called with; it returns 42."""
    return []


@pytest.fixture
def call(form, taken):
    """Make a function of ``wholes`` and a number."""
    entry = ENTRY(lambda *given: taken.append(given) or 42)
    address = ctypes.cast(entry, ctypes.c_void_p).value

    def make(wholes, number):
        return python_call.whole_call(address, wholes, number, entry)

    return make


def test_arguments_that_are_not_taken_are_0(call, taken):
    """Whole numbers of any kind and a float arrive; an array stands for its address."""
    array = np.zeros(3)
    array.flags.writeable = False
    assert call(3, True)(-1, np.int64(2), True, 2.5) == 42
    assert call(6, False)(1, 2, 3, 4, 5, array) == 42
    assert taken == [(-1, 2, 1, 0, 0, 0, 2.5), (1, 2, 3, 4, 5, array.ctypes.data, 0.0)]


@pytest.mark.parametrize(
    "given", [(1, 2), (1, 2, 3, 4.0), (1, None, 3.0), (1, np.zeros((3, 3)).T[1:], 3.0)]
)
def test_other_arguments_raise(call, taken, given):
    """Too few, too many, of another kind, or not contiguous."""
    with pytest.raises((TypeError, ctypes.ArgumentError)):
        call(2, True)(*given)
    assert taken == []


def test_a_copy_is_complete_or_refused(form):
    """Nothing is copied if one array has another type, shape or layout."""
    vector, matrix = np.zeros(3), np.zeros((3, 3))
    copy = python_call.copy_call([vector, matrix])
    good, rows = np.arange(3.0), np.arange(9.0).reshape(3, 3)
    for bad in (
        (good, rows[:2]), (rows, rows), (good.astype(int), rows), ([0.0, 1.0, 2.0], rows),
        (good, rows.T), (good, None), (good,), (good, np.zeros(9)),
    ):  # fmt: skip
        assert copy(*bad) == python_call.WRONG
    assert not vector.any()
    assert not matrix.any()
    assert copy(good, rows) == 0
    np.testing.assert_array_equal(vector, good)
    np.testing.assert_array_equal(matrix, rows)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -1e3])
def test_numbers_that_are_too_large_are_reported(form, bad):
    """They are checked only where there is a bound."""
    array, target = np.array([0.0, 0.0, bad]), np.zeros(3)
    assert python_call.copy_call([target], 1e3)(array) == python_call.TOO_LARGE
    assert python_call.copy_call([target], 1e3)(np.full(3, 999.0)) == 0
    assert python_call.copy_call([target])(array) == 0
