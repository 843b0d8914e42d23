"""Weights, Jacobians and signals for the tests of learning laws."""

import math

import numpy as np
import pytest

from nengo_forcectl.learning.law import Signal

N_OUT, N, DT = 3, 8, 0.01
SHAPES = {"e.encoders": (N, 2), "e.bias": (N,), "e -> F": (N_OUT, N)}


@pytest.fixture
def weights(rng):
    """Weights of three arrays and a Jacobian of each."""
    w = {name: rng.normal(size=shape) for name, shape in SHAPES.items()}
    J_w = {name: rng.normal(size=(N_OUT, *shape)) for name, shape in SHAPES.items()}
    return w, J_w


@pytest.fixture
def signal(rng):
    """All that a cycle offers, for a task of two dimensions."""
    return Signal(*(rng.normal(size=shape) for shape in (3, 3, (2, 3), 2)))


def flat(arrays):
    """All weights in one row, of a Jacobian in one row per output, in the order of SHAPES."""
    rows = [np.reshape(arrays[name], (-1, math.prod(SHAPES[name]))) for name in arrays]
    return np.concatenate(rows, axis=1)


def decoders(a):
    """The Jacobian of D at the activity a: F_k depends on row k of D only."""
    J = np.zeros((N_OUT, N_OUT, len(a)))
    for k in range(N_OUT):
        J[k, k] = a
    return J
