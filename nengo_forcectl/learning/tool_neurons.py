"""The neurons of the tool, as data: what a compiled learner trains."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ..errors import NetworkError
from ..kernels.layout.network_fields import AT_PLACE


@dataclass(frozen=True)
class ToolNeurons:
    """Rectified-linear neurons over the tool's position, ``a(u) = relu(E u + b)``.

    u is the position on a sphere, the first numbers of `ToolEncoding`'s. Each is active in a part
    of the work.
    """

    encoders: Float[np.ndarray, "4 neurons"]  # E, transposed
    bias: Float[np.ndarray, "neurons"]  # b

    def check(self) -> None:
        """Raise `NetworkError` unless they are finite numbers for the same neurons."""
        count = np.size(self.bias)
        shapes, fit = [np.shape(self.encoders), np.shape(self.bias)], [(AT_PLACE, count), (count,)]
        if count < 1 or shapes != fit:
            raise NetworkError(f"ToolNeurons: has arrays of shapes {shapes}, needs {fit}")
        if not (np.isfinite(self.encoders).all() and np.isfinite(self.bias).all()):
            raise NetworkError("ToolNeurons: has a number that is not finite")

    def activity(self, u: Float[np.ndarray, "k 17"]) -> Float[np.ndarray, "k neurons"]:
        """Return a for the inputs of `ToolEncoding`."""
        return np.maximum(u[:, :AT_PLACE] @ self.encoders + self.bias, 0.0)
