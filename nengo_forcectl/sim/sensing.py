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

    A reading is of the state ``delay`` before; until there is one, of the state at the start. Its
    position is ``quantum round((q + noise) / quantum)``: the encoder counts what is noisy. Its
    velocity is a measurement of its own, the true one with its own noise, as from a tachometer or
    the filter of a drive; the difference of two quantised positions 1 ms apart would be steps of
    1000 quanta a second. Noise is normal, and independent from reading to reading.
    """

    position_noise: float = 0.0  # standard deviation [rad]
    velocity_noise: float = 0.0  # standard deviation [rad/s]
    position_quantum: float = 0.0  # [rad]; 0 is not quantised
    delay: float = 0.0  # [s], a whole number of simulation steps

    def __post_init__(self) -> None:
        check_not_negative(self, position_noise="rad", velocity_noise="rad/s")
        check_not_negative(self, position_quantum="rad", delay="s")


class Sensing:
    """Sensors at work: `tell` them the state of each simulation step, then `read`."""

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
        """Start again at this state, without a past."""
        self._past.clear()
        self._past.append((q, dq))

    def tell(self, q: Joints, dq: Joints) -> None:
        """Take in the true state at the end of a simulation step."""
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
        ConfigurationError: not a whole number of them; ``what`` names the time.
    """
    steps = round(time / dt)
    if abs(steps * dt - time) > 1e-6 * dt:
        raise ConfigurationError(
            f"{what}: is {time} s, needs a whole number of simulation steps of {dt} s"
        )
    return steps
