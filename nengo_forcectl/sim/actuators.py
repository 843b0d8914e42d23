"""What the motors make of a commanded torque: late, slow, scaled, in steps, with ripple."""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..support.validation import check_not_negative
from .disturbances import Disturbance, Joints
from .per_joint import PerJoint, check_per_joint, per_joint
from .sensing import whole_steps


@dataclass(frozen=True)
class ActuatorDelay(Disturbance):
    """The motors apply a commanded torque ``delay`` later; before the first one, none."""

    delay: float  # [s], a whole number of simulation steps

    def __post_init__(self) -> None:
        check_not_negative(self, delay="s")

    def motor(self, n: int, dt: float) -> Callable[[Joints], Joints]:
        """Return the delay.

        Raises:
            ConfigurationError: it is not a whole number of steps.
        """
        steps = whole_steps("ActuatorDelay.delay", self.delay, dt)
        queue: deque[Joints] = deque([np.zeros(n)] * steps, maxlen=steps + 1)

        def delayed(tau: Joints) -> Joints:
            queue.append(tau)
            return queue[0]

        return delayed


@dataclass(frozen=True)
class ActuatorLag(Disturbance):
    """The motors' torque follows the commanded one: ``time dtau/dt = commanded - tau``.

    The torque over a step is the mean of the exponential, so that the momentum is exact for any
    step. It begins at 0.
    """

    time: float  # time constant [s]

    def __post_init__(self) -> None:
        check_not_negative(self, time="s")

    def motor(self, n: int, dt: float) -> Callable[[Joints], Joints]:
        """Return the lag."""
        if self.time == 0:
            return lambda tau: tau
        rest = -math.expm1(-dt / self.time)  # share of a change that is made within a step
        mean = 1.0 - self.time / dt * rest  # and in the mean over the step
        torque = np.zeros(n)  # at the end of the last step

        def lagging(tau: Joints) -> Joints:
            change = tau - torque
            applied = torque + mean * change
            torque[:] += rest * change
            return applied

        return lagging


@dataclass(frozen=True)
class TorqueError(Disturbance):
    """The motors apply ``gain quantum round(commanded / quantum) + offset``."""

    gain: PerJoint = 1.0  # [1]
    offset: PerJoint = 0.0  # [N m]
    quantum: PerJoint = 0.0  # step of the commanded torque [N m]; 0: none

    def __post_init__(self) -> None:
        check_per_joint(self, gain="", quantum="N m")
        check_per_joint(self, least=-np.inf, offset="N m")

    def motor(self, n: int, dt: float) -> Callable[[Joints], Joints]:
        """Return the error."""
        gain, offset, quantum = (per_joint(self, f, n) for f in ("gain", "offset", "quantum"))
        stepped = quantum > 0
        quantum[~stepped] = 1.0

        def wrong(tau: Joints) -> Joints:
            return gain * np.where(stepped, quantum * np.round(tau / quantum), tau) + offset

        return wrong


@dataclass(frozen=True)
class TorqueRipple(Disturbance):
    """A torque ``size sin(per_turn q)`` of motors and gears, on every joint."""

    at_rotor: ClassVar[bool] = True

    size: PerJoint  # [N m]
    per_turn: float = 100.0  # periods per turn of the joint

    def __post_init__(self) -> None:
        check_per_joint(self, size="N m")
        check_not_negative(self, per_turn="1/turn")

    def torque(
        self,
        arm: Arm,
        time: Float[np.ndarray, "*batch"] | float,
        q: Float[np.ndarray, "*batch n"],
        dq: Float[np.ndarray, "*batch n"],
    ) -> Float[np.ndarray, "*batch n"]:
        """Return the ripple [N m]."""
        return per_joint(self, "size", q.shape[-1]) * np.sin(self.per_turn * q)
