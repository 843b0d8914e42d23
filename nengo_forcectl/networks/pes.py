"""Decoders that learn by Nengo's own PES, in Nengo's own simulator."""

# pyright: reportArgumentType=false
# A type checker takes Nengo's descriptors for the defaults of its arguments.

import warnings

import nengo
import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ..errors import NetworkError
from ..learning.law import Signal, signal_of
from ..support.closing import Closing
from ..support.validation import check_not_negative
from .building import AdaptiveNetwork


class PesNetwork(Closing):
    """An `OnlineLearner` around ``nengo.Simulator``: one of its steps is one control cycle.

        D <- D + rate dt / n_neurons  s a^T

    a are the ensemble's activities, rates or spikes, filtered by the decoders' synapse if they
    have one, s [N m] the controller's error, D the decoders: Nengo's PES
    (MacNeil and Eliasmith 2011, doi:10.1371/journal.pone.0022885) with the error -s. At ``rate =
    gamma n_neurons`` it is `Gradient` with neither leak nor bound, to rounding, for rate neurons
    without a synapse. Activities of 200 Hz rather than 1 need a rate lower by 200^2.

    ``network`` comes from `adaptive_network`; the learning rule is added to it. Close the simulator
    when done, or use ``with``.

    Raises:
        ConfigurationError: the rate is below zero.
    """

    def __init__(self, network: AdaptiveNetwork, rate: float, dt: float = 0.001) -> None:
        self.rate = rate  # kappa [1/s]
        check_not_negative(self, rate="1/s")
        self._x = np.zeros(int(network.state.size_out))
        self._error = np.zeros(int(network.torque.size_in))  # Nengo's: -s
        self._probe = network.probe
        network.state.output = lambda t: self._x
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "This learning rate is very high")  # for spikes
            warnings.filterwarnings("ignore", "Skipping some optimization steps because SciPy")
            network.decoders.learning_rule_type = nengo.PES(
                rate, pre_synapse=network.decoders.synapse
            )
            with network:
                error = nengo.Node(lambda t: self._error, label="error")
                nengo.Connection(error, network.decoders.learning_rule, synapse=None)
            self.sim = nengo.Simulator(network, dt=dt, progress_bar=False)

    def step(self, x: ArrayLike, signal: Signal | ArrayLike) -> Float[np.ndarray, "n_out"]:
        """Return F(x; D), then change D by one step of PES."""
        error = signal_of(signal).error
        if error is None:
            raise NetworkError("PES learns from Signal.error, which is not given")
        self._x, self._error = np.array(x), -error
        self.sim.step()
        output = self.sim.data[self._probe][-1]
        self.sim.clear_probes()
        return output

    def forward(self, x: ArrayLike) -> Float[np.ndarray, "n_out"]:
        """Return F(x; D) after the change of the last step has taken effect; D then stays."""
        return self.step(x, np.zeros_like(self._error))

    def close(self) -> None:
        """Close the simulator; repeated calls do nothing."""
        self.sim.close()
