"""A user's Python functions are called for a step, and not to prepare or to differentiate."""

import nengo
import numpy as np
import pytest
from jacobian_networks import RNG, assert_derivative, network, predicted, simulate

from nengo_forcectl.errors import NetworkError
from nengo_forcectl.learning.gradient import Gradient
from nengo_forcectl.nengodl.jacobians import input_jacobian, weight_jacobian, weight_jvp, weight_vjp
from nengo_forcectl.nengodl.learning_loop import LearningLoop


def driven(neuron_type):
    """A network that drives a robot, and measures what F needs, each in a Python Node."""
    calls = {"robot": 0, "clock": 0, "sensor": 0}
    net = network()

    def counted(name, value):
        def function(*_):
            calls[name] += 1
            return value

        return function

    with net:
        net.robot = nengo.Node(counted("robot", None), size_in=2, size_out=0, label="robot")
        net.clock = nengo.Node(counted("clock", 0.5), label="clock")
        net.sensor = nengo.Node(counted("sensor", 0.3), size_in=2, size_out=1, label="sensor")
        net.a = nengo.Ensemble(10, 2, seed=1, label="a", neuron_type=neuron_type)
        net.b = nengo.Ensemble(10, 1, seed=2, label="b", neuron_type=neuron_type)
        nengo.Connection(net.node, net.a, synapse=None)
        nengo.Connection(net.node, net.sensor, synapse=None)
        nengo.Connection(net.clock, net.robot[0], synapse=None)
        nengo.Connection(net.sensor, net.b, synapse=None)
        nengo.Connection(net.a, net.out, synapse=None, seed=3, label="a -> out")
        nengo.Connection(net.b, net.out[0], synapse=None, seed=4, label="b -> out")
        nengo.Connection(net.out, net.robot, synapse=None)
        net.alone = nengo.Probe(net.a, synapse=None, label="alone")
        net.probe = nengo.Probe(net.out)
    return net, calls


@pytest.fixture(scope="module", params=[nengo.Tanh(), nengo.LIF()], ids=str)
def case(request):
    net, calls = driven(request.param)
    with simulate(net) as sim:
        yield net, sim, calls


def test_jacobians_do_not_drive_the_robot(case):
    """Only the sensor, without which there is no F, is called; and it only if F needs it."""
    net, sim, calls = case
    x = RNG.uniform(-1, 1, (1, 2))
    calls |= dict.fromkeys(calls, 0)
    J = weight_jacobian(sim, net.alone, {net.node: x})
    input_jacobian(sim, net.alone, {net.node: x})
    weight_vjp(sim, net.alone, {net.node: x[:, None].repeat(3, 1)}, np.ones((1, 2)))
    weight_jvp(sim, net.alone, {net.node: x}, {"a.bias": np.ones(10)})
    assert calls == {"robot": 0, "clock": 0, "sensor": 0}
    weight_jacobian(sim, net.probe, {net.node: x}, ["a.bias", "b.bias"])
    assert (calls["robot"], calls["clock"]) == (0, 0)
    assert calls["sensor"] > 0
    if isinstance(net.a.neuron_type, nengo.Tanh):

        def alone(sim, net, x):
            return predicted(sim, {net.node: x}, 1)[net.alone][:, -1]

        assert_derivative(sim, net, x[:, None], J, changed=alone)


def test_a_loop_calls_each_once_a_step(case):
    """Making it calls nothing; looking does not drive the robot; a step does, once."""
    net, sim, calls = case
    calls |= dict.fromkeys(calls, 0)
    loop = LearningLoop(sim, net.probe, Gradient(1e-3), jacobian="a.bias")
    inputs = {net.node: np.ones((1, 2)), net.clock: np.ones((1, 1))}
    loop._forward, loop._look, loop._products  # noqa: B018  compile all
    assert calls == {"robot": 0, "clock": 0, "sensor": 0}
    loop.forward(inputs, keep=False)
    loop.gradients(inputs, np.ones((1, 2)))
    assert calls == {"robot": 0, "clock": 0, "sensor": 2}
    for count in (1, 2, 3):
        loop.step(inputs, np.ones((1, 2)))
        assert calls == {"robot": count, "clock": 0, "sensor": 2 + count}
    loop.forward(inputs)
    loop.observe(inputs)
    assert calls["robot"] == 5
    assert calls["clock"] == 0


