"""dF(x, w)/dw of a Nengo network, by the name of the object that owns the weight."""

import nengo
import numpy as np

from nengo_forcectl import named_weights, weight_jacobian
from nengo_forcectl.networks import simulator

with nengo.Network(seed=0) as network:
    stimulus = nengo.Node(np.zeros(2), label="stimulus")
    hidden = nengo.Ensemble(50, 2, neuron_type=nengo.LIFRate(), seed=1, label="hidden")
    output = nengo.Node(size_in=3, label="output")
    nengo.Connection(stimulus, hidden, synapse=None)
    decoders = nengo.Connection(hidden, output, function=lambda x: [*x, x[0] * x[1]], synapse=None)
    probe = nengo.Probe(output)

x = np.array([[0.3, -0.5], [0.8, 0.1]])  # two inputs
with simulator(network) as sim:
    J = weight_jacobian(sim, probe, {stimulus: x})
    for name, derivative in J.items():
        print(f"d output / d {name}: {derivative.shape}")

    before = sim.predict({stimulus: x[:1, None]}, n_steps=1, verbose=0)[probe][0, 0]
    bias = named_weights(sim)[hidden].bias
    bias.write(bias.read() + 1e-4)
    after = sim.predict({stimulus: x[:1, None]}, n_steps=1, verbose=0)[probe][0, 0]
    expected = 1e-4 * J[hidden].bias[0].sum(axis=1)
    print("change of all biases by 1e-4:", *(f"{change:.3e}" for change in after - before))
    print("what the Jacobian says:      ", *(f"{change:.3e}" for change in expected))
