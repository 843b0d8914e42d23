"""What logs of other robots would show: arms simulated with what robots have.

    python scripts/simulated_logs.py [ARM ...]

PyBullet simulates masses wrong by up to 20 %, rotors, LuGre friction, ripple, and encoders of 19
bits; the torque has noise of 0.5 % of the motors' largest. At 250 Hz there are two Fourier series
of 30 s, a motion from point to point, and a series with a payload of 3 % of the arm's mass. The
learner and `identify` begin with the model of the catalogue; least squares have the regressor,
armature and smoothed signs of dq, and weigh joints by what is left. Errors are |tau - prediction| /
|tau| in %, mean over the joints.
"""

import math
import sys

import numpy as np
from rich.console import Console
from rich.table import Table

import arms
from arms import Arm
from nengo_forcectl.logs import (
    MotionLog,
    check_torques,
    find_payload,
    identify,
    log_learner,
    predict_torque,
    replay,
    signals_of,
)
from nengo_forcectl.logs.signals import Signals
from nengo_forcectl.sim import (
    Bullet,
    Disturbance,
    LuGreFriction,
    Payload,
    RotorInertia,
    Sensors,
    TorqueRipple,
    WrongMasses,
    resolved_step,
)

SECONDS, RATE, EVERY = 30.0, 1000.0, 4  # cycles of the simulation for a row
HARMONICS, BASE = 5, 0.1  # [Hz]
SHARE = 0.03  # of the arm's mass that the payload has
SLOW = 0.05  # of smoothed signs [rad/s]
CONSOLE = Console()


