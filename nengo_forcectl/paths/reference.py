"""What a path is, and what it says of one instant."""

from typing import NamedTuple, Protocol

import numpy as np
from jaxtyping import Float


class Reference(NamedTuple):
    """One instant of a path, for the tool in the base frame or for the joints.

    What is None is not asked for: no orientation, no rotation of it, no force.
    """

    x: Float[np.ndarray, "m"]  # position [m], or q [rad]
    dx: Float[np.ndarray, "m"]  # velocity [m/s], or dq [rad/s]
    ddx: Float[np.ndarray, "m"]  # acceleration [m/s^2], or ddq [rad/s^2]
    R: Float[np.ndarray, "3 3"] | None = None  # orientation of the tool: its axes are the columns
    omega: Float[np.ndarray, "3"] | None = None  # angular velocity [rad/s]
    domega: Float[np.ndarray, "3"] | None = None  # angular acceleration [rad/s^2]
    # Force and moment that the tool is to exert on the environment, at its point [N, N m].
    wrench: Float[np.ndarray, "6"] | None = None


class Path(Protocol):
    """Anything that can say where the tool should be at a given time."""

    def at(self, time: float) -> Reference:
        """Return the reference at ``time`` [s]."""
        ...


class EndingPath(Path, Protocol):
    """A path from 0 s to its end; it stands still after that."""

    @property
    def end(self) -> float:
        """When it has arrived [s]."""
        ...
