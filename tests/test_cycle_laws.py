"""Every control law with a network that learns: one compiled call against the blocks."""

import io

import numpy as np
import pytest
from law_equations import HOME, LAWS, SIX, turn
from plain_learner import PlainAdaptation, PlainGradient
from plain_network import PlainNetwork, network_and_law

import arms
from nengo_forcectl import Limits, Safe, export_controller, load_controller
from nengo_forcectl.adaptation import ConsolidatingAdaptation, NetworkAdaptation
from nengo_forcectl.contract import Controller, Reference, State
from nengo_forcectl.control import (
    Admittance,
    Floating,
    HybridForce,
    JointPD,
    ParallelForce,
    Sliding,
)
from nengo_forcectl.control.joint_space import JointSpace
from nengo_forcectl.cycle.blocks import Blocks
from nengo_forcectl.cycle.compiled import CompiledController
from nengo_forcectl.cycle.compiled_learning import CompiledCycle, CompiledGradientCycle
from nengo_forcectl.errors import ConfigurationError, NetworkError, SimulationError
from nengo_forcectl.learning.gradient import Gradient
from nengo_forcectl.nengodl.weights import named_weights
from nengo_forcectl.networks.building import adaptive_network, simulator
from nengo_forcectl.networks.closed_form import ClosedFormNetwork
from nengo_forcectl.networks.encoding import INPUTS

DT = 1e-3
UNSOUND = {0, 70, *range(120, 127), 230}
OFF = range(260, 300)

# Gains of the joints in proportion to their inertia, from 2 to 0.001 kg m^2: these arms move.
INERTIA = arms.load("kuka_iiwa").mass_matrix(HOME).diagonal()
MORE = LAWS | {
    "joint pd": lambda arm: JointPD(kp=200.0 * INERTIA, kv=20.0 * INERTIA),
    "sliding": lambda arm: Sliding(slope=5.0, K=20.0 * INERTIA, robust=5e-3, boundary=0.5),
    "floating": lambda arm: Floating(kv=5.0 * INERTIA),
    "admittance of a force law": lambda arm: Admittance(HybridForce(HOME, SIX), stiffness=50.0),
}


def compiled(arm, law, inputs="q-dq-ref"):
    network, learns = network_and_law(arm, HOME, inputs)
    return CompiledCycle.of_arrays(arm, law, network, learns, DT)


def blocks(arm, law, inputs="q-dq-ref", kind=PlainAdaptation):
    network, learns = network_and_law(arm, HOME, inputs)
    plain = PlainNetwork(network)
    return Blocks(arm, law, kind(arm, plain, network.encoding, learns, DT))


def wanted(arm, law, k):
    """A reference that moves around the arm's posture, from rest within rounding."""
    rate, shift = 4.0, np.arange(7.0)  # [rad/s]
    phase = rate * DT * k + shift
    s = np.sin(phase) - np.sin(shift) - np.sin(rate * DT * k) * np.cos(shift)
    ds = rate * (np.cos(phase) - np.cos(rate * DT * k) * np.cos(shift))
    dds = rate**2 * (np.sin(rate * DT * k) * np.cos(shift) - np.sin(phase))
    if isinstance(law.law, JointSpace):
        return Reference(HOME + 0.2 * s, 0.2 * ds, 0.2 * dds)
    pose, linear, angular = arm.pose(HOME), 0.05 * np.stack((s, ds, dds))[:, :3], 0.05 * ds[3:6]
    R = turn([1.0, 0.5, 0], 0.1 * s[3]) @ pose[:3, :3]
    x, dx, ddx = linear
    return Reference(pose[:3, 3] + x, dx, ddx, R, angular, 0.05 * dds[3:6], 5 * s[:6])


