"""Wipe a table of unknown stiffness and height at 20 N, with an unknown payload."""

import numpy as np

import arms
from nengo_forcectl import Blocks, Bullet, HybridForce, Log, Payload, Safe, ViscousFriction, follow
from nengo_forcectl.adaptation import DisturbanceObserver
from nengo_forcectl.cycle import Descent, Landing
from nengo_forcectl.paths import Circle, CurvePath, Slerp, TrapezoidProfile
from nengo_forcectl.sim import Table, Wrist

arm = arms.load("kuka_iiwa")
home = [0.0, 0.5, 0.0, -1.2, 0.0, 0.6, 0.0]  # [rad]
R, tip = arm.pose(home)[:3, :3], arm.pose(home)[:3, 3]
circle = Circle(tip + np.array([0.05, 0.0, 0.0]), tip)  # as high as the tip is at the start
path = CurvePath(circle, TrapezoidProfile(3.0), Slerp(R, R))
for stiffness in (1e3, 1e5):  # foam, metal [N/m]
    table = Table(tip - np.array([0.0, 0.0, 0.025]), stiffness, damping=0.2 * stiffness**0.5)
    law = HybridForce(home, (0, 1, 2, 3, 4, 5), axes=(2,), kf=0.5, ki=2.0, kd=120.0)
    observer = DisturbanceObserver(arm, 100.0, 1e-3)  # with it, Blocks; or, with consolidation,
    # learning_cycle(arm, home, seed=0, controller=law) gives the cycle
    landing = Landing(Blocks(arm, law, observer), path, Descent(force=20.0, settle=1.8))
    loads = [Payload(2.0), ViscousFriction(0.9)]  # which the model does not know
    log = Log(6500)
    with Bullet(arm, home, loads, 2.5e-4, period=1e-3, surface=table, wrist=Wrist()) as robot:
        follow(robot, Safe(landing, arm), landing, range(6500), log)
    record = log.arrays()
    force = record["wrench"][:, 2]  # as the wrist feels it [N]
    assert landing.landed is not None
    wiping = record["time"] > landing.landed + 1.8
    print(
        f"{stiffness:g} N/m: landed at {landing.landed:.2f} s, at most {force[1000:].max():.2f} N, "
        f"wiping with {force[wiping].min():.2f} to {force[wiping].max():.2f} N"
    )
