"""The block of an arm's collision pairs: their tables, and the address of the arm's screws."""

from typing import Any

from .block import Block
from .layout.pairs_fields import PAIRS
from .parts import add_gaps, find_near


def pairs_block(pairs: Any, *, margin: float, k: float = 0.0, bounds: int = 0) -> Block:
    """Return a block for `arms.CollisionPairs`; it keeps the arm's kernel alive.

    Args:
        pairs: the pairs.
        margin: distance to keep, or at which a push begins [m].
        k: of a push [N/m].
        bounds: largest number of bounds on an acceleration for one pair.
    """
    tables, screws = pairs.tables, pairs.arm.kernel("screws")
    count, bodies = tables.signs.shape
    sizes = {"n": pairs.arm.dof, "b": bodies, "s": len(tables.of), "p": count, "r": bounds * count}
    values = tables._asdict() | {"kernel": screws.address, "margin": margin, "k": k}
    if bounds:
        values |= {"near_call": find_near.address, "gaps_call": add_gaps.address}
    return Block(PAIRS, sizes, values, keeps=screws)
