"""The controllers of a comparison, by name, each with tuned gains.

To add a controller, write a generator under `rival` and add its name to the tuple at the end of its
file. The command line's options and help, the figures' colours, the gains in summaries and the
tests are derived from these records.
"""

from collections.abc import Iterable

from . import baselines, learners, tips
from .rival import Rival, Tip

__all__ = ["RIVALS", "TIPS", "Rival", "Tip", "colour", "listed"]

RIVALS: dict[str, Rival] = {
    each.name: each for each in (*baselines.BASELINES, *learners.LEARNERS, baselines.exact)
}
"""All controllers, from the model alone to the upper bound."""

TIPS: dict[str, Tip] = {each.name: each for each in tips.ALL_TIPS}
"""Sources of a controller's Jacobian with a tool."""


def colour(name: str) -> str:
    """Return the colour of a controller's or a tip's lines."""
    return (RIVALS[name] if name in RIVALS else TIPS[name]).colour


def listed(records: Iterable[Rival | Tip]) -> str:
    """Return names and descriptions, one per line, for ``--help``."""
    return "\n".join(f"{each.name}: {each.help}" for each in records)
