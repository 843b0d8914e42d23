from dataclasses import replace

import numpy as np
import pytest
from poses import ExactPose

import arms
from nengo_forcectl.adaptation import NoAdaptation
from nengo_forcectl.contract import Reference, State
from nengo_forcectl.control import OperationalSpace
from nengo_forcectl.cycle.blocks import Blocks
from nengo_forcectl.errors import ConfigurationError, NetworkError
from nengo_forcectl.kinematics.training import learn_kinematics
from nengo_forcectl.kinematics.unknown_tip import (
    AdaptiveJacobian,
    KnownTip,
    LearnedPose,
    LearnedTip,
)
from nengo_forcectl.networks.workspace import home_posture, task_axes
from nengo_forcectl.paths import MinimumJerk
from nengo_forcectl.robots.log import Log
from nengo_forcectl.robots.loop import follow
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.sim.tools import Tool

TIP = {"planar3": (0.12, -0.16, 0.0), "kuka_iiwa": (0.12, -0.1, 0.12)}  # [m]


@pytest.fixture(scope="module", params=TIP)
def arm(request):
    return arms.load(request.param)


@pytest.fixture(scope="module")
def pose(arm):
    return LearnedPose(learn_kinematics(arm, neurons=300, samples=1000, seed=0, orientation=True))


def near_home(arm, rng):
    return home_posture(arm) + rng.uniform(-0.4, 0.4, arm.dof), rng.uniform(-1, 1, arm.dof)


def differences(function, q, step=1e-4):
    """Central differences by every joint, on the last axis."""
    columns = [
        (function(q + step * unit) - function(q - step * unit)) / (2 * step)
        for unit in np.eye(len(q))
    ]
    return np.stack(columns, axis=-1)


def test_the_derivative_of_the_learned_pose_is_that_of_finite_differences(arm, pose, rng):
    """d[R p]/dq of the network, and of the exact stand-in, to 1e-6."""
    q, _ = near_home(arm, rng)
    for each in (pose, ExactPose(arm)):
        expected = differences(lambda q, each=each: each.evaluate(q)[0], q)
        np.testing.assert_allclose(each.evaluate(q)[1], expected, atol=1e-6)


def test_the_learned_pose_is_the_networks(arm, pose, rng):
    """One configuration at a time gives what the network's own methods give, to rounding."""
    q, _ = near_home(arm, rng)
    axes = list(pose.learned.axes)
    found, gradient = pose.evaluate(q)
    np.testing.assert_allclose(found[axes, 3], pose.learned.position(q), atol=1e-12)
    outputs = pose.learned.outputs(q)[len(axes) :].reshape(3, 3).T
    np.testing.assert_allclose(found[:, :3], outputs, atol=1e-12)
    np.testing.assert_allclose(
        gradient[axes, 3], pose.learned.output_jacobian(q)[: len(axes)], atol=1e-12
    )


def test_the_learned_pose_is_close_to_the_arms(arm, pose, rng):
    """300 neurons: no number of [R p] off by 0.03, its derivative by less than 10 %."""
    for _ in range(20):
        q, _ = near_home(arm, rng)
        (found, gradient), (exact, slopes) = pose.evaluate(q), ExactPose(arm).evaluate(q)
        assert np.abs(found - exact).max() < 3e-2
        assert np.linalg.norm(gradient - slopes) < 0.1 * np.linalg.norm(slopes)


def test_a_network_without_orientations_is_refused():
    """A tool turns with the flange: positions alone cannot carry it."""
    learned = learn_kinematics(arms.load("planar2"), neurons=20, samples=100, epochs=1)
    with pytest.raises(NetworkError, match="positions only"):
        LearnedPose(learned)


def resting(x):
    return Reference(x, np.zeros(3), np.zeros(3))


def learned_tip(arm, pose, law=None, damping=0.0):
    control = OperationalSpace(home_posture(arm), task_axes(arm), damping=damping)
    return control, LearnedTip(pose, control, law)


def test_the_tips_jacobian_is_the_derivative_of_its_predicted_position(arm, pose, rng):
    """J_hat against finite differences of x_hat, dJ against those of J_hat along dq."""
    _, tip = learned_tip(arm, pose)
    tip.tool = np.array(TIP[arm.name])
    q, dq = near_home(arm, rng)

    def at(q):
        return tip.at_tip(arm.terms(q, dq), State(0.0, q, dq), resting(np.zeros(3)))

    np.testing.assert_allclose(at(q).J, differences(lambda q: at(q).pose[:3, 3], q), atol=1e-6)
    along = differences(lambda step: at(q + step[0] * dq).J, np.zeros(1))[..., 0]
    np.testing.assert_allclose(at(q).dJ, along, atol=3e-3)  # taken 1 ms ahead


