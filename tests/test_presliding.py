"""Friction that builds up over a short way: its law, the share, what it predicts."""

from dataclasses import replace

import nengo
import numpy as np
import pytest
from log_samples import motion, write_csv

import arms
from nengo_forcectl.cycle.learner_start import LearnerStart
from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.kernels.follow_presliding import learn_share, share_friction, solve_share
from nengo_forcectl.learning import Presliding
from nengo_forcectl.logs import log_learner, predict_torque, read_log, replay, signals_of
from nengo_forcectl.networks import structured_network_of

MODEL = arms.load("ur5e")
SHARE = np.array([0.0, 1.0, 0.5, 1.0, 0.5, 1.0])
DRY, DISTANCE, SLOW = 4.0, 5e-4, 0.01  # [N m], [rad], [rad/s]
HOME = np.array([0.0, -1.2, 1.4, -1.0, -1.5, 0.3])  # [rad]


def built_by(way):
    """z after each way, in NumPy."""
    z, past = np.empty_like(way), np.zeros(way.shape[1])
    for row, each in enumerate(way):
        past = np.sign(each) + (past - np.sign(each)) * np.exp(-np.abs(each) / DISTANCE)
        z[row] = past
    return z


def friction_of(q, dq, share):
    """The torque of such friction along a motion, in NumPy."""
    z = built_by(np.diff(q, axis=0, prepend=q[:1]))
    return DRY * ((1.0 - share) * np.tanh(dq / SLOW) + share * z)


def log_of(path, seed):
    """Twenty seconds at 200 Hz with many reversals."""
    rng = np.random.default_rng(seed)
    time, q, dq, ddq = motion(MODEL, 20.0, 200.0, rng, speed=0.15)
    q = q - q.mean(axis=0) + HOME
    tau = MODEL.inverse_dynamics(q, dq, ddq) + friction_of(q, dq, SHARE)
    return read_log(write_csv(path, time, q, dq, tau + 0.02 * rng.normal(size=q.shape)), arm=MODEL)


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """A learner that has seen one log, what it found, and another log."""
    folder = tmp_path_factory.mktemp("logs")
    log, other = log_of(folder / "one.csv", 0), log_of(folder / "other.csv", 1)
    learner = log_learner(MODEL, log)
    return learner, replay(log, learner), other


def test_friction_builds_up_as_in_numpy():
    """And as its differential equation says, with 20,000 small steps."""
    way = np.random.default_rng(0).normal(scale=3e-4, size=(200, 3))
    z = Presliding().built_up(way)
    np.testing.assert_allclose(z, built_by(way), rtol=0, atol=1e-14)
    past, steps = np.zeros(3), 100
    for each in way:
        for _ in range(steps):
            past = past + (each - np.abs(each) * past) / (DISTANCE * steps)
    np.testing.assert_allclose(past, z[-1], rtol=0, atol=0.01)


def test_only_the_way_counts():
    """A way in many parts, or with rests between them, builds up as much; a rest keeps it."""
    parts = np.full((50, 1), 2e-5)
    whole = Presliding().built_up(parts.sum(axis=0, keepdims=True))[-1]
    np.testing.assert_allclose(Presliding().built_up(parts)[-1], whole, rtol=1e-12)
    rests = np.insert(parts, 20, np.zeros((30, 1)), axis=0)
    np.testing.assert_array_equal(
        Presliding().built_up(rests)[-1], Presliding().built_up(parts)[-1]
    )


