"""What is shown: the scene at rest, the cycles that are handed over, and what a person sets."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from arms import Arm

from .looks import Look

Rows = dict[str, np.ndarray]
"""Some cycles of a log, by column: see `rows_of`."""

COLUMNS = (
    "time",
    "q",
    "dq",
    "tau",
    "feedforward",
    "reference",
    "tool",
    "wrench",
    "unmodelled",
    "tau_measured",
    "payload",
)
COARSEST = 0.02  # time between two cycles that are shown [s]
MOST_ROWS = 120  # that are handed over at once


class Shown(NamedTuple):
    """The scene that a page shows, before anything moves."""

    title: str
    about: str
    arm: Arm
    looks: list[Look]
    q: Float[np.ndarray, "n"]  # [rad]
    targets: Float[np.ndarray, "k 3"]  # [m]
    path: Float[np.ndarray, "m 3"]  # of the reference [m]
    colours: Mapping[str, str]  # of the controllers, "#rrggbb", by name
    period: float  # control period [s]
    payload: float = 0.0  # [kg], at the tool frame
    friction: float = 0.0  # [N m s/rad]
    tip: Float[np.ndarray, "3"] | None = None  # of a tool the model does not know [m]
    surface: Any = None  # `Table` or `Peg`
    simulated: bool = True  # whether sliders can change the arm


class Controls(NamedTuple):
    """What a person has set on the page, and how many pages are open."""

    pages: int = 0
    drawn: int = 0  # blocks of rows that were drawn
    paused: bool = False
    speed: float = 1.0  # simulated over real time; infinite: as fast as it goes
    learning: bool = True
    payload: float | None = None  # [kg]; None: not touched
    friction: float | None = None  # [N m s/rad]


def rows_of(columns: Mapping[str, np.ndarray], period: float, most: int = MOST_ROWS) -> Rows:
    """Return the cycles of a log, two or more, that are worth showing; the last but one always.

    They are ``most`` at most.
    ``ddq`` [rad/s^2] is the acceleration in a cycle, from its own reading to the next one; so the
    last cycle is left for the next time.
    """
    count = len(columns["time"])
    step = max(1, round(COARSEST / period), -(-count // most))
    places = np.arange(count - 2, -1, -step)[::-1]
    rows = {name: columns[name][places] for name in COLUMNS if name in columns}
    rows["ddq"] = (columns["dq"][places + 1] - rows["dq"]) / period
    return rows
