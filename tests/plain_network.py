"""A network in arrays, which needs no simulator, and the same in NumPy for the blocks."""

import numpy as np

from nengo_forcectl.cycle.compiled_learning import LABELS
from nengo_forcectl.learning.consolidation import Consolidation
from nengo_forcectl.networks.encoding import NetworkArrays, encoding_of
from nengo_forcectl.networks.smooth_basis import smooth_basis
from nengo_forcectl.networks.workspace import reach_states

NEURONS, GAIN, PERIOD = 40, 160.0, 0.1


def network_and_law(arm, home, inputs="q-dq-ref"):
    """An untrained network and how it learns: new weights come every 0.1 s."""
    rng = np.random.default_rng(1)
    states = reach_states(arm, home, rng, reaches=4)
    encoding = encoding_of(arm, states, inputs)
    d = encoding.size
    E, bias = rng.normal(size=(NEURONS, d + 1)), rng.normal(size=NEURONS) - 0.5
    network = NetworkArrays(encoding, E, bias, np.zeros((arm.dof, d + 1 + NEURONS)))
    features = np.stack([features_of(network, v) for v in encoding.input(*states)])
    torque = float(np.sqrt(np.mean(arm.inverse_dynamics(*states) ** 2)))
    basis = smooth_basis(encoding, features, torque)
    noise, surprise = 0.3 * torque, torque
    return network, Consolidation(basis, GAIN, noise, surprise, period=PERIOD)


def features_of(network, v):
    """phi = (x, 1, a)."""
    split = network.encoding.size + 1
    return np.concatenate((v[:split], np.maximum(network.encoders @ v[split:] + network.bias, 0)))


class PlainNetwork:
    """What `ConsolidatingAdaptation` asks of a network."""

    def __init__(self, network):
        self._network, self._split = network, network.encoding.size + 1
        self.write(dict(zip(LABELS, np.split(network.weights, [self._split], axis=1), strict=True)))

    def observe(self, v):
        phi, one = features_of(self._network, v), np.eye(len(self._network.weights))
        parts = np.split(phi, [self._split])
        J_w = {
            name: one[:, :, None] * part for name, part in zip(self._weights, parts, strict=True)
        }
        return np.concatenate(list(self._weights.values()), axis=1) @ phi, J_w

    def read(self):
        return {name: value.copy() for name, value in self._weights.items()}

    def write(self, values):
        self._weights = {name: np.array(value) for name, value in values.items()}
