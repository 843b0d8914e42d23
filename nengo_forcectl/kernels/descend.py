"""`Gradient` on a one-layer network, compiled."""

import math

import numpy as np

from ..learning.gradient import SMALL
from .compile import kernel
from .encode import product, rectified


@kernel
def gradient_step(ET, bias, D, x, s, a, back, learn, gains, dt):
    """Return F = D relu(E x + bias), then change what ``learn`` says of E, the biases and D.

    Args:
        ET: the scaled encoders, transposed, so that the inner loops go over neurons.
        s: the error.
        a, back: room for the activity and for D^T s.
        learn: whether encoders, biases and decoders learn.
        gains: gamma, sigma, bound, e_mod, dead_zone, normalise of the law.
    """
    learn_E, learn_b, learn_D = learn
    n = len(a)
    F = np.empty(len(D))
    rectified(ET, bias, x, a)
    product(D, a, F)
    if not (learn_E or learn_b or learn_D):
        return F
    square = 0.0
    for o in range(len(s)):
        square += s[o] * s[o]
    size = math.sqrt(square)
    left = max(size - gains[4], 0.0)  # |s_d|
    gain = dt * gains[0] * (left / size if size > 0.0 else 0.0)
    keep = 1.0 - dt * (gains[1] + gains[3] * left)
    normalise = gains[5] / max(square, SMALL)
    if learn_E or learn_b:  # with the decoders before their change
        for i in range(n):
            back[i] = 0.0
        for o in range(len(D)):
            for i in range(n):
                back[i] += D[o, i] * s[o]
        for i in range(n):
            back[i] = back[i] if a[i] > 0.0 else 0.0
    if learn_D:
        _change(D, s, a, gain, keep, gains[2], normalise)
    if learn_E:
        _change(ET, x, back, gain, keep, gains[2], normalise)
    if learn_b:
        _change(bias.reshape(1, n), np.ones(1), back, gain, keep, gains[2], normalise)
    return F


@kernel
def _change(w, left, right, gain, keep, bound, normalise):
    """w = keep w + gain left right^T, scaled back into the ball; the rule of `Gradient`."""
    if normalise > 0.0:
        gain /= 1.0 + normalise * np.sum(left * left) * np.sum(right * right)
    square = 0.0
    for o in range(len(left)):
        factor = gain * left[o]
        for i in range(len(right)):
            value = keep * w[o, i] + factor * right[i]
            w[o, i] = value
            square += value * value
    if square > bound * bound:
        w *= bound / np.sqrt(square)
