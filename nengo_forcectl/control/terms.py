"""An arm's terms, written where a control law's kernel reads them."""

from arms import Terms

from ..kernels.block import Block


def write_terms(block: Block, terms: Terms) -> None:
    """Write an arm's terms into its block; a J of the tool's position alone has three rows."""
    for name in ("pose", "M", "C", "g"):
        block[name][...] = getattr(terms, name)
    for name in ("J", "dJ"):
        block[name][: len(getattr(terms, name))] = getattr(terms, name)
