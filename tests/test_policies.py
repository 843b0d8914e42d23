"""Policies at a low rate: the smooth reference, a robot driven by one, and the environments."""

import numpy as np
import pytest

import arms
from nengo_forcectl import (
    Bullet,
    CompiledController,
    OperationalSpace,
    Payload,
    Safe,
    State,
    learning_cycle,
)
from nengo_forcectl.errors import ConfigurationError, SimulationError, VersionError
from nengo_forcectl.policies import Policy, TargetSpace, run_policy
from nengo_forcectl.policies.added_torque import AddedTorque

pytest.importorskip("ruckig")
gymnasium = pytest.importorskip("gymnasium")
SPACE = TargetSpace([-0.1, -0.2, 0.3], [0.1, 0.2, 0.5], speed=0.5, acceleration=2.0, jerk=40.0)
CENTRE = np.array([0.0, 0.0, 0.4])


@pytest.fixture(scope="module")
def registered():
    from nengo_forcectl.policies import register_environments

    register_environments()
    register_environments()  # again does nothing


@pytest.mark.parametrize("seed", range(5))
def test_the_reference_keeps_all_limits(seed):
    """Random targets at random times, many at the walls: box, speed, acceleration and jerk hold."""
    rng, policy = np.random.default_rng(seed), Policy(SPACE, CENTRE)
    rows = []
    for cycle in range(4000):
        if rng.uniform() < 0.02:
            target = rng.uniform(SPACE.lower, SPACE.upper)
            wall = rng.uniform(size=3) < 0.5
            policy.send(np.where(wall, rng.choice([SPACE.lower, SPACE.upper]), target))
        rows.append(np.concatenate(policy.at(1e-3 * cycle)[:3]))
    x, dx, ddx = np.split(np.array(rows), 3, axis=1)
    assert (x >= SPACE.lower - 1e-9).all()
    assert (x <= SPACE.upper + 1e-9).all()
    assert np.abs(dx).max() <= SPACE.speed + 1e-9
    assert np.abs(dx).max() > 0.7 * SPACE.speed
    assert np.abs(ddx).max() <= SPACE.acceleration + 1e-9
    assert np.abs(np.diff(ddx, axis=0)).max() <= 1e-3 * SPACE.jerk + 1e-9
    np.testing.assert_allclose(np.diff(x, axis=0), 1e-3 * dx[1:], atol=2e-6)
    np.testing.assert_allclose(np.diff(dx, axis=0), 1e-3 * ddx[1:], atol=4e-5)


def test_it_arrives_and_stays():
    """At rest on the target, to rounding; the same time gives the same reference."""
    policy = Policy(SPACE, CENTRE)
    policy.send(SPACE.upper)
    for cycle in range(3000):
        reference = policy.at(1e-3 * cycle)
    np.testing.assert_allclose(reference.x, SPACE.upper, atol=1e-12)
    assert np.abs(reference.dx).max() < 1e-9
    assert policy.at(2.999) is reference


def test_late_and_replaced_actions_are_counted_and_the_last_one_holds():
    """At 20 Hz one action is due each 50 ms; the first 75 ms and each later 50 ms without count."""
    policy = Policy(SPACE, CENTRE, rate=20.0)
    for cycle in range(1000):
        if cycle < 500 and cycle % 50 == 0:
            policy.send(SPACE.upper)
        policy.at(1e-3 * cycle)
    assert policy.events == {"actions": 10, "replaced": 0, "late": 10}
    np.testing.assert_array_equal(policy.target, SPACE.upper)
    policy.send(CENTRE)
    policy.send(SPACE.lower)
    policy.at(1.0)
    assert policy.events["replaced"] == 1
    np.testing.assert_array_equal(policy.target, SPACE.lower)


def test_a_loop_that_misses_cycles_finds_the_reference_where_it_belongs():
    """Three periods at once are as three single ones."""
    one, three = Policy(SPACE, CENTRE), Policy(SPACE, CENTRE)
    for policy in (one, three):
        policy.at(0.0)
        policy.send(SPACE.upper)
    for cycle in range(1, 301):
        last = one.at(1e-3 * cycle)
        if cycle % 3 == 0:
            np.testing.assert_array_equal(three.at(1e-3 * cycle).x, last.x)


@pytest.mark.parametrize(
    ("action", "says"),
    [
        ([0.0, 0.0, 0.6], r"action\[2\]: is 0.6, needs a number from 0.3 to 0.5"),
        ([0.0, np.nan, 0.4], r"action\[1\]: is nan, needs"),
        ([0.0, 0.4], r"action: has shape \(2,\), needs \(3,\)"),
        ("up", "action: is 'up', needs 3 numbers"),
        (None, r"action: has shape \(\), needs|action: is None"),
    ],
)
def test_an_action_out_of_its_space_is_refused(action, says):
    """One line; the last target holds."""
    policy = Policy(SPACE, CENTRE)
    with pytest.raises(ConfigurationError, match=says):
        policy.send(action)
    np.testing.assert_array_equal(policy.at(0.1).x, CENTRE)
    assert policy.events["actions"] == 0


