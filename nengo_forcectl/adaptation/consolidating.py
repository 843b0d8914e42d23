"""Two time scales: an observer supplies at once what the model lacks, a network learns it."""

import math
from typing import Protocol

import numpy as np
from jaxtyping import Float

from arms import Arm, Terms

from ..contract import Adaptation, Command, Reference, State
from ..estimation.observer import MomentumObserver
from ..learning.consolidation import Consolidation
from ..learning.law import Arrays, Signal
from ..networks.encoding import StateEncoding
from .network_adaptation import Balance


class Observed(Protocol):
    """A network that tells its weight Jacobian and takes new weights."""

    def observe(
        self, x: Float[np.ndarray, "n_in"]
    ) -> tuple[Float[np.ndarray, "n_out"], dict[str, Float[np.ndarray, "n_out *shape"]]]:
        """Return ``F(x; w)`` and ``dF/dw`` of the weights that learn."""
        ...

    def read(self) -> dict[str, np.ndarray]:
        """Return the weights that learn, by name."""
        ...

    def write(self, values: Arrays) -> None:
        """Set weights by name."""
        ...


class ConsolidatingAdaptation(Adaptation):
    """``tau = F(x; w) + fast``: what the network has learned, and what it has not yet.

        fast = -r - F_f + offset

    r is the momentum observer's estimate of the torque that the model lacks and F_f the network's
    own torque through the same filter: fast is the prediction error, and vanishes as the network
    learns (`Consolidation`). When new weights take the place of old ones, ``offset`` takes up the
    difference in F and decays as F_f follows, so that the sum does not jump.

    With ``learning`` set to False the weights stay and fast is zero: what remains is the network's
    own. `CompiledCycle` is this, with arm and control law, in compiled code.
    """

    def __init__(
        self,
        arm: Arm,
        network: Observed,
        encoding: StateEncoding,
        law: Consolidation,
        dt: float,
    ) -> None:
        self.network, self.law = network, law
        self.learning = True
        self.memory = law.start(network.read())
        self._encoding, self._dt = encoding, dt
        self._balance = Balance(arm, MomentumObserver(arm.dof, law.gain, dt))
        self._offset = np.zeros(arm.dof)
        self._decay = math.exp(-law.gain * dt)

    def learn(self, on: bool) -> None:
        """Start or stop learning; what was learned stays."""
        self.learning = on

    def torque(
        self, terms: Terms, state: State, reference: Reference, command: Command
    ) -> Float[np.ndarray, "n"]:
        """Return the torque of both time scales, then let the network learn."""
        velocity = state.dq if self._encoding.measured else command.dq_r
        F, J_w = self.network.observe(self._encoding.input(state.q, velocity, command.ddq_r))
        if not (self.learning and state.sound):
            self.memory["begun"][...] = 0.0
        if not self.learning:
            self._balance.close(command.tau + F, None, sound=False)
            return F
        if not state.sound:
            fast = self._balance.held - self._balance.supplied + self._offset
            self._offset = self._offset * self._decay
            self._balance.close(command.tau + F + fast, None, sound=False)
            return F + fast
        lacking = self._balance.lacking(terms, state)
        self._balance.supply(F)
        missing = lacking - self._balance.supplied
        total = F + missing + self._offset
        self._balance.close(command.tau + total, None, sound=True)
        self._offset = self._offset * self._decay

        w = self.network.read()
        signal = Signal(prediction=missing, unmodelled=lacking)
        moved = self.law.step(w, J_w, signal, self.memory, self._dt)
        if np.any(self.memory["bump"]):
            self.network.write(moved)
            # In the next cycle F_f takes the mean of the old F and the new.
            self._offset = self._offset + 0.5 * (1.0 + self._decay) * self.memory["bump"]
        return total
