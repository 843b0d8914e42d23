"""A network in a control cycle: its output, its weight Jacobian's products and its update."""

from collections.abc import Mapping
from typing import Any

import nengo
import numpy as np
from jaxtyping import Float
from nengo.ensemble import Neurons
from numpy.typing import ArrayLike

from ..errors import NetworkError
from ..learning.law import Law, Memory, Signal, signal_of
from ..nengodl.learning_loop import LearningLoop
from ..nengodl.update import RuleLaw
from ..nengodl.weights import Weights, check_open, named_weights


class OnlineNetwork:
    """A network with one input that learns online, one simulator step per control cycle.

    It is a `LearningLoop` for control loops, from vectors to vectors. A law with a ``rule``
    (`Gradient`) and a Keras optimizer run within one TensorFlow function; for any other law,
    TensorFlow computes output and Jacobian, and the law runs in NumPy.

    Args:
        sim: an open ``nengo_dl.Simulator`` with minibatch size 1.
        probe: the output F, without a synapse: with one, F does not depend on x within one step.
        law: a law of `nengo_forcectl.learning`, or a Keras (tf-keras) optimizer, which descends
            along -J_w^T s; None if only `observe` is called.
        learn: the weights that change (handles, names, Nengo objects); by default all trainable
            weights of connections out of ensembles, that is, the decoders.

    Raises:
        NetworkError: the network does not have exactly one input node, the simulator has a
            minibatch, or a weight in ``learn`` does not exist or is not trainable.
        ConfigurationError: ``law`` is neither.
    """

    def __init__(self, sim: Any, probe: nengo.Probe, law: Any, *, learn: Any = None) -> None:
        check_open(sim)
        self.weights = named_weights(sim)
        if sim.minibatch_size != 1:
            raise NetworkError(
                f"OnlineNetwork: the minibatch size is {sim.minibatch_size}, needs 1"
            )
        nodes = list(sim.node_inputs)
        if len(nodes) != 1:
            raise NetworkError(f"OnlineNetwork: the input nodes are {nodes}, needs one")
        self._node, self._dt = nodes[0], sim.dt
        self._law: Any = None  # a law that runs in NumPy, not in TensorFlow
        self._memory: Memory = {}
        learn = decoders(self.weights) if learn is None else learn
        if law is None or (isinstance(law, Law) and not isinstance(law, RuleLaw)):
            self._law = law
            self._loop = LearningLoop(sim, probe, None, learn=learn, jacobian=learn, steps=1)
            self._memory = {} if law is None else law.start(self.read())
        else:
            self._loop = LearningLoop(sim, probe, law, learn=learn, steps=1)
        self._descends = not isinstance(law, RuleLaw)  # an optimizer

    def step(self, x: ArrayLike, signal: Signal | ArrayLike) -> Float[np.ndarray, "n_out"]:
        """Return F(x; w), then change w by one step of the law.

        Args:
            x: the network's input.
            signal: errors for the law; an array is the error s alone, in the space of F.

        Raises:
            NetworkError: x or the signal has a wrong shape or is not finite, or the signal lacks a
                field that the law needs. The weights are then unchanged.
        """
        signal = signal_of(signal)
        if self._law is not None:
            return self._explicit_step(x, signal)
        if signal.error is None:
            raise NetworkError("the law learns from Signal.error, which is not given")
        error = np.negative(signal.error) if self._descends else signal.error
        return self._loop.step({self._node: _row(x)}, _row(error)).output[0]

    def _explicit_step(self, x: ArrayLike, signal: Signal) -> Float[np.ndarray, "n_out"]:
        output, J_w = self.observe(x)
        self.write(self._law.step(self.read(), J_w, signal, self._memory, self._dt))
        return output

    def observe(
        self, x: ArrayLike
    ) -> tuple[Float[np.ndarray, "n_out"], dict[str, Float[np.ndarray, "n_out *shape"]]]:
        """Return F(x; w) and dF/dw of the learned weights, and advance the state.

        Available where the law computes in NumPy, or without a law.
        """
        output, jacobians = self._loop.observe({self._node: _row(x)})
        return output[0], {weight.name: jacobians[weight][0] for weight in self._loop.learned}

    @property
    def memory(self) -> Memory:
        """Memory of the law or the optimizer; with the weights, a complete checkpoint.

        Set it to arrays of the same names and shapes; others raise `NetworkError`.
        """
        if self._law is not None:
            return {name: value.copy() for name, value in self._memory.items()}
        return {name: variable.numpy() for name, variable in self._variables.items()}

    @memory.setter
    def memory(self, values: Memory) -> None:
        now = self.memory
        shapes = {name: np.shape(value) for name, value in values.items()}
        expected = {name: value.shape for name, value in now.items()}
        if shapes != expected:
            raise NetworkError(f"OnlineNetwork.memory: has shapes {shapes}, needs {expected}")
        for name, value in values.items():
            if not np.isfinite(value).all():
                raise NetworkError(f"OnlineNetwork.memory {name!r}: is not finite")
            if self._law is not None:
                self._memory[name] = np.array(value, dtype=now[name].dtype)
            else:
                self._variables[name].assign(value)

    @property
    def _variables(self) -> dict[str, Any]:
        """The optimizer's variables, under unique names."""
        own = self._loop.optimizer_variables
        return {f"{index} {variable.name}": variable for index, variable in enumerate(own)}

    def forward(self, x: ArrayLike) -> Float[np.ndarray, "n_out"]:
        """Return F(x; w) and advance the state; the weights stay."""
        return self._loop.forward({self._node: _row(x)})[0]

    def vjp(self, x: ArrayLike, error: ArrayLike) -> dict[str, Float[np.ndarray, "..."]]:
        """Return J_w^T s of every learned weight, by name; nothing changes."""
        return dict(self._loop.gradients({self._node: _row(x)}, _row(error)))

    def read(self) -> dict[str, Float[np.ndarray, "..."]]:
        """Return the learned weights by name."""
        return {weight.name: weight.read() for weight in self._loop.learned}

    def write(self, values: Mapping[str, ArrayLike]) -> None:
        """Set weights by name."""
        for name, value in values.items():
            self.weights[name].write(value)


def decoders(weights: Weights) -> list[Any]:
    """Return the trainable weights of connections out of ensembles; raise if there are none."""
    found = [
        weight
        for weight in weights.trainable()
        if isinstance(weight.owner, nengo.Connection)
        and isinstance(weight.owner.pre_obj, (nengo.Ensemble, Neurons))
    ]
    if not found:
        raise NetworkError(
            f"the network has no decoders to learn; its weights: {', '.join(weights)}"
        )
    return found


def _row(vector: ArrayLike) -> np.ndarray:
    return np.asarray(vector)[None]
