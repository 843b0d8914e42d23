"""A learning loop of one's own: a network learns an arm's inverse dynamics online, with Adam."""

import numpy as np

import arms
from nengo_forcectl import LearningLoop
from nengo_forcectl.nengodl.compatibility import tf
from nengo_forcectl.networks import adaptive_network, simulator

arm = arms.load("planar2")
network = adaptive_network(3 * arm.dof, arm.dof, n_neurons=1000, seed=0, radius=2.5)
rng = np.random.default_rng(0)
with simulator(network, minibatch_size=16) as sim:
    adam = tf.keras.optimizers.Adam(5e-3)
    loop = LearningLoop(sim, network.probe, adam, rates={network.ensemble: 0.3})
    errors = []
    for _ in range(4000):
        q, dq, ddq = rng.uniform(-1.5, 1.5, (3, 16, arm.dof))
        x = {network.state: np.hstack((q, dq, ddq))}
        wanted = arm.inverse_dynamics(q, dq, ddq)  # [N m]; here your robot's measurement
        error = loop.forward(x, keep=False) - wanted
        loop.step(x, error / len(error))  # forward, J_w^T e, Adam, all in one compiled call
        errors.append(np.sqrt((error**2).mean()))
first, last = np.mean(errors[:10]), np.mean(errors[-100:])
print(f"RMS torque error: {first:.3f} N m at first, {last:.3f} N m after {len(errors)} steps")
