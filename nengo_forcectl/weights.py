"""Named weights: from a Nengo object to the variable, or the slice of one, that holds its weights.

NengoDL merges the weights of like objects into one variable and does not label it. `named_weights`
labels them, merged or not:

    weights = named_weights(sim)
    weights[connection].read()
    weights[ensemble].encoders.write(value)
    weights["adaptive -> torque"].shape
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Generic, TypeVar

import nengo
import numpy as np
from jaxtyping import Float
from nengo.ensemble import Neurons

from .exceptions import NetworkError

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Weight:
    """One weight array of a network, as its simulator uses it.

    Encoders are the scaled ones, ``gain * encoders / radius``, of shape (n_neurons, dimensions);
    the weights of a connection are its transform times its decoders, (size_out, size_in). These
    are the numbers that a Jacobian differentiates by.
    """

    name: str  # unique in its network
    owner: Any  # the Nengo object
    attribute: str  # "weights", "encoders" or "bias"
    shape: tuple[int, ...]
    trainable: bool
    _sim: Any = field(repr=False)
    _signal: Any = field(repr=False)

    @property
    def variable(self) -> Any:
        """The TensorFlow variable that holds this weight, maybe together with others."""
        graph = self._sim.tensor_graph
        if self._signal not in graph.signals:
            raise NetworkError(
                f"weight {self.name!r} has no variable: it is not trainable and NengoDL made it a "
                f"constant; set its `trainable` in the network's config, or use no simplifications"
            )
        return graph.base_params[self.key]

    @property
    def key(self) -> Any:
        """NengoDL's key of the variable."""
        return self._sim.tensor_graph.signals[self._signal].key

    @property
    def index(self) -> tuple[slice, ...]:
        """Where in the variable this weight is."""
        signal = self._sim.tensor_graph.signals[self._signal]
        ((start, stop),) = signal.slices
        return (slice(None),) * bool(signal.minibatched) + (slice(start, stop),)

    def read(self) -> Float[np.ndarray, "..."]:
        """The value in the simulator now."""
        if self._signal not in self._sim.tensor_graph.signals:
            return np.array(self._signal.initial_value)
        return self.variable.numpy()[self.index].reshape(self.shape)

    def write(self, value: Float[np.ndarray, "..."]) -> None:
        """Change the value in the simulator."""
        value = np.asarray(value)
        if value.shape != self.shape:
            raise NetworkError(f"weight {self.name!r} has shape {self.shape}, not {value.shape}")
        variable = self.variable
        whole = variable.numpy()
        whole[self.index] = value.reshape(whole[self.index].shape)
        variable.assign(whole)


class ByObject(Mapping[str, T], Generic[T]):
    """A mapping by weight name that also takes the Nengo object a weight belongs to.

    ``m[connection]`` is the item of its weights, ``m[ensemble]`` has the attributes ``encoders``
    and ``bias``, ``m["adaptive -> torque"]`` looks up by name.
    """

    def __init__(self, items: Mapping[Weight, T]):
        self._items = dict(items)

    def __getitem__(self, key: Any) -> Any:
        found = self.of(key)
        is_part = not isinstance(key, (str, Weight)) and not isinstance(key, nengo.Connection)
        if is_part:
            return Parts(str(key), {weight.attribute: self._items[weight] for weight in found})
        return self._items[found[0]]

    def of(self, key: Any) -> list[Weight]:
        """Return the weights that ``key`` (a name, a handle, a Nengo object) stands for."""
        if isinstance(key, str):
            found = [weight for weight in self._items if weight.name == key]
        elif isinstance(key, Weight):
            found = [weight for weight in self._items if weight.name == key.name]
        else:
            found = [weight for weight in self._items if weight.owner is key]
        if not found:
            close = get_close_matches(str(key), self)
            hint = f"did you mean {close[0]!r}? " if close else ""
            raise NetworkError(f"no weights {str(key)!r} here; {hint}they are: {', '.join(self)}")
        return found

    def __iter__(self) -> Iterator[str]:
        return (weight.name for weight in self._items)

    def __len__(self) -> int:
        return len(self._items)


class Parts(Generic[T]):
    """The items of one ensemble: ``.encoders`` and ``.bias``."""

    def __init__(self, owner: str, items: Mapping[str, T]):
        self._owner, self._items = owner, items

    def __getattr__(self, name: str) -> T:
        if name.startswith("_") or name not in self._items:
            raise AttributeError(f"{self._owner} has no {name!r}; it has {', '.join(self._items)}")
        return self._items[name]


def named_weights(sim: Any) -> ByObject[Weight]:
    """Every weight of the network that ``sim`` (an open ``nengo_dl.Simulator``) runs, by name.

    A connection's weights are named after it (its label, or "pre -> post"), an ensemble's
    "label.encoders" and "label.bias"; where a label occurs several times, they are numbered.
    """
    network = sim.model.toplevel
    found = []
    for ensemble in network.all_ensembles:
        found.append((ensemble, "encoders", sim.model.sig[ensemble]["encoders"]))
        if not isinstance(ensemble.neuron_type, nengo.Direct):
            found.append((ensemble, "bias", sim.model.sig[ensemble.neurons]["bias"]))
    for connection in network.all_connections:
        if connection.has_weights:
            found.append((connection, "weights", sim.model.sig[connection]["weights"]))
    names = _numbered([_name(owner, attribute) for owner, attribute, _ in found])
    weights = (
        Weight(
            name, owner, attribute, signal.shape, signal.trainable not in (None, False), sim, signal
        )
        for name, (owner, attribute, signal) in zip(names, found, strict=True)
    )
    return ByObject({weight: weight for weight in weights})


def _name(owner: Any, attribute: str) -> str:
    if isinstance(owner, nengo.Connection):
        return str(owner.label or f"{_label(owner.pre_obj)} -> {_label(owner.post_obj)}")
    return f"{_label(owner)}.{attribute}"


def _label(obj: Any) -> str:
    if isinstance(obj, Neurons):
        return f"{_label(obj.ensemble)}.neurons"
    return str(obj.label or type(obj).__name__.lower())


def _numbered(names: list[str]) -> list[str]:
    count: dict[str, int] = {}
    result = []
    for name in names:
        count[name] = count.get(name, 0) + 1
        result.append(f"{name} #{count[name]}" if names.count(name) > 1 else name)
    return result
