"""A network in arrays whose neurons run in compiled code, without a simulator."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ..errors import NetworkError
from ..kernels.parts import activate
from .encoding import NetworkArrays

LABELS = "state -> torque", "adaptive -> torque"
"""Names of the weights: the direct path's, the decoders'."""


class FiringNetwork:
    """``F = W (x, 1, a)``, one step of the neurons at each `observe`.

    It is what `ConsolidatingAdaptation` trains, with neurons and synapse as in `CompiledCycle`.

    Args:
        network: the network in arrays.
        dt: control period [s].

    Raises:
        NetworkError: the network's parts do not fit each other.
        ConfigurationError: the neurons have no compiled form.
    """

    def __init__(self, network: NetworkArrays, dt: float) -> None:
        network.check(len(network.weights))
        self._network, self._split = network, network.encoding.size + 1
        self._activate = activate.call
        self._neurons = network.state_block(dt)
        self._block = network.block(self._neurons)
        self._a = np.zeros(len(network.bias))
        self._weights: dict[str, np.ndarray] = dict(
            zip(LABELS, np.split(network.weights, [self._split], axis=1), strict=True)
        )
        self.write(self._weights)

    def observe(
        self, x: Float[np.ndarray, "n_in"]
    ) -> tuple[Float[np.ndarray, "n_out"], dict[str, Float[np.ndarray, "n_out n_out k"]]]:
        """Return ``F(x; w)`` and ``dF/dw``, and advance the neurons."""
        self._block["u"][:] = x[self._split :]
        self._activate(self._block.address, self._a)
        parts = x[: self._split], self._a
        one = np.eye(len(self._network.weights))
        J_w = {
            name: one[:, :, None] * part for name, part in zip(self._weights, parts, strict=True)
        }
        F = sum(W @ part for W, part in zip(self._weights.values(), parts, strict=True))
        return np.asarray(F), J_w

    def read(self) -> dict[str, Float[np.ndarray, "..."]]:
        """Return the learned weights by name."""
        return {name: value.copy() for name, value in self._weights.items()}

    def write(self, values: Mapping[str, ArrayLike]) -> None:
        """Set weights by name; raise `NetworkError` for another name or shape."""
        for name, value in values.items():
            shape = np.shape(self._weights.get(name, 0.0))
            if name not in self._weights or np.shape(value) != shape:
                raise NetworkError(
                    f"weights: {name!r} has shape {np.shape(value)}, needs one of "
                    f"{ {each: array.shape for each, array in self._weights.items()} }"
                )
        self._weights |= {name: np.array(value, dtype=float) for name, value in values.items()}

    def forget_motion(self) -> None:
        """Begin a new motion: the neurons begin with the voltages of the start."""
        if self._neurons is not None:
            self._neurons["running"][:] = 0.0
