"""Joint sensors: noise, quantisation and delay."""

from collections import deque
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ..errors import ConfigurationError
from ..support.checks import check_not_negative

Joints = Float[np.ndarray, "n"]


@dataclass(frozen=True)
class Sensors:
    """The faults of a robot's joint sensors.

    A reading shows the state ``delay`` ago, or the initial state before that. Its position is
    ``quantum round((q + noise) / quantum)``: the encoder quantises the noisy position. Its velocity
    is measured separately, the true one with its own noise, as from a tachometer or the filter of a
    drive; differences of quantised positions 1 ms apart would be multiples of 1000 quanta per
    second. Noise is normal and independent between readings.
    """

    position_noise: float = 0.0  # standard deviation [rad]
    velocity_noise: float = 0.0  # standard deviation [rad/s]
    position_quantum: float = 0.0  # [rad]; 0: no quantisation
    delay: float = 0.0  # [s], a whole number of simulation steps

    def __post_init__(self) -> None:
        check_not_negative(self, position_noise="rad", velocity_noise="rad/s")
        check_not_negative(self, position_quantum="rad", delay="s")


class Sensing:
    """Sensors at work: call `tell` with the state of each simulation step, then `read`."""

    def __init__(self, sensors: Sensors, dt: float, rng: np.random.Generator | None) -> None:
        noisy = sensors.position_noise > 0 or sensors.velocity_noise > 0
        if noisy and rng is None:
            raise ConfigurationError(
                "Sensors: have noise, needs rng, such as np.random.default_rng(seed)"
            )
        steps = whole_steps("Sensors.delay", sensors.delay, dt)
        self.sensors = sensors
        self._rng = rng
        self._past: deque[tuple[Joints, Joints]] = deque(maxlen=steps + 1)

    def restart(self, q: Joints, dq: Joints) -> None:
        """Restart at this state, without history."""
        self._past.clear()
        self._past.append((q, dq))

    def tell(self, q: Joints, dq: Joints) -> None:
        """Record the true state at the end of a simulation step."""
        self._past.append((q, dq))

    def read(self) -> tuple[Joints, Joints]:
        """Return the measured positions [rad] and velocities [rad/s]."""
        q, dq = self._past[0]
        if self._rng is not None:
            q = q + self.sensors.position_noise * self._rng.standard_normal(len(q))
            dq = dq + self.sensors.velocity_noise * self._rng.standard_normal(len(dq))
        quantum = self.sensors.position_quantum
        if quantum > 0:
            q = quantum * np.round(q / quantum)
        return q, dq


def whole_steps(what: str, time: float, dt: float) -> int:
    """Return how many steps ``dt`` [s] make ``time`` [s].

    Raises:
        ConfigurationError: it is not a whole number; ``what`` names the time.
    """
    steps = round(time / dt)
    if abs(steps * dt - time) > 1e-6 * dt:
        raise ConfigurationError(
            f"{what}: is {time} s, needs a whole number of simulation steps of {dt} s"
        )
    return steps
