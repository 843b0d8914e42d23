"""Speed of the arm models beside Pinocchio's, MuJoCo's and PyBullet's, in one process.

Medians of interleaved repeats, so that a busy machine slows all alike; quote the ratios.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from statistics import median

import mujoco
import numpy as np
import pinocchio as pin
import pybullet
from long_arm import long_arm

import arms
from arms.machine.cache import VARIABLE

REPEATS, CALLS = 15, 2000
KNOWN = ("ur5", "panda", "kuka_iiwa", "jaco2")
Action = Callable[[], object]


def medians(
    actions: dict[str, Action],
    calls: int = CALLS,
    middle: Callable[[list[float]], float] = median,
) -> dict[str, float]:
    """Microseconds per call of each action, their repeats interleaved."""
    samples: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(REPEATS):
        for name, action in actions.items():
            start = time.perf_counter()
            for _ in range(calls):
                action()
            samples[name].append((time.perf_counter() - start) / calls * 1e6)
    return {name: middle(values) for name, values in samples.items()}


def show(title: str, times: dict[str, float], reference: str) -> None:
    """One block of the table."""
    print(f"\n{title}")
    for name, value in times.items():
        print(f"  {name:42} {value:9.2f} us   {value / times[reference]:6.3f} x {reference}")


def pinocchio_all(urdf: str, q: np.ndarray, dq: np.ndarray) -> Action:
    """All terms by Pinocchio: pose, J, dJ, M, C dq, g."""
    model = pin.buildModelFromXML(urdf)
    data = model.createData()
    tool = model.getFrameId("tool")
    axes = pin.LOCAL_WORLD_ALIGNED

    def compute() -> None:
        pin.computeAllTerms(model, data, q, dq)
        pin.computeJointJacobiansTimeVariation(model, data, q, dq)
        pin.updateFramePlacement(model, data, tool)
        pin.getFrameJacobian(model, data, tool, axes)
        pin.getFrameJacobianTimeVariation(model, data, tool, axes)

    return compute


def lengths() -> None:
    """All terms of arms with more and more joints, beside Pinocchio: the fastest repeats."""
    for n in (7, 12, 20, 30):
        for tilted in (False, True):
            arm = long_arm(n, tilted)
            q, dq = np.random.default_rng(0).normal(size=(2, n))
            every = arm.kernel("pose", "J", "dJ", "M", "Cdq", "g")
            out = np.empty(every.size)
            actions: dict[str, Action] = {
                "Pinocchio": pinocchio_all(arm.to_urdf(), q, dq),
                "ours, C dq, into a buffer": lambda: every.fill(q, dq, None, out),  # noqa: B023
            }
            axes = "axes along nothing" if tilted else "axes at right angles"
            show(f"{n} joints, {axes}: all terms", medians(actions, 300, min), "Pinocchio")


def payloads(name: str) -> None:
    """From a payload to the first torque, and all terms of such an arm beside the plain one's."""
    arm = arms.load(name)
    rng = np.random.default_rng(0)
    q, dq = rng.normal(size=(2, arm.dof))
    loaded = arm.with_payload(1.0, (0.01, 0.02, 0.1), 0.01 * np.eye(3))
    alone = arms.Arm(replace(loaded.chain, variable=()))  # compiled for this payload alone
    loaded.terms(q, dq)
    samples = []
    for mass in np.linspace(1.1, 3.0, 15):
        start = time.perf_counter()
        terms = arm.with_payload(mass, (0.0, mass / 100, 0.1), 0.01 * np.eye(3)).terms(q, dq)
        terms.C @ dq + terms.g
        samples.append((time.perf_counter() - start) * 1e3)
    kernels = {
        "the plain arm": arm.kernel(*arms.Terms._fields),
        "with a payload": loaded.kernel(*arms.Terms._fields),
        "the same, compiled for it alone": alone.kernel(*arms.Terms._fields),
    }
    out = np.empty(kernels["the plain arm"].size)
    actions: dict[str, Action] = {
        what: partial(kernel.fill, q, dq, None, out) for what, kernel in kernels.items()
    }
    show(f"{name}, payloads: all terms", medians(actions), "the plain arm")
    print(f"  {'a further payload to its first torque':42} {median(samples):9.2f} ms")


