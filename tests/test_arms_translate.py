"""Plain Python functions as machine code."""

import numpy as np
import pytest
import translated_samples
from translated_samples import everything

import arms
from arms.machine.python_function import python_function
from arms.machine.routine import routine


@pytest.mark.parametrize("scale", [-0.5, 0.4, 2.0])
@pytest.mark.parametrize("seed", range(3))
def test_every_kind_of_statement_gives_pythons_numbers(seed, scale):
    """Loops, decisions, calls, kernels and arithmetic, to the last bit."""
    kernel = arms.load("planar3").kernel("g", "h")
    x = np.random.default_rng(seed).normal(size=4)
    machine, python = np.zeros((2, 11))
    addresses = (x.ctypes.data, machine.ctypes.data)
    routine(translated_samples.__name__, "everything")(kernel.address, 4, scale, *addresses)
    everything(python_function(kernel.steps()), 4, scale, x, python)
    np.testing.assert_array_equal(machine, python)
    assert np.abs(machine[[3, 6, 7, 9]]).min() > 0