def series(arm: Arm, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Return q, dq, ddq of a Fourier series from rest to rest, well within the limits."""
    time = np.arange(round(SECONDS * RATE)) / RATE
    w = 2.0 * np.pi * BASE * np.arange(1, HARMONICS + 1)
    sin, cos = np.sin(time[:, None] * w), np.cos(time[:, None] * w)
    a, b = rng.normal(size=(2, HARMONICS, arm.dof)) / w[:, None]
    parts = sin @ a - cos @ b, (cos * w) @ a + (sin * w) @ b, (-sin * w**2) @ a + (cos * w**2) @ b
    middle, half, speed = room(arm, 2.5)
    size = np.minimum(
        0.6 * half / np.abs(parts[0]).max(axis=0), 0.35 * speed / np.abs(parts[1]).max(axis=0)
    )
    q, dq, ddq = (each * size for each in parts)
    end = np.minimum(time, time[-1] - time)[:, None] / 2.0
    sign = np.where(time < 0.5 * time[-1], 0.5, -0.5)[:, None]
    x = np.clip(end, 0.0, 1.0)
    r = x**3 * (10.0 - 15.0 * x + 6.0 * x**2)
    dr, ddr = 30.0 * x**2 * (1.0 - x) ** 2 * sign, 15.0 * x * (1.0 - x) * (1.0 - 2.0 * x)
    return middle + r * q, r * dq + dr * q, r * ddq + 2.0 * dr * dq + ddr * q


def points(arm: Arm, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Return q, dq, ddq of quintics between random postures, with half a second of rest."""
    time = np.arange(round(SECONDS * RATE)) / RATE
    middle, half, speed = room(arm, 2.0)
    q, dq, ddq = np.zeros((3, len(time), arm.dof))
    at, start = middle, 0.0
    while start < SECONDS:
        to = middle + 0.35 * half * rng.uniform(-1.0, 1.0, arm.dof)
        length = max(1.0, float((np.abs(to - at) * 1.875 / (0.5 * speed)).max()))
        rows = (time >= start) & (time < start + length + 0.5)
        x = np.clip((time[rows] - start) / length, 0.0, 1.0)[:, None]
        q[rows] = at + (to - at) * x**3 * (10.0 - 15.0 * x + 6.0 * x**2)
        dq[rows] = (to - at) * 30.0 * x**2 * (1.0 - x) ** 2 / length
        ddq[rows] = (to - at) * 60.0 * x * (1.0 - x) * (1.0 - 2.0 * x) / length**2
        at, start = to, start + length + 0.5
    return q, dq, ddq


def room(arm: Arm, most: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the middle and half the range of positions, and speeds, within bounds."""
    lower, upper = np.maximum(arm.q_lower, -most), np.minimum(arm.q_upper, most)
    return 0.5 * (lower + upper), 0.5 * (upper - lower), np.minimum(arm.dq_max, 3.0)


def record(arm: Arm, motion: tuple[np.ndarray, ...], seed: int, load: float = 0.0) -> MotionLog:
    """Return the log of a law that follows a motion."""
    q, dq, ddq = motion
    n, most, rng = arm.dof, arm.tau_max, np.random.default_rng(50)
    rotor = 0.02 * most / most.max() * rng.uniform(5.0, 15.0, n)
    level = 0.03 * most * rng.uniform(0.6, 1.4, n)
    real: list[Disturbance] = [WrongMasses(0.2, seed=0)]
    real += [Payload(load)] if load else []
    real += [
        RotorInertia(tuple(rotor)),
        LuGreFriction(
            tuple(level), tuple(1.3 * level), 0.05, tuple(level / 5e-4), viscous=tuple(0.4 * level)
        ),
        TorqueRipple(tuple(0.004 * most)),
    ]
    dt = 1e-3 / math.ceil(1e-3 / min(1e-3, resolved_step(arm, q[0], real)) - 1e-9)
    sensors, rng, rows = (
        Sensors(encoder_bits=19, velocity_filter=2e-3),
        np.random.default_rng(seed + 1),
        [],
    )
    with Bullet(
        arm, q[0], disturbances=tuple(real), dt=dt, period=1e-3, sensors=sensors, rng=rng
    ) as robot:
        for k in range(len(q)):
            state = robot.read()
            wanted = ddq[k] + 400.0 * (q[k] - state.q) + 40.0 * (dq[k] - state.dq)
            tau = (arm.mass_matrix(state.q).diagonal() + rotor) * wanted
            tau += arm.gravity(state.q) + level * np.tanh(dq[k] / 0.02)
            tau = np.clip(tau, -most, most)
            robot.apply(tau)
            if k % EVERY == 0:
                rows.append((state.q, state.dq, tau + 0.005 * most * rng.normal(size=n)))
    own, speed, torque = (np.array(each) for each in zip(*rows, strict=True))
    time, row = np.arange(len(own)) * EVERY / RATE, np.arange(len(own))
    log = MotionLog(arm.name, time, own, speed, torque, row, np.zeros(1, int), "")
    check_torques(log, arm)
    return log


def columns(arm: Arm, states: Signals) -> np.ndarray:
    """Return those of plain least squares."""
    q, dq, ddq = states[:3]
    joints = [
        each[:, :, None] * np.eye(arm.dof) for each in (ddq, dq, np.tanh(dq / SLOW), 1.0 + 0.0 * dq)
    ]
    return np.concatenate((arm.regressor(q, dq, ddq), *joints), axis=2)


def least_squares(arm: Arm, states: Signals) -> np.ndarray:
    """Return the values that fit best, joints weighed by what the fit before left."""
    X, left = columns(arm, states), states.tau
    values = np.zeros(X.shape[2])
    for _ in range(3):
        weight = 1.0 / np.sqrt(np.mean(left**2, axis=0))
        rows = (X * weight[:, None]).reshape(-1, X.shape[2])
        values = np.linalg.lstsq(rows, (states.tau * weight).ravel(), rcond=1e-8)[0]
        left = states.tau - X @ values
    return values


def error(states: Signals, prediction: np.ndarray) -> str:
    """Return the mean error of the joints."""
    left = np.linalg.norm(states.tau - prediction, axis=0) / np.linalg.norm(states.tau, axis=0)
    return f"{100.0 * left.mean():.1f}"


def try_arm(name: str) -> None:
    """Learn and identify from one log, and predict the others."""
    arm = arms.load(name)
    load = SHARE * float(arm.inertial_parameters.reshape(-1, 10)[:, 0].sum())
    first, other, loaded = (
        record(arm, series(arm, np.random.default_rng(seed)), seed, carried)
        for seed, carried in ((0, 0.0), (1, 0.0), (3, load))
    )
    last = record(arm, points(arm, np.random.default_rng(2)), 2)
    learner = log_learner(arm, first)
    result, found = replay(first, learner), identify([first], arm)
    states = [signals_of(log) for log in (first, other, last)]
    values, weights = least_squares(arm, states[0]), result.weights[-1][1]
    encoding = learner.learner.encoding
    table = Table("", "learned from", "unseen", "point to point", title=name, title_justify="left")
    table.add_row("model alone", *(error(s, arm.inverse_dynamics(*s[:3])) for s in states))
    table.add_row(
        "learner, frozen", *(error(s, predict_torque(arm, encoding, weights, s)) for s in states)
    )
    table.add_row("identified", *(error(s, found.predict(s)) for s in states))
    table.add_row("least squares", *(error(s, columns(arm, s) @ values) for s in states))
    CONSOLE.print(table)
    for title, log in (("all", loaded), ("4 s", loaded.rows(500, 1500))):
        own = find_payload(first, log, arm)
        CONSOLE.print(
            f"payload from {title}: {own.mass:.3f} +- {own.mass_deviation:.3f} kg "
            f"({load:.3f} kg in truth)"
        )


if __name__ == "__main__":
    for each in sys.argv[1:] or ("panda", "ur5e", "gen3"):
        try_arm(each)
