"""The environment ``nengo_forcectl/Press-v0``."""

from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float

from ..contract import Reference
from ..control import OperationalSpace
from ..networks.workspace import home_posture
from ..sim.disturbances import Disturbance
from ..sim.engines import ENGINES
from ..sim.surfaces import TIP, Table
from ..sim.wrist import Wrist
from .arm_environment import PERIOD, ArmEnvironment
from .target_space import TargetSpace

GAP = (0.01, 0.03)  # initial distance from tip to table [m]
FORCE = (5.0, 30.0)  # that is wanted [N]
STIFFNESS = (2e3, 2e4)  # of the table [N/m]
CLOSE = 0.1  # error of a success, over the wanted force
MOST = 500.0  # bound of an observed force [N]
STILL = np.zeros(3)


class PressEnvironment(ArmEnvironment):
    """``nengo_forcectl/Press-v0``: press an unknown table with a given force.

    The tool keeps its orientation, and presses by the stiffness of its law: the target goes into
    the table. An observation is that of `ReachEnvironment`, whose goal is the point where the tool
    first stood, and the force on the tool [N] less the wanted one along z. The reward of a step is
    minus the error of the force over the wanted one, at most 1, and minus the distance along the
    table, in decimetres. ``info["is_success"]``: the force is right to 10 %.

    Args:
        options: as `ArmEnvironment`.
    """

    @cached_property
    def home(self) -> Float[np.ndarray, "n"]:
        """Posture at the start [rad]."""
        return home_posture(self.arm, turns=True)

    @cached_property
    def law(self) -> OperationalSpace:
        """The controller's law, of position and orientation."""
        return OperationalSpace(self.home, (0, 1, 2, 3, 4, 5))

    @cached_property
    def space(self) -> TargetSpace:
        """Space of the targets, around the tool at home; slow, because the table is not known."""
        centre = self.arm.pose(self.home)[:3, 3]
        return TargetSpace(centre - 0.1, centre + 0.1, speed=0.1, acceleration=1.0, jerk=30.0)

    def at(self, time: float) -> Reference:
        """Return the reference at ``time`` [s], with the orientation at home."""
        return self.policy.at(time)._replace(R=self._upright, omega=STILL, domega=STILL)

    @cached_property
    def _upright(self) -> Float[np.ndarray, "3 3"]:
        return np.array(self.arm.pose(self.home)[:3, :3], order="C")

    def _draw(self, rng: np.random.Generator) -> Float[np.ndarray, "n"]:
        self._force = float(rng.uniform(*FORCE))
        x, y, z = self._goal_place().tolist()
        height = z - TIP - float(rng.uniform(*GAP))
        stiffness = float(np.exp(rng.uniform(*np.log(STIFFNESS))))
        self._table = Table((x, y, height), stiffness)
        return self.home

    def _simulated(
        self, start: Float[np.ndarray, "n"], disturbances: tuple[Disturbance, ...]
    ) -> Any:
        engine = ENGINES[self.engine]
        return engine(self.arm, start, disturbances, PERIOD, surface=self._table, wrist=Wrist())

    def _bounds(self) -> tuple[Float[np.ndarray, "k"], Float[np.ndarray, "k"]]:
        low, high = super()._bounds()
        return np.append(low, [-MOST] * 3), np.append(high, [MOST] * 3)

    def _more(self) -> list[np.ndarray]:
        return [self._push() - [0.0, 0.0, self._force]]

    def _push(self) -> Float[np.ndarray, "3"]:
        """Return the force of the table on the tool, by the wrist sensor [N]."""
        return self._robot_now().read().wrench[:3]

    def _goal_place(self) -> Float[np.ndarray, "3"]:
        return self.arm.pose(self.home)[:3, 3]

    def _goal_target(self) -> Float[np.ndarray, "3"]:
        """Return a point in the table: an added torque does the rest [m]."""
        return self._goal_place() - [0.0, 0.0, 0.05]

    def _error(self) -> float:
        return abs(float(self._push()[2]) - self._force) / self._force

    def _reward(self) -> float:
        aside = np.linalg.norm((self._tool() - self._goal_place())[:2])
        return -min(self._error(), 1.0) - 10.0 * float(aside)

    def _info(self) -> dict[str, Any]:
        error = self._error()
        force = float(self._push()[2])
        return {"force": force, "wanted": self._force, "is_success": error < CLOSE}
