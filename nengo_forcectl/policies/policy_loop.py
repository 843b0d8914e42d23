"""A robot driven by a policy: the policy in a thread of its own, the control loop in this one."""

import math
import time
from collections.abc import Callable
from threading import Event, Thread
from typing import Any

import numpy as np
from jaxtyping import Float

from ..contract import Robot, State
from ..errors import ConfigurationError
from ..robots.clock import Timing
from ..robots.loop import run
from ..safety.guard import Safe
from .smooth_policy import Policy

Act = Callable[[State], Any]


def run_policy(
    robot: Robot,
    cycle: Safe,
    policy: Policy,
    act: Act,
    *,
    seconds: float = math.inf,
) -> Timing:
    """Drive a robot with a function that chooses targets, for ``seconds``; see `run`.

    ``act(state)`` is called at the policy's rate with the newest state, in a thread of its own, and
    returns the next target. While it computes, the loop goes on; an action that comes late is
    counted in ``policy.events``. What ``act`` computes in Python takes time from the loop all the
    same, as the two share one interpreter: a heavy policy belongs into another process, which calls
    ``policy.send`` through a connection.

    An action out of its space, or an error of ``act``, is a controlled stop: the action is not
    used, and ``Timing.stopped`` gives the reason.

    Args:
        robot: the robot to drive.
        cycle: the control cycle, within limits.
        policy: the path whose targets ``act`` chooses.
        act: function from the newest state to a target.
        seconds: duration [s]; by default until Ctrl-C or a fault.

    Raises:
        ConfigurationError: the cycle is not a `Safe`, or as `run`.
    """
    if not isinstance(cycle, Safe):
        raise ConfigurationError(
            f"run_policy.cycle: is a {type(cycle).__name__}, needs a Safe(cycle, arm)"
        )
    watched, ended = Watched(Robot.of(robot)), Event()

    def decide() -> None:
        due = time.perf_counter()
        while not ended.wait(max(due - time.perf_counter(), 0.0)):
            state = watched.newest
            due = max(due + 1.0 / policy.rate, time.perf_counter() - 1.0 / policy.rate)
            if state is None:  # the loop has not begun
                continue
            try:
                policy.send(act(state))
            except Exception as error:
                cycle.stop(f"policy: {type(error).__name__}: {error}")
                return

    thread = Thread(target=decide, daemon=True)
    thread.start()
    try:
        return run(watched, cycle, policy, 1.0 / cycle.dt, seconds=seconds)
    finally:
        ended.set()
        thread.join(1.0)


class Watched(Robot):
    """A robot whose newest state others may look at."""

    def __init__(self, robot: Robot) -> None:
        self.period, self.paces, self.pace = robot.period, robot.paces, robot.pace
        self.apply, self.hand_back = robot.apply, robot.hand_back
        self._robot = robot
        self.newest: State | None = None

    @property
    def events(self) -> Any:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Faults on the robot's side, counted by name."""
        return self._robot.events

    @property
    def overruled(self) -> Float[np.ndarray, "n"] | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Torques that the robot sent in place of the last ones applied [N m]."""
        return self._robot.overruled

    def read(self) -> State:
        """Return the robot's state."""
        self.newest = self._robot.read()
        return self.newest
