"""The controllers of a comparison, by name, each with the gains that a search has found.

A controller is one record: a generator under `rival`, and its name in the tuple at the end of its
file. The options of the command line, their help, the colours of the figures, the gains in a
summary and the tests follow from the records.
"""

from collections.abc import Iterable

from ...control import OperationalSpace
from . import baselines, learners, tips
from .rival import Rival, Tip

__all__ = ["RIVALS", "TIPS", "Rival", "Tip", "colour", "gains", "listed"]

RIVALS: dict[str, Rival] = {
    each.name: each for each in (*baselines.BASELINES, *learners.LEARNERS, baselines.exact)
}
"""From the model alone to the bound."""

TIPS: dict[str, Tip] = {each.name: each for each in tips.ALL_TIPS}
"""Whose Jacobian a controller goes by where there is a tool."""


def colour(name: str) -> str:
    """Return the colour of a controller's or a tip's lines."""
    return (RIVALS[name] if name in RIVALS else TIPS[name]).colour


def gains() -> dict[str, float]:
    """Return every gain of the control law, the controllers and the tips, for a summary."""
    found = {name: getattr(OperationalSpace, name) for name in ("kp", "kv", "k_null", "damping")}
    for each in (*RIVALS.values(), *TIPS.values()):
        found |= each.gains()
    return found


def listed(records: Iterable[Rival | Tip]) -> str:
    """Return names and what they are, a line each, for ``--help``."""
    return "\n".join(f"{each.name}: {each.help}" for each in records)