class World:
    """An arm with a torque that its model does not know, and a push that its wrist feels."""

    def __init__(self, arm):
        self.arm, self.q, self.dq, self.k = arm, HOME.copy(), np.zeros(7), 0

    @property
    def lacking(self):
        """What acts on the arm and is not in its model [N m]."""
        return self.arm.mass_matrix(self.q) @ (20.0 * np.sin(3.0 * self.q + np.arange(7)))

    def read(self, feels=True):
        push = np.array([5.0, 5.0, 5.0, 5e-3, 5e-3, 5e-3]) * np.sin(0.02 * self.k + np.arange(6))
        self.state = State(
            self.k * DT,
            self.q.copy(),
            self.dq.copy(),
            self.k not in UNSOUND,
            wrench=push if feels else None,
        )
        return self.state

    def apply(self, tau):
        push = self.state.wrench
        felt = 0.0 if push is None else self.arm.jacobian(self.q).T @ push
        tau = tau + felt + self.lacking
        self.dq = self.dq + DT * self.arm.forward_dynamics(self.q, self.dq, tau)
        self.q, self.k = self.q + DT * self.dq, self.k + 1


def drive(world, cycles, first, *others, feels=True):
    """``first`` drives, the others see the same; the results of all, and changes of weights."""
    rows, changes = [], 0
    for _ in range(cycles):
        before = first.read()["state -> torque"]
        state = world.read(feels)
        reference = wanted(world.arm, first.controller, world.k)
        for each in (first, *others):
            each.learn(world.k not in OFF)
        rows.append([each.step(state, reference) for each in (first, *others)])
        changes += bool(np.any(before != first.read()["state -> torque"]))
        world.apply(rows[-1][0].tau)
    return list(zip(*rows, strict=True)), changes


def assert_same(arm, law, other, cycles=450, inputs="q-dq-ref", feels=True):
    """Torques, what was added, weights and what the law remembers, to 1e-9."""
    ours, theirs = compiled(arm, law, inputs), blocks(arm, other, inputs)
    (found, expected), changes = drive(World(arm), cycles, ours, theirs, feels=feels)
    for field in ("tau", "feedforward", "tool", "singularity"):
        values, others = ([getattr(each, field) for each in row] for row in (found, expected))
        np.testing.assert_allclose(values, others, rtol=1e-9, atol=1e-9)
    learned = theirs.adaptation.network.read()
    for name, value in ours.read().items():
        np.testing.assert_allclose(value, learned[name], rtol=1e-9, atol=1e-9)
    assert changes >= 3
    assert np.abs(learned["state -> torque"]).max() > 0.1
    for name, memory in ours.controller.memory.items():
        np.testing.assert_allclose(memory, theirs.controller.memory[name], rtol=1e-9, atol=1e-12)
        assert np.abs(memory).max() > 1e-6 or name.endswith(".withheld")  # 0: nothing limits it


@pytest.mark.parametrize("name", MORE)
def test_every_law_learns_as_it_does_in_the_blocks(iiwa, name):
    """450 cycles with a push, through three changes of weights or more, states that are not sound,
    learning off and on: all agree to 1e-9."""
    assert_same(iiwa, MORE[name](iiwa), MORE[name](iiwa))


@pytest.mark.parametrize("name", ["hybrid", "joint pd"])
def test_the_adaptation_of_any_network_is_the_equations(iiwa, name):
    """In blocks, with what was added and the network's weights, to 1e-9."""
    ours = blocks(iiwa, MORE[name](iiwa), kind=ConsolidatingAdaptation)
    theirs = blocks(iiwa, MORE[name](iiwa))
    for each in (ours, theirs):
        each.read = each.adaptation.network.read
    (found, expected), changes = drive(World(iiwa), 450, ours, theirs)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a.tau, b.tau, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(a.feedforward, b.feedforward, rtol=1e-9, atol=1e-9)
    for key, value in ours.read().items():
        np.testing.assert_allclose(value, theirs.read()[key], rtol=1e-9, atol=1e-9)
    assert changes >= 3


@pytest.mark.parametrize("inputs", INPUTS)
@pytest.mark.parametrize("name", ["pose", "sliding"])
def test_so_it_does_for_all_inputs_and_without_a_sensor(iiwa, name, inputs):
    """Whatever the network sees of the state and of the reference."""
    assert_same(iiwa, MORE[name](iiwa), MORE[name](iiwa), inputs=inputs, feels=False)


