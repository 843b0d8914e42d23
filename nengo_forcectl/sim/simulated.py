"""A simulated arm: its motors, joints, disturbances and sensors, in any physics engine."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from arms import Arm

from ..contract import Robot, State
from ..errors import ConfigurationError
from ..support.closing import Closing
from ..support.validation import check_positive
from .cycle_times import IrregularCycles
from .disturbances import (
    Disturbance,
    Joints,
    brakes,
    dry_friction,
    frictions,
    motors,
    phases,
    pushes,
    real_arm,
)
from .friction import model_friction
from .motors import motor_torque
from .resolution import check_resolved
from .rotors import ElasticJoints, Transmission
from .sensing import Sensing, Sensors, whole_steps

Kind = TypeVar("Kind", bound=Disturbance)


class Engine(Protocol):
    """A physics engine with one arm in it.

    A step advances the velocity by the forces at a position, then the position by the new velocity.
    """

    def place(self, q: Joints, dq: Joints) -> None:
        """Set position and velocity."""

    def state(self, before: float = 0.0) -> tuple[Joints, Joints]:
        """Return joint positions, extrapolated ``before`` [s] back, and velocities."""
        ...

    def take_over(self, other: Any) -> None:
        """Go on from the state of another engine of this kind, with another body of the arm."""

    def brake(self, limits: list[float]) -> None:
        """Set the dry friction [N m] of every joint until the next call."""

    def felt(self, x: Float[np.ndarray, "3"]) -> Float[np.ndarray, "6"]:
        """Return the surface's wrench on the tip in the last step, about ``x`` [N, N m]."""
        ...

    def step(self, tau: list[float]) -> None:
        """Simulate one step with the torques [N m]."""

    def close(self) -> None:
        """Free the engine; repeated calls do nothing."""


