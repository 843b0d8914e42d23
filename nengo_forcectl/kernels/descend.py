"""`Gradient` on one layer of rectified-linear neurons: F = D relu(E x + bias)."""

import numpy as np

from arms.machine.numba_kernel import kernel, part

from .access import matrix, number, vector, whole
from .encode import product, rectified
from .gradient_formulas import formulas
from .layout import learner_fields as at
from .layout.arm_fields import COMMAND_ERROR, INPUT_DQ, INPUT_Q

rates, move, shrink = (kernel(function) for function in formulas(np))


@part(6)
def supply_descending(learner, arm, inputs, command, sound, learning):
    """Write F at the input's (q, dq) to the field "feedforward"; learn from the command's error.

    Args:
        arm: unused; all learners share these arguments.
        sound: whether the sensors can be learned from.
        learning: LEARN, or the network does not.
    """
    q, dq, x = vector(inputs, INPUT_Q), vector(inputs, INPUT_DQ), vector(learner, at.DESCENT_X)
    centre, scale = vector(learner, at.DESCENT_CENTRE), vector(learner, at.DESCENT_SCALE)
    n = len(q)
    for i in range(n):
        x[i] = (q[i] - centre[i]) * scale[i]
        x[n + i] = (dq[i] - centre[n + i]) * scale[n + i]
    evaluate(learner)
    if learning == at.LEARN and sound:
        s, error = vector(learner, at.DESCENT_ERROR), vector(command, COMMAND_ERROR)
        for i in range(n):
            s[i] = error[i]
        descend(learner)


@part(1)
def evaluate(learner):
    """Compute activity and F of the field "x"."""
    a = vector(learner, at.DESCENT_ACTIVITY)
    ET = matrix(learner, at.DESCENT_ENCODERS, len(a))
    rectified(ET, vector(learner, at.DESCENT_BIAS), vector(learner, at.DESCENT_X), a)
    product(
        matrix(learner, at.DESCENT_DECODERS, len(a)), a, vector(learner, at.DESCENT_FEEDFORWARD)
    )


@part(1)
def propagate_back(learner):
    """Compute (D^T s) o [a > 0], after `evaluate`."""
    a, back = vector(learner, at.DESCENT_ACTIVITY), vector(learner, at.DESCENT_BACK)
    s, D = vector(learner, at.DESCENT_ERROR), matrix(learner, at.DESCENT_DECODERS, len(a))
    for i in range(len(a)):
        back[i] = 0.0
    for o in range(len(s)):
        for i in range(len(a)):
            back[i] += D[o, i] * s[o]
    for i in range(len(a)):
        back[i] = back[i] if a[i] > 0.0 else 0.0


@part(1)
def descend(learner):
    """Change the learned ones of E, biases and D along J_w^T s, after `evaluate`."""
    a, back = vector(learner, at.DESCENT_ACTIVITY), vector(learner, at.DESCENT_BACK)
    encoders, bias = (
        whole(learner, at.DESCENT_LEARN_ENCODERS),
        whole(learner, at.DESCENT_LEARN_BIAS),
    )
    if encoders or bias:
        propagate_back(learner)  # through the decoders before their change
    if whole(learner, at.DESCENT_LEARN_DECODERS):
        D = matrix(learner, at.DESCENT_DECODERS, len(a))
        change(learner, D, vector(learner, at.DESCENT_ERROR), a)
    if encoders:
        ET = matrix(learner, at.DESCENT_ENCODERS, len(a))
        change(learner, ET, vector(learner, at.DESCENT_X), back)
    if bias:
        change(
            learner, matrix(learner, at.DESCENT_BIAS, len(a)), vector(learner, at.DESCENT_ONE), back
        )


@kernel
def change(learner, w, left, right):
    """Take one step of the law on weights with J_w^T s = left right^T."""
    square = square_of(vector(learner, at.DESCENT_ERROR))
    gain, leak = rates(
        square,
        square_of(left) * square_of(right),
        number(learner, at.DESCENT_DT),
        number(learner, at.DESCENT_GAMMA),
        number(learner, at.DESCENT_SIGMA),
        number(learner, at.DESCENT_E_MOD),
        number(learner, at.DESCENT_DEAD_ZONE),
        number(learner, at.DESCENT_NORMALISE),
    )
    factor = shrink(move_along(w, left, right, gain, leak), number(learner, at.DESCENT_BOUND))
    if factor < 1.0:
        for o in range(len(left)):
            for i in range(len(right)):
                w[o, i] *= factor


@kernel
def move_along(w, left, right, gain, leak):
    """Move w along left right^T; return |w|^2. A separate function, because it is slow inline."""
    square = 0.0
    for o in range(len(left)):
        each = left[o]
        for i in range(len(right)):
            value = move(w[o, i], each * right[i], gain, leak)
            w[o, i] = value
            square += value * value
    return square


@kernel
def square_of(values):
    """Return |values|^2."""
    total = 0.0
    for i in range(len(values)):
        total += values[i] * values[i]
    return total
