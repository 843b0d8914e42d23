"""Neurons that fire in the place of those that a structured learner trains, as data."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ..errors import NetworkError
from ..kernels.layout.network_fields import AT_PLACE, SEEN
from .neurons import NeuronModel


@dataclass(frozen=True)
class StructuredPopulation:
    """Neurons of joints and tool whose activity decodes that of rectified-linear ones.

        relu(E u + b) = S h * G(E_p u + b_p), nearly

    The learner trains decoders D of the rectified-linear neurons; those of these neurons are D S.
    G and the synapse h are those of the model; see `population_of`.
    """

    model: NeuronModel
    joint_encoders: Float[np.ndarray, "n 3 k"]  # E_p of each joint, transposed
    joint_bias: Float[np.ndarray, "n k"]  # b_p
    joint_shares: Float[np.ndarray, "n neurons k"]  # S, for a joint's neurons and their images
    joint_voltage: Float[np.ndarray, "n k"]  # at the beginning of a motion
    tool_encoders: Float[np.ndarray, "4 t"]
    tool_bias: Float[np.ndarray, "t"]
    tool_shares: Float[np.ndarray, "neurons t"]
    tool_voltage: Float[np.ndarray, "t"]

    def check(self, n: int, pairs: int, tool: int) -> None:
        """Raise `NetworkError` unless it is for n joints' pairs and the tool's neurons."""
        if not isinstance(self.model, NeuronModel):
            kind = type(self.model).__name__
            raise NetworkError(f"StructuredPopulation.model: is a {kind}, needs a NeuronModel")
        k, t = (
            each.shape[-1] if np.ndim(each) else 0 for each in (self.joint_bias, self.tool_bias)
        )
        fit = {
            "joint_encoders": (n, SEEN + 1, k),
            "joint_bias": (n, k),
            "joint_shares": (n, 2 * pairs, k),
            "joint_voltage": (n, k),
            "tool_encoders": (AT_PLACE, t),
            "tool_bias": (t,),
            "tool_shares": (tool, t),
            "tool_voltage": (t,),
        }
        for name, shape in fit.items():
            value = getattr(self, name)
            if np.shape(value) != shape:
                raise NetworkError(
                    f"StructuredPopulation.{name}: has shape {np.shape(value)}, needs {shape}"
                )
            if not np.isfinite(value).all():
                raise NetworkError(f"StructuredPopulation.{name}: has a number that is not finite")

    @property
    def pair_shares(self) -> Float[np.ndarray, "n pairs k"]:
        """Shares in the activity of a joint's pairs: a neuron's less its mirror image's."""
        one, image = np.split(self.joint_shares, 2, axis=1)
        return one - image