def test_the_simulators_time_goes_on(case):
    """After a loop's steps ``sim.time`` is what the network's nodes have seen."""
    net, sim, _ = case
    loop = LearningLoop(sim, net.probe, Gradient(1e-9))
    before = sim.n_steps
    inputs = {net.node: np.ones((1, 2)), net.clock: np.ones((1, 1))}
    for _ in range(3):
        loop.step(inputs, np.zeros((1, 2)))
    loop.forward(inputs)
    loop.forward(inputs, keep=False)
    assert sim.n_steps == before + 4
    assert sim.time == pytest.approx((before + 4) * sim.dt)
    sim.run_steps(1, data={node: value[:, None] for node, value in inputs.items()})
    assert sim.n_steps == before + 5


def test_what_does_not_fit_a_loop_is_named(case):
    """Inputs, probes and simulators of a wrong kind: one sentence each, and no traceback."""
    net, sim, _ = case
    loop = LearningLoop(sim, net.probe, Gradient(1e-9))
    x, clock, error = np.ones((1, 2)), np.ones((1, 1)), np.ones((1, 2))
    for inputs, wrong, message in (
        ({net.node: x + 1j, net.clock: clock}, error, "'in'.* type complex128, needs"),
        ({net.node: x, net.clock: clock}, error + 1j, "error of .* type complex128"),
        (
            {net.node: x.repeat(2, 0), net.clock: clock},
            error,
            r"'in'.* shape \(2, 2\).* needs \(1, 2\)",
        ),
        ({net.node: x, net.clock: clock}, error.repeat(2, 0), r"error .* shape \(2, 2\)"),
        ({net.node: x, net.clock: clock}, [[1.0], [1.0, 2.0]], "error of .* is ragged"),
        ([x, clock], error, "inputs: are list, needs a mapping"),
        (x, error, "inputs: are ndarray, needs a mapping"),
        ({net.node: [[1, 2], [3]], net.clock: clock}, error, "'in'.* ragged"),
        ({0: x, net.clock: clock}, error, "0 is not an input node"),
    ):
        with pytest.raises(NetworkError, match=message):
            loop.step(inputs, wrong)
    whole = {net.node: np.ones((1, 2), int), net.clock: np.ones((1, 1), np.uint8)}
    expected = loop.forward({net.node: x, net.clock: clock}, keep=False)
    np.testing.assert_array_equal(loop.forward(whole, keep=False), expected)
    for inputs, message in (
        ([x], "inputs: are list, needs a mapping"),
        ({net.node: x + 1j}, "'in'.* type complex128"),
        ({net.node: [[1, 2], [3]]}, "'in'.* ragged"),
        ({net.node: x.repeat(2, 0), net.clock: clock}, "inputs differ in batch"),
    ):
        with pytest.raises(NetworkError, match=message):
            weight_jacobian(sim, net.alone, inputs)
    with nengo.Simulator(nengo.Network(), progress_bar=False) as other:
        for call in (
            lambda: weight_jacobian(other, net.alone, {net.node: x}),
            lambda: LearningLoop(other, net.probe, Gradient(1.0)),
            lambda: LearningLoop(other),
        ):
            with pytest.raises(NetworkError, match=r"needs a nengo_dl.Simulator"):
                call()


def test_probes_that_give_no_vector_each_step_are_refused():
    """A probe of weights, and one with ``sample_every``: named; a changed network too."""
    net = network()
    with net:
        a = nengo.Ensemble(10, 2, seed=1, label="a", neuron_type=nengo.Tanh())
        nengo.Connection(net.node, a, synapse=None)
        connection = nengo.Connection(a, net.out, synapse=None, label="decoders")
        weights = nengo.Probe(connection, "weights")
        rare = nengo.Probe(net.out, sample_every=0.01)
        probe = nengo.Probe(net.out)
        activity = nengo.Probe(connection, "input")
    x = np.ones((1, 2))
    with simulate(net) as sim:
        for bad, message in (
            (weights, r"'weights' .*vector"),
            (rare, r"sample_every 0\.01 s; needs"),
        ):
            with pytest.raises(NetworkError, match=message):
                weight_jacobian(sim, bad, {net.node: x})
            with pytest.raises(NetworkError, match=message):
                LearningLoop(sim, bad, Gradient(1.0))
        with pytest.raises(NetworkError, match="is not a probe"):
            weight_jacobian(sim, "decoders", {net.node: x})
        assert weight_jacobian(sim, activity, {net.node: x})["a.bias"].shape == (1, 10, 10)
        loop = LearningLoop(sim, probe, Gradient(1e-9))
        loop.step({net.node: x}, x)
        with net:
            nengo.Ensemble(5, 1, label="new")
        with pytest.raises(NetworkError, match=r"has gained .*'new'.* since the loop was made"):
            loop.step({net.node: x}, x)
