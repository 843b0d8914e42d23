"""For sensors that are late: the arm as it is by now, not as they show it."""

import math
from typing import Any

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..contract import State
from ..errors import ConfigurationError
from ..safety.sensors import vectors

GAIN = 100.0  # of the observer [1/s]
MOST = 100  # cycles of delay
PREFIX = "predictor."  # of the names of what it remembers


class Predictor:
    """Where a delayed state has come to by now, by the model and the torques that were sent since.

        M ddq = tau + r - C dq - g,    integrated over the last ``late`` cycles

    with M, C dq and g of the state that the sensors show, and r what a generalised-momentum
    observer says that the model lacks, for which that state is compared with the torque of its own
    time. The state predictor for a delay in the loop (Manitius and Olbrot 1979,
    doi:10.1109/TAC.1979.1102124): with a perfect model the delay is gone, and the predicted
    momentum answers the torque of this moment, so that whatever is built on it need not know of the
    delay. A torque that the model lacks and that changes remains unseen for as long as ever.

    A loop through a predictor is no more robust than one through the delay: what is faster than
    about 1 / (2 delay) rests on the model alone.

    Args:
        arm: the model.
        delay: how old the sensors' state is [s].
        dt: of a control cycle [s].
        gain: of the observer [1/s].

    Raises:
        ConfigurationError: a delay that is not a number of cycles from 0 to 100, or a period or
            gain that is not positive.
    """

    def __init__(self, arm: Arm, delay: float, dt: float = 1e-3, gain: float = GAIN) -> None:
        from ..kernels.memory import Memory
        from ..kernels.predict import predict

        for name, value, unit in (("dt", dt, "s"), ("gain", gain, "1/s")):
            if not (math.isfinite(value) and value > 0):
                raise ConfigurationError(
                    f"Predictor.{name}: is {value} {unit}, needs a number above 0"
                )
        late = delay / dt
        if not (0 <= late <= MOST and abs(late - round(late)) < 1e-6):
            raise ConfigurationError(
                f"Predictor.delay: is {delay} s, needs a whole number of cycles of {dt} s, "
                f"from 0 to {MOST}"
            )
        self.delay, self.dt, self.gain = delay, dt, gain
        n = arm.dof
        self.memory = Memory(
            {
                PREFIX + "sent": (round(late) + 1, n),  # the latest first [N m]
                PREFIX + "momentum": (n,),
                PREFIX + "bias": (n,),
                PREFIX + "unmodelled": (n,),  # r [N m]
                PREFIX + "begun": (1,),
            }
        )
        self._time = math.nan  # of the last state [s]
        self._run: Any = predict
        self._kernel = arm.kernel("M", "C", "g")
        self._constants = (-math.expm1(-gain * dt), dt, self.memory.buffer, self.memory.starts)
        # Loads what is compiled, so that no cycle does; a state that is not sound is forgotten.
        self.now(State(math.nan, np.zeros(n), np.zeros(n), sound=False))

    def now(self, state: State) -> State:
        """Return the state by now [rad], [rad/s]; its time stays that of the reading.

        Raises:
            SimulationError: a state of another shape.
        """
        n = len(self.memory[PREFIX + "bias"])
        passed = state.time - self._time
        if 1.5 * self.dt < passed < math.inf:  # cycles were left out, and the last torque held
            sent = self.memory[PREFIX + "sent"]
            missed = min(round(passed / self.dt) - 1, len(sent) - 1)
            sent[missed:] = sent[: len(sent) - missed].copy()
            sent[:missed] = sent[0].copy()
        self._time = state.time
        out = np.empty((2, n))
        self._run(
            self._kernel.address, self._kernel.size, *vectors(state, None, n), state.sound,
            *self._constants, out,
        )  # fmt: skip
        return state._replace(q=out[0], dq=out[1])

    def forget(self) -> None:
        """Begin a new motion: no torque is on its way, nothing is observed."""
        self.memory.buffer[:] = 0.0

    def sent(self, tau: Float[np.ndarray, "n"], *, again: bool = False) -> None:
        """Tell what torque is sent in this cycle [N m]; ``again``, in place of what was told."""
        sent = self.memory[PREFIX + "sent"]
        if not again:
            sent[1:] = sent[:-1].copy()
        sent[0] = tau
