"""The same controller on a robot of your own: a class with ``read()`` and ``apply(tau)``."""

import numpy as np

import arms
from nengo_forcectl import JointPD, Log, MinimumJerk, Robot, State
from nengo_forcectl.adaptation import NetworkAdaptation, NoAdaptation
from nengo_forcectl.learning import Gradient
from nengo_forcectl.networks import OnlineNetwork, adaptive_network, simulator
from nengo_forcectl.robots import track


class MyRobot(Robot):
    """Stands for your driver: here, the equations of motion of an arm that holds 1 kg."""

    def __init__(self, arm, q):
        self.arm, self.time = arm.with_payload(1.0), 0.0
        self.q, self.dq = np.array(q), np.zeros(len(q))

    def read(self):
        """Return what the sensors say."""
        return State(self.time, self.q, self.dq)

    def apply(self, tau):
        """Send the torques to the motors; the next cycle begins 1 ms later."""
        bias = self.arm.inverse_dynamics(self.q, self.dq, np.zeros_like(self.q))
        ddq = np.linalg.solve(self.arm.mass_matrix(self.q), tau - bias)
        self.dq = self.dq + 1e-3 * ddq
        self.q = self.q + 1e-3 * self.dq
        self.time += 1e-3


arm = arms.load("planar2")
home = np.array([0.4, 0.8])  # [rad]
path = MinimumJerk([home, home + 0.5, home, home - 0.5, home], duration=1.0)  # of the joints
network = adaptive_network(2 * arm.dof, arm.dof, n_neurons=500, seed=0, radius=0.3)
with simulator(network) as sim:
    learner = OnlineNetwork(sim, network.probe, Gradient(gamma=0.4, sigma=0.02))
    for name, adaptation in (
        ("without", NoAdaptation()),
        ("with", NetworkAdaptation(arm, learner)),
    ):
        log = Log(capacity=4000)
        track(MyRobot(arm, home), arm, path, JointPD(), adaptation, range(log.capacity), log)
        record = log.arrays()
        error = np.sqrt(np.mean((record["reference"] - record["q"]) ** 2))
        print(f"{name} the network: {1e3 * error:.2f} mrad RMS")
