"""The ripple of motors and gears, found by a spectrum over the angle, learned by two waves."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ..kernels.block import Block
from ..kernels.layout.ripple_fields import RIPPLE
from ..support.validation import check_positive, check_whole


@dataclass(frozen=True)
class Ripple:
    """A torque ``a sin(k q) + b cos(k q)`` of each joint, with k periods a turn to be found.

    r is the torque of a joint that nothing else explains. All integrals are over the way that the
    joint moves, |dq| dt, so that times at rest do not count, and the last 30 rad count most::

        S+(k) = int r exp(i k q) forth,  S-(k) the same back,  P(k) = Re S+(k)* S-(k)
        [a b] = (int [s c]' [s c] + 0.01 rad)^-1 int [s c]' r,   s = sin(k q),  c = cos(k q)

    k is the one from ``least`` to ``most`` with the largest P. It counts if P stands out, ``P > 8
    mean |P|``, both ways are three of its periods, both S over their way w agree, ``P / (w+ w-) >
    0.3 (|S+ / w+|^2 + |S- / w-|^2)``, and it explains a quarter of r^2, with an amplitude of more
    than ``quiet``; another one if its P is larger later. What changes slowly with the angle has
    next to no part in these S, and what oscillates in time has other phases forth than back. A
    ripple is taken out of the torque from which the weights learn.

    A spectrum over the angle in place of the time finds what rotates with the joint at any speed
    (order tracking; Vold and Leuridan 1993, doi:10.4271/931288).
    """

    quiet: float  # amplitude that is none [N m], of a joint with the largest motor
    least: int = 48  # periods a turn
    most: int = 447
    bound: float = 0.1  # of the amplitude, over the largest torque of the joint

    def __post_init__(self) -> None:
        check_positive(self, quiet="N m", bound="")
        check_whole(self, least=1, most=self.least + 1)

    def block(self, tau_max: Float[np.ndarray, "n"]) -> Block:
        """Return the block, for joints with these largest torques [N m]."""
        values = {
            "least": float(self.least),
            "quiet": self.quiet * tau_max / tau_max.max(),
            "most": self.bound * tau_max,
        }
        return Block(RIPPLE, {"n": len(tau_max), "w": self.most - self.least + 1}, values)
