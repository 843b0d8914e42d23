"""Targets at a low rate as a smooth reference at the rate of the control loop."""

import math
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ..contract import Reference
from ..errors import ConfigurationError, VersionError
from .target_space import TargetSpace

LATE = 1.5  # time after an action from which on the next one is late, in periods of the policy
LONGEST = 1.0  # longest gap of the loop that the reference makes up for [s]
INSTALL = "pip install 'nengo-forcectl[policy]'"


class Policy:
    """A path whose targets come from outside, at 10 to 50 Hz or whenever they are ready.

    ``send`` takes a target from any thread. ``at``, which the control loop calls in every cycle,
    moves the reference on towards the last target: in the shortest time within the limits of speed,
    acceleration and jerk of the `TargetSpace`, all axes arriving together (Ruckig, Berscheid and
    Kroeger 2021, doi:10.15607/RSS.2021.XVII.015). A target that comes before the last one is
    reached takes over smoothly. The reference stays in the box.

    The last target is held while no new one comes. ``events`` counts the ``actions`` taken, those
    that were ``replaced`` before the loop took them, and the ``late`` ones: one for each period of
    the policy in which none came, from one and a half periods on.

    Args:
        space: the space of the targets.
        start: where the reference begins, at rest.
        rate: rate at which actions are expected [Hz].
        period: control period [s].

    Raises:
        VersionError: Ruckig is not installed.
        ConfigurationError: the start is not in the space, or a rate is not valid.
    """

    def __init__(
        self, space: TargetSpace, start: ArrayLike, rate: float = 20.0, period: float = 1e-3
    ) -> None:
        if not (math.isfinite(rate) and 0 < rate * period <= 1):
            raise ConfigurationError(
                f"Policy.rate: is {rate} Hz, needs a number above 0, up to {1 / period:g}"
            )
        self.space, self.rate, self.period = space, rate, period
        self._ruckig = _ruckig()
        self.begin(start)

    def begin(self, start: ArrayLike) -> None:
        """Begin a new motion at ``start``, at rest; the counts start anew.

        Raises:
            ConfigurationError: it is not in the space.
        """
        space, m = self.space, self.space.size
        start = space.checked("Policy.start", start)
        self.events = {"actions": 0, "replaced": 0, "late": 0}
        self._next: Float[np.ndarray, "m"] | None = None  # action that the loop has not taken yet
        self._time = self._due = math.nan  # of the reference, of the next action [s]
        self._generator: Any = self._ruckig.Ruckig(m, self.period)
        self._motion: Any = self._ruckig.InputParameter(m)
        self._out: Any = self._ruckig.OutputParameter(m)
        motion = self._motion
        motion.current_position = motion.target_position = start.tolist()
        motion.max_velocity = [space.speed] * m
        motion.max_acceleration = [space.acceleration] * m
        motion.max_jerk = [space.jerk] * m
        self._reference = Reference(start, np.zeros(m), np.zeros(m))

    @property
    def target(self) -> Float[np.ndarray, "m"]:
        """The target that holds now."""
        return np.array(self._motion.target_position)

    def send(self, target: ArrayLike) -> None:
        """Set the next target; the loop takes it in its next cycle.

        Raises:
            ConfigurationError: it is not in the space; the last one holds.
        """
        target = self.space.checked("action", target)
        self.events["replaced"] += self._next is not None
        self._next = target

    def at(self, time: float) -> Reference:
        """Move the reference on to ``time`` [s] and return it."""
        if math.isnan(self._time):
            self._time, self._due = time, time + LATE / self.rate
        self._take(time)
        steps = round((min(time - self._time, LONGEST)) / self.period)
        for _ in range(steps):
            self._step()
        if steps > 0:
            self._time = time
        return self._reference

    def _take(self, time: float) -> None:
        """Take the next action, or count one that is late."""
        action, self._next = self._next, None
        if action is not None:
            self._motion.target_position = action.tolist()
            self.events["actions"] += 1
            self._due = time + LATE / self.rate
        while time > self._due:
            self.events["late"] += 1
            self._due += 1.0 / self.rate

    def _step(self) -> None:
        """Move the reference on by one period."""
        self._generator.update(self._motion, self._out)
        self._out.pass_to_input(self._motion)
        self._reference = Reference(
            np.array(self._out.new_position),
            np.array(self._out.new_velocity),
            np.array(self._out.new_acceleration),
        )


def _ruckig() -> Any:
    try:
        import ruckig  # pyright: ignore[reportMissingImports]  # optional
    except ImportError:
        raise VersionError(f"Policy needs ruckig: {INSTALL}") from None
    return ruckig
