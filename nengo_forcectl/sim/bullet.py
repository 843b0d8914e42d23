"""PyBullet as a robot: the real arm, its motors, sensors and disturbances."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from arms import Arm

from .disturbances import Disturbance, Joints
from .sensing import Sensors
from .simulated import Engine
from .surfaces import Surface
from .touching import Touching
from .wrist import Wrist


class Bullet(Touching):
    """An arm in PyBullet, with disturbances unknown to its model.

    ``read`` returns the joint state; ``apply`` sets the torques and simulates one control
    ``period`` in steps of ``dt``. The torques are limited to the arm's ``tau_max``. An arm with
    ``armature`` and ``friction`` in its model is simulated with them. The physics servers run
    inside this process, without a window. Close it when done, or use ``with``.

    A step of PyBullet advances the velocity by the forces at a position, then the position by the
    new velocity. This is the leapfrog method: the velocity belongs to the midpoint between the last
    two positions (Hairer, Lubich and Wanner 2003, doi:10.1017/S0962492902000144, 1.5). The state
    here is that of the midpoint, with the position ``q - dq dt / 2``. A torque then acts from one
    reading to the next, as a motor's does, and the error is of order dt^2 (dt in the Coriolis
    forces, which PyBullet evaluates at the beginning of a step). Combining PyBullet's own position
    and velocity into one state leaves an ideal controller an error of 0.04 mm on the reaches of
    ``nengo-forcectl reach``; with the midpoint it is 0.01.

    With a ``surface``, ``contact`` is its true wrench on the tool: force and moment
    about the tool frame's origin in the base's axes [N, N m], the mean over the last period.

    Args:
        arm: the model.
        q: initial position [rad], at rest.
        disturbances: unknown to the model; those that change the arm apply in order.
        dt: simulation step [s]; `resolved_step` has the longest for elastic joints and bristles.
        period: control period [s], a whole number of steps; by default one.
        sensors: joint sensors; ideal by default.
        rng: random generator of the sensors' noise and of `IrregularCycles`.
        surface: surface that the tool can touch.
        wrist: the force-torque sensor; without it, ``State.wrench`` is None.

    Raises:
        ConfigurationError: a time is not a whole number of steps, the step does not resolve a
            disturbance, something random lacks an ``rng``, or a surface or wrist sensor is combined
            with a `Tool`, `WrongLengths` or a changing body.
        SimulationError: PyBullet cannot load the arm.
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
        surface: Surface | None = None,
        wrist: Wrist | None = None,
    ) -> None:
        super().__init__(arm, disturbances, dt, period, sensors, rng, surface, wrist)
        self._open(q)

    def _engine(self, real: Arm, rotor: Joints) -> Engine:
        from .world import World  # PyBullet is not needed to import `nengo_forcectl.sim`

        return World(real, self.dt, self.surface, rotor)

    def _touched(self) -> Float[np.ndarray, "6"]:
        felt = super()._touched()
        world: Any = self._world
        world.pressed = self.arm.jacobian(self.state()[0]).T @ felt
        return felt