def test_bad_spaces_and_rates_are_refused(monkeypatch):
    """Each names what is wrong."""
    for changes, says in (
        ({"lower": [0.2, 0, 0]}, "lower: is .* needs numbers below those of upper"),
        ({"speed": 0.0}, "speed: is 0"),
        ({"jerk": np.inf}, "jerk: is inf"),
        ({"upper": [1, 2]}, "lower: is"),
    ):
        with pytest.raises(ConfigurationError, match=says):
            TargetSpace(**{"lower": [0, 0, 0], "upper": [0.1, 0.1, 0.1]} | changes)
    for rate in (0.0, 2000.0, np.nan):
        with pytest.raises(ConfigurationError, match=r"rate: is .* Hz, needs"):
            Policy(SPACE, CENTRE, rate=rate)
    with pytest.raises(ConfigurationError, match="start"):
        Policy(SPACE, [1.0, 0.0, 0.4])
    monkeypatch.setitem(__import__("sys").modules, "ruckig", None)
    with pytest.raises(VersionError, match=r"pip install 'nengo-forcectl.policy.'"):
        Policy(SPACE, CENTRE)


@pytest.fixture(scope="module")
def job():
    """The arm, its posture, and a policy around it."""
    from nengo_forcectl.networks.workspace import home_posture

    arm = arms.load("kuka_iiwa")
    home = home_posture(arm)
    start = arm.pose(home)[:3, 3]
    return arm, home, TargetSpace(start - 0.1, start + 0.1, speed=1.0, acceleration=8.0, jerk=200.0)


def test_a_robot_follows_a_policy(job):
    """It arrives; an action out of its space is a controlled stop that names it."""
    arm, home, space = job
    start = arm.pose(home)[:3, 3]
    goal = start + np.array([0.0, 0.05, 0.0])
    cycle = Safe(CompiledController(arm, OperationalSpace(home)), arm)
    with Bullet(arm, home) as robot:
        seen = []

        def act(state):
            assert isinstance(state, State)
            seen.append(state.time)
            return goal

        policy = Policy(space, start, rate=50.0)
        timing = run_policy(robot, cycle, policy, act, seconds=0.6)
        assert timing.stopped is None
        assert policy.events["actions"] > 5
        assert np.diff(seen).max() < 0.3
        tool = arm.pose(robot.state()[0])[:3, 3]
        np.testing.assert_allclose(tool, goal, atol=2e-3)
        cycle.reset()
        policy = Policy(space, tool, rate=50.0)
        timing = run_policy(robot, cycle, policy, lambda state: start + 1.0, seconds=2.0)
        assert "policy: ConfigurationError: action[0]: is" in timing.stopped
        assert policy.events["actions"] == 0
        with pytest.raises(ConfigurationError, match="needs a Safe"):
            run_policy(robot, cycle.cycle, policy, act)


def test_an_added_torque_is_not_learned_away(job):
    """The arm yields to it as to no disturbance: the learner finds the payload and no force."""
    arm, home, _ = job
    extra = np.zeros(arm.dof)
    extra[1] = 10.0  # [N m]
    with learning_cycle(arm, home, seed=0) as inner, Bullet(arm, home, [Payload(1.0)]) as robot:
        cycle = Safe(AddedTorque(inner), inner.arm)
        policy = Policy(TargetSpace(*(arm.pose(home)[:3, 3] + s for s in (-0.1, 0.1))),
                        arm.pose(home)[:3, 3])  # fmt: skip
        learned = []
        for added in (np.zeros(arm.dof), extra):
            cycle.cycle.extra = added
            for _ in range(600):
                result = cycle.step(robot.read(), policy.at(robot.steps * 1e-3))
                robot.apply(result.tau)
            learned.append(result.feedforward[1])
    assert abs(learned[1] - learned[0]) < 0.3 * extra[1]
    assert cycle.stopped is None


@pytest.mark.parametrize("name", ["Reach", "Press"])
def test_an_environment_is_one_of_gymnasium(registered, name):
    """Gymnasium's own check finds nothing, and a seed makes an episode reproducible."""
    from gymnasium.utils.env_checker import check_env

    env = gymnasium.make(f"nengo_forcectl/{name}-v0")
    check_env(env.unwrapped, skip_render_check=True)
    episodes = []
    for _ in range(2):
        rows = [env.reset(seed=3)[0]]
        env.action_space.seed(3)
        rows += [env.step(env.action_space.sample())[0] for _ in range(5)]
        episodes.append(np.array(rows))
    np.testing.assert_array_equal(*episodes)
    assert (env.reset(seed=4)[0] != rows[0]).any()
    for wrong in (np.full(3, 1.5), np.full(3, np.nan), np.zeros(2)):
        with pytest.raises(ConfigurationError, match=r"action.*needs"):
            env.unwrapped.step(wrong)
    env.close()


