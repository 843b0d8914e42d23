"""The compiled cycle against the blocks and TensorFlow."""

import io
from contextlib import contextmanager
from dataclasses import replace

import nengo
import numpy as np
import pytest

import arms
from nengo_forcectl.adaptation.consolidating import ConsolidatingAdaptation
from nengo_forcectl.control import OperationalSpace
from nengo_forcectl.cycle.blocks import Blocks
from nengo_forcectl.cycle.compiled_learning import CompiledCycle
from nengo_forcectl.cycle.consolidating_learner import consolidation
from nengo_forcectl.errors import ConfigurationError, NetworkError
from nengo_forcectl.networks.building import simulator, workspace_network
from nengo_forcectl.networks.encoding import INPUTS, encoding_of
from nengo_forcectl.networks.online import OnlineNetwork
from nengo_forcectl.networks.workspace import home_posture, reach_states, task_axes
from nengo_forcectl.paths import MinimumJerk
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.sim.friction import ViscousFriction
from nengo_forcectl.sim.masses import Payload

DT = 1e-3


@pytest.fixture(scope="module")
def arm():
    return arms.load("planar2")


@contextmanager
def pair(arm, inputs="q-dq-ref", periodic=False, neuron_type=None):
    """One network in NengoDL, and what the compiled cycle and the blocks need of it."""
    home = home_posture(arm)
    states = reach_states(arm, home, np.random.default_rng(1), reaches=8)
    encoding = encoding_of(arm, states, inputs, periodic=periodic)
    network = workspace_network(encoding, states, arm.dof, 60, seed=0, neuron_type=neuron_type)
    with simulator(network, dt=DT) as sim:
        law = replace(consolidation(arm, network, states), period=0.6)
        yield network, sim, law, OperationalSpace(home, task_axes(arm))


def compiled(arm, made):
    network, sim, law, control = made
    return CompiledCycle(arm, control, sim, network, law)


def blocks(arm, made):
    network, sim, law, control = made
    online = OnlineNetwork(sim, network.probe, None, learn=[network.linear, network.decoders])
    return Blocks(arm, control, ConsolidatingAdaptation(arm, online, network.encoding, law, DT))


def drive(arm, cycles, cycle, *others, unsound=(), off=(), start=0, robot=None):
    """Let ``cycle`` drive the arm on a reach and the others see the same; the torques of all."""
    home = home_posture(arm)
    tool = arm.pose(home)[:3, 3]
    corners = tool + 0.05 * np.array([[0, 0, 0], [1, 1, 0], [-1, 1, 0], [1, -1, 0], [0, 1, 0]])
    path, taus = MinimumJerk(corners, 0.5), []
    for k in range(start, start + cycles):
        state = robot.read()._replace(sound=k not in unsound)
        results = []
        for one in (cycle, *others):
            one.learn(k not in off)
            results.append(one.step(state, path.at(state.time)))
        robot.apply(results[0].tau)
        taus.append([result.tau for result in results])
    return np.array(taus).transpose(1, 0, 2)


def loaded(arm):
    return Bullet(arm, home_posture(arm), [Payload(1.0), ViscousFriction(0.5)], DT)


def agree(arm, cycles, **options):
    """The compiled cycle drives, the blocks get the same states; torques and weights agree."""
    choices = {name: options.pop(name) for name in ("inputs", "periodic") if name in options}
    with pair(arm, **choices) as made, loaded(arm) as robot:
        ours, theirs = compiled(arm, made), blocks(arm, made)
        tau, expected = drive(arm, cycles, ours, theirs, robot=robot, **options)
        np.testing.assert_allclose(tau, expected, rtol=0, atol=1e-9)
        learned = theirs.adaptation.network.read()
        assert max(np.abs(value).max() for value in learned.values()) > 1e-4
        for name, value in ours.read().items():
            np.testing.assert_allclose(value, learned[name], rtol=0, atol=1e-9)


def test_it_computes_what_the_blocks_and_tensorflow_compute(arm):
    """Over 2,000 cycles of a reach, through three changes of weights, all agree to 1e-9."""
    agree(arm, 2000)


@pytest.mark.parametrize("inputs", INPUTS)
@pytest.mark.parametrize("periodic", [False, True])
def test_so_it_does_for_all_inputs(arm, inputs, periodic):
    """Whatever the network sees, past the first change of weights."""
    agree(arm, 720, inputs=inputs, periodic=periodic)


def test_so_it_does_with_gaps(arm):
    """States that are not sound, single and in sequence, and learning off and on again."""
    agree(arm, 1500, unsound={0, 50, *range(100, 110), 599, 1205}, off=range(700, 900))


