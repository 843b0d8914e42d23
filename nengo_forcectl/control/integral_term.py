"""The integral term of a control law."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from ..kernels.block import Block
from ..kernels.layout.law_fields import INTEGRAL


class Integral(NamedTuple):
    """``dz/dt = gain error``, with the norm of each group of z within its bound.

    The error is ``q_r - q`` for a law of the joints and ``f_r + f`` for one of the tool. z does not
    change in a cycle whose sensors are not sound.
    """

    gain: Float[np.ndarray, "m m"]
    dt: float  # control period [s]
    group: Int[np.ndarray, "m"]  # group of each entry of z
    bound: Float[np.ndarray, "groups"]

    def pack(self) -> Block:
        """Return the kernel's block, with z = 0."""
        sizes = {"m": len(self.gain), "groups": len(self.bound)}
        return Block(INTEGRAL, sizes, self._asdict())
