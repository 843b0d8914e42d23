"""A network with the arm's Jacobians inside: what a payload's mass does to torque and tool."""

import numpy as np

import arms
from nengo_forcectl import named_weights, task_weight_jacobian, weight_jacobian
from nengo_forcectl.networks import home_posture, simulator, structured_network

arm = arms.load("kuka_iiwa")
home = home_posture(arm)
network = structured_network(arm, home, seed=0)

rng = np.random.default_rng(1)
q, dq, ddq = home, rng.normal(0.0, 0.3, arm.dof), rng.normal(0.0, 1.0, arm.dof)
v = network.encoding.input(q, dq, ddq)  # the arm's Jacobians, and what the neurons see

with simulator(network) as sim:
    J_w = weight_jacobian(sim, network.probe, {network.state: v[None]}, network.learned["body"])
    for name, derivative in J_w.items():
        print(f"d torque / d {name}: {derivative.shape}")

    payload = named_weights(sim)["payload"]
    theta = np.zeros(payload.shape)
    theta[0] = 2.0  # kilograms at the tool; then first moments and inertias
    payload.write(theta)
    torque = sim.predict({network.state: v[None, None]}, n_steps=1, verbose=0)[network.probe][0, 0]

loaded = arm.with_payload(2.0)
added = loaded.inverse_dynamics(q, dq, ddq) - arm.inverse_dynamics(q, dq, ddq)
print("torque of 2 kg [N m], network:", *(f"{tau:.4f}" for tau in torque))
print("torque of 2 kg [N m], model:  ", *(f"{tau:.4f}" for tau in added))

J, M = arm.jacobian(q)[:3], arm.mass_matrix(q)
G = task_weight_jacobian(J, M, {"payload": J_w["payload"][0]})  # J M^-1 d torque / d weight
print("d acceleration / d mass [m/s^2/kg]:", *(f"{ddx:.4f}" for ddx in G["payload"][:, 0, 0]))
