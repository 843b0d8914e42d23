"""Networks that spike: the neurons are Nengo's, they learn in one call, and go on as they were."""

import importlib.util
from dataclasses import replace

import nengo
import numpy as np
import pytest
from export_world import DT, drive, path_of, recorded, world
from plain_learner import PlainAdaptation
from plain_network import NEURONS, PlainNetwork, network_and_law
from spiking_learner import TYPES, learner

import arms
from nengo_forcectl.adaptation import ConsolidatingAdaptation
from nengo_forcectl.control import OperationalSpace
from nengo_forcectl.cycle.blocks import Blocks
from nengo_forcectl.cycle.compiled_learning import CompiledCycle
from nengo_forcectl.errors import ConfigurationError, NetworkError
from nengo_forcectl.networks.encoding import NetworkArrays
from nengo_forcectl.networks.firing import FiringNetwork
from nengo_forcectl.networks.neurons import NeuronModel, neurons_of
from nengo_forcectl.networks.workspace import home_posture, task_axes

MANY = 300


class NengoNeurons:
    """Neurons of Nengo's own step functions, behind a low pass, for currents one after the other.

    The activity of a cycle holds the spikes before it.
    """

    def __init__(self, neuron_type, synapse, voltage, dt=DT):
        self.type, self.dt, self.decay = neuron_type, dt, np.exp(-dt / synapse)
        self.state = {}
        if neuron_type.spiking:
            self.state["voltage"] = voltage.copy()
        if isinstance(neuron_type, nengo.LIF):
            self.state["refractory_time"] = np.zeros(len(voltage))
        self.fired, self.y = np.zeros(len(voltage)), None

    def step(self, J):
        if self.y is None:
            self.y = self.type.rates(np.zeros(1), np.ones(len(J)), J).ravel()
        a = self.y
        self.type.step(self.dt, J.copy(), self.fired, **self.state)
        self.y = self.decay * self.y + (1 - self.decay) * self.fired
        return a


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize("dt", [1e-3, 4e-3])
def test_the_neurons_are_those_of_nengo_spike_for_spike(rng, name, dt):
    """Over 2,000 cycles of changing currents: spikes, voltages, held times and low pass."""
    from nengo_forcectl.kernels.fire import run_neurons

    kind, synapse = TYPES[name], 0.007
    model, start = neurons_of(kind, synapse), rng.uniform(size=MANY)
    block, nengos = model.block(start, dt), NengoNeurons(kind, synapse, start, dt)
    scale = 60.0 if isinstance(kind, nengo.RectifiedLinear) else 1.0
    ET, bias = 2 * scale * rng.normal(size=(3, MANY)), scale * (1 + rng.normal(size=MANY))
    a, spikes = np.zeros(MANY), 0.0
    for k in range(2000):
        u = np.sin(np.arange(3.0) + 0.003 * k)
        run_neurons(block.address, ET, bias, u, a)
        expected = nengos.step(block["current"])
        np.testing.assert_allclose(block["current"], bias + u @ ET, rtol=0, atol=1e-10)
        np.testing.assert_allclose(a, expected, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(block["fired"], nengos.fired, rtol=1e-12, atol=0)
        spikes += nengos.fired.sum() * dt / kind.amplitude
        for field, name in (("voltage", "voltage"), ("refractory", "refractory_time")):
            if name in nengos.state:
                held = np.maximum(nengos.state[name], 0.0) if field == "refractory" else None
                state = nengos.state[name] if held is None else held
                np.testing.assert_allclose(block[field], state, rtol=0, atol=1e-11)
    if model.spikes:
        assert block["tally"].tolist() == [pytest.approx(spikes), 2000.0]
        assert spikes > 10_000
    else:
        assert block["tally"].tolist() == [0.0, 2000.0]


class PlainSpikes(PlainNetwork):
    """A network of Nengo's neurons for `ConsolidatingAdaptation`."""

    def __init__(self, network, neurons):
        super().__init__(network)
        self._neurons = neurons

    def observe(self, v):
        arrays, one = self._network, np.eye(len(self._network.weights))
        a = self._neurons.step(arrays.encoders @ v[self._split :] + arrays.bias)
        parts = v[: self._split], a
        J_w = {
            name: one[:, :, None] * part for name, part in zip(self._weights, parts, strict=True)
        }
        W = np.concatenate(list(self._weights.values()), axis=1)
        return W @ np.concatenate(parts), J_w


@pytest.fixture(scope="module")
def planar():
    return arms.load("planar2")


def spiking(arm, name):
    """A network in arrays whose neurons fire at up to some 100 Hz, and its law."""
    network, law = network_and_law(arm, home_posture(arm))
    scale = 60.0 if "relu" in name else 2.0
    rng = np.random.default_rng(2)
    E, bias = scale * network.encoders, scale * network.bias
    if "lif" in name:
        bias = bias + 1.0
    kind, voltage = TYPES[name], rng.uniform(size=NEURONS)
    arrays = NetworkArrays(
        network.encoding, E, bias, network.weights, neurons_of(kind, 0.005), voltage
    )
    return arrays, replace(
        law, basis=law.basis / np.r_[np.ones(arm.dof * 3 + 1), 60 * np.ones(NEURONS)][:, None]
    )


def control(arm):
    return OperationalSpace(home_posture(arm), task_axes(arm))


@pytest.mark.parametrize("name", ["spiking-relu", "lif", "lif-rate", "lif of its own"])
def test_one_call_is_the_blocks_with_the_neurons_of_nengo(planar, name):
    """Over 600 cycles, through changes of weights, doubted sensors and learning off: 1e-9.

    The blocks are once the equations in NumPy around Nengo's neurons, once those of the package.
    """
    arrays, law = spiking(planar, name)
    ours = CompiledCycle.of_arrays(planar, control(planar), arrays, law, DT)
    nengos = PlainSpikes(arrays, NengoNeurons(TYPES[name], 0.005, arrays.voltage))
    firing = FiringNetwork(arrays, DT)
    plain = Blocks(
        planar, control(planar), PlainAdaptation(planar, nengos, arrays.encoding, law, DT)
    )
    own = Blocks(
        planar, control(planar), ConsolidatingAdaptation(planar, firing, arrays.encoding, law, DT)
    )
    path = path_of(planar)
    with world(planar) as robot:
        for k in range(600):
            state = robot.read()._replace(sound=k not in (50, 51, 300))
            results = []
            for each in (ours, plain, own):
                each.learn(k not in range(400, 430))
                results.append(each.step(state, path.at(state.time)))
            for other in results[1:]:
                np.testing.assert_allclose(results[0].tau, other.tau, rtol=0, atol=1e-9)
                np.testing.assert_allclose(
                    results[0].feedforward, other.feedforward, rtol=0, atol=1e-9
                )
            robot.apply(results[0].tau)
    for theirs in (nengos.read(), firing.read()):
        for weight, value in ours.read().items():
            assert np.abs(value).max() > 1e-5
            np.testing.assert_allclose(value, theirs[weight], rtol=0, atol=1e-9)


def test_a_seed_gives_the_same_bits_and_another_seed_others(planar):
    """Torques and spikes of 1,500 cycles, past new weights."""
    runs = []
    for seed in (3, 3, 4):
        with learner(planar, seed=seed) as cycle, world(planar) as robot:
            taus = drive(planar, robot, 1500, cycle)
            runs.append((taus, cycle.activity))
    np.testing.assert_array_equal(runs[0][0], runs[1][0])
    assert runs[0][1] == runs[1][1]
    assert runs[0][1].spikes > 100
    assert runs[0][1].cycles == 1501  # the first of them compiled the cycle
    assert np.abs(runs[0][0] - runs[2][0]).max() > 1e-6


@pytest.mark.parametrize("kind", ["lif", "spiking-relu"])
def test_a_checkpoint_holds_the_neurons(planar, kind):
    """Resumed in another cycle the run goes on bit for bit; without the voltages it does not."""
    with (
        learner(planar, neuron_type=kind) as cycle,
        learner(planar, neuron_type=kind) as other,
        world(planar) as robot,
    ):
        drive(planar, robot, 1300, cycle)
        saved = cycle.checkpoint()
        assert {"voltage", "refractory", "activity", "running", "tally"} <= set(saved)
        states, taus = recorded(planar, robot, 300, cycle)
        path = path_of(planar)
        other.resume(saved)
        again = [other.step(state, path.at(state.time)).tau for state in states]
        np.testing.assert_array_equal(again, taus)
        other.resume(saved | {"voltage": np.zeros_like(saved["voltage"])})
        again = [other.step(state, path.at(state.time)).tau for state in states]
        assert np.abs(np.array(again) - taus).max() > 1e-6


def test_a_checkpoint_of_other_neurons_is_refused(planar):
    """Their time constant counts, and whether they spike."""
    with learner(planar) as cycle:
        saved = cycle.checkpoint()
    for other in ({"synapse": 0.01}, {"neuron_type": "lif-rate", "synapse": 0.005}):
        with (
            learner(planar, **other) as cycle,
            pytest.raises(NetworkError, match="needs one with the same network"),
        ):
            cycle.resume(saved)


def test_a_new_motion_begins_with_the_voltages_of_the_start(planar):
    """Frozen, forgotten and driven again it gives the torques of the first time, from the first on.

    They begin at what the rates give: no torque is missing while the synapse fills.
    """
    with learner(planar) as cycle, world(planar) as robot:
        drive(planar, robot, 1300, cycle)
        states, _ = recorded(planar, robot, 100, cycle)
        inner, path, runs = cycle.cycle, path_of(planar), []
        inner.learn(False)
        for _ in range(2):
            inner.forget_motion()
            runs.append([inner.step(state, path.at(state.time)).feedforward for state in states])
        np.testing.assert_array_equal(*runs)
        rates = replace(inner.network.neurons, kind="lif-rate", synapse=0.0)
        smooth = FiringNetwork(inner.network._replace(neurons=rates), DT)
        terms = inner.arm.terms(states[0].q, states[0].dq)
        command = inner.controller.torque(terms, states[0], path.at(states[0].time))
        v = inner.network.encoding.input(states[0].q, states[0].dq, command.ddq_r)
        np.testing.assert_allclose(runs[0][0], smooth.observe(v)[0], rtol=0, atol=1e-9)


def test_without_a_direct_path_the_neurons_supply_the_torque(planar):
    """Its weights stay 0, and 1 kg that the model does not know is learned by spikes alone."""
    with learner(planar, neurons=300, direct=False) as cycle, world(planar) as robot:
        drive(planar, robot, 2600, cycle)
        weights = cycle.read()
        assert not weights["state -> torque"].any()
        assert weights["adaptive -> torque"].any()
        cycle.learn(False)
        state = robot.read()
        added = cycle.cycle.step(state, path_of(planar).at(state.time)).feedforward
    gravity = planar.with_payload(1.0).gravity(state.q) - planar.gravity(state.q)
    np.testing.assert_allclose(added, gravity, rtol=0, atol=0.1 * np.abs(gravity).max())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"neuron_type": "lift"}, "neuron_type: is lift, needs one of relu, lif-rate, spi"),
        ({"neuron_type": nengo.Tanh()}, r"neuron_type: is Tanh\(\), needs of Nengo's RectifiedLin"),
        ({"neuron_type": nengo.AdaptiveLIF()}, "neuron_type: is AdaptiveLIF"),
        ({"max_rates": 500.0}, r"Population\.max_rates: is 500.0 Hz, needs .* below 500 Hz"),
        ({"max_rates": (200.0, 100.0)}, r"max_rates: is \(200.0, 100.0\) Hz, needs .* asc"),
        ({"max_rates": 0.0}, "max_rates"),
        ({"max_rates": np.nan}, "max_rates"),
        ({"synapse": 0.0}, r"NeuronModel\.synapse: is 0.0 s, needs a number above 0 with spikes"),
        ({"synapse": -0.1}, r"NeuronModel\.synapse: is -0.1 s"),
        ({"synapse": nengo.Alpha(0.01)}, "synapse: is Alpha"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_one_line(planar, options, message):
    """The value, and what is possible."""
    with pytest.raises(ConfigurationError, match=message), learner(planar, **options):
        pass


def test_by_default_they_fire_as_on_a_chip_and_rectify_as_ever(planar):
    """100 to 400 Hz at their most active over the sample, 5 ms; without a type at most 1 Hz."""
    with learner(planar) as cycle:
        model, network = cycle.network.neurons, cycle.network
        assert model == NeuronModel("lif", synapse=0.005)
    with learner(planar, neuron_type=None) as cycle:
        assert cycle.network.neurons == NeuronModel()
        assert cycle.activity is None
    states = np.random.default_rng(0).uniform(-1, 1, (3, 2000, 2))
    u = network.encoding.input(*states)[:, network.encoding.size + 1 :]
    J = u @ network.encoders.T + network.bias
    rates = nengo.LIF().rates(J, np.ones(J.shape[1]), np.zeros(J.shape[1])).max(axis=0)
    assert 40.0 < np.median(rates) < 450.0


def test_decoders_are_solved_for_spikes_at_whole_steps(project, rng):
    """With a chip's rates they give the torque that Nengo's rates give, to 1 % in place of 5 %."""
    file = project / "scripts" / "spikes_on_loihi.py"
    spec = importlib.util.spec_from_file_location("spikes_on_loihi", file)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    gains = rng.uniform(2.0, 12.0, 200)
    directions = rng.normal(size=(200, 3))
    network = {
        "sample": rng.uniform(-1, 1, (500, 6)),
        "encoders": gains[:, None] * directions / np.linalg.norm(directions, axis=1)[:, None],
        "bias": rng.uniform(-2.0, 6.0, 200),
        "weights": np.hstack((np.zeros((2, 3)), rng.uniform(0.0, 1e-3, (2, 200)))),
        "lif": np.array([0.02, 0.002, 0.0, 1.0]),
    }
    current = network["sample"][:, 3:] @ network["encoders"].T + network["bias"]
    ones = np.ones(200)
    wanted = nengo.LIF().rates(current, ones, 0 * ones) @ network["weights"][:, 3:].T
    with np.errstate(divide="ignore"):
        period = 0.002 + 0.02 * np.log1p(1 / np.maximum(current - 1, 0))
    rates = 1 / (1e-3 * np.ceil(period / 1e-3))
    for weights, bound in (
        (network["weights"], (0.05, 0.3)),
        (script.at_whole_steps(network)["weights"], (0.0, 0.01)),
    ):
        error = np.linalg.norm(rates @ weights[:, 3:].T - wanted) / np.linalg.norm(wanted)
        assert bound[0] <= error < bound[1]
