"""Jacobians through time: what a spiking memory with synapses still knows of its past inputs."""

import nengo
import numpy as np

from nengo_forcectl import input_jacobian, weight_jacobian
from nengo_forcectl.networks import simulator

with nengo.Network(seed=0) as network:
    stimulus = nengo.Node([0.0], label="stimulus")
    memory = nengo.Ensemble(100, 1, neuron_type=nengo.LIF(), seed=1, label="memory")
    # Leaky integrator, dx/dt = u - x / 0.02: recurrent weight 1 - 0.005 / 0.02, input weight 0.005
    nengo.Connection(stimulus, memory, transform=[[0.005]], synapse=0.005)
    loop = nengo.Connection(memory, memory, transform=[[0.75]], synapse=0.005, label="loop")
    probe = nengo.Probe(memory, synapse=None)

steps = 60  # of 1 ms
u = np.full((1, steps, 1), 10.0)
with simulator(network) as sim:
    J_u = input_jacobian(sim, probe, {stimulus: u})[stimulus][0, 0, :, 0]
    for age in (2, 10, 20, 40):
        print(f"d memory(now) / d stimulus({age} ms ago): {J_u[-1 - age]:.6f}")
    for step in (5, 59):
        J_w = weight_jacobian(sim, probe, {stimulus: u}, loop, step=step)[loop]
        print(f"d memory / d loop at step {step}: norm {np.linalg.norm(J_w):.1f}")