@pytest.mark.parametrize("name", ["joint pd", "position", "hybrid"])
def test_a_push_that_is_felt_is_not_learned(iiwa, name):
    """The observer finds what the model lacks alone; if it is not told, the push as well."""
    worst = {}
    for told in (True, False):
        cycle, world, errors = compiled(iiwa, MORE[name](iiwa)), World(iiwa), []
        for k in range(400):
            state = world.read()
            seen = state if told else state._replace(wrench=np.zeros(6))
            tau = cycle.step(seen, wanted(iiwa, cycle.controller, k)).tau
            if k > 300:
                errors.append(np.abs(cycle.memory["unmodelled"] - world.lacking).max())
            world.apply(tau)
        worst[told] = max(errors)
    assert worst[True] < 1.0
    assert worst[False] > 2.0


@pytest.mark.parametrize("name", ["joint pd", "position", "hybrid", "admittance of a force law"])
def test_nothing_is_learned_from_a_wrench_that_is_not_finite(iiwa, name):
    """It is named, and everything stays as it was, to the last bit, but for the torque that was
    sent; `Safe` stops, and so does it from one of another size."""
    cycle = compiled(iiwa, MORE[name](iiwa))
    world = World(iiwa)
    drive(world, 150, cycle)
    before = cycle.checkpoint()
    state, reference = world.read(), wanted(iiwa, cycle.controller, world.k)
    for wrench in (np.full(6, np.nan), np.array([0, 0, np.inf, 0, 0, 0]), np.zeros(3)):
        with pytest.raises(SimulationError, match=r"state\.wrench at 0\.150 s"):
            cycle.step(state._replace(wrench=wrench), reference)
        safe = Safe(cycle, iiwa)
        before["sent"] = safe.step(state._replace(wrench=wrench), reference).tau
        assert "state.wrench" in str(safe.stopped)
    before["obeyed"] = np.zeros(1)  # it was not the law's
    for key, value in cycle.checkpoint().items():
        np.testing.assert_array_equal(value, before[key])


@pytest.mark.parametrize("name", ["hybrid", "admittance", "admittance of a force law", "sliding"])
def test_a_checkpoint_has_what_the_law_remembers(iiwa, name):
    """Resumed in a new cycle it goes on to the same bits; another law's is refused."""
    first, world = compiled(iiwa, MORE[name](iiwa)), World(iiwa)
    drive(world, 310, first)
    file = io.BytesIO()
    np.savez(file, **first.checkpoint())
    file.seek(0)
    again = compiled(iiwa, MORE[name](iiwa))
    again.resume(dict(np.load(file)))
    (found, expected), changes = drive(world, 150, again, first)
    assert changes > 0
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours.tau, theirs.tau)
    for key, memory in first.controller.memory.items():
        np.testing.assert_array_equal(memory, again.controller.memory[key])
    with pytest.raises(NetworkError, match="memory: has shapes"):
        compiled(iiwa, LAWS["parallel"](iiwa)).resume(first.checkpoint())


def test_a_checkpoint_of_another_law_with_the_same_memory_is_refused(iiwa):
    """The integral of one force law is not taken for that of another."""
    first, other = (
        CompiledController(iiwa, law(HOME, (0, 1, 2))) for law in (HybridForce, ParallelForce)
    )
    with pytest.raises(
        NetworkError, match=r"HybridForce\.integral.*needs.*ParallelForce\.integral"
    ):
        other.resume(first.checkpoint())


def test_a_new_motion_forgets_the_law_s_memory_too(iiwa):
    """Integral and offset are zero after it, the weights are what they were."""
    cycle = compiled(iiwa, MORE["admittance of a force law"](iiwa))
    drive(World(iiwa), 300, cycle)
    weights = cycle.read()["state -> torque"]
    assert all(m.any() for k, m in cycle.controller.memory.items() if not k.endswith(".withheld"))
    cycle.controller.memory["Admittance.inner.withheld"][...] = 0.5
    cycle.forget_motion()
    assert not any(memory.any() for memory in cycle.controller.memory.values())
    np.testing.assert_array_equal(cycle.read()["state -> torque"], weights)


