"""From the air to a surface that nobody has measured: down until it is felt, then press."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from ..contract import Cycle, Path, Reference, Result, State
from ..errors import ConfigurationError
from ..paths import MinimumJerkProfile
from ..support.checks import check_not_negative, check_positive

if TYPE_CHECKING:
    from ..contract import Cycle

SURE = 3  # cycles in sequence that a touch is felt, before it is one and no noise
FADE = 0.05  # share of a new reading in the resistance that is felt on the way down


@dataclass(frozen=True)
class Descent:
    """How to come down, and how hard to press.

    Raises:
        ConfigurationError: a value that makes no sense.
    """

    force: float  # that the tool is to exert along -normal [N]
    normal: tuple[float, float, float] = (0.0, 0.0, 1.0)  # out of the surface, in the base frame
    hover: float = 0.5  # before it comes down [s]
    speed: float = 0.02  # on the way down [m/s]
    start: float = 0.1  # until it has that speed [s]
    touch: float = 2.0  # force from which on it has landed [N]
    ramp: float = 0.4  # from landing to the whole force [s]
    settle: float = 1.0  # from landing to the path's start [s]
    lost: float = 0.2  # without a force, after which it comes down again [s]

    def __post_init__(self) -> None:
        normal = np.array(self.normal, dtype=float)
        if normal.shape != (3,) or not abs(np.linalg.norm(normal) - 1.0) < 1e-6:
            raise ConfigurationError(
                f"Descent.normal: is {self.normal}, needs three numbers of length 1"
            )
        check_positive(self, force="N", speed="m/s", touch="N", start="s", ramp="s", lost="s")
        check_not_negative(self, hover="s", settle="s")
        if not self.touch < self.force:
            raise ConfigurationError(
                f"Descent.touch: is {self.touch} N, needs less than the force, {self.force} N"
            )


class Landing(Cycle):
    """A path that waits for the ground, and the cycle that feels it: be both in a loop.

    With n the normal, the reference is the path's across n. Along n it hovers, then comes down at a
    constant speed, with the little force wanted that is felt, so that there is no error of it,
    until the wrist sensor feels ``touch``; from then on it stays at that height and wants the
    wrench ``-n force``, which grows from ``touch`` by a minimum jerk profile. The path's time
    stands at 0 until ``settle`` after that. A force law along n (`HybridForce`, `ParallelForce`)
    makes of it a speed in the air and a force on the ground. Where the ground is lost the path's
    time stands still and it comes down again.

    It begins with its first step, whatever the robot's clock says then, and whether it is asked for
    a reference by that clock, as in `follow`, or from 0 on, as in `run`. Asked for a time that is
    not after its first, because the robot was reset or in another `run`, it begins anew.

    Args:
        cycle: with a force law along the normal.
        path: of the tool, where to go on the surface; its first point is where it starts.
        descent: how.
    """

    def __init__(self, cycle: "Cycle", path: Path, descent: Descent) -> None:
        self.cycle, self.path, self.descent = cycle, path, descent
        self.dof = cycle.dof
        self._normal = np.array(descent.normal)
        self._ramp = MinimumJerkProfile(descent.ramp)
        self._begin()

    def _begin(self) -> None:
        """Begin with the next step."""
        self.landed: float | None = None
        """When it last felt the ground, by the robot's clock [s]; None in the air."""
        self._first: float | None = None  # time of its first step's reference [s]
        self._asked = -math.inf  # of the last one
        self._ahead = -math.inf  # what the robot's clock is ahead of that time [s]
        self._height = float(self._normal @ self.path.at(0.0).x)  # came down from, or rests at [m]
        self._since = 0.0  # when it began to come down, by the robot's clock [s]
        self._force = 0.0  # on the way down, of what little there is before it has landed [N]
        self._touches = 0  # cycles in sequence with more than ``touch``
        self._felt = 0.0  # when it last felt a force [s]
        self._gone = 0.0  # of the path, before it was last lost [s]

    def __getattr__(self, name: str) -> Any:
        """Everything else is the cycle's own."""
        if name == "cycle":
            raise AttributeError(name)
        return getattr(self.cycle, name)

    def at(self, time: float) -> Reference:
        """Return the reference at ``time`` [s], by what was felt until the last step."""
        if self._first is not None and time <= self._first < self._asked:
            self._begin()
        self._asked = time
        time += self._ahead  # by the robot's clock; before the first step long ago
        n, descent = self._normal, self.descent
        reference = self.path.at(self._path_time(time))
        if self.landed is None or time - self.landed < descent.settle:  # it stands on its path
            still = np.zeros_like(reference.x)
            reference = reference._replace(dx=still, ddx=still, omega=None, domega=None)
        x, dx, ddx = reference[:3]
        wrench = np.zeros(6)
        if self.landed is None:
            down, speed = self._fallen(time - self._since)
            height = self._height - down
            wrench[:3] = -n * self._force  # no error of force: it is the speed's turn
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
        """Return the cycle's torque, after having felt."""
        if self._first is None:
            self._first = self._asked if self._asked > -math.inf else state.time
            self._ahead = state.time - self._first
            self._since = state.time + self.descent.hover
        result = self.cycle.step(state, reference)
        if state.wrench is not None and state.sound:
            self._feel(state.time, float(self._normal @ state.wrench[:3]), result.tool)
        return result

    def learn(self, on: bool) -> None:
        """Let what learns, if anything does, go on to, or keep what it has learned."""
        self.cycle.learn(on)

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
        """Way [m] and speed [m/s] after ``time`` of coming down, sped up evenly at first."""
        speed, start = self.descent.speed, self.descent.start
        if time <= 0.0:
            return 0.0, 0.0
        if time < start:
            return 0.5 * speed * time * time / start, speed * time / start
        return speed * (time - 0.5 * start), speed
