"""The tool's box, against all that tries to throw the tool out of it."""

import math
from functools import cache

import numpy as np
import pytest
from test_safety import REFERENCE, Asks, adversaries

import arms
from nengo_forcectl.contract import State
from nengo_forcectl.kernels.come_to_rest import coming_to_rest
from nengo_forcectl.networks.workspace import home_posture
from nengo_forcectl.safety.guard import Safe
from nengo_forcectl.safety.limits import Limits
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.sim.sensing import Sensors

ARMS = ("planar2", "ur5", "kuka_iiwa")


@cache
def limits_of(name):
    return Limits.of(arms.load(name))


def boxed(name, lower, upper):
    """The arm's limits with a box; a planar arm cannot leave its plane."""
    plane = slice(None) if arms.load(name).dof > 3 else slice(2)
    low, high = np.full(3, -math.inf), np.full(3, math.inf)
    low[plane], high[plane] = lower[plane], upper[plane]
    given = vars(limits_of(name)) | {"lower": tuple(low), "upper": tuple(high)}
    return Limits(**given)


def driven(arm, torque, limits, home, sensors=None, cycles=1200):
    """Let a torque drive the simulated arm; how far it was outside at most [m], and the rest."""
    safe = Safe(Asks(arm.dof, torque), arm, limits)
    q, dq = np.empty((2, cycles, arm.dof))
    rng = np.random.default_rng(0)
    with Bullet(arm, home, sensors=sensors, rng=rng) as robot:
        for cycle in range(cycles):
            tau = safe.step(robot.read(), REFERENCE).tau
            assert (np.abs(tau) <= arm.tau_max).all()
            robot.apply(tau)
            q[cycle], dq[cycle] = robot.state()
    x = arm.pose(q)[:, :3, 3]
    return np.maximum(limits.lower - x, x - limits.upper), q, dq, safe


def tool_adversaries(arm, x):
    """What throws the tool out of a box around x, by name."""
    space = np.array([1.0, 1.0, arm.dof > 3])
    tosses = np.random.default_rng(3).normal(size=(20, 3)) * space

    def force(wanted):
        return lambda s: arm.gravity(s.q) + arm.jacobian(s.q)[:3].T @ (wanted(s) * space)

    def corner(state):
        return 240.0 * np.sign(arm.pose(state.q)[:3, 3] - x + 1e-9)

    def orbit(state):
        return 180.0 * np.array([np.sin(7 * state.time), np.cos(7 * state.time), 1.0])

    return {
        "pull": force(lambda state: np.array([60.0, -40.0, 80.0])),
        "toss": force(lambda state: 60.0 * tosses[int(state.time / 0.25)]),
        "corner": force(corner),
        "orbit": force(orbit),
        "faster": lambda state: arm.tau_max * np.where(state.dq < 0, -1.0, 1.0),
    }


@pytest.mark.parametrize("size", [0.1, 0.25])
@pytest.mark.parametrize("name", ARMS)
def test_no_torque_gets_the_tool_out_of_its_box(name, size):
    """Full torque, swings, chatter, random, forces in every direction: it stays in, with no stop.

    The joints' positions and speeds are kept as well, and the tool comes up to the walls.
    """
    arm, home = arms.load(name), home_posture(arms.load(name))
    x = arm.pose(home)[:3, 3]
    limits = boxed(name, x - size, x + size)
    nearest = []
    for what, torque in (adversaries(arm) | tool_adversaries(arm, x)).items():
        beyond, q, dq, safe = driven(arm, torque, limits, home)
        assert beyond.max() < 0.0, what
        assert safe.stopped is None, what
        assert (q > arm.q_lower + limits.margin - 1e-3).all(), what
        assert (q < arm.q_upper - limits.margin + 1e-3).all(), what
        assert (np.abs(dq) < 1.02 * arm.dq_max).all(), what
        nearest.append(beyond.max())
    assert np.median(nearest) > -3e-3


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("name", ARMS)
def test_from_anywhere_in_any_box_the_tool_stays_in_it(name, seed):
    """A random posture, walls 2 to 40 cm away, full torques that change sign at random times."""
    arm, rng = arms.load(name), np.random.default_rng(seed)
    home = rng.uniform(np.maximum(arm.q_lower, -3.0) + 0.3, np.minimum(arm.q_upper, 3.0) - 0.3)
    x = arm.pose(home)[:3, 3]
    limits = boxed(name, x - rng.uniform(0.02, 0.4, 3), x + rng.uniform(0.02, 0.4, 3))
    periods, signs = rng.uniform(0.02, 0.5, arm.dof), rng.choice([-1.0, 1.0], (arm.dof, 100))
    joints = np.arange(arm.dof)
    beyond, _, _, safe = driven(
        arm,
        lambda s: arm.tau_max * signs[joints, (s.time / periods).astype(int)],
        limits,
        home,
    )
    assert beyond.max() < 0.0
    assert safe.stopped is None


