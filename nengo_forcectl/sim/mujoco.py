"""MuJoCo as a robot: the same arm and model in another engine."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from arms import Arm

from ..errors import ConfigurationError
from .disturbances import Disturbance, Joints, phases
from .mujoco_world import MujocoWorld
from .sensing import Sensors
from .simulated import Engine, Simulated


class MuJoCo(Simulated):
    """An arm in MuJoCo, with disturbances unknown to its model; used like `Bullet`.

    Every step is semi-implicit Euler of ``dt``, as in PyBullet, and the state is that of its
    midpoint. Rotors are MuJoCo's armature. Contact is not simulated; a payload stays for the whole
    run.

    Args:
        arm: the model.
        q: initial position [rad], at rest.
        disturbances: unknown to the model; those that change the arm apply in order.
        dt: simulation step [s].
        period: control period [s], a whole number of steps; by default one.
        sensors: joint sensors; ideal by default.
        rng: random generator of the sensors' noise and of `IrregularCycles`.

    Raises:
        VersionError: MuJoCo is not installed.
        ConfigurationError: a disturbance is not supported or not resolved by the step, a time is
            not a whole number of steps, or something random lacks ``rng``.
        SimulationError: MuJoCo cannot load the arm.
    """

    def __init__(
        self,
        arm: Arm,
        q: ArrayLike,
        disturbances: Sequence[Disturbance] = (),
        dt: float = 1e-3,
        *,
        period: float | None = None,
        sensors: Sensors | None = None,
        rng: np.random.Generator | None = None,
    ) -> None:
        super().__init__(arm, disturbances, dt, period, sensors, rng)
        if len(phases(arm, self.disturbances)) > 1:
            raise ConfigurationError(
                f"MuJoCo.disturbances: are {self.disturbances}; changes in time are simulated by "
                "Bullet only"
            )
        self._open(q)

    def _engine(self, real: Arm, rotor: Joints) -> Engine:
        return MujocoWorld(real, self.dt, rotor)