@pytest.mark.parametrize("engine", ["bullet", "mujoco"])
def test_a_simple_policy_reaches(registered, engine):
    """Straight to the goal, with an unknown payload: within 1 cm after 2 s; better by learning."""
    left = {}
    for adapt in ("none", "structured"):
        env = gymnasium.make("nengo_forcectl/Reach-v0", engine=engine, adapt=adapt)
        seen, _ = env.reset(seed=0)
        for _ in range(40):
            seen, reward, ended, _, info = env.step(
                np.clip((seen[-3:] - seen[-6:-3]) / 0.05, -1, 1).astype(np.float32)
            )
            assert not ended
        left[adapt] = info["distance"]
        assert reward == pytest.approx(-10 * info["distance"])
        env.close()
    assert left["structured"] < min(1e-3, 0.1 * left["none"])
    assert info["is_success"]


def test_stiffness_and_torque_act(registered):
    """A softer arm sags more under its payload; an added torque moves the arm."""
    sag = {}
    for stiffness in (-1.0, 1.0):
        env = gymnasium.make("nengo_forcectl/Reach-v0", action="stiffness", adapt="none")
        env.reset(seed=0)
        for _ in range(20):
            env.step(np.array([0, 0, 0, stiffness], np.float32))
        sag[stiffness] = np.linalg.norm(env.unwrapped._tool() - env.unwrapped.policy.target)
        env.close()
    assert 8.0 < sag[-1.0] / sag[1.0] < 24.0  # 16 for stiffnesses of 1/4 and 4
    moved = []
    for torque in (0.0, 1.0):
        env = gymnasium.make("nengo_forcectl/Reach-v0", action="torque", adapt="none")
        env.reset(seed=0)
        for _ in range(20):
            env.step(np.array([torque, *[0.0] * 6], np.float32))
        moved.append(env.unwrapped._tool())
        env.close()
    assert np.linalg.norm(moved[1] - moved[0]) > 0.01


def test_limits_remember_nothing_of_another_episode(registered):
    """Torques that keep the limits busy: the same episode after one with another payload."""
    for adapt in ("none", "structured"):
        env = gymnasium.make("nengo_forcectl/Reach-v0", action="torque", adapt=adapt)
        episodes = []
        for seed in (3, 4, 3):
            rows, rng = [env.reset(seed=seed)[0]], np.random.default_rng(0)
            rows += [env.step(rng.choice([-1.0, 1.0], 7))[0] for _ in range(4)]
            episodes.append(np.array(rows))
        assert sum(env.unwrapped.cycle.events.values()) > 0
        np.testing.assert_array_equal(episodes[0], episodes[2])
        env.close()


def test_a_vector_of_environments(registered):
    """Four in one process differ by their seeds."""
    env = gymnasium.make_vec("nengo_forcectl/Reach-v0", num_envs=4, adapt="none")
    seen, _ = env.reset(seed=0)
    assert len(np.unique(seen[:, -1])) == 4
    seen, reward, *_ = env.step(env.action_space.sample())
    assert seen.shape == (4, 23)
    assert reward.shape == (4,)
    env.close()


def test_a_fault_ends_an_episode(registered):
    """With the reason and a reward that says so; the next step needs a reset."""
    env = gymnasium.make("nengo_forcectl/Reach-v0", adapt="none").unwrapped
    with pytest.raises(SimulationError, match="call reset"):
        env.step(np.zeros(3, np.float32))
    env.reset(seed=0)
    env.cycle.stop("test")
    with pytest.raises(SimulationError, match="call reset"):
        env.step(np.zeros(3, np.float32))
    env.reset(seed=0)

    def broken(tau):
        raise SimulationError("the arm is broken")

    env._robot_now().apply = broken
    seen, reward, ended, cut, info = env.step(np.zeros(3, np.float32))
    assert (reward, ended, cut, info["stopped"]) == (-10.0, True, False, "the arm is broken")
    assert np.isfinite(seen).all()
    for arguments, says in (
        ({"rate": 5.0}, "rate: is 5.0 Hz, needs"),
        ({"engine": "x"}, "engine: is 'x', needs"),
        ({"action": "x"}, "action: is 'x', needs"),
        ({"arm": "planar3"}, "arm: 'planar3' has 3 joints, needs 6 or more"),
        ({"payload": -1.0}, "payload: is -1"),
    ):
        with pytest.raises(ConfigurationError, match=says):
            gymnasium.make("nengo_forcectl/Reach-v0", **arguments)
    env.close()
