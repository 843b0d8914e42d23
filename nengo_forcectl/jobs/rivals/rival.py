"""Records that describe the controllers of a comparison and the kinematics of a tip."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...contract import Cycle, Kinematics

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..scene import Scene


@dataclass(frozen=True)
class Rival:
    """A named controller, from which options, help, figures, summaries and tests are derived."""

    name: str
    make: Callable[["Scene"], AbstractContextManager[Cycle]]
    """Function from a scene to a context manager of the control cycle."""
    colour: str
    help: str
    """One-line description for ``--help``."""
    gains: Callable[[], Mapping[str, float]] = dict
    """Gains by name in a run's summary."""
    learns_from: tuple[str, ...] = ()
    """Errors that ``--learn-from`` accepts; empty for a law with its own signal."""
    network: bool = False
    """Whether it trains a NengoDL network and thus needs TensorFlow."""
    any_tip: bool = False
    """Whether it works with any kinematics of the tip (``--jacobian``)."""
    contact: bool = False
    """Whether it is offered for pressing and wiping."""


def rival(name: str, colour: str, **record: Any) -> Callable[[Any], Rival]:
    """Turn a generator that yields the cycle into a `Rival`; its docstring is the help."""

    def decorate(make: "Callable[[Scene], Iterator[Cycle]]") -> Rival:
        return Rival(name, contextmanager(make), colour, make.__doc__ or "", **record)

    return decorate


@dataclass(frozen=True)
class Tip:
    """A named kinematics of a tool's tip, for use by a controller."""

    name: str
    make: Callable[["Scene"], Kinematics]
    colour: str
    help: str
    gains: Callable[[], Mapping[str, float]] = dict
    style: Mapping[str, Any] = field(default_factory=dict)
    """Style of its lines in a figure; overlapping lines must all stay visible."""


def tip(name: str, colour: str, **record: Any) -> Callable[[Callable[..., Kinematics]], Tip]:
    """Turn a function into a `Tip`; its docstring is the help."""

    def decorate(make: Callable[["Scene"], Kinematics]) -> Tip:
        return Tip(name, make, colour, make.__doc__ or "", **record)

    return decorate
