"""What torque acts on an arm that its model does not explain, without joint accelerations.

The generalised-momentum observer (De Luca and Mattone 2003, doi:10.1109/ROBOT.2003.1241997; De Luca
et al. 2006, doi:10.1109/IROS.2006.282053), in discrete time.
"""

import math

import numpy as np
from jaxtyping import Float

from arms import Terms

from ..errors import ConfigurationError

FADED = 1e-15
"""What is less has faded away. Left to halve on, a number comes below 1e-308, where a processor
takes a hundred times as long over it."""


class LowPass:
    """``df/dt = K (v - f)``, from zero, exact for a v that is constant during a cycle::

        f <- f + (1 - exp(-K dt)) (v - f)

    ``update`` takes v as its mean over the cycle that has just ended. ``sample`` takes v as it is
    now, at the end of that cycle: the mean is that of the two ends, and the first sample only
    begins a cycle. So a function of the state that is sampled in the cycles in which a
    `MomentumObserver` of the same gain is updated stays in step with its torque, to order dt^2.
    """

    def __init__(self, shape: int | tuple[int, ...], gain: float, dt: float) -> None:
        for name, value, unit in (("gain", gain, "1/s"), ("dt", dt, "s")):
            if not (math.isfinite(value) and value > 0):
                raise ConfigurationError(
                    f"{type(self).__name__}.{name}: is {value} {unit}, must be positive"
                )
        self.gain = gain  # K [1/s]
        self.dt = dt  # [s]
        self.value = np.zeros(shape)  # f, a new array at every change
        self._share = -math.expm1(-gain * dt)
        self._last: np.ndarray | None = None

    def update(self, mean: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        """Return f at the end of a cycle over which v was ``mean``."""
        value = self.value + self._share * (mean - self.value)
        self.value = np.where(np.abs(value) < FADED, 0.0, value)
        return self.value

    def sample(self, value: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        """Return f now that v is ``value``."""
        if self._last is not None:
            self.update(0.5 * (self._last + value))
        self._last = np.array(value)
        return self.value

    def restart(self) -> None:
        """Let the next sample begin a cycle: what happened since the last one is not known."""
        self._last = None


class MomentumObserver:
    """The torque tau_u in ``M ddq + C dq + g = tau + tau_u``, low-pass filtered.

    The momentum ``p = M dq`` obeys ``dp/dt = tau + tau_u + C^T dq - g``, since ``dM/dt = C + C^T``.
    Its balance over one cycle gives the mean of tau_u in it, and a `LowPass` of gain K makes r of
    it, ``dr/dt = K (tau_u - r)``::

        tau_u = (p_k - p_k-1) / dt - tau_k-1 - (b_k-1 + b_k) / 2,      b = C^T dq - g
        r_k   = r_k-1 + (1 - exp(-K dt)) (tau_u - r_k-1)

    tau_k-1 [N m] is what was sent in cycle k-1 and held during it. A constant tau_u is estimated
    without bias at any dt, up to the trapezium's error in the mean of b. Noise of dq reaches r
    multiplied by about ``K M``.
    """

    def __init__(self, dof: int, gain: float, dt: float) -> None:
        self.filter = LowPass(dof, gain, dt)  # K [1/s]
        self._last: tuple[np.ndarray, np.ndarray] | None = None  # p [N m s], b [N m]

    @property
    def value(self) -> Float[np.ndarray, "n"]:
        """The estimate r [N m] of the last update; zero before there is one."""
        return self.filter.value

    def update(
        self, terms: Terms, dq: Float[np.ndarray, "n"], tau_sent_before: Float[np.ndarray, "n"]
    ) -> Float[np.ndarray, "n"]:
        """Return r [N m], now that the cycle in which ``tau_sent_before`` was held has ended.

        The first call begins the first cycle: it returns zero, whatever the torque before it.
        """
        p, b = terms.M @ dq, terms.C.T @ dq - terms.g
        if self._last is not None:
            p_before, b_before = self._last
            change = (p - p_before) / self.filter.dt
            self.filter.update(change - tau_sent_before - 0.5 * (b_before + b))
        self._last = p, b
        return self.value

    def restart(self) -> None:
        """Let the next update begin a cycle: what happened since the last one is not known."""
        self._last = None
