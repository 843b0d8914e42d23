"""Neurons that fire in the place of those that a structured learner trains, as data."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ..errors import NetworkError
from ..kernels.layout.network_fields import AT_PLACE, SEEN
from .neurons import NeuronModel


@dataclass(frozen=True)
class StructuredPopulation:
    """Neurons that fire in the place of the rectified-linear ones of joints and tool.

        relu(x) = s^T h * G(g x + b), nearly

    The learner trains a decoder d of each rectified-linear neuron, with activity x; those of the
    neurons in its place are d s. G and the synapse h are the model's; see `population_of`. Those in
    the place of a joint's neurons come first, then those in the place of their mirror images.
    """

    model: NeuronModel
    joint_encoders: Float[np.ndarray, "n 3 k"]  # of each joint, scaled, transposed
    joint_bias: Float[np.ndarray, "n k"]
    joint_shares: Float[np.ndarray, "n k"]  # s [1/Hz]
    joint_voltage: Float[np.ndarray, "n k"]  # at the beginning of a motion
    tool_encoders: Float[np.ndarray, "4 t"]
    tool_bias: Float[np.ndarray, "t"]
    tool_shares: Float[np.ndarray, "t"]
    tool_voltage: Float[np.ndarray, "t"]

    def check(self, n: int, pairs: int, tool: int) -> None:
        """Raise `NetworkError` unless it is for n joints' pairs and the tool's neurons."""
        if not isinstance(self.model, NeuronModel):
            kind = type(self.model).__name__
            raise NetworkError(f"StructuredPopulation.model: is a {kind}, needs a NeuronModel")
        k, t = np.shape(self.joint_bias)[-1:], np.shape(self.tool_bias)[-1:]
        fit = {
            "joint_encoders": (n, SEEN + 1, *k),
            **dict.fromkeys(("joint_bias", "joint_shares", "joint_voltage"), (n, *k)),
            "tool_encoders": (AT_PLACE, *t),
            **dict.fromkeys(("tool_bias", "tool_shares", "tool_voltage"), t),
        }
        for name, shape in fit.items():
            value = getattr(self, name)
            if np.shape(value) != shape:
                raise NetworkError(
                    f"StructuredPopulation.{name}: has shape {np.shape(value)}, needs {shape}"
                )
            if not np.isfinite(value).all():
                raise NetworkError(f"StructuredPopulation.{name}: has a number that is not finite")
        for name, count, learns in (("joint", *k, 2 * pairs), ("tool", *t, tool)):
            if count % max(learns, 1) or bool(count) != bool(learns):
                raise NetworkError(
                    f"StructuredPopulation.{name}_bias: is of {count} neurons, needs as many for "
                    f"each of {learns}"
                )
