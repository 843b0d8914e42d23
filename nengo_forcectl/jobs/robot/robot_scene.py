"""The scene of ``nengo-forcectl run``: where the robot is, and the targets around its tool."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from arms import Arm

from ...control import OperationalSpace
from ...errors import ConfigurationError
from ...networks.workspace import follow_relaxed, posture_at, task_axes
from ...paths import MinimumJerk
from ...safety.limits import Limits
from ..scene import SAMPLES, SPEED_SHARE, TARGETS, Scene, slowed

DRAWS = 1000  # of targets, before the search is given up


@dataclass(frozen=True, kw_only=True)
class RobotScene(Scene):
    """A robot where it stands, and targets around its tool."""

    targets: Float[np.ndarray, "k 3"]  # [m]
    bounds: Limits  # of the robot

    @property
    def limits(self) -> Limits:
        """The robot's limits."""
        return self.bounds

    @property
    def robust(self) -> bool:
        """Return True: the task leaves the posture to the learner."""
        return True

    def law(self) -> OperationalSpace:
        """Return the common law of all controllers."""
        return OperationalSpace(self.home, task_axes(self.arm))

    def path(self, q: Float[np.ndarray, "n"]) -> MinimumJerk:
        """Return the path from the tool's place at ``q`` over the targets, and home."""
        home = self.arm.pose(self.home)[:3, 3]
        points = [self.arm.pose(q)[:3, 3], *[self.targets] * self.settings.passes, home]
        return MinimumJerk(np.vstack(points), self.settings.reach_time)

    @property
    def cycles_per_pass(self) -> int:
        """Control cycles of a pass over the targets."""
        return round(TARGETS * self.settings.reach_time / self.period)

    def check_speed(self) -> None:
        """Refuse reaches that ask for more than a share of a joint's top speed.

        Raises:
            ConfigurationError: they take too little time.
        """
        path, duration = self.path(self.home), self.settings.reach_time
        motion = follow_relaxed(self.arm, self.home, path, duration / SAMPLES)
        share = float((np.abs(motion.dq) / self.bounds.dq_max).max()) / SPEED_SHARE
        if share > 1.0:
            raise ConfigurationError(
                f"reach_time: is {duration:g} s, needs at least {slowed(duration, share):.2f} s: a "
                f"joint would move at {100 * share * SPEED_SHARE:.0f} % of its speed limit"
            )


def targets_around(
    arm: Arm, q: Float[np.ndarray, "n"], radius: float, rng: np.random.Generator
) -> Float[np.ndarray, "k 3"]:
    """Return random reachable positions [m] in a ball around the tool at ``q``.

    Each is at least half a radius away from the one before it.

    Raises:
        ConfigurationError: the arm hardly reaches any point of the ball.
    """
    axes, centre = list(task_axes(arm)), arm.pose(q)[:3, 3]
    found = [centre]
    for _ in range(DRAWS):
        step = rng.uniform(-radius, radius, 3)
        target = centre + step
        apart = np.linalg.norm(target - found[-1]) >= radius / 2
        if np.linalg.norm(step) <= radius and apart and _reaches(arm, q, target, axes):
            found.append(target)
        if len(found) > TARGETS:
            return np.array(found[1:])
    raise ConfigurationError(
        f"radius: is {radius:g} m, and the arm reaches only {len(found) - 1} of {TARGETS} targets; "
        "needs a smaller one, or another posture to start from"
    )


def _reaches(
    arm: Arm, q: Float[np.ndarray, "n"], target: Float[np.ndarray, "3"], axes: list[int]
) -> bool:
    return posture_at(arm, q, target, axes) is not None
