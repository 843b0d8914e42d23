"""Named weights: access to the weights of a Nengo object within NengoDL's variables.

NengoDL merges the weights of similar objects into one unlabelled variable. `named_weights` labels
them, merged or not:

    weights = named_weights(sim)
    weights[connection].read()
    weights[ensemble].encoders.write(value)
    weights[tensor_node]["dense/kernel"].shape
    weights["adaptive -> torque"]
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import nengo
import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ..errors import NetworkError
from .compatibility import nengo_dl, tf
from .mapping import ByObject
from .weight_search import NengoArray, name_of, unique_names, weights_in


@dataclass(frozen=True, eq=False)
class Weight:
    """One weight array of a network, in its simulator's form.

    Jacobians are derivatives by the numbers that `read` returns. Encoders are scaled, ``gain *
    encoders / radius``, of shape (n_neurons, dimensions); multiplied by ``scale`` they equal
    Nengo's encoders (0 for a neuron whose gain is 0: its encoder is not in the simulator). The
    weights of a connection are its transform times its decoders, (size_out, size_in); those of a
    sparse transform are its non-zero entries, those of a convolution its kernel. A probe of an
    ensemble has decoders as well, (size_in, n_neurons); their owner is the probe.

    ``variable`` is NengoDL's TensorFlow variable. If it holds other weights as well, assign to this
    one with ``weight.variable[weight.place].assign(value)``; ``str(weight)`` says so.
    """

    name: str  # unique in its network
    owner: Any  # the Nengo object
    attribute: str  # "weights", "encoders", "bias", or the path in a TensorNode's layer
    shape: tuple[int, ...]
    trainable: bool
    scale: Any = field(default=1.0, repr=False)  # read() * scale is Nengo's value
    signal: Any = field(default=None, repr=False)  # of Nengo's model; None in a layer
    also: tuple[Any, ...] = field(default=(), repr=False)  # other TensorNodes of the same layer
    variable: Any = field(default=None, repr=False)  # None: NengoDL made it a constant
    rows: tuple[int, int] = field(default=(0, 0), repr=False)  # of the variable
    minibatched: bool = False  # the variable has a copy per item of the minibatch; rows is axis 1
    constant: Any = field(default=None, repr=False)
    in_layer: bool = False  # of a TensorNode
    initial: Any = field(default=None, repr=False)  # among NengoDL's state: values to reset it to

    @property
    def whole(self) -> bool:
        """Whether the variable holds this weight alone, in its own shape."""
        return not self.minibatched and tuple(self.variable.shape) == self.shape

    @property
    def place(self) -> Any:
        """The index of this weight in its variable."""
        if self.in_layer:
            return ...
        return (slice(None),) * self.minibatched + (slice(*self.rows),)

    def __str__(self) -> str:
        """Return name and shape, and how to assign to the variable."""
        text = f"weight {self.name!r} of shape {self.shape}"
        if self.variable is None:
            return f"{text}, a constant"
        if self.whole:
            return f"{text}: write(value), or variable.assign(value)"
        index = ", ".join([*[":"] * self.minibatched, "{}:{}".format(*self.rows)])
        shape = tuple(self.variable.shape)
        return (
            f"{text}, a part of a variable of shape {shape}: write(value), or "
            f"variable[{index}].assign(value)"
        )

    def read(self) -> Float[np.ndarray, "*shape"]:
        """Return the present value in the simulator."""
        if self.variable is None:
            return np.array(self.constant)
        whole = _numbers(self.variable)
        return whole if self.whole else whole[self.place].reshape(self.shape)

    def write(self, value: ArrayLike) -> None:
        """Change the value in the simulator.

        Raises:
            NetworkError: the value has another shape, is not real or not finite in the simulator's
                precision; or the weight is a constant.
        """
        value = np.asarray(value)
        if value.shape != self.shape:
            raise NetworkError(
                f"value of weight {self.name!r}: has shape {value.shape}, needs {self.shape}"
            )
        if value.dtype.kind not in "fiu":
            raise NetworkError(
                f"value of weight {self.name!r}: has type {value.dtype}, needs real numbers"
            )
        if self.variable is None:
            raise NetworkError(
                f"weight {self.name!r} cannot be written: it is not trainable or not used, so "
                "NengoDL made it a constant; leave it trainable, or turn its simplifications off"
            )
        with np.errstate(over="ignore"):  # beyond the simulator's precision: refused below
            value = value.astype(self.variable.dtype.name)
        if not np.isfinite(value).all():
            raise NetworkError(
                f"value of weight {self.name!r}: is not finite in {value.dtype}, needs finite "
                "numbers"
            )
        if self.initial is not None:
            self._write_initial(value)
        if not self.whole:
            value = self._placed(_numbers(self.variable), value)
        _assign(self.variable, value)

    def _placed(self, whole: np.ndarray, value: np.ndarray) -> np.ndarray:
        """Return the numbers of the variable with this weight's ``value``."""
        whole[self.place] = value.reshape(whole[self.place].shape)
        return whole

    def _write_initial(self, value: np.ndarray) -> None:
        """Have resets of the simulator's state, such as that of ``predict``, keep the value."""
        values, key = self.initial
        before = np.array(values[key](self.variable.shape, dtype=self.variable.dtype))
        after = tf.constant(self._placed(before, value))
        values[key] = lambda shape=None, dtype=None: after


