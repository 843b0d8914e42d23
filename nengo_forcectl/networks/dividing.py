"""Neurons that divide the states of a sample among themselves."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

SHARES = (0.15, 0.32)  # range of the share of the sample for which a neuron is active


class Division(NamedTuple):
    """Directions on a sphere, and where along each a neuron is active."""

    directions: Float[np.ndarray, "neurons inputs"]  # of length 1
    thresholds: Float[np.ndarray, "neurons"]  # cosine from which on it is active
    highest: Float[np.ndarray, "neurons"]  # largest cosine in the sample

    @property
    def rectifiers(
        self,
    ) -> tuple[Float[np.ndarray, "inputs neurons"], Float[np.ndarray, "neurons"]]:
        """Encoders, transposed, and biases of neurons that rectify: 0 to 1 in the sample."""
        gain = 1.0 / (self.highest - self.thresholds)
        return (gain[:, None] * self.directions).T, -gain * self.thresholds


def divide(u: Float[np.ndarray, "k inputs"], count: int, rng: np.random.Generator) -> Division:
    """Return neurons of random directions, each active for its share of a sample on a sphere."""
    E = rng.normal(size=(count, u.shape[1]))
    E /= np.linalg.norm(E, axis=1, keepdims=True)
    shares = np.linspace(*SHARES, count)
    rng.shuffle(shares)
    cosines = u @ E.T  # (k, count)
    thresholds = np.array([np.quantile(c, 1 - s) for c, s in zip(cosines.T, shares, strict=True)])
    return Division(E, thresholds, np.maximum(cosines.max(axis=0), thresholds + 1e-6))
