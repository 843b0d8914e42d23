"""The gains of the learning controller: what an observer is safe with."""

import numpy as np
import pytest

import arms
from nengo_forcectl.contract import Reference
from nengo_forcectl.control import ComputedTorque, JointPD
from nengo_forcectl.cycle.compiled import CompiledController
from nengo_forcectl.cycle.consolidating_learner import (
    GAIN,
    SOFTNESS,
    consolidating_cycle,
    observer_gain,
    robust_posture,
)
from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.networks.workspace import home_posture
from nengo_forcectl.paths import MinimumJerk
from nengo_forcectl.safety.guard import Safe
from nengo_forcectl.safety.limits import Limits
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.sim.masses import Payload

DT = 1e-3
HEAVY = 4.9  # what is 5 kg for the iiwa is this for the UR5 [kg]


def bound(K, w):
    """The greatest ``I / I_n`` of the docstring."""
    return 5 + 2 * (K / w + w / K)


def test_the_bound_is_where_the_loop_becomes_unstable(rng):
    """``I s^3 + I_n (K + 2 w) s^2 + I_n (w^2 + 2 w K) s + I_n w^2 K`` has a root to the right
    just above ``5 + 2 (K / w + w / K)``, and none just below."""
    for K, w in np.exp(rng.uniform(0, 6, (50, 2))):
        for factor, stable in ((0.999, True), (1.001, False)):
            ratio = factor * bound(K, w)
            roots = np.roots([ratio, K + 2 * w, w**2 + 2 * w * K, w**2 * K])
            assert (roots.real.max() < 0) == stable


@pytest.mark.parametrize("name", ["ur5", "xarm6", "kuka_iiwa"])
def test_a_loaded_wrist_is_within_the_bound(name):
    """With a load of 0.28 of the arm's mass no joint is beyond it, for any delay, and the
    model takes none for more than four times as heavy as it is."""
    arm = arms.load(name)
    home = home_posture(arm)
    mass = arm.inertial_parameters.reshape(-1, 10)[:, 0].sum()
    loaded = Payload(0.28 * mass).real(arm)
    M, M_loaded = (each.mass_matrix(home).diagonal() for each in (arm, loaded))
    for delay in (0.0, 2e-3, 5e-3):
        gain = observer_gain(delay, DT)
        model, k_null = robust_posture(arm, home, gain)
        M_n = model.mass_matrix(home).diagonal()
        w = np.sqrt(k_null / M_n)
        assert w.max() <= SOFTNESS * gain * (1 + 1e-12)
        assert (M_loaded / M_n < bound(gain, w)).all()
        assert (M_n < 4 * M).all()
    assert (M_loaded / M).max() > 5  # the wrist's, for which it is done


def test_late_sensors_slow_the_observer():
    """Its gain is the fastest that a delay allows, and never more than was searched."""
    assert observer_gain(0.0, DT) == GAIN
    assert observer_gain(5e-3, DT) == pytest.approx(1 / 8e-3)
    assert observer_gain(0.0, 4e-3) == pytest.approx(1 / 12e-3)


def test_a_light_wrist_carries_much():
    """The UR5 reaches with 4.9 kg that nobody told it of, forty times its last link's inertia."""
    arm = arms.load("ur5")
    home = home_posture(arm)
    start = arm.pose(home)[:3, 3]
    path = MinimumJerk(np.stack((start, start + np.array([0.0, 0.1, 0.1]))), 1.0)
    with (
        consolidating_cycle(arm, home, seed=0, neurons=100) as cycle,
        Bullet(arm, home, [Payload(HEAVY)], DT) as robot,
    ):
        errors = []
        for _ in range(1500):
            state = robot.read()
            wanted = path.at(state.time)
            result = cycle.step(state, wanted)
            errors.append(np.linalg.norm(result.tool - wanted.x))
            robot.apply(result.tau)
    assert max(errors) < 0.03
    assert max(errors[500:]) < 3e-3


def worst_error(arm, home, cycle, seconds=3.0):
    """The largest error of a joint [rad] in the last second of a swing with 1 kg at the tip."""
    errors = []
    with Bullet(arm, home, [Payload(1.0)], DT) as robot:
        for k in range(round(seconds / DT)):
            state = robot.read()
            swing = 0.3 * np.array([1 - np.cos(3 * state.time), 3 * np.sin(3 * state.time)])
            q, dq = home + swing[0], np.full(arm.dof, swing[1])
            robot.apply(
                cycle.step(state, Reference(q, dq, 2.7 * np.cos(3 * state.time) + 0 * q)).tau
            )
            if k * DT > seconds - 1.0:
                errors.append(np.abs(q - state.q).max())
    return max(errors)


def test_another_law_can_be_given():
    """A law of the joints, on the arm as it is: with 1 kg it misses by a hundredth of what it does
    without learning, and learning off by a tenth; the wrong size is refused."""
    arm = arms.load("planar2")
    home = home_posture(arm)
    alone = worst_error(arm, home, Safe(CompiledController(arm, ComputedTorque()), arm))
    with consolidating_cycle(arm, home, seed=0, controller=ComputedTorque(), neurons=100) as cycle:
        assert cycle.cycle.arm is arm
        learned = worst_error(arm, home, cycle)
        cycle.learn(False)
        frozen = worst_error(arm, home, Safe(cycle.cycle, arm))
    assert learned < 0.01 * alone
    assert frozen < 0.1 * alone
    with (
        pytest.raises(ConfigurationError, match=r"JointPD\.kp: has shape"),
        consolidating_cycle(arm, home, seed=0, controller=JointPD(np.ones(3)), neurons=100),
    ):
        pass


def test_it_keeps_the_limits_that_it_is_given_and_tells_its_simulator():
    """A box; and ``cycle.sim``, from which what was learned goes to plain Nengo."""
    arm = arms.load("planar2")
    home = home_posture(arm)
    x = arm.pose(home)[:3, 3]
    limits = Limits.of(arm, upper=(*(x[:2] + 0.03), np.inf))
    path = MinimumJerk(np.array([x, x + np.array([0.1, 0.0, 0.0])]), 0.5)
    with (
        Bullet(arm, home) as robot,
        consolidating_cycle(arm, home, seed=0, neurons=60, limits=limits) as cycle,
    ):
        for _ in range(500):
            state = robot.read()
            robot.apply(cycle.step(state, path.at(state.time)).tau)
        assert arm.pose(robot.state()[0])[0, 3] < x[0] + 0.03
        assert cycle.events["workspace"] > 0
        cycle.store()
        sim = cycle.sim
        plain = sim.freeze_params(sim.model.toplevel)
    assert plain is None or plain is not sim.model.toplevel