def contenders(name: str) -> dict[str, dict[str, Action]]:
    """Each block of the table: the work of every engine."""
    arm = arms.load(name)
    urdf = arm.to_urdf()
    rng = np.random.default_rng(0)
    q, dq = rng.normal(size=(2, arm.dof))
    every = arm.kernel("pose", "J", "dJ", "M", "Cdq", "g")
    out = np.empty(every.size)

    model = pin.buildModelFromXML(urdf)
    data = model.createData()
    tool = model.getFrameId("tool")
    axes = pin.LOCAL_WORLD_ALIGNED
    scene = mujoco.MjModel.from_xml_string(urdf)
    state = mujoco.MjData(scene)
    M = np.empty((arm.dof, arm.dof))
    linear, angular = np.empty((3, arm.dof)), np.empty((3, arm.dof))
    point, last = arm.pose(q)[:3, 3], scene.nbody - 1

    def mujoco_all() -> None:
        state.qpos[:], state.qvel[:] = q, dq
        mujoco.mj_fwdPosition(scene, state)
        mujoco.mj_fwdVelocity(scene, state)
        mujoco.mj_fullM(scene, state, M)
        mujoco.mj_jac(scene, state, linear, angular, point, last)
        mujoco.mj_jacDot(scene, state, linear, angular, point, last)

    pybullet.connect(pybullet.DIRECT)
    with tempfile.NamedTemporaryFile("w", suffix=".urdf") as file:
        file.write(urdf)
        file.flush()
        flags = pybullet.URDF_USE_INERTIA_FROM_FILE
        body = pybullet.loadURDF(file.name, useFixedBase=True, flags=flags)
    end = pybullet.getNumJoints(body) - 1
    lists, zero, origin = (q.tolist(), dq.tolist()), [0.0] * arm.dof, [0.0] * 3

    def bullet_all() -> None:
        pybullet.calculateMassMatrix(body, lists[0])
        pybullet.calculateInverseDynamics(body, *lists, zero)
        pybullet.calculateJacobian(body, end, origin, lists[0], zero, zero)
        pybullet.getLinkState(body, end)

    def pinocchio_jacobian() -> None:
        pin.computeFrameJacobian(model, data, q, tool, axes)

    everything = {
        "Pinocchio": pinocchio_all(urdf, q, dq),
        "MuJoCo": mujoco_all,
        "PyBullet (no dJ)": bullet_all,
        "ours, C dq, into a buffer": lambda: every.fill(q, dq, None, out),
        "ours, C dq, new arrays": lambda: every.call(q, dq, None),
        "ours, arm.terms(q, dq), C matrix": lambda: arm.terms(q, dq),
    }
    return {
        "all terms: pose, J, dJ, M, C dq, g": everything,
        "J": {"Pinocchio": pinocchio_jacobian, "arm.jacobian": lambda: arm.jacobian(q)},
        "M": {
            "Pinocchio": lambda: pin.crba(model, data, q),
            "arm.mass_matrix": lambda: arm.mass_matrix(q),
        },
        "g": {
            "Pinocchio": lambda: pin.computeGeneralizedGravity(model, data, q),
            "arm.gravity": lambda: arm.gravity(q),
        },
        "nonlinear effects, C dq + g": {
            "Pinocchio": lambda: pin.nonLinearEffects(model, data, q, dq),
            "arm.bias": lambda: arm.bias(q, dq),
        },
        "inverse dynamics": {
            "Pinocchio": lambda: pin.rnea(model, data, q, dq, dq),
            "arm.inverse_dynamics": lambda: arm.inverse_dynamics(q, dq, dq),
        },
        "forward dynamics": {
            "Pinocchio": lambda: pin.aba(model, data, q, dq, dq),
            "arm.forward_dynamics": lambda: arm.forward_dynamics(q, dq, dq),
        },
    }


def batches(name: str, count: int = 100_000) -> None:
    """A batch of configurations, all terms, one core."""
    arm = arms.load(name)
    rng = np.random.default_rng(0)
    q, dq = rng.normal(size=(2, count, arm.dof))
    kernel = arm.kernel("pose", "J", "dJ", "M", "Cdq", "g")
    out = np.empty((count, kernel.size))
    actions = {
        "C dq, into a buffer": lambda: kernel.run(q, dq, None, out),
        "C dq, new array": lambda: kernel.run(q, dq, None),
        "arm.terms, C matrix": lambda: arm.terms(q, dq),
    }
    print(f"\nbatch of {count:,}, all terms")
    for what, action in actions.items():
        samples = []
        for _ in range(7):
            start = time.perf_counter()
            action()
            samples.append((time.perf_counter() - start) / count * 1e6)
        print(f"  {what:42} {median(samples):9.3f} us each")