@pytest.mark.parametrize("name", ["ur5", "kuka_iiwa"])
def test_noisy_and_late_sensors_cost_the_box_a_millimetre(name):
    """With 1e-4 rad, 3e-3 rad/s and 2 ms the tool is at most 1 mm outside; no stop."""
    arm, home = arms.load(name), home_posture(arms.load(name))
    x = arm.pose(home)[:3, 3]
    sensors = Sensors(position_noise=1e-4, velocity_noise=3e-3, delay=2e-3)
    limits = boxed(name, x - 0.1, x + 0.1)
    for what, torque in (adversaries(arm) | tool_adversaries(arm, x)).items():
        beyond, _, _, safe = driven(arm, torque, limits, home, sensors)
        assert beyond.max() < 1e-3, what
        assert safe.stopped is None, what


def test_pulled_along_an_axis_the_tool_comes_up_to_the_wall():
    """To within 1 cm in 1.2 s, and it does not stick: pulled back, it is off 0.1 s later."""
    arm = arms.load("kuka_iiwa")
    home = home_posture(arm)
    x = arm.pose(home)[:3, 3]
    for axis, force in enumerate((60.0, 40.0, 80.0)):  # [N]
        pull = force * np.eye(3)[axis]
        _, q, _, _ = driven(
            arm,
            lambda s: (
                arm.gravity(s.q)
                + arm.jacobian(s.q)[:3].T @ pull * (1 if s.time < 1.2 else -1)  # noqa: B023
                - 2.0 * s.dq
            ),
            boxed("kuka_iiwa", x - 0.1, x + 0.1),
            home,
            cycles=1300,
        )
        off = arm.pose(q)[:, axis, 3] - x[axis]
        assert 0.09 < off[:1200].max() < 0.1
        assert off[-1] < off[1199] - 0.01


def test_a_tool_that_is_out_of_its_box_is_a_stop():
    """More than 1 cm: no torque of the cycle's goes out from there."""
    arm = arms.load("kuka_iiwa")
    home = home_posture(arm)
    x = arm.pose(home)[:3, 3]
    for off, stops in ((0.005, False), (0.015, True)):
        limits = boxed("kuka_iiwa", x - 0.1, x + np.array([0.1, 0.1, -off]))
        safe = Safe(Asks(7, lambda state: arm.gravity(home)), arm, limits)
        safe.step(State(0.0, home, np.zeros(7)), REFERENCE)
        assert ("out of its box at 0.000 s: Limits.lower" in (safe.stopped or "")) == stops


def test_a_tool_that_is_just_out_of_its_box_comes_back():
    """Started 5 mm beyond a wall, at rest, it is in the box within 0.5 s."""
    arm = arms.load("ur5")
    home = home_posture(arm)
    x = arm.pose(home)[:3, 3]
    limits = boxed("ur5", x - 0.1, x + np.array([0.1, 0.1, -0.005]))
    beyond, _, _, safe = driven(arm, lambda s: arm.gravity(s.q), limits, home, cycles=500)
    assert beyond[0].max() > 0.004
    assert beyond[-1].max() < 0.0
    assert safe.stopped is None


@pytest.mark.parametrize("t", [0.0, 0.01, 0.1, 0.19, 0.3, math.inf])
@pytest.mark.parametrize("dq", [-2.0, -0.1, 0.0, 0.19, 0.21, 1.7])
def test_the_way_to_rest_is_that_of_the_deceleration_that_it_says(dq, t):
    """Against small steps of ``ddq = clip(-k dq, -a, a)``; the slope by central differences."""
    a, k, steps, eps = 10.0, 50.0, 20000, 1e-6
    way, left, slope = coming_to_rest(dq, a, k, t)
    x, v = 0.0, dq
    h = (1.0 if math.isinf(t) else t) / steps
    for _ in range(steps):
        middle = v + 0.5 * h * np.clip(-k * v, -a, a)
        x, v = x + h * middle, v + h * np.clip(-k * middle, -a, a)
    assert way == pytest.approx(x, abs=1e-6)
    assert left == pytest.approx(v, abs=1e-6)
    numeric = coming_to_rest(dq + eps, a, k, t)[0] - coming_to_rest(dq - eps, a, k, t)[0]
    assert slope == pytest.approx(numeric / (2 * eps), abs=1e-5)
