"""The environment ``nengo_forcectl/Reach-v0``."""

from typing import Any

import numpy as np
from jaxtyping import Float

from ..networks.workspace import random_targets
from .arm_environment import ArmEnvironment

NEAR = 0.01  # distance of a success [m]


class ReachEnvironment(ArmEnvironment):
    """``nengo_forcectl/Reach-v0``: bring the tool to a random place, 5 to 26 cm away.

    An observation is q [rad], dq [rad/s], the tool's place, the target and the goal [m]. The reward
    of a step is minus the distance to the goal, in decimetres. ``info["is_success"]``: it is below
    1 cm.

    Args:
        options: as `ArmEnvironment`.
    """

    def _draw(self, rng: np.random.Generator) -> Float[np.ndarray, "n"]:
        self._goal = random_targets(self.arm, self.home, 1, rng)[0]
        return self.home

    def _goal_place(self) -> Float[np.ndarray, "3"]:
        return self._goal

    def _distance(self) -> float:
        return float(np.linalg.norm(self._tool() - self._goal))

    def _reward(self) -> float:
        return -10.0 * self._distance()

    def _info(self) -> dict[str, Any]:
        distance = self._distance()
        return {"distance": distance, "is_success": distance < NEAR}
