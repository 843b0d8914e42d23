"""The last steps of a network, kept to differentiate through them."""

import math
from typing import Any

import nengo
import numpy as np

from ..errors import NetworkError
from .compatibility import tf
from .dependence import depends, influences, python_functions
from .weight_tensors import values_of
from .weights import Weight, named_weights

LONGEST = 100  # steps, unless more are asked for
TIME_CONSTANTS = 4  # of the slowest synapse, after which 2 % of an input are still to come


def steps_within(sim: Any, probes: tuple[nengo.Probe, ...], learn: Any) -> int:
    """Return the steps within which the weights of a loop must act.

    One, if nothing is asked for and some act on each probe; else as many as all synapses of the
    network take.
    """
    trainable = named_weights(sim).trainable()
    if learn is None and all(depends(sim, probe, trainable, 1) for probe in probes):
        return 1
    return len(_synapses(sim)) + 2


def steps_needed(sim: Any, probes: tuple[nengo.Probe, ...], weights: list[Weight]) -> int:
    """Return through how many steps ``probes`` are to be differentiated by ``weights``.

    One, if each weight acts within one step, and some on each probe; else four time constants of
    the slowest synapse, at most `LONGEST`, and not less than two.
    """
    reached = [depends(sim, probe, weights, 1) for probe in probes]
    if all(reached) and set().union(*reached) == set(weights):
        return 1
    taus = [_time_constant(synapse) for synapse in _synapses(sim)]
    longest = max([sim.dt, *taus])
    return max(2, min(LONGEST, math.ceil(TIME_CONSTANTS * longest / sim.dt)))


def _synapses(sim: Any) -> list[Any]:
    network = sim.model.toplevel
    synapses = [each.synapse for each in (*network.all_connections, *network.all_probes)]
    return [synapse for synapse in synapses if synapse is not None]


def _time_constant(synapse: Any) -> float:
    """Return the slowest time constant of a synapse [s]: that of its slowest pole."""
    if not isinstance(synapse, nengo.LinearFilter):
        return float(getattr(synapse, "t", 0.0))
    denominator: Any = synapse.den
    poles = np.roots(denominator)
    slow = [-1.0 / pole.real for pole in poles if pole.real < 0]
    return max(slow, default=0.0)


class Window:
    """Inputs of the last ``steps`` steps, and the state before each, as variables.

    Raises:
        NetworkError: a Python function would be called again for steps that are over.
    """

    def __init__(
        self, sim: Any, probes: tuple[nengo.Probe, ...], steps: int, n_numbers: int
    ) -> None:
        needed = set().union(*(influences(sim, probe, steps) for probe in probes))
        called = python_functions(sim, needed)
        if called:
            raise NetworkError(
                f"LearningLoop: differentiates through {steps} steps, in which it would call "
                f"{called[0]} again; needs a TensorNode, or synapse=None on the way"
            )
        self.steps, dtype = steps, sim.tensor_graph.dtype
        shape = (steps, sim.minibatch_size, n_numbers)
        with tf.device(sim.tensor_graph.device):
            self._inputs = tf.Variable(tf.zeros(shape, dtype), trainable=False)
            self._states = [
                tf.Variable(tf.repeat(value[None], steps, axis=0), trainable=False)
                for value in values_of(sim)[1]
            ]
            self._full = tf.Variable(0, trainable=False)  # steps that are kept

    def forget(self) -> None:
        """Start again, from the simulator's present state."""
        self._full.assign(0)

    def shifted(self, sim: Any, numbers: Any) -> tuple[Any, list[Any], Any]:
        """Return inputs, states before them, and their count, with those of the present step."""
        now = zip(self._states, values_of(sim)[1], strict=True)
        states = [tf.concat([ring[1:], value[None]], axis=0) for ring, value in now]
        inputs = tf.concat([self._inputs[1:], numbers[None]], axis=0)
        return inputs, states, tf.minimum(self._full + 1, self.steps)

    def keep(self, inputs: Any, states: list[Any], full: Any) -> None:
        """Keep what `shifted` returned."""
        self._inputs.assign(inputs)
        for ring, value in zip(self._states, states, strict=True):
            ring.assign(value)
        self._full.assign(full)