@pytest.mark.parametrize("name", ["pose", "hybrid", "admittance of a force law", "sliding"])
def test_what_has_learned_can_be_exported_with_any_law(iiwa, tmp_path, name):
    """Loaded, it goes on with a push, through a change of weights, to the same bits."""
    cycle, world = compiled(iiwa, MORE[name](iiwa)), World(iiwa)
    safe = Safe(cycle, iiwa, dt=DT)
    for _ in range(210):
        world.apply(safe.step(world.read(), wanted(iiwa, cycle.controller, world.k)).tau)
    safe.reset()
    loaded = load_controller(export_controller(safe, tmp_path / "first"))
    kept = loaded.cycle.read()["state -> torque"]
    for _ in range(150):
        state, reference = world.read(), wanted(iiwa, cycle.controller, world.k)
        expected = safe.step(state, reference).tau
        np.testing.assert_array_equal(loaded.step(state, reference).tau, expected)
        world.apply(expected)
    assert safe.stopped is None
    assert (loaded.cycle.read()["state -> torque"] != kept).any()


@pytest.mark.parametrize("name", ["position", "pose", "hybrid", "admittance", "joint pd"])
def test_the_gradient_law_learns_with_any_law(iiwa, name):
    """One compiled call gives the torques and the weights of the blocks, to 1e-9."""
    net, law = adaptive_network(14, 7, 50, seed=0), Gradient(0.5, sigma=0.02, bound=1e3)
    with simulator(net) as sim:
        network = ClosedFormNetwork(sim, net.probe, law)
        weights = named_weights(sim)
        layer, D = weights[net.ensemble], weights[net.decoders].read()
        other = PlainGradient(layer.encoders.read(), layer.bias.read(), D, law, sim.dt)
        cycle = CompiledGradientCycle(iiwa, MORE[name](iiwa), network)
        cycle.read = lambda: {"state -> torque": network.block["decoders"].copy()}
        plain = Blocks(iiwa, MORE[name](iiwa), NetworkAdaptation(iiwa, other))
        (found, expected), changes = drive(World(iiwa), 320, cycle, plain)
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a.tau, b.tau, rtol=1e-9, atol=1e-9)
        assert changes == 320 - len(UNSOUND) - len(OFF)
        (learned,) = network.read().values()
        np.testing.assert_allclose(learned, other.D, rtol=1e-9, atol=1e-12)
        assert np.abs(learned).max() > 1e-3
        saved = cycle.checkpoint()
        drive(World(iiwa), 10, cycle)
        assert (network.block["decoders"] != saved["decoders"]).any()
        cycle.resume(saved)
        np.testing.assert_array_equal(network.block["decoders"], learned)
        with pytest.raises(ConfigurationError, match="CompiledGradientCycle: no compiled form of"):
            CompiledGradientCycle(iiwa, Controller(), network)


@pytest.mark.parametrize("told", [True, False])
def test_what_a_limit_sent_in_its_place_is_learned_from(iiwa, told):
    """Half the speed that the path asks for is allowed: r is what is missing nevertheless, to 0.3
    N m; without being told of the torques that were sent it is off by more than 2."""
    cycle = compiled(iiwa, MORE["position"](iiwa))
    if not told:
        cycle.learns_from_sent = False
    limits = Limits.of(iiwa, dq_max=np.full(7, 0.02))
    safe, world, away = Safe(cycle, iiwa, limits), World(iiwa), []
    for k in range(600):
        state = world.read()
        tau = safe.step(state, wanted(iiwa, cycle.controller, k)).tau
        if k > 300:
            away.append(np.abs(cycle.memory["unmodelled"] - world.lacking).max())
        world.apply(tau)
    assert safe.events["velocity"] > 300
    assert (max(away) < 0.3) if told else (max(away) > 2.0)


def test_a_force_law_does_not_wind_up_while_a_limit_changes_its_torque(iiwa):
    """Over 300 states with half the allowed speed the integral is that without a learner."""
    limits = Limits.of(iiwa, dq_max=np.full(7, 0.02))
    integrals = []
    for make in (CompiledController, compiled):
        law = HybridForce(HOME, SIX, ki=50.0)
        safe, world = Safe(make(iiwa, law), iiwa, limits), World(iiwa)
        for k in range(300):
            reference = wanted(iiwa, safe.cycle.controller, k)
            world.apply(safe.step(world.read(), reference).tau)
        assert safe.events["velocity"] > 100
        integrals.append(safe.cycle.controller.memory["HybridForce.integral"].copy())
    plain, learning = integrals
    np.testing.assert_array_equal(learning, plain)
