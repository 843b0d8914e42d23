"""Landing on a surface of unknown height: descend until the tool feels it, then press."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ..contract import Controller, Cycle, Learns, Path, Reference, Result, State
from ..control import Admittance
from ..control.force_control import ForceControl
from ..errors import ConfigurationError
from ..paths import MinimumJerkProfile
from ..safety.guard import Safe
from ..support.validation import check, check_not_negative, check_positive

SURE = 3  # consecutive readings that count as contact: one may be noise
FADE = 0.05  # weight of a new reading in the smoothed resistance of the descent


@dataclass(frozen=True)
class Descent:
    """Settings of the descent and of the contact force.

    Raises:
        ConfigurationError: a time, speed, depth or force is out of range, or the normal is no
            unit vector.
    """

    force: float  # of the tool on the surface, along -normal [N]
    # Out of the surface, in the base frame; None: the axis of force of the cycle's law, or z.
    normal: tuple[float, float, float] | None = None
    hover: float = 0.5  # time before the descent [s]
    speed: float = 0.02  # of the descent [m/s]
    start: float = 0.1  # time to reach that speed [s]
    touch: float = 2.0  # force above which it has landed [N]
    ramp: float = 0.4  # time from landing to the full force [s]
    settle: float = 1.0  # time from landing to the path's start [s]
    lost: float = 0.2  # time without contact before a new descent [s]
    depth: float = 0.15  # largest distance below the path before it stops [m]

    def __post_init__(self) -> None:
        if self.normal is not None:
            normal = np.array(self.normal, dtype=float)
            unit = normal.shape == (3,) and abs(np.linalg.norm(normal) - 1.0) < 1e-6
            check(self, "normal", bool(unit), "three numbers of length 1")
        times = dict.fromkeys(("start", "ramp", "lost"), "s")
        check_positive(self, force="N", speed="m/s", touch="N", depth="m", **times)
        check_not_negative(self, hover="s", settle="s")
        less = self.touch < self.force
        check(self, "touch", less, f"less than the force, {self.force} N", "N")


class Landing(Cycle):
    """A path that waits for contact, and the cycle that detects it: pass it to a loop as both.

    With n the normal, the reference across n is the path's. Along n the tool hovers, then comes
    down at a constant speed. During the descent the wanted force equals the small measured one, so
    that the force error is zero. At ``touch`` the tool stays at that height, and the wanted wrench
    ``-n force`` grows from ``touch`` by a minimum-jerk profile. The path's time stays at 0 until
    ``settle`` after that. A force law along n (`HybridForce`, `ParallelForce`) thus controls the
    speed in the air and the force on the ground. If contact is lost, the path's time stops and the
    tool descends again. If the tool is ``depth`` below its path without contact, there is no
    ground: it stops, and ``stopped`` says so. A `Safe` around it or inside it then holds the arm.

    It begins with its first step, at any time of the robot's clock. The path's time may be that
    clock's, as in `follow`, or begin at 0, as in `run`. A reference for a time that is not after
    the first one, after a reset of the robot or in another `run`, restarts it.

    Args:
        cycle: with a force law along the normal.
        path: path of the tool on the surface, starting at its first point.
        descent: settings of the descent.

    Raises:
        ConfigurationError: the normal is not along the axis of force of the cycle's law, or missing
            for a law of several; or the force is beyond the limits of a `Safe` inside.
    """

    def __init__(self, cycle: Cycle, path: Path, descent: Descent) -> None:
        self.cycle, self.path, self.descent = Cycle.of(cycle), path, descent
        inner = self.cycle
        self.dof, self.dt, self.arm, self.controller = (
            inner.dof, inner.dt, inner.arm, inner.controller,
        )  # fmt: skip
        self.learns_from_sent = inner.learns_from_sent
        self.force = descent.force
        if isinstance(inner, Safe):
            inner.check_force(descent.force, "Descent.force")
        self._normal = normal_of(descent, inner.controller)
        self._ramp = MinimumJerkProfile(descent.ramp)
        self._begin()

    @property
    def learning(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Whether the cycle learns."""
        return self.cycle.learning

    @property
    def stopped(self) -> str | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Reason for a controlled stop, its own or the cycle's, or None."""
        return self._groundless or self.cycle.stopped

    @property
    def events(self) -> Mapping[str, int]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """How often each limit of the cycle changed the torque, by name."""
        return self.cycle.events

    @property
    def frozen(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Whether the cycle's learner neither learns nor holds."""
        return self.cycle.frozen

    def learn(self, on: Learns) -> None:
        """Start or stop the cycle's learning; the learned weights stay."""
        self.cycle.learn(on)

    def overruled(self, tau: Float[np.ndarray, "n"]) -> None:
        """Report to the cycle the torque [N m] that was sent instead of the last step's."""
        self.cycle.overruled(tau)

    def forget_motion(self) -> None:
        """Begin a new motion of the cycle. The landing continues, unless it found no ground."""
        if self._groundless is not None:
            self._begin()
        self.cycle.forget_motion()

    def checkpoint(self) -> dict[str, np.ndarray]:
        """Return what the cycle has learned and remembers, without the landing's state."""
        return self.cycle.checkpoint()

    def resume(self, checkpoint: Mapping[str, np.ndarray]) -> None:
        """Resume the cycle from a checkpoint."""
        self.cycle.resume(checkpoint)

    def _begin(self) -> None:
        """Reset: the next step is the first."""
        self.landed: float | None = None
        """Time of landing by the robot's clock [s]; None in the air."""
        self._first: float | None = None  # path time of its first step [s]
        self._asked = -math.inf  # path time of the last reference [s]
        self._ahead = -math.inf  # robot's clock minus path time [s]
        # Along the normal: where the descent starts in the air, where the tool rests on the ground.
        self._height = float(self._normal @ self.path.at(0.0).x)  # [m]
        self._since = 0.0  # start of the descent, by the robot's clock [s]
        self._force = 0.0  # smoothed resistance on the way down [N]
        self._touches = 0  # consecutive readings above ``touch``
        self._felt = 0.0  # time of the last contact [s]
        self._gone = 0.0  # path time completed when contact was last lost [s]
        self._groundless: str | None = None  # its own reason to stop

    def at(self, time: float) -> Reference:
        """Return the reference at ``time`` [s], given the forces measured until the last step."""
        if self._first is not None and time <= self._first < self._asked:
            self._begin()
        self._asked = time
        time += self._ahead  # by the robot's clock; -inf before the first step
        n, descent = self._normal, self.descent
        reference = self.path.at(self._path_time(time))
        if self.landed is None or time - self.landed < descent.settle:  # the path has not begun
            still = np.zeros_like(reference.x)
            reference = reference._replace(dx=still, ddx=still, omega=None, domega=None)
        x, dx, ddx = reference[:3]
        wrench = np.zeros(6)
        if self.landed is None:
            down, speed = self._fallen(time - self._since)
            height = self._height - down
            wrench[:3] = -n * self._force  # zero force error: the law controls the speed
        else:
            share, _, _ = self._ramp.at(time - self.landed)
            wrench[:3] = -n * (descent.touch + share * (descent.force - descent.touch))
            height, speed = self._height, 0.0
        return reference._replace(
            x=x + n * (height - n @ x),
            dx=dx - n * (speed + n @ dx),
            ddx=ddx - n * (n @ ddx),
            wrench=wrench,
        )

    def step(self, state: State, reference: Reference) -> Result:
        """Return the cycle's torque; record the measured force."""
        if self._first is None:
            self._first = self._asked if self._asked > -math.inf else state.time
            self._ahead = state.time - self._first
            self._since = state.time + self.descent.hover
        result = self.cycle.step(state, reference)
        if self.landed is None:
            self._look_for_ground(state.time, result.tool)
        if state.wrench is not None and state.sound:
            self._feel(state.time, float(self._normal @ state.wrench[:3]), result.tool)
        return result

    def _look_for_ground(self, time: float, tool: Float[np.ndarray, "3"]) -> None:
        """Stop if the tool is too far below its path."""
        if not time > self._since or self.stopped is not None:
            return
        above = float(self._normal @ self.path.at(self._path_time(time)).x)
        if above - float(self._normal @ tool) > self.descent.depth:
            self._groundless = (
                f"no ground at {time:.3f} s, {self.descent.depth} m below the path (Descent.depth)"
            )
            if isinstance(self.cycle, Safe):
                self.cycle.stop(self._groundless)

    def _feel(self, time: float, force: float, tool: Float[np.ndarray, "3"]) -> None:
        descent = self.descent
        down = self.landed is None and time > self._since
        resisting = min(max(force, 0.0), descent.touch) if down else 0.0
        self._force += FADE * (resisting - self._force)
        if force > 0.5 * descent.touch:
            self._felt = time
        self._touches = self._touches + 1 if force > descent.touch else 0
        if self.landed is None:
            if down and self._touches >= SURE:
                self.landed, self._height = time, float(self._normal @ tool)
        elif time - self._felt > descent.lost:
            self._gone = self._path_time(time)
            self.landed, self._since, self._height = None, time, float(self._normal @ tool)

    def _path_time(self, time: float) -> float:
        if self.landed is None:
            return self._gone
        return self._gone + max(0.0, time - self.landed - self.descent.settle)

    def _fallen(self, time: float) -> tuple[float, float]:
        """Distance [m] and speed [m/s] after ``time`` [s] of descent, from a standstill."""
        speed, start = self.descent.speed, self.descent.start
        if time <= 0.0:
            return 0.0, 0.0
        if time < start:
            return 0.5 * speed * time * time / start, speed * time / start
        return speed * (time - 0.5 * start), speed


def normal_of(descent: Descent, law: Controller | None) -> Float[np.ndarray, "3"]:
    """Return the surface's normal: the descent's, the law's axis of force, or z without one.

    Raises:
        ConfigurationError: they are not along the same line, or there is none.
    """
    own = getattr(law, "law", law)
    own = own.inner if isinstance(own, Admittance) else own
    axis = own.force_axis if isinstance(own, ForceControl) else None
    if descent.normal is None:
        if axis is None and isinstance(own, ForceControl):
            raise ConfigurationError(
                f"Descent.normal: is None, needs three numbers: {type(own).__name__}.axes, "
                f"{own.axes}, are not one axis of force"
            )
        return np.array([0.0, 0.0, 1.0]) if axis is None else axis
    normal = np.array(descent.normal, dtype=float)
    if axis is not None and abs(abs(float(axis @ normal)) - 1.0) > 1e-6:
        raise ConfigurationError(
            f"Descent.normal: is {descent.normal}, needs the axis of force of the cycle's "
            f"{type(own).__name__}, {tuple(axis.tolist())}, or its negative; None takes that axis"
        )
    return normal