def test_the_share_follows_its_equation():
    """Cycle by cycle, both filters and both integrals in NumPy."""
    law, dt, noise, rng = Presliding(memory=0.5), 1e-3, 3.0, np.random.default_rng(1)
    block, x = law.block(1, dt), np.zeros((1, 3))
    r = e = moment = square = share = 0.0
    for z, slid, misfit in rng.normal(size=(300, 3)):
        misfit += 2.0 * (z - np.tanh(slid))
        x[0, 1] = np.tanh(slid)
        share_friction(block.address, np.array([z]), x)
        assert x[0, 1] == pytest.approx((1 - share) * np.tanh(slid) + share * z, abs=1e-12)
        learn_share(block.address, 0, misfit, DRY)
        passed, keep = -np.expm1(-dt / law.quick), np.exp(-dt / law.memory)
        r += passed * (misfit - r)
        e += passed * (z - np.tanh(slid) - e)
        moment = keep * moment + dt * DRY * e * (r + share * DRY * e)
        square = keep * square + dt * (DRY * e) ** 2
        solve_share(block.address, 0, noise)
        prior = law.doubt * noise
        share = np.clip((moment + prior * law.start) / (square + prior), 0.0, 1.0)
        assert block["share"][0] == pytest.approx(share, abs=1e-12)
    assert 0.0 < share < 1.0


def test_the_share_is_found(learned):
    """To 0.15, in joints without, with half and with all of it."""
    _, result, _ = learned
    np.testing.assert_allclose(result.learned.friction.presliding, SHARE, rtol=0, atol=0.15)


def test_what_was_found_predicts_another_motion(learned):
    """Three times as well as friction of the speed alone, where there is presliding."""
    learner, result, other = learned
    states, weights = signals_of(other), dict(result.weights[-1][1])
    none = weights | {"presliding": np.zeros(MODEL.dof)}
    encoding = learner.learner.encoding
    left, without = (
        np.linalg.norm(states.tau - predict_torque(MODEL, encoding, each, states), axis=0)
        for each in (weights, none)
    )
    assert (3.0 * left[3:] < without[3:]).all()


def test_frozen_friction_keeps_its_share(learned):
    """Another learner begins with it, and keeps it if its friction is frozen."""
    learner, result, other = learned
    share = result.learned.friction.presliding
    second = log_learner(MODEL, other)
    LearnerStart.of(learner.learner).begin(second.learner)
    begun = second.learned.friction.presliding
    np.testing.assert_allclose(begun, share, rtol=0, atol=0.05)
    second.freeze("friction", "ripple")
    kept = replay(other, second).learned.friction.presliding
    np.testing.assert_array_equal(kept, begun)


def test_the_network_remembers_how_far_friction_has_built_up(learned):
    """Its torque along a motion is that of the weights with z of NumPy, to 1e-9; twice the same."""
    learner, _, other = learned
    encoding, weights = learner.learner.network_parts
    network, dt = structured_network_of(encoding, weights), other.period
    q, dq = other.q[:300], other.dq[:300]
    moments = np.concatenate((q, dq, np.zeros_like(q)), axis=1)
    with network:
        feed = nengo.Node(lambda t: moments[min(round(t / dt) - 1, 299)])
        nengo.Connection(feed, network.state, synapse=None)
    runs = []
    with nengo.Simulator(network, dt=dt, progress_bar=False) as sim:
        for _ in range(2):
            sim.reset()
            sim.run_steps(300)
            runs.append(sim.data[network.probe].copy())
    np.testing.assert_array_equal(*runs)
    still = structured_network_of(replace(encoding, presliding=None), weights)
    with still:
        feed = nengo.Node(lambda t: moments[min(round(t / dt) - 1, 299)])
        nengo.Connection(feed, still.state, synapse=None)
    with nengo.Simulator(still, dt=dt, progress_bar=False) as sim:
        sim.run_steps(300)
    dry = np.array([weights[f"friction {j + 1}"][0, 1] for j in range(MODEL.dof)])
    turned = dry * encoding.presliding * (built_by(dq * dt) - np.tanh(dq / SLOW))
    np.testing.assert_allclose(runs[0], sim.data[still.probe] + turned, rtol=0, atol=1e-9)
    assert np.abs(turned).max() > 1.0  # [N m]


@pytest.mark.parametrize(
    ("field", "value", "need"),
    [("distance", 0.0, "needs a number above 0"), ("start", 1.5, "needs a number from 0 to 1")],
)
def test_bad_settings_are_refused(field, value, need):
    """With field, value and need."""
    with pytest.raises(ConfigurationError, match=rf"Presliding\.{field}: is {value}.*{need}"):
        Presliding(**{field: value})
