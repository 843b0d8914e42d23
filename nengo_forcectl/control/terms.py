"""An arm's terms, written to the block that a control law's kernel reads."""

from arms import Terms

from ..kernels.block import Block


def write_terms(block: Block, terms: Terms) -> None:
    """Write an arm's terms into its block; J has three rows if it is of the position alone."""
    for name in ("pose", "M", "C", "g"):
        block[name][...] = getattr(terms, name)
    for name in ("J", "dJ"):
        block[name][: len(getattr(terms, name))] = getattr(terms, name)
