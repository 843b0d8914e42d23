"""PyBullet as a robot: the real arm, its motors, sensors and disturbances."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from arms import Arm
from arms.model.chain import Chain

from ..contract import Robot, State
from ..errors import ConfigurationError
from ..support.checks import check_positive
from ..support.closing import Closing
from .disturbances import Disturbance, brakes, dry_friction, phases, pushes, real_arm
from .masses import Payload
from .motors import motor_torque
from .sensing import Sensing, Sensors, whole_steps
from .surfaces import Surface
from .tools import Tool
from .wrist import Wrist

if TYPE_CHECKING:
    from .world import World


class Bullet(Closing, Robot):
    """An arm in PyBullet, with disturbances unknown to its model.

    ``read`` returns the joint state; ``apply`` sets the torques and simulates one control
    ``period`` in steps of ``dt``. The motors are limited to the arm's ``tau_max``. The physics
    servers run inside this process, without a window. Close it when done, or use ``with``.

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
        dt: simulation step [s].
        period: control period [s], a whole number of steps; by default one.
        sensors: joint sensors; ideal by default.
        rng: random generator of the sensors' noise.
        surface: surface that the tool can touch.
        wrist: the force-torque sensor; without it, ``State.wrench`` is None.

    Raises:
        ConfigurationError: a time is not a whole number of steps, noise lacks an ``rng``, or a
            surface or wrist sensor is combined with a `Tool` or a changing body.
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
        self.arm = arm
        self.dt = dt
        self.period = dt if period is None else period
        self.disturbances = tuple(disturbances)
        self.steps = 0  # simulation steps since the start
        check_positive(self, dt="s", period="s")
        self._steps_per_cycle = whole_steps("Bullet.period", self.period, dt)
        self._pushes = pushes(self.disturbances)
        self._brakes = brakes(self.disturbances)
        self._sensing = None if sensors is None else Sensing(sensors, dt, rng)
        fitted = any(isinstance(each, Tool) for each in self.disturbances)
        self._fitted = real_arm(arm, self.disturbances) if fitted else None
        self.surface, self.wrist = surface, wrist
        if surface is not None or wrist is not None:
            self._check_contact(fitted)
        if wrist is not None and wrist.noisy and rng is None:
            raise ConfigurationError(
                "Wrist: has noise, needs rng, such as np.random.default_rng(seed)"
            )
        self._rng = rng
        self._schedule: dict[int, World] = {}  # world of the arm by its first step
        try:
            self._build()
            self.reset(q)
            self._load()
        except BaseException:
            self.close()
            raise

    def _check_contact(self, fitted: bool) -> None:
        if fitted or any(each.changes for each in self.disturbances):
            raise ConfigurationError(
                f"Bullet.surface, wrist: do not go with {self.disturbances}; leave out a Tool, and "
                "payloads that come or go"
            )

    def _build(self) -> None:
        """Build a world for every body that the arm will have."""
        from .world import World  # PyBullet is not needed to import `nengo_forcectl.sim`

        worlds: dict[Chain, World] = {}
        for start, real in phases(self.arm, self.disturbances):
            if real.chain not in worlds:
                worlds[real.chain] = World(real, self.dt, self.surface)
            self._schedule[math.ceil(start / self.dt - 1e-6)] = worlds[real.chain]

    def _load(self) -> None:
        """Load compiled code before the first control cycle."""
        q, dq = self.state()
        motor_torque(dq, self.arm.tau_max, 0.0)
        for disturbance in self._pushes:
            disturbance.torque(self.arm, 0.0, q, dq)
        if self._fitted is not None:
            self._fitted.pose(q)

    def reset(self, q: ArrayLike, dq: ArrayLike | None = None) -> None:
        """Set the arm to ``q`` [rad] with velocity ``dq`` [rad/s] (default: at rest), at time 0.

        Raises:
            ArmError: ``q`` or ``dq`` does not fit the arm or is not finite.
        """
        q = self.arm.checked("q", q)
        dq = self.arm.checked("dq", np.zeros(self.arm.dof) if dq is None else dq)
        self.steps = 0
        self._world = self._schedule[0]
        self._world.place(q + 0.5 * self.dt * dq, dq)  # see the class
        self._true: tuple[np.ndarray, np.ndarray] | None = None  # of this step, if it was requested
        self._reading: State | None = None  # of this cycle
        self.contact = np.zeros(6)
        self._twist, self._acceleration = self.arm.jacobian(q) @ dq, np.zeros(6)
        self._tare = self.arm.pose(q)[:3, :3].T @ self._carried(np.zeros(6))[:3]
        if self._sensing is not None:
            self._sensing.restart(q, dq)

    def read(self) -> State:
        """Return the measured joint positions [rad] and velocities [rad/s].

        The reading is constant within a control cycle, and its time is the time of reading. With a
        `Tool`, an ideal camera measures its tip, without the faults of the joint sensors.
        """
        if self._reading is None:
            q, dq = self.state() if self._sensing is None else self._sensing.read()
            tool = None if self._fitted is None else self._fitted.pose(self.state()[0])[:3, 3]
            wrench = None if self.wrist is None else self._measured(self.wrist)
            self._reading = State(self.steps * self.dt, q, dq, tool=tool, wrench=wrench)
        return self._reading

    def _measured(self, wrist: Wrist) -> Float[np.ndarray, "6"]:
        q, _ = self.state()
        wrench = self.contact + self._carried(self._acceleration)
        return wrist.reading(wrench, self._tare, self.arm.pose(q)[:3, :3], self._rng)

    def _carried(self, acceleration: Float[np.ndarray, "6"]) -> Float[np.ndarray, "6"]:
        """Return weight and inertial forces of the load beyond the wrist sensor [N, N m]."""
        wrench = np.zeros(6)
        for payload in self.disturbances:
            if isinstance(payload, Payload):
                m = payload.mass
                wrench[:3] += m * (self.arm.gravity_vector - acceleration[:3])
                wrench[3:] -= 0.4 * m * payload.radius**2 * acceleration[3:]
        return wrench

    def apply(self, tau: ArrayLike) -> None:
        """Hold the motor torques [N m], within the motors' limits, for one control period.

        Raises:
            SimulationError: ``tau`` is not finite, or not one torque per joint.
        """
        drive = motor_torque(tau, self.arm.tau_max, self.steps * self.dt)
        if self.surface is not None:
            self.contact = np.zeros(6)
        for _ in range(self._steps_per_cycle):
            self._step(drive)
            if self.surface is not None:
                felt = self._world.felt(self.arm.pose(self.state()[0])[:3, 3])
                self.contact += felt / self._steps_per_cycle
        if self.wrist is not None:
            q, dq = self.state()
            twist = self.arm.jacobian(q) @ dq
            self._acceleration, self._twist = (twist - self._twist) / self.period, twist
        self._reading = None

    def _step(self, tau: Float[np.ndarray, "n"]) -> None:
        world = self._schedule.get(self.steps, self._world)
        if world is not self._world:
            world.place(*self._world.state())
            self._world = world
        if self._pushes or self._brakes:
            q, dq = self.state()
            for disturbance in self._pushes:
                tau = tau + disturbance.torque(self.arm, self.steps * self.dt, q, dq)
            if self._brakes:
                world.brake(dry_friction(self._brakes, dq).tolist())
        world.step(tau.tolist())
        self.steps += 1
        self._true = None
        if self._sensing is not None:
            self._sensing.tell(*self.state())

    def state(self) -> tuple[Float[np.ndarray, "n"], Float[np.ndarray, "n"]]:
        """Return the true q [rad] and dq [rad/s], without sensor errors."""
        if self._true is None:  # PyBullet is queried once per step
            self._true = self._world.state(0.5 * self.dt)
        return self._true

    def close(self) -> None:
        """Stop the physics servers; repeated calls do nothing."""
        for world in self._schedule.values():
            world.close()