def _numbers(variable: Any) -> np.ndarray:
    """Return a copy of a variable's numbers, in a third of the time of TensorFlow's method."""
    if isinstance(variable, NengoArray):
        return variable.numpy()
    return tf.raw_ops.ReadVariableOp(resource=variable.handle, dtype=variable.dtype).numpy()


def _assign(variable: Any, value: np.ndarray) -> None:
    """Change a variable, in a third of the time of TensorFlow's method, which reads it again.

    ``value`` has its shape and type, and belongs to the variable from now on.
    """
    if isinstance(variable, NengoArray):
        variable.assign(value)
    else:
        tf.raw_ops.AssignVariableOp(resource=variable.handle, value=value)


class Weights(ByObject[Weight]):
    """All weights of a network, by name, by handle or by Nengo object."""

    def trainable(self, wanted: Any = None) -> list[Weight]:
        """Return the trainable weights in ``wanted``: one or more names, handles or Nengo objects.

        Without ``wanted``, all trainable weights.

        Raises:
            NetworkError: one does not exist, or is not trainable.
        """
        if wanted is None:
            return [weight for weight in self.values() if weight.trainable]
        found = self.selected(wanted)
        for weight in found:
            if not weight.trainable:
                names = ", ".join(weight.name for weight in self.trainable()) or "none"
                raise NetworkError(f"weight {weight.name!r} is not trainable; trainable: {names}")
        return found

    def selected(self, wanted: Any) -> list[Weight]:
        """Return the weights in ``wanted``, trainable or not: names, handles or Nengo objects.

        Raises:
            NetworkError: one does not exist.
        """
        several = isinstance(wanted, Iterable) and not isinstance(wanted, str)
        found = []
        for key in wanted if several else [wanted]:
            found += self.weights_of(key)
        return list(dict.fromkeys(found))


def named_weights(sim: Any) -> Weights:
    """Return every weight of the network that ``sim`` runs.

    ``sim`` is an open ``nengo_dl.Simulator``, or ``nengo.Simulator``, whose weights have no
    derivatives.

    A connection's weights are named after it (its label, or "pre -> post"), the decoders of a probe
    "ensemble -> probe", an ensemble's weights "label.encoders" and "label.bias", a TensorNode's
    "label.path/in/its/layer"; repeated names are numbered.

    Raises:
        NetworkError: the simulator is closed, or none of NengoDL or Nengo; or the network has
            changed since the simulator was made.
    """
    if not isinstance(sim, nengo.Simulator):
        check_open(sim)
    elif sim.closed:
        raise NetworkError(f"the simulator of {sim.model.toplevel} is closed; open another")
    if "weights" not in cache_of(sim):
        _check_unchanged(sim)
        cache_of(sim)["weights"] = _found(sim)
    return cache_of(sim)["weights"]


def _check_unchanged(sim: Any) -> None:
    """Raise `NetworkError` if the network has gained or lost objects that may have weights."""
    network = sim.model.toplevel
    now = {*network.all_ensembles, *network.all_nodes, *network.all_connections}
    kinds = (nengo.Ensemble, nengo.Node, nengo.Connection)
    built = {
        each
        for each in sim.model.seeds
        if isinstance(each, kinds) and not isinstance(getattr(each, "post_obj", None), nengo.Probe)
    }
    for changed, what in ((now - built, "gained"), (built - now, "lost")):
        if changed:
            names = ", ".join(sorted(map(str, changed)))
            raise NetworkError(
                f"{network}: has {what} {names} since its simulator was made; needs a new simulator"
            )


def check_open(sim: Any) -> None:
    """Raise `NetworkError` unless ``sim`` is an open simulator of NengoDL."""
    if not isinstance(sim, nengo_dl.Simulator):
        raise NetworkError(f"sim: is {sim!r}, needs a nengo_dl.Simulator")
    if sim.closed:
        raise NetworkError(f"the simulator of {sim.model.toplevel} is closed; open another")


def cache_of(sim: Any) -> dict[Any, Any]:
    """Return this package's cache for a simulator, which lives as long as the simulator."""
    return sim.__dict__.setdefault("_forcectl", {})


def _found(sim: Any) -> Weights:
    found = weights_in(sim)
    names = unique_names([f"{name_of(item['owner'])}{item.pop('suffix')}" for item in found])
    weights = [Weight(name=name, **item) for name, item in zip(names, found, strict=True)]
    return Weights({weight: weight for weight in weights})