def test_the_tips_velocity_is_linear_in_the_tool(arm, rng):
    """J dq = J_hat dq + Y (t - t_hat) with the exact pose, for any t_hat: the regressor."""
    q, dq = near_home(arm, rng)
    t, t_hat = np.array(TIP[arm.name]), rng.uniform(-0.3, 0.3, 3)
    _, tip = learned_tip(arm, ExactPose(arm))
    tip.tool = t_hat
    J_hat = tip.at_tip(arm.terms(q, dq), State(0.0, q, dq), resting(np.zeros(3))).J
    Y = ExactPose(arm).evaluate(q)[1][:, :3] @ dq
    J = Tool(TIP[arm.name]).real(arm).jacobian(q)[:3]
    np.testing.assert_allclose(J_hat @ dq + Y @ (t - t_hat), J @ dq, atol=1e-12)


def test_the_lyapunov_function_falls_as_the_docstring_says(arm, rng):
    """dV/dt = -alpha kp |Dx|^2 - (kv - alpha) |Dv|^2 - rate/gain |e|^2 along the closed loop.

    The arm moves by its own dynamics under the controller's torque; V is differenced over a
    microsecond. A wrong sign, a missing term of dJ_hat or a torque that does not fit fails it.
    """
    law = AdaptiveJacobian()
    control, tip = learned_tip(arm, ExactPose(arm), law)
    t, rows = np.array(TIP[arm.name]), list(control.rows)
    real = Tool(TIP[arm.name]).real(arm)
    for _ in range(10):
        q, dq = near_home(arm, rng)
        x = real.pose(q)[:3, 3]
        reference = Reference(
            x + rng.uniform(-0.05, 0.05, 3), rng.uniform(-0.2, 0.2, 3), np.ones(3)
        )
        if len(rows) == 2:  # a planar arm cannot leave its plane
            reference = Reference(*(part * [1, 1, 0] + x * [0, 0, k == 0]
                                    for k, part in enumerate(reference[:3])))  # fmt: skip
        tool = t + 0.05 * rng.standard_normal(3)

        def errors(q, dq, tool, time, reference=reference):
            x_r = reference.x + time * reference.dx
            dx_r = reference.dx + time * reference.ddx
            tip.tool, tip.learning = tool, False
            J = tip.at_tip(arm.terms(q, dq), State(0.0, q, dq), reference).J
            return (real.pose(q)[:3, 3] - x_r)[rows], (J @ dq - dx_r)[rows], t - tool

        def V(*at):
            Dx, Dv, e = errors(*at)
            K = law.kp + law.alpha * law.kv
            return K * Dx @ Dx / 2 + law.alpha * Dx @ Dv + Dv @ Dv / 2 + e @ e / (2 * law.gain)

        before, (Dx, Dv, e) = V(q, dq, tool, 0.0), errors(q, dq, tool, 0.0)
        tip.tool, tip.learning = tool, True
        state = State(0.0, q, dq, tool=x)
        terms = tip.at_tip(arm.terms(q, dq), state, reference)
        tau = control.torque(terms, state, reference).tau
        ddq, step = arm.forward_dynamics(q, dq, tau), 1e-6
        moved = tool + step / tip.dt * (tip.tool - tool)
        after = V(q + step * dq, dq + step * ddq, moved, step)
        falls = (
            law.alpha * law.kp * Dx @ Dx
            + (law.kv - law.alpha) * Dv @ Dv
            + law.rate / law.gain * e @ e
        )
        assert (after - before) / step == pytest.approx(-falls, rel=5e-3)


def reaches(arm, kinematics, control, count=5, robot_of=lambda robot: robot, learn=True):
    """Reach with a tool; the record."""
    tool, home = Tool(TIP[arm.name]), home_posture(arm)
    start = tool.real(arm).pose(home)[:3, 3]
    corners = start + 0.06 * np.array([[1, 1, 0], [-1, 1, 0], [-1, -1, 0], [1, -1, 0], [0, 0, 0]])
    path, log = MinimumJerk(np.vstack([start, corners[:count]]), 0.8), Log(800 * count)
    cycle = Blocks(arm, control, NoAdaptation(), kinematics=kinematics)
    cycle.learn(learn)
    with Bullet(arm, home, [tool]) as robot:
        follow(robot_of(robot), cycle, path, range(800 * count), log)
    return log.arrays()


def tip_error(arm, record):
    """Distance of the true tip from its reference [mm]."""
    x = Tool(TIP[arm.name]).real(arm).pose(record["q"])[:, :3, 3]
    return 1e3 * np.linalg.norm(x - record["reference"], axis=1)


def test_the_tool_is_learned_and_stays_known(arm, pose):
    """After five reaches t_hat is within 5 mm of the tool; off, the camera covered, within 8 mm.

    The bare arm's Jacobian is off by the whole tool then, and tracks ten times worse before.
    """
    control, tip = learned_tip(arm, pose, AdaptiveJacobian(), damping=1e-3)
    learning = tip_error(arm, reaches(arm, tip, control))
    assert np.linalg.norm(tip.tool - TIP[arm.name]) < 5e-3
    before = tip.tool.copy()
    covered = tip_error(arm, reaches(arm, tip, control, robot_of=Covered, learn=False))
    np.testing.assert_array_equal(tip.tool, before)
    assert covered[799::800].max() < 8.0
    bare = tip_error(arm, reaches(arm, KnownTip(arm), control))
    assert learning[-1] < 0.3
    assert np.sqrt(np.mean(learning[800:] ** 2)) < 0.1 * np.sqrt(np.mean(bare[800:] ** 2))
    blind = tip_error(arm, reaches(arm, KnownTip(arm), control, robot_of=Covered))
    assert blind[-1] > 50.0


