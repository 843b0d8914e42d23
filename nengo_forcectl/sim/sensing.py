"""Joint sensors: noise, quantisation, delay, and velocities from differences of positions."""

import math
from collections import deque
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ..errors import ConfigurationError
from ..support.validation import check, check_not_negative, check_whole

Joints = Float[np.ndarray, "n"]


@dataclass(frozen=True)
class Sensors:
    """The faults of a robot's joint sensors.

    A reading shows the state ``delay`` ago, or the initial state before that. Its position is
    ``quantum round((q + noise) / quantum)``: the encoder quantises the noisy position. Its velocity
    is measured separately, the true one with its own noise, as from a tachometer. With a
    ``velocity_filter`` it is the difference of the last two positions read, over the time between
    them, through a first-order low-pass of that time constant; differences of quantised positions
    1 ms apart are multiples of 1000 quanta per second. Noise is normal and independent between
    readings.
    """

    position_noise: float = 0.0  # standard deviation [rad]
    velocity_noise: float = 0.0  # standard deviation [rad/s]
    position_quantum: float = 0.0  # [rad]; 0: no quantisation
    delay: float = 0.0  # [s], a whole number of simulation steps
    encoder_bits: int | None = None  # of a turn; sets ``position_quantum``
    velocity_filter: float | None = None  # [s]; None: the velocity is measured separately

    def __post_init__(self) -> None:
        check_whole(self, encoder_bits=1)
        if self.encoder_bits is not None:
            quantum = 2.0 * math.pi / 2**self.encoder_bits
            given = self.position_quantum
            check(
                self, "position_quantum", given in (0.0, quantum), "none with encoder_bits", "rad"
            )
            object.__setattr__(self, "position_quantum", quantum)
        if self.velocity_filter is not None:
            check_not_negative(self, velocity_filter="s")
            noise = self.velocity_noise
            check(self, "velocity_noise", noise == 0, "0 with a velocity_filter", "rad/s")
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
        self._rng, self._dt = rng, dt
        self._past: deque[tuple[Joints, Joints]] = deque(maxlen=steps + 1)
        self._steps = 0  # since the last reading
        self._last: tuple[Joints, Joints] | None = None  # the last reading

    def restart(self, q: Joints, dq: Joints) -> None:
        """Restart at this state, without history."""
        self._past.clear()
        self._past.append((q, dq))
        self._last = None

    def tell(self, q: Joints, dq: Joints) -> None:
        """Record the true state at the end of a simulation step."""
        self._past.append((q, dq))
        self._steps += 1

    def read(self) -> tuple[Joints, Joints]:
        """Return the measured positions [rad] and velocities [rad/s]."""
        q, dq = self._past[0]
        if self._rng is not None:
            q = q + self.sensors.position_noise * self._rng.standard_normal(len(q))
            dq = dq + self.sensors.velocity_noise * self._rng.standard_normal(len(dq))
        quantum = self.sensors.position_quantum
        if quantum > 0:
            q = quantum * np.round(q / quantum)
        if self.sensors.velocity_filter is not None:
            dq = self._differenced(self.sensors.velocity_filter, q, dq)
            self._last, self._steps = (q, dq), 0
        return q, dq

    def _differenced(self, time: float, q: Joints, dq: Joints) -> Joints:
        """Return the filtered difference of positions; of the first reading, the true velocity."""
        passed = self._steps * self._dt
        if self._last is None or passed == 0:
            return dq if self._last is None else self._last[1]
        last_q, last_dq = self._last
        share = 1.0 if time == 0 else -math.expm1(-passed / time)
        return last_dq + share * ((q - last_q) / passed - last_dq)


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