def test_a_checkpoint_goes_on_to_the_same_bits(arm):
    """Saved by numpy in mid-run while weights are being computed, resumed in a new cycle."""
    for cut in (605, 1000):
        with pair(arm) as made, loaded(arm) as robot:
            first = compiled(arm, made)
            drive(arm, cut, first, robot=robot)
            file = io.BytesIO()
            np.savez(file, **first.checkpoint())
            file.seek(0)
            again = compiled(arm, made)
            again.resume(dict(np.load(file)))
            tau, expected = drive(arm, 800, again, first, robot=robot, start=cut)
        np.testing.assert_array_equal(tau, expected)
        assert np.abs(np.diff(tau, axis=0)).max() > 0


def test_a_checkpoint_of_something_else_is_refused(arm):
    """Missing arrays, other shapes and NaN are named, and nothing is set."""
    with pair(arm) as made:
        cycle = compiled(arm, made)
        good = cycle.checkpoint()
        bad = good | {"moment": np.full_like(good["moment"], np.nan)}
        for other, message in (
            ({}, "memory: has shapes"),
            (good | {"offset": np.zeros(3)}, "memory: has shapes"),
            (bad, "'moment': has a NaN"),
            (good | {"count": np.array([0.0, 2.0**57, 0.0])}, r"count is .*needs a job from -1"),
            (
                good | {"fingerprint": good["fingerprint"] + 1},
                "is of another cycle, needs one with the same network",
            ),
        ):
            with pytest.raises(NetworkError, match=message):
                cycle.resume(other)
        for name, value in cycle.checkpoint().items():
            np.testing.assert_array_equal(value, good[name])


def test_what_was_learned_runs_in_nengodl_and_in_nengo(arm):
    """Stored, NengoDL's own run gives the cycle's F; frozen, plain Nengo's does, to 1e-9."""
    with pair(arm) as made, loaded(arm) as robot:
        network, sim, *_ = made
        cycle = compiled(arm, made)
        drive(arm, 1500, cycle, robot=robot)
        cycle.store()
        state = robot.read()
        cycle.learn(False)
        tool = arm.pose(state.q)[:3, 3]
        reference = MinimumJerk(np.stack((tool, tool + 0.01)), 1.0).at(0.3)
        F = cycle.step(state, reference).feedforward
        command = made[3].torque(arm.terms(state.q, state.dq), state, reference)
        v = network.encoding.input(state.q, state.dq, command.ddq_r)
        sim.run_steps(1, data={network.state: v[None, None]})
        np.testing.assert_allclose(sim.data[network.probe][0, -1], F, rtol=0, atol=1e-9)
        assert np.abs(F).max() > 0.1
        sim.freeze_params(network)
    network.state.output = v
    with nengo.Simulator(network, dt=DT, progress_bar=False) as plain:
        plain.run_steps(1)
        np.testing.assert_allclose(plain.data[network.probe][-1], F, rtol=0, atol=1e-9)


def test_new_weights_do_not_jolt_the_arm(arm):
    """When weights change the torque steps as in the cycles beside, within a median step."""
    with pair(arm) as made, loaded(arm) as robot:
        cycle, changed, taus = compiled(arm, made), [], []
        for k in range(2000):
            before = cycle.read()
            taus.append(drive(arm, 1, cycle, robot=robot, start=k)[0, 0])
            after = cycle.read()
            if any((before[name] != after[name]).any() for name in before):
                changed.append(k)
    # Weights that come in at cycle k act on the torque of cycle k + 1.
    steps = np.diff(taus, axis=0)
    typical = np.median(np.abs(steps).max(axis=1))
    assert len(changed) == 3
    for k in changed:
        excess = steps[k] - 0.5 * (steps[k - 1] + steps[k + 1])
        assert np.abs(excess).max() < typical


def test_what_has_faded_is_gone(arm):
    """Or an arm that stands still makes numbers so small that a cycle takes ten times as long."""
    with pair(arm) as made, loaded(arm) as robot:
        cycle = compiled(arm, made)
        drive(arm, 7000, cycle, robot=robot)
        left = np.abs(np.concatenate([value.ravel() for value in cycle.checkpoint().values()]))
    assert np.count_nonzero(left) > 1000
    assert not np.any((left > 0) & (left < 1e-300))


def test_what_has_no_compiled_form_is_refused(arm):
    """Other neurons and other control laws are named."""
    with (
        pair(arm, neuron_type=nengo.Tanh()) as made,
        pytest.raises(ConfigurationError, match="no compiled form of Tanh"),
    ):
        compiled(arm, made)
    with (
        pair(arm) as (network, sim, law, _),
        pytest.raises(ConfigurationError, match="no compiled form of nothing"),
    ):
        CompiledCycle(arm, "nothing", sim, network, law)