class Simulated(Closing, Robot):
    """The part of `Bullet` and `MuJoCo` that is the same in any engine.

    Args:
        arm: the model.
        disturbances: unknown to the model; those that change the arm apply in order.
        dt: simulation step [s].
        period: control period [s], a whole number of steps; by default one.
        sensors: joint sensors; ideal by default.
        rng: random generator of the sensors' noise and of `IrregularCycles`.

    Raises:
        ConfigurationError: a time is not a whole number of steps, or something random lacks
            ``rng``.
    """

    def __init__(
        self,
        arm: Arm,
        disturbances: Sequence[Disturbance],
        dt: float,
        period: float | None,
        sensors: Sensors | None,
        rng: np.random.Generator | None,
    ) -> None:
        self.arm = arm
        self.dt = dt
        self.period = dt if period is None else period
        self.disturbances = self._checked(arm, disturbances)
        self.steps = 0  # simulation steps since the start
        check_positive(self, dt="s", period="s")
        self._steps_per_cycle = whole_steps(f"{type(self).__name__}.period", self.period, dt)
        acting = (*model_friction(arm), *self.disturbances)
        self._pushes, self._brakes = pushes(acting), brakes(acting)
        self._sensing = None if sensors is None else Sensing(sensors, dt, rng)
        self._rng = rng
        self._irregular = _only(self.disturbances, IrregularCycles)
        elastic = _only(self.disturbances, ElasticJoints)
        rotor = real_arm(arm, self.disturbances).armature
        self._elastic = None if elastic is None else Transmission(elastic, rotor, dt)
        self._schedule: dict[int, Engine] = {}  # engine of the arm by its first step

    def _checked(self, arm: object, disturbances: Any) -> tuple[Disturbance, ...]:
        name, listed = type(self).__name__, isinstance(disturbances, Iterable)
        if not isinstance(arm, Arm):
            raise ConfigurationError(f"{name}.arm: is {arm!r:.80}, needs an Arm; see arms.load")
        given = tuple(disturbances) if listed else (disturbances,)
        for each in given:
            if not (listed and isinstance(each, Disturbance)):
                raise ConfigurationError(
                    f"{name}.disturbances: has {each!r:.80}, needs a list of disturbances"
                )
        return given

    def _open(self, q: ArrayLike) -> None:
        """Build the engines, and start at ``q``; close them if that fails."""
        try:
            q = self.arm.checked("q", q)
            check_resolved(self.arm, q, self.disturbances, self.dt)
            engines: dict[object, Engine] = {}
            for start, real in phases(self.arm, self.disturbances):
                if real.chain not in engines:
                    rigid = real.armature if self._elastic is None else np.zeros(real.dof)
                    engines[real.chain] = self._engine(real, rigid)
                self._schedule[math.ceil(start / self.dt - 1e-6)] = engines[real.chain]
            self.reset(q)
            self._load()
        except BaseException:
            self.close()
            raise

    def _load(self) -> None:
        """Load compiled code before the first control cycle."""
        q, dq = self.state()
        motor_torque(dq, self.arm.tau_max, 0.0)
        for disturbance in self._pushes:
            disturbance.torque(self.arm, 0.0, q, dq)

    def _engine(self, real: Arm, rotor: Joints) -> Engine:
        """Return an engine with this arm, and this inertia of rotors that move with its links."""
        raise NotImplementedError

    def reset(self, q: ArrayLike, dq: ArrayLike | None = None) -> None:
        """Set the arm to ``q`` [rad] with velocity ``dq`` [rad/s] (default: at rest), at time 0.

        Motors, rotors and friction start anew as well.

        Raises:
            ArmError: ``q`` or ``dq`` does not fit the arm or is not finite.
        """
        q = self.arm.checked("q", q)
        dq = self.arm.checked("dq", np.zeros(self.arm.dof) if dq is None else dq)
        self.steps = 0
        self._world = self._schedule[0]
        self._world.place(q + 0.5 * self.dt * dq, dq)  # see `Bullet`
        self._true: tuple[Joints, Joints] | None = None  # of this step, if it was requested
        self._reading: State | None = None  # of this cycle
        n = self.arm.dof
        self._motors = [each.motor(n, self.dt) for each in motors(self.disturbances)]
        self._frictions = [each.friction(n, self.dt) for each in frictions(self.disturbances)]
        if self._elastic is not None:
            real = real_arm(self.arm, self.disturbances)
            self._elastic.place(q, dq, real.gravity(q))
        self._length: Callable[[], int] | None = None
        if self._irregular is not None:
            self._length = self._irregular.lengths(self._steps_per_cycle, self.dt, self._rng)
        if self._sensing is not None:
            self._sensing.restart(*self._sensed())

    def change(self, *disturbances: Disturbance) -> None:
        """Put disturbances in the place of those of the same classes, between two cycles.

        As where a payload is picked up or dropped, positions and velocities stay.

        Raises:
            ConfigurationError: there is none, or more than one, of a class; one has a memory, such
                as a motor; or the arm's body changes by itself.
        """
        new = list(self.disturbances)
        for each in disturbances:
            places = [k for k, old in enumerate(new) if type(old) is type(each)]
            if len(places) != 1 or motors([each]) or frictions([each]) or len(self._schedule) != 1:
                raise ConfigurationError(
                    f"{type(self).__name__}.change: there are {len(places)} {type(each).__name__}, "
                    "needs exactly one, without a memory, and an arm whose body does not change "
                    "by itself"
                )
            new[places[0]] = each
        before = real_arm(self.arm, self.disturbances)
        after = real_arm(self.arm, new)
        self.disturbances = tuple(new)
        acting = (*model_friction(self.arm), *self.disturbances)
        self._pushes, self._brakes = pushes(acting), brakes(acting)
        if after.chain != before.chain:
            rigid = after.armature if self._elastic is None else np.zeros(after.dof)
            world, old = self._engine(after, rigid), self._world
            world.take_over(old)
            self._world, self._schedule = world, {0: world}
            self._true = None
            old.close()

    def read(self) -> State:
        """Return the measured joint positions [rad] and velocities [rad/s].

        The reading is constant within a control cycle, and its time is the time of reading.
        """
        if self._reading is None:
            self._reading = State(self.steps * self.dt, *self._measured())
        return self._reading

    def _measured(self) -> tuple[Joints, Joints]:
        """Return what the joint sensors say."""
        return self._sensed() if self._sensing is None else self._sensing.read()

    def apply(self, tau: ArrayLike) -> None:
        """Command the motor torques [N m], within the motors' limits, for one control period.

        Raises:
            SimulationError: ``tau`` is not finite, or not one torque per joint.
        """
        self._cycle(motor_torque(tau, self.arm.tau_max, self.steps * self.dt))
        self._reading = None

    def _cycle(self, drive: Joints) -> None:
        """Simulate one control cycle with a commanded torque [N m]."""
        for _ in range(self._steps_per_cycle if self._length is None else self._length()):
            self._step(drive)

    def _step(self, tau: Joints) -> None:
        """Simulate one step with a commanded torque [N m]."""
        world = self._schedule.get(self.steps, self._world)
        if world is not self._world:
            world.take_over(self._world)
            self._world = world
        for motor in self._motors:
            tau = motor(tau)
        if self._elastic is not None:
            tau = self._through_springs(self._elastic, tau)
        elif self._pushes or self._brakes or self._frictions:
            q, dq = self.state()
            for disturbance in self._pushes:
                tau = tau + disturbance.torque(self.arm, self.steps * self.dt, q, dq)
            for friction in self._frictions:
                tau = tau + friction(dq)
            if self._brakes:
                world.brake(dry_friction(self._brakes, dq).tolist())
        world.step(tau.tolist())
        self.steps += 1
        self._true = None
        if self._sensing is not None:
            self._sensing.tell(*self._sensed())

    def _through_springs(self, elastic: Transmission, tau: Joints) -> Joints:
        """Advance the rotors under a torque [N m]; return the torque on the links."""
        link, rotor = self.state(), elastic.state()
        time = self.steps * self.dt
        load = np.zeros_like(tau)
        for disturbance in self._pushes:
            if disturbance.at_rotor:
                tau = tau + disturbance.torque(self.arm, time, *rotor)
            else:
                load += disturbance.torque(self.arm, time, *link)
        for friction in self._frictions:
            tau = tau + friction(rotor[1])
        at_rotor = [each for each in self._brakes if each.at_rotor]
        at_link = [each for each in self._brakes if not each.at_rotor]
        if at_link:
            self._world.brake(dry_friction(at_link, link[1]).tolist())
        brake = dry_friction(at_rotor, rotor[1]) if at_rotor else None
        return load + elastic.step(tau, brake, *self._world.state())

    def state(self) -> tuple[Float[np.ndarray, "n"], Float[np.ndarray, "n"]]:
        """Return the links' true q [rad] and dq [rad/s], without sensor errors."""
        if self._true is None:  # the engine is queried once per step
            self._true = self._world.state(0.5 * self.dt)
        return self._true

    def _sensed(self) -> tuple[Joints, Joints]:
        """Return the true position and velocity of what the encoders sit on."""
        elastic = self._elastic
        return self.state() if elastic is None or not elastic.motor_side else elastic.state()

    def close(self) -> None:
        """Free the physics engines; repeated calls do nothing."""
        for world in self._schedule.values():
            world.close()


def _only(disturbances: Sequence[Disturbance], kind: type[Kind]) -> Kind | None:
    """Return the disturbance of a kind, if there is one.

    Raises:
        ConfigurationError: there are several.
    """
    found = [each for each in disturbances if isinstance(each, kind)]
    if len(found) > 1:
        raise ConfigurationError(
            f"disturbances: {kind.__name__} occurs {len(found)} times, needs one"
        )
    return found[0] if found else None
