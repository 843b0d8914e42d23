"""Stops without sensors, and sensors that contradict each other or the motors."""

import math

import numpy as np
import pytest
from test_safety import REFERENCE, Asks

import arms
from nengo_forcectl.contract import State
from nengo_forcectl.control import OperationalSpace
from nengo_forcectl.cycle.compiled import CompiledController
from nengo_forcectl.kernels import compare_sensors, sizes
from nengo_forcectl.networks.workspace import home_posture, random_targets, task_axes
from nengo_forcectl.paths import MinimumJerk
from nengo_forcectl.safety.guard import Safe
from nengo_forcectl.safety.sensors import SensorCheck
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.sim.sensing import Sensors

ARMS = ("kuka_iiwa", "ur5e", "panda")
NOISE = Sensors(position_noise=1e-4, velocity_noise=3e-3)


def coasting(arm, seed):
    """A posture, a velocity of 90 % of the limits, and a torque that keeps it."""
    rng = np.random.default_rng(seed)
    q = home_posture(arm) + rng.uniform(-0.2, 0.2, arm.dof)
    dq = 0.9 * arm.dq_max * rng.choice([-1.0, 1.0], arm.dof)

    def torque(state):
        terms = arm.terms(state.q, state.dq)
        return terms.M @ (20.0 * (dq - state.dq)) + terms.C @ state.dq + terms.g

    return q, dq, torque


GONE = {
    "clock": lambda state, last: state._replace(time=last.time),
    "no state": lambda state, last: last,
    "frozen": lambda state, last: last._replace(time=state.time),
    "not finite": lambda state, last: state._replace(q=state.q * np.nan),
    "no time": lambda state, last: state._replace(time=math.nan),
}


@pytest.mark.parametrize("fault", GONE)
@pytest.mark.parametrize("name", ARMS)
def test_an_arm_whose_clock_or_sensors_are_gone_comes_to_rest(name, fault):
    """From 90 % of its speed limits, within 0.3 s, and never above 1.1 times the limit.

    A step of 1 ms would be Bullet's own error: 0.07 of the limit after 0.3 s without any sensor.
    """
    arm = arms.load(name)
    for seed in range(2):
        q, dq, torque = coasting(arm, seed)
        safe, speeds = Safe(Asks(arm.dof, torque), arm), []
        with Bullet(arm, q, dt=2e-4, period=1e-3) as robot:
            robot.reset(q, dq)
            for cycle in range(315):
                state = robot.read()
                if cycle < 15:
                    last = state
                else:
                    state = GONE[fault](state, last)
                robot.apply(safe.step(state, REFERENCE).tau)
                speeds.append(np.abs(robot.state()[1] / arm.dq_max).max())
        assert safe.stopped is not None
        assert max(speeds) < 1.1
        assert speeds[-1] < (1e-3 if fault in ("clock", "no time") else 0.01)


def one(n, joint):
    return np.arange(n) == joint


LIES = {
    "all dq 0": lambda state, last, j: state._replace(dq=0.0 * state.dq),
    "dq 0": lambda state, last, j: state._replace(dq=np.where(j, 0.0, state.dq)),
    "all dq stuck": lambda state, last, j: state._replace(dq=last.dq),
    "all dq flipped": lambda state, last, j: state._replace(dq=-state.dq),
    "dq flipped": lambda state, last, j: state._replace(dq=np.where(j, -state.dq, state.dq)),
    "q jumped": lambda state, last, j: state._replace(q=state.q + 1.0 * j),
    "q stuck": lambda state, last, j: state._replace(q=np.where(j, last.q, state.q)),
}


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("name", ARMS)
def test_a_joint_s_sensor_that_lies_stops_the_arm(name, lie):
    """In mid-reach, the fastest joint or all: below 1.3 times the speed limit, and at rest.

    A jump is found at once. The reason names the sensor. With exact and with noisy sensors.
    """
    arm = arms.load(name)
    home = home_posture(arm)
    start = arm.pose(home)[:3, 3]
    for seed, sensors in ((0, None), (1, NOISE)):
        rng = np.random.default_rng([seed, 7])
        path = MinimumJerk(np.array([start, *random_targets(arm, home, 2, rng)]), 0.5)
        safe = Safe(CompiledController(arm, OperationalSpace(home, task_axes(arm))), arm)
        found, speeds, joint = None, [], None
        with Bullet(arm, home, sensors=sensors, rng=rng) as robot:
            for cycle in range(600):
                state = robot.read()
                if cycle == 249:
                    last = state
                    joint = one(arm.dof, np.abs(state.dq / arm.dq_max).argmax())
                elif cycle > 249:
                    state = LIES[lie](state, last, joint)
                robot.apply(safe.step(state, path.at(state.time)).tau)
                if found is None and safe.stopped is not None:
                    found = cycle - 250
                speeds.append(np.abs(robot.state()[1] / arm.dq_max).max())
        assert "the change of q contradicts dq" in str(safe.stopped)
        named = " q[" if lie.startswith("q") else " dq["
        assert named in str(safe.stopped)
        assert max(speeds) < 1.3
        assert speeds[-1] < 0.02
        assert lie != "q jumped" or found == 0


