"""The neurons of each joint, as data: what a compiled learner trains."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ..errors import NetworkError
from ..kernels.layout.network_fields import PACE, SEEN

MIRROR = np.where(np.arange(SEEN + 1) == PACE, -1.0, 1.0)  # u at the opposite speed, over u


@dataclass(frozen=True)
class JointNeurons:
    """Pairs of rectified-linear neurons over each joint's own speed and angle.

        a(u) = relu(E u + b) - relu(E u* + b)

    u is that of `JointEncoding`, u* the same at the opposite speed: the other neuron of a pair is
    the mirror image of the one, and its decoder the opposite. So the torque is odd in the speed, as
    friction is, and 0 at rest.
    """

    encoders: Float[np.ndarray, "n 3 pairs"]  # E, transposed
    bias: Float[np.ndarray, "n pairs"]  # b

    def check(self, n: int) -> None:
        """Raise `NetworkError` unless they are for n joints, in finite numbers."""
        m = np.shape(self.bias)[-1] if np.ndim(self.bias) else 0
        shapes, fit = [np.shape(self.encoders), np.shape(self.bias)], [(n, SEEN + 1, m), (n, m)]
        if m < 1 or shapes != fit:
            raise NetworkError(f"JointNeurons: has arrays of shapes {shapes}, needs {fit}")
        if not (np.isfinite(self.encoders).all() and np.isfinite(self.bias).all()):
            raise NetworkError("JointNeurons: has a number that is not finite")

    def activity(self, u: Float[np.ndarray, "k n 3"]) -> Float[np.ndarray, "k n pairs"]:
        """Return a for the inputs of `JointEncoding`."""
        one, other = (
            np.maximum(np.einsum("kni,nim->knm", each, self.encoders) + self.bias, 0.0)
            for each in (u, u * MIRROR)
        )
        return one - other
