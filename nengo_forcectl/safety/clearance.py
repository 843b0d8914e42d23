"""The distance that an arm's links keep from each other and from obstacles."""

from dataclasses import dataclass

import numpy as np

from arms import CollisionPairs

from ..errors import ConfigurationError
from ..kernels.block import Block
from ..kernels.pairs_block import pairs_block
from ..kernels.sizes import GAPS
from ..support.validation import check_not_negative


@dataclass(frozen=True)
class Clearance:
    """A distance to keep between the shapes of each pair: see `Safe`.

    Raises:
        ConfigurationError: the pairs are none, or the distance is not a number from 0 up.
    """

    pairs: CollisionPairs
    distance: float = 0.02  # [m]

    def __post_init__(self) -> None:
        if not isinstance(self.pairs, CollisionPairs):
            raise ConfigurationError(
                f"Clearance.pairs: is {self.pairs!r:.60}, needs an arms.CollisionPairs"
            )
        check_not_negative(self, distance="m")

    def pack(self) -> Block:
        """Return its block, with room for the bounds of a guard."""
        return pairs_block(self.pairs, margin=self.distance, bounds=GAPS)


def describe_touch(clearance: Clearance, block: Block) -> str:
    """Describe the pair that overlaps most, from the block of its guard."""
    pair = int(np.argmin(block["distance"]))
    first, second = clearance.pairs.names[pair]
    return (
        f"{first!r} touches {second!r}: their distance is {1e3 * block['distance'][pair]:.3g} mm, "
        "needs to be above 0"
    )