@pytest.mark.parametrize("late", [0.0, 4e-3])
def test_honest_sensors_are_believed(iiwa, late):
    """Encoders of 16 bits, differenced and filtered; dq 4 ms late: no stop on a fast motion."""
    safe = Safe(Asks(7, lambda state: iiwa.gravity(state.q)), iiwa)
    rng, grain, v, before = np.random.default_rng(0), 2 * np.pi / 2**16, np.zeros(7), None
    home = home_posture(iiwa)
    for k in range(3000):
        time = 1e-3 * k
        rate = np.linspace(3.0, 9.0, 7)
        q = home + (0.9 / rate) * (1.0 - np.cos(rate * time)) * np.tanh(time)
        if late:
            then = max(time - late, 0.0)
            past = home + (0.9 / rate) * (1.0 - np.cos(rate * then)) * np.tanh(then)
            q, v = (
                q + 1e-4 * rng.standard_normal(7),
                v if before is None else (past - before) / 1e-3,
            )
            before = past
        else:
            q = grain * np.round(q / grain)
            v = v + 0.25 * ((0.0 if before is None else (q - before) / 1e-3) - v)
            before = q
        safe.step(State(time, q, v.copy()), REFERENCE)
        assert safe.stopped is None, k


def test_the_comparison_of_q_and_dq_is_what_it_says(iiwa, rng):
    """The mismatch over the window, its tolerance and the delay, against NumPy."""
    safe = Safe(Asks(7, lambda state: iiwa.gravity(state.q)), iiwa)
    guard, home = safe._guard, home_posture(iiwa)
    s, f, h_max, square = np.zeros(7), None, np.zeros(7), np.full(7, sizes.NOISY**2)
    grain = np.full(7, sizes.COARSE)
    q_last = dq_last = None
    for k in range(200):
        q = home + 0.05 * np.sin(0.03 * k + np.arange(7)) + 5e-5 * rng.standard_normal(7)
        dq = 1.5 * np.cos(0.03 * k + np.arange(7)) + 1e-3 * rng.standard_normal(7)
        safe.step(State(1e-3 * k, q, dq), REFERENCE)
        T = 1e-3 / sizes.WINDOW
        if k == 0:
            f = dq.copy()
        else:
            mismatch = q - q_last - 0.5e-3 * (dq + dq_last)
            s, f = (1 - T) * (s + mismatch), f + T * (dq - f)
            h_max = np.maximum(np.abs(dq - f), (1 - T) * h_max)
            least = compare_sensors.BASE + grain + compare_sensors.NOISES * np.sqrt(square)
            share = 1e-3 / compare_sensors.NOISE_TIME
            square += share * (np.minimum(np.abs(mismatch), least) ** 2 - square)
            grain = np.minimum(grain, np.abs(q - q_last))
        q_last, dq_last = q, dq
    for field, expected in (
        ("drift", s),
        ("slow", f),
        ("swing", h_max),
        ("square", square),
        ("grain", grain),
    ):
        np.testing.assert_allclose(guard[field], expected, rtol=1e-9, atol=1e-12, err_msg=field)
    assert safe.stopped is None


def test_a_bad_wrench_costs_the_wrench_alone():
    """The check of the sensors keeps q and dq, and uses the last good wrench."""
    check, q, dq = SensorCheck(2, 1e-3), np.array([0.1, 0.2]), np.array([0.5, 0.5])
    check(State(0.0, q, dq, wrench=np.ones(6)))
    state = check(State(1e-3, q + 5e-4, dq, wrench=np.full(6, np.nan)))
    np.testing.assert_array_equal(state.q, q + 5e-4)
    np.testing.assert_array_equal(state.wrench, np.ones(6))
    assert not state.sound