class Covered:
    """A robot whose camera gives NaN from the first cycle on."""

    def __init__(self, robot):
        self.robot, self.apply = robot, robot.apply

    def read(self):
        return self.robot.read()._replace(tool=np.full(3, np.nan))


def test_nothing_is_learned_from_what_is_not_seen_or_not_sound(arm, rng):
    """Without a camera, from a state that is not sound, or with learning off, t_hat stays."""
    _, tip = learned_tip(arm, ExactPose(arm), AdaptiveJacobian())
    q, dq = near_home(arm, rng)
    terms, seen = arm.terms(q, dq), State(0.0, q, dq, tool=np.ones(3))
    for state in (seen._replace(tool=None), seen._replace(sound=False)):
        tip.at_tip(terms, state, resting(np.zeros(3)))
        np.testing.assert_array_equal(tip.tool, 0.0)
    tip.learning = False
    tip.at_tip(terms, seen, resting(np.zeros(3)))
    np.testing.assert_array_equal(tip.tool, 0.0)
    tip.learning = True
    tip.at_tip(terms, seen, resting(np.zeros(3)))
    assert np.linalg.norm(tip.tool) > 0


def test_the_tool_stays_within_its_bound(arm, rng):
    """A camera that says the tip is 100 m away leaves t_hat on the ball of 1 m."""
    _, tip = learned_tip(arm, ExactPose(arm), AdaptiveJacobian())
    q, dq = near_home(arm, rng)
    for _ in range(1000):
        state = State(0.0, q, dq, tool=np.full(3, 100.0))
        tip.at_tip(arm.terms(q, dq), state, resting(np.zeros(3)))
        assert np.linalg.norm(tip.tool) <= 1.0 + 1e-12
    assert np.linalg.norm(tip.tool) == pytest.approx(1.0)


def test_a_jacobian_that_loses_rank_gives_a_finite_torque():
    """With planar2 stretched out J_hat has rank 1, with and without a tool: it is damped."""
    arm = arms.load("planar2")
    home = np.array([0.4, 0.0])
    control = OperationalSpace(home, task_axes(arm))
    tip = LearnedTip(ExactPose(arm), control)
    q, dq = home, np.array([0.1, -0.2])
    state = State(0.0, q, dq)
    for tool in (np.zeros(3), np.array([0.1, 0.0, 0.0])):  # stretched out
        tip.tool = tool
        terms = tip.at_tip(arm.terms(q, dq), state, resting(np.zeros(3)))
        x = terms.pose[:3, 3]
        assert np.linalg.matrix_rank(terms.J[:2], tol=1e-9) < 2
        tau = control.torque(terms, state, resting(x + 0.01)).tau
        assert np.isfinite(tau).all()


def test_a_pose_that_is_not_finite_is_an_error(arm, rng):
    """NaN from the network stops the arm before there is a torque."""

    class Broken:
        def evaluate(self, q):
            return np.full((3, 4), np.nan), np.zeros((3, 4, arm.dof))

    control, tip = learned_tip(arm, Broken(), AdaptiveJacobian())
    q, dq = near_home(arm, rng)
    with pytest.raises(NetworkError, match="pose at 0\\.000 s: is not finite"):
        Blocks(arm, control, NoAdaptation(), kinematics=tip).step(
            State(0.0, q, dq), resting(np.zeros(3))
        )


@pytest.mark.parametrize(
    ("gains", "message"),
    [
        ({"rate": 0.0}, "AdaptiveJacobian.rate: is 0.0 1/s, needs a number above 0"),
        ({"gain": float("nan")}, "AdaptiveJacobian.gain: is nan"),
        ({"alpha": 28.0}, "AdaptiveJacobian.alpha: is 28.0 1/s, needs less than kv"),
        ({"bound": -1.0}, "AdaptiveJacobian.bound: is -1.0"),
    ],
)
def test_gains_for_which_nothing_is_proved_are_refused(gains, message):
    """Gains are positive, and alpha less than kv."""
    with pytest.raises(ConfigurationError, match=message):
        AdaptiveJacobian(**gains)


def test_the_law_must_know_the_controllers_gains(arm):
    """Its proof is about one control law: other gains are refused."""
    control = replace(OperationalSpace(home_posture(arm)), kp=100.0)
    with pytest.raises(ConfigurationError, match="is for kp 196"):
        LearnedTip(ExactPose(arm), control, AdaptiveJacobian())
