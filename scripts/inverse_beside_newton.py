"""Inverse kinematics beside a damped Newton method on Pinocchio, timed."""

from __future__ import annotations

import time
from statistics import median

import numpy as np
import pinocchio as pin

import arms


def inverse_kinematics(name: str, count: int = 300) -> None:
    """Reach the poses of random configurations, and the same by damped Newton on Pinocchio.

    Both take the same starts and at most 120 steps from each, to 1e-9.
    """
    arm = arms.load(name)
    model = pin.buildModelFromXML(arm.to_urdf())
    data, tool = model.createData(), model.getFrameId("tool")
    low, high = np.maximum(arm.q_lower, -np.pi), np.minimum(arm.q_upper, np.pi)
    rng = np.random.default_rng(1)
    goals = arm.pose(rng.uniform(low, high, (count, arm.dof)))
    first, zero = (low + high) / 2, pin.neutral(model)
    others = np.random.default_rng(0).uniform(low, high, (39, arm.dof))

    def newton(goal: np.ndarray, q: np.ndarray) -> bool:
        R, p, damping = goal[:3, :3], goal[:3, 3], 1e-6 * np.eye(6)
        for _ in range(120):
            pin.computeJointJacobians(model, data, pin.integrate(model, zero, q))
            pose = pin.updateFramePlacement(model, data, tool)
            e = np.concatenate([p - pose.translation, pin.log3(R @ pose.rotation.T)])
            if e @ e < 1e-18:
                return True
            J = pin.getFrameJacobian(model, data, tool, pin.LOCAL_WORLD_ALIGNED)
            step = J.T @ np.linalg.solve(J @ J.T + damping, e)
            q = np.clip(q + step * min(1.0, 1.0 / np.abs(step).max()), arm.q_lower, arm.q_upper)
        return False

    def pinocchio(goal: np.ndarray) -> bool:
        return newton(goal, first) or any(newton(goal, q) for q in others)

    def ours(goal: np.ndarray) -> bool:
        return bool(arm.find_postures(goal).converged)

    print(f"\n{name}: inverse kinematics of {count} poses")
    middle = {}
    for what, solve in (("Pinocchio, damped Newton", pinocchio), ("ours", ours)):
        solve(goals[0])
        times, reached = [], 0
        for goal in goals:
            start = time.perf_counter()
            reached += solve(goal)
            times.append((time.perf_counter() - start) * 1e3)
        middle[what] = median(times)
        print(
            f"  {what:42} {middle[what]:9.3f} ms, 95 of 100 within {np.percentile(times, 95):.3f} "
            f"ms, {reached} reached"
        )
    print(
        f"  {'ours over Pinocchio':42} {middle['ours'] / middle['Pinocchio, damped Newton']:9.3f}"
    )
    start = time.perf_counter()
    arm.find_postures(goals)
    each = (time.perf_counter() - start) / count * 1e3
    print(f"  {'ours, as a batch':42} {each:9.3f} ms each")
