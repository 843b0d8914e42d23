"""A tool that nobody measured: a learned Jacobian adapts to it, then works without the camera."""

import numpy as np

import arms
from nengo_forcectl import (
    Blocks,
    Bullet,
    Log,
    MinimumJerk,
    OperationalSpace,
    Robot,
    follow,
    learn_kinematics,
)
from nengo_forcectl.adaptation import NoAdaptation
from nengo_forcectl.kinematics import AdaptiveJacobian, KnownTip, LearnedPose, LearnedTip
from nengo_forcectl.sim import Tool


class Covered(Robot):
    """The robot with its camera covered."""

    def __init__(self, robot):
        self.robot = robot

    def read(self):
        """Return what the joints say, and nothing of the tool."""
        return self.robot.read()._replace(tool=None)

    def apply(self, tau):
        """Pass the torque on."""
        self.robot.apply(tau)


arm = arms.load("kuka_iiwa")
home = [0.0, 0.5, 0.0, -1.0, 0.0, 0.5, 0.0]  # [rad]
tool = Tool((0.12, -0.10, 0.12))  # 0.2 m long, in the flange's frame; unknown to the controllers
real = tool.real(arm)
tip = real.pose(home)[:3, 3]
corners = tip + np.array([[1, 1, 1], [1, -1, -1], [-1, -1, 1], [-1, 1, -1], [0, 0, 0]]) * 0.1
path = MinimumJerk([tip, *list(corners) * 3], duration=1.2)  # of the tip [m]

control = OperationalSpace(home)
network = LearnedPose(learn_kinematics(arm, neurons=1000, seed=0, orientation=True))
learner = LearnedTip(network, control, AdaptiveJacobian())
for name, kinematics in (("bare arm's Jacobian", KnownTip(arm)), ("adaptive Jacobian", learner)):
    cycle, log = Blocks(arm, control, NoAdaptation(), kinematics=kinematics), Log(18000)
    with Bullet(arm, home, [tool]) as robot:
        follow(robot, cycle, path, range(12000), log)  # ten reaches
        cycle.learn(False)
        follow(Covered(robot), cycle, path, range(6000), log)  # five more
    record = log.arrays()
    off = 1e3 * np.linalg.norm(real.pose(record["q"])[:, :3, 3] - record["reference"], axis=1)
    seen, covered = off[1199:12000:1200].max(), off[13199::1200].max()
    print(f"{name}: {seen:.3f} mm from the targets, {covered:.3f} mm with the camera covered")
print("tool [m]:", *np.round(tool.tip, 4), "  learned:", *np.round(learner.tool, 4))
