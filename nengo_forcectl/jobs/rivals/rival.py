"""What a controller of a comparison says of itself, and the kinematics of a tip likewise."""

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
    """A controller by name. Options, help, figures, summaries and tests follow from its record."""

    name: str
    make: Callable[["Scene"], AbstractContextManager[Cycle]]
    """Gives the control cycle for a scene, in a context that closes what it opened."""
    colour: str
    help: str
    """What it is, for ``--help``: one line."""
    gains: Callable[[], Mapping[str, float]] = dict
    """By their names in a run's summary."""
    learns_from: tuple[str, ...] = ()
    """Errors that ``--learn-from`` can choose; empty for a law with a signal of its own."""
    network: bool = False
    """Whether it trains a NengoDL network, and so needs TensorFlow."""
    any_tip: bool = False
    """Whether it works with any kinematics of the tip (``--jacobian``)."""
    contact: bool = False
    """Whether it is offered for pressing and wiping."""


def rival(name: str, colour: str, **record: Any) -> Callable[[Any], Rival]:
    """Make a `Rival` of a generator that yields the cycle; its docstring is the help."""

    def decorate(make: "Callable[[Scene], Iterator[Cycle]]") -> Rival:
        return Rival(name, contextmanager(make), colour, make.__doc__ or "", **record)

    return decorate


@dataclass(frozen=True)
class Tip:
    """The kinematics of a tool's tip that a controller can go by, by name."""

    name: str
    make: Callable[["Scene"], Kinematics]
    colour: str
    help: str
    gains: Callable[[], Mapping[str, float]] = dict
    style: Mapping[str, Any] = field(default_factory=dict)
    """Of its lines in a figure: where Jacobians agree, all should be seen."""


def tip(name: str, colour: str, **record: Any) -> Callable[[Callable[..., Kinematics]], Tip]:
    """Make a `Tip` of a function; its docstring is the help."""

    def decorate(make: Callable[["Scene"], Kinematics]) -> Tip:
        return Tip(name, make, colour, make.__doc__ or "", **record)

    return decorate
