"""Weights carried from one simulator to another, with what they are right with."""

from typing import Any

import nengo
import numpy as np
from nengo.transforms import SparseMatrix

from ..errors import NetworkError
from .weights import Weight, named_weights

CURRENTS = np.linspace(-2.0, 10.0, 61)  # at which the rates of two neuron types are compared


def copy_weights(source: Any, target: Any) -> None:
    """Copy all weights of ``source``, by name, to the network of one structure in ``target``.

    Networks of different seeds have different encoders, gains and biases, and a decoder is only
    right with its own. So all weights go, and with those of an ensemble its built parameters (gain,
    encoders, intercepts), which ``target.data`` gives. Spiking neurons may take the weights of
    neurons with the same rates. Synapses and the functions of nodes are not compared.

    Args:
        source, target: open simulators, each ``nengo_dl.Simulator`` or ``nengo.Simulator``.

    Raises:
        NetworkError: the weights have other names or shapes; their ensembles have another radius or
            other rates, or their connections other slices or other places of sparse weights; or a
            weight that differs is a constant in ``target``, for example a bias that is not
            trainable. Nothing is then copied.
    """
    ours, theirs = named_weights(source), named_weights(target)
    if missing := [name for name in ours if name not in theirs]:
        raise NetworkError(f"copy_weights: the target lacks {', '.join(missing)}; {_HINT}")
    if more := [name for name in theirs if name not in ours]:
        raise NetworkError(f"copy_weights: the source lacks {', '.join(more)}; {_HINT}")
    pairs = [(ours[name], theirs[name]) for name in ours]
    for one, other in pairs:
        if reason := _difference(one, other):
            raise NetworkError(f"copy_weights: weight {one.name!r} {reason}")
    for one, other in pairs:
        if other.variable is not None:
            other.write(one.read())
        if isinstance(other.owner, nengo.Ensemble):
            target.model.params[other.owner] = source.model.params[one.owner]
            if np.ndim(other.scale):
                other.scale[...] = one.scale


_HINT = "needs networks of one structure, with the same labels"


def _difference(one: Weight, other: Weight) -> str:
    """Return why a weight cannot be copied; nothing if it can."""
    if one.shape != other.shape:
        return f"has shape {one.shape}, that of the target {other.shape}"
    if isinstance(one.owner, nengo.Ensemble):
        neurons, others = one.owner.neuron_type, other.owner.neuron_type
        if not _same_rates(neurons, others):
            return f"is of neurons {neurons}, that of the target of {others}: rates differ"
        if one.owner.radius != other.owner.radius:
            return f"is of radius {one.owner.radius}, that of the target of {other.owner.radius}"
    if isinstance(one.owner, nengo.Connection):
        ends, others = _ends(one.owner), _ends(other.owner)
        if ends != others:
            return f"connects {ends}, that of the target {others}"
        if _sparse_places(one) != _sparse_places(other):
            return "is sparse, with other non-zero entries in the target"
    if other.variable is None and not np.array_equal(one.read(), other.read()):
        return (
            "differs, and is a constant in the target (sparse, not trainable or not used); the "
            "other weights are only right with it; build the network with this value, or leave it "
            "trainable"
        )
    return ""


def _same_rates(neurons: Any, others: Any) -> bool:
    """Whether two types of neurons have the same rates, by which Nengo solves for decoders."""
    if neurons == others:
        return True
    if nengo.Direct in (type(neurons), type(others)):
        return False
    gain, bias = np.ones(1), np.zeros(1)
    rates, expected = (each.rates(CURRENTS[:, None], gain, bias) for each in (neurons, others))
    return np.array_equal(rates, expected)


def _ends(connection: nengo.Connection) -> str:
    return f"{connection.pre_slice} of what comes before to {connection.post_slice} of what follows"


def _sparse_places(weight: Weight) -> list:
    """Return rows and columns of the entries of a sparse weight."""
    if weight.signal is None or not weight.signal.sparse:
        return []
    entries: Any = weight.signal.initial_value
    if isinstance(entries, SparseMatrix):
        return np.asarray(entries.indices).tolist()
    entries = entries.tocoo()
    return [[row, column] for row, column in zip(entries.row, entries.col, strict=True)]
