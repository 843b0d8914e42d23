"""Estimate of the torque that an arm's model lacks, without measured accelerations.

The generalised-momentum observer (De Luca and Mattone 2003, doi:10.1109/ROBOT.2003.1241997; De Luca
et al. 2006, doi:10.1109/IROS.2006.282053), in discrete time.
"""

import math

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from arms import Terms
from arms.machine.object_files import calls

from ..kernels import parts
from ..kernels.block import Block
from ..kernels.layout.arm_fields import ARM, INPUT
from ..kernels.layout.estimation_fields import LOW_PASS, OBSERVER
from ..support.validation import Arguments, check_positive


class LowPass:
    """``df/dt = K (v - f)``, from zero, exact for a v that is constant during a cycle::

        f <- f + (1 - exp(-K dt)) (v - f)

    ``update`` takes the mean of v over the cycle that has just ended. ``sample`` takes v at the end
    of that cycle and uses the mean of both ends; the first sample only begins a cycle. A function
    of the state that is sampled whenever a `MomentumObserver` of the same gain is updated thus
    stays synchronous with its torque, to order dt^2.

    Args:
        shape: shape of v.
        gain: gain K [1/s].
        dt: control period [s].

    Raises:
        ConfigurationError: gain or period is not positive and finite.
    """

    def __init__(self, shape: int | tuple[int, ...], gain: float, dt: float) -> None:
        self.gain, self.dt = gain, dt
        size = int(np.prod(shape))
        self._block = Block(LOW_PASS, {"k": size}, {"share": share_of(gain, dt)})
        self._input, self._value = (self._block[name].reshape(shape) for name in ("input", "value"))
        self._update, self._sample = calls(parts.update_low_pass, parts.sample_low_pass)
        self._begun = False

    @property
    def value(self) -> Float[np.ndarray, "..."]:
        """The present f."""
        return self._value.copy()

    def update(self, mean: ArrayLike) -> Float[np.ndarray, "..."]:
        """Return f at the end of a cycle over which v was ``mean``."""
        self._input[...] = mean
        self._update(self._block.address)
        return self.value

    def sample(self, value: ArrayLike) -> Float[np.ndarray, "..."]:
        """Return f now that v is ``value``."""
        self._input[...] = value
        self._sample(self._block.address, self._begun)
        self._begun = True
        return self.value

    def restart(self) -> None:
        """Let the next sample begin a cycle: the time since the last one is unknown."""
        self._begun = False


class MomentumObserver:
    """The torque tau_u in ``M ddq + C dq + g = tau + tau_u``, low-pass filtered.

    The momentum ``p = M dq`` obeys ``dp/dt = tau + tau_u + C^T dq - g``, since ``dM/dt = C + C^T``.
    Its balance over one cycle gives the mean of tau_u in it, and a filter of gain K as `LowPass`
    turns it into r, ``dr/dt = K (tau_u - r)``::

        tau_u = (p_k - p_k-1) / dt - tau_k-1 - (b_k-1 + b_k) / 2,      b = C^T dq - g
        r_k   = r_k-1 + (1 - exp(-K dt)) (tau_u - r_k-1)

    tau_k-1 [N m] is the torque sent in cycle k-1 and held during it. A constant tau_u is estimated
    without bias at any dt, up to the error of the trapezoidal rule in the mean of b. Noise of dq
    reaches r multiplied by about ``K M``.

    Args:
        dof: number of joints.
        gain: gain K [1/s].
        dt: control period [s].

    Raises:
        ConfigurationError: gain or period is not positive and finite.
    """

    def __init__(self, dof: int, gain: float, dt: float) -> None:
        self.gain, self.dt = gain, dt
        self._block = observer_block(dof, gain, dt)
        self._arm, self._inputs = Block(ARM, {"n": dof}), Block(INPUT, {"n": dof, "k": 3})
        self._blocks = [each.address for each in (self._block, self._arm, self._inputs)]
        self._observe, self._add_push = calls(parts.observe, parts.add_push)
        self._begun = False

    @property
    def value(self) -> Float[np.ndarray, "n"]:
        """The estimate r [N m] of the last update; zero before the first."""
        return self._block["unmodelled"].copy()

    def update(
        self,
        terms: Terms,
        dq: Float[np.ndarray, "n"],
        tau_sent_before: ArrayLike,
        wrench: Float[np.ndarray, "6"] | None = None,
    ) -> Float[np.ndarray, "n"]:
        """Return r [N m] at the end of the cycle in which ``tau_sent_before`` [N m] was held.

        The first call begins the first cycle and returns zero for any torque.

        Args:
            terms: terms of the arm's equations, at the end of the cycle.
            dq: joint velocities [rad/s], at the end of the cycle.
            tau_sent_before: torque [N m].
            wrench: measured push of the environment [N, N m]; its torque is not part of r.
        """
        self._block["sent"][:], self._inputs["dq"][:] = tau_sent_before, dq
        write_balance(self._arm, terms)
        if wrench is not None:
            self._arm["J"][:], self._inputs["wrench"][:] = terms.J, wrench
            self._add_push(*self._blocks)
        self._observe(*self._blocks, self._begun)
        self._begun = True
        return self.value

    def restart(self) -> None:
        """Let the next update begin a cycle: the time since the last one is unknown."""
        self._begun = False


def observer_block(dof: int, gain: float, dt: float) -> Block:
    """Return the block of an observer; raises as `MomentumObserver`."""
    return Block(OBSERVER, {"n": dof}, {"share": share_of(gain, dt), "dt": dt})


def write_balance(arm: Block, terms: Terms) -> None:
    """Write the terms of the momentum balance into the arm's block."""
    arm["M"][:], arm["C"][:], arm["g"][:] = terms.M, terms.C, terms.g


def share_of(gain: float, dt: float) -> float:
    """Return ``1 - exp(-K dt)``, the weight of a cycle's mean in f; raises as `LowPass`."""
    check_positive(Arguments("LowPass", gain=gain, dt=dt), gain="1/s", dt="s")
    return -math.expm1(-gain * dt)
