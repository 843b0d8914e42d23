"""A secondary task that keeps the arm's links apart, and off obstacles."""

from dataclasses import dataclass

from arms import CollisionPairs

from ..errors import ConfigurationError
from ..kernels.layout.null_space_fields import COLLISION
from ..kernels.pairs_block import pairs_block
from .gains import check_gain
from .secondary import Packed, Secondary


@dataclass(frozen=True)
class CollisionAvoidance(Secondary):
    """Push pairs of shapes apart (after Khatib 1986)::

        tau_0 = sum J_d^T f,    f = k margin (margin - d) / d

    for every pair at a distance d below ``margin``, with J_d the derivative of d by q. Near touch
    and in it, f is limited as in `JointLimits`. It does not change the joint motion that the main
    task requires: `Limits.clearance` stops an arm whose main task leads to a collision.

    Raises:
        ConfigurationError: the pairs are none, or a gain is not a number above 0.
    """

    pairs: CollisionPairs
    margin: float = 0.1  # [m]
    k: float = 500.0  # [N/m]

    def __post_init__(self) -> None:
        if not isinstance(self.pairs, CollisionPairs):
            raise ConfigurationError(
                f"CollisionAvoidance.pairs: is {self.pairs!r:.60}, needs an arms.CollisionPairs"
            )
        check_gain(self, "margin", 0, positive=True)
        check_gain(self, "k", 0)

    def pack(self, n: int) -> list[Packed]:
        """Return the task in its kernel's form; raise `ConfigurationError` for another arm."""
        arm = self.pairs.arm
        if arm.dof != n:
            raise ConfigurationError(
                f"CollisionAvoidance.pairs: are of arm '{arm.name}' with {arm.dof} joints, needs "
                f"those of the controlled arm, with {n}"
            )
        block = pairs_block(self.pairs, margin=self.margin, k=self.k)
        return [Packed.of(COLLISION, block, arm.kernel("screws"))]