def controller(name: str) -> None:
    """Operational-space control fused with its arm in numba."""
    import numba

    from arms.machine.invoke import invoke

    arm = arms.load(name)
    n = arm.dof
    kernel = arm.kernel("pose", "J", "dJ", "M", "h")
    pose, J_at, dJ_at, M_at, h_at = (part.start for part in kernel.slices)

    @numba.njit
    def torque(address, q, dq, goal, work, out):
        """tau = M (J+ (a - dJ dq) + N (-k dq)) + h, J+ by Cholesky of J M^-1 J^T (Khatib 1987)."""
        invoke(address, q, dq, work)
        J = work[J_at : J_at + 3 * n].reshape(3, n)
        dJ = work[dJ_at : dJ_at + 3 * n].reshape(3, n)
        M = work[M_at : M_at + n * n].reshape(n, n)
        L = out[: n * n].reshape(n, n)
        for i in range(n):
            for j in range(i + 1):
                total = M[i, j]
                for k in range(j):
                    total -= L[i, k] * L[j, k]
                L[i, j] = np.sqrt(total) if i == j else total / L[j, j]
        X = out[n * n : n * n + 3 * n].reshape(3, n)  # rows: L^-1 J^T
        for r in range(3):
            for i in range(n):
                total = J[r, i]
                for k in range(i):
                    total -= L[i, k] * X[r, k]
                X[r, i] = total / L[i, i]
        A = np.zeros((3, 3))
        force = np.zeros(3)
        for r in range(3):
            v, bias = 0.0, 0.0
            for i in range(n):
                v += J[r, i] * dq[i]
                bias += dJ[r, i] * dq[i]
            drag = 0.0
            for i in range(n):
                drag -= J[r, i] * 10.0 * dq[i]
            x = work[pose + 4 * r + 3]
            force[r] = 196.0 * (goal[r] - x) - 28.0 * v - bias - drag
            for s in range(3):
                for i in range(n):
                    A[r, s] += X[r, i] * X[s, i]
        a = A[0, 0]
        b, c = A[0, 1], A[0, 2]
        d, e, f = A[1, 1], A[1, 2], A[2, 2]
        det = a * (d * f - e * e) - b * (b * f - c * e) + c * (b * e - c * d)
        i01, i02, i12 = c * e - b * f, b * e - c * d, b * c - a * e
        f0 = ((d * f - e * e) * force[0] + i01 * force[1] + i02 * force[2]) / det
        f1 = (i01 * force[0] + (a * f - c * c) * force[1] + i12 * force[2]) / det
        f2 = (i02 * force[0] + i12 * force[1] + (a * d - b * b) * force[2]) / det
        tau = out[n * n + 3 * n : n * n + 4 * n]
        for i in range(n):
            total = J[0, i] * f0 + J[1, i] * f1 + J[2, i] * f2 + work[h_at + i]
            for k in range(n):
                total -= M[i, k] * 10.0 * dq[k]
            tau[i] = total
        return tau[0]

    rng = np.random.default_rng(0)
    q, dq = rng.normal(size=(2, n))
    goal, work, out = np.array([0.4, 0.1, 0.5]), np.empty(kernel.size), np.empty(n * n + 4 * n)
    torque(kernel.address, q, dq, goal, work, out)
    times = medians(
        {"operational space, fused": lambda: torque(kernel.address, q, dq, goal, work, out)}
    )
    print("\ncontroller fused with its arm in numba")
    for what, value in times.items():
        print(f"  {what:42} {value:9.2f} us")


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


def starts(name: str) -> None:
    """From process start to the first torque, with an empty and with a full cache."""
    code = (
        f"import arms; arm = arms.load({name!r}); q = [0.1] * arm.dof;"
        "t = arm.terms(q, q); t.C @ q + t.g"
    )
    print("\nprocess start to first torque")
    cold, warm = [], []
    for _ in range(5):
        with tempfile.TemporaryDirectory() as folder:
            environment = {**os.environ, VARIABLE: os.path.join(folder, "cache")}
            for samples in (cold, warm):
                start = time.perf_counter()
                subprocess.run([sys.executable, "-c", code], env=environment, check=True)
                samples.append(time.perf_counter() - start)
    print(f"  {'nothing cached':42} {median(cold):9.2f} s")
    print(f"  {'next process':42} {median(warm):9.2f} s")


def memory() -> None:
    """Largest resident set of a process that derives and compiles one arm (Linux)."""
    code = (
        "import arms, sys; arm = arms.load(sys.argv[1]); q = [0.1] * arm.dof; arm.terms(q, q);"
        "status = open('/proc/self/status').read();"
        "print(int(status.split('VmHWM:')[1].split()[0]) // 1024)"
    )
    print("\nmemory of deriving and compiling all terms")
    for name in arms.names():
        with tempfile.TemporaryDirectory() as folder:
            environment = {**os.environ, VARIABLE: os.path.join(folder, "cache")}
            command = [sys.executable, "-c", code, name]
            result = subprocess.run(command, env=environment, check=True, capture_output=True)
        print(f"  {name:42} {int(result.stdout):9d} MB")


def calls(name: str) -> None:
    """One call from Python, beside other engines'."""
    print(f"{name}: one call from Python, median of {REPEATS} x {CALLS}")
    for title, actions in contenders(name).items():
        show(title, medians(actions), "Pinocchio")


def each_of(part: Callable[[str], None]) -> None:
    """A part for several arms."""
    for name in KNOWN:
        part(name)


PARTS: dict[str, Callable[[str], None]] = {
    "calls": calls,
    "lengths": lambda _: lengths(),
    "payloads": lambda _: each_of(payloads),
    "batches": batches,
    "controller": controller,
    "inverse": lambda _: each_of(inverse_kinematics),
    "starts": starts,
    "memory": lambda _: memory(),
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arm", default="kuka_iiwa", choices=arms.names())
    parser.add_argument("--parts", nargs="+", default=[*PARTS], choices=[*PARTS])
    settings = parser.parse_args()
    for part in settings.parts:
        PARTS[part](settings.arm)


if __name__ == "__main__":
    main()
