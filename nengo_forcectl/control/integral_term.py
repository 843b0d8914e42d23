"""The integral term of a control law: what it is made of."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from ..kernels.block import Block
from ..kernels.layout import INTEGRAL


class Integral(NamedTuple):
    """``dz/dt = gain error``, with the norm of each group of z within its bound.

    The error is ``q_r - q`` for a law of the joints and ``f_r + f`` for one of the tool. z stays as
    it is in a cycle whose sensors are not sound.
    """

    gain: Float[np.ndarray, "m m"]
    dt: float  # of a control cycle [s]
    group: Int[np.ndarray, "m"]  # of each entry of z
    bound: Float[np.ndarray, "groups"]

    def pack(self) -> Block:
        """Return the block of the kernel, with z at 0."""
        sizes = {"m": len(self.gain), "groups": len(self.bound)}
        return Block(INTEGRAL, sizes, self._asdict())
