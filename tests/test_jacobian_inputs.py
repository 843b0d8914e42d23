"""What Jacobians are asked by: inputs, what does not fit, what has no derivative, precision."""

import os
import subprocess
import sys

import nengo
import numpy as np
import pytest
from jacobian_networks import (
    RNG,
    assert_derivative,
    network,
    one_layer,
    several,
    simulate,
)

from nengo_forcectl.errors import NetworkError
from nengo_forcectl.nengodl.compatibility import nengo_dl
from nengo_forcectl.nengodl.jacobians import input_jacobian, weight_jacobian, weight_jvp, weight_vjp


def obstacle(kind):
    net = network()
    with net:
        if kind == "node":
            middle = nengo.Node(lambda t, x: x**2, size_in=2, label="culprit")
        elif kind == "neurons":
            neurons = nengo.Izhikevich()
            middle = nengo.Ensemble(10, 2, neuron_type=neurons, seed=1, label="culprit")
        else:
            middle = nengo.Node(nengo.processes.FilteredNoise(), size_in=2, label="culprit")
        net.ens = nengo.Ensemble(10, 2, neuron_type=nengo.Tanh(), seed=1, label="a")
        nengo.Connection(net.node, net.ens, synapse=None)
        nengo.Connection(net.ens, middle, synapse=None, label="before")
        nengo.Connection(middle, net.out, synapse=None, label="after")
        nengo.Connection(net.ens, net.out, synapse=None, label="beside")
        net.probe = nengo.Probe(net.out)
    return net


@pytest.mark.filterwarnings("ignore:.*does not have a native TensorFlow implementation")
@pytest.mark.parametrize("kind", ["node", "neurons"])
def test_what_has_no_derivative_is_named(kind):
    """A Python function or Python neurons on one of two ways: an error, not half a derivative."""
    net, x = obstacle(kind), np.ones((1, 2))
    with simulate(net) as sim:
        for wrt in (net.ens, "before", None):
            with pytest.raises(NetworkError, match=r"'culprit'.* stands in the way"):
                weight_jacobian(sim, net.probe, {net.node: x}, wrt)
        with pytest.raises(NetworkError, match=r"'culprit'.* stands in the way"):
            input_jacobian(sim, net.probe, {net.node: x})
        J = weight_jacobian(sim, net.probe, {net.node: x}, "beside")
        assert_derivative(sim, net, x[:, None], J)


def test_several_inputs_and_those_left_out():
    """A node that is left out gives its own output; the Jacobian by each of two is right."""
    net = network()
    with net:
        other = nengo.Node(lambda t: np.sin(1000 * t), label="wave")
        constant = nengo.Node([0.4], label="constant")
        net.ens = nengo.Ensemble(20, 2, neuron_type=nengo.Tanh(), seed=1, label="a")
        nengo.Connection(net.node, net.ens, synapse=None)
        nengo.Connection(other, net.ens[0], synapse=None)
        nengo.Connection(constant, net.ens[1], synapse=None)
        nengo.Connection(net.ens, net.out, synapse=None)
        net.probe = nengo.Probe(net.out)
    x, wave = RNG.uniform(-1, 1, (1, 2)), np.array([[np.sin(1.0)]])
    with simulate(net) as sim:
        left_out = weight_jacobian(sim, net.probe, {net.node: x})
        given = weight_jacobian(
            sim, net.probe, {net.node: x, other: wave, constant: np.array([[0.4]])}
        )
        for name in given:
            np.testing.assert_allclose(left_out[name], given[name], rtol=1e-12)
        both = input_jacobian(sim, net.probe, {other: wave, net.node: x})
        np.testing.assert_allclose(both[other][0, :, 0], both[net.node][0, :, 0], rtol=1e-12)


def test_what_does_not_fit_is_named():
    """Each wrong argument: an error that names the object and says what would work."""
    net, x = several({}), np.zeros((1, 3, 2))
    with net:
        stored = nengo.Node(nengo.processes.WhiteSignal(1.0, high=5), label="noise")
        nengo.Connection(stored, net.a[0], synapse=None)
        nengo_dl.configure_settings(trainable=None)
        net.config[nengo.Connection].trainable = False
    with simulate(net) as sim:
        probe, node, noise = net.probe, net.node, {stored: np.zeros((1, 3, 1))}
        for inputs, options, message in (
            ({node: x}, {}, r"no input given for .*'noise'"),
            ({node: x[:, :0], **noise}, {}, r"inputs differ in batch or steps"),
            ({node: x[:, :0], stored: np.zeros((1, 0, 1))}, {}, r"1 items and 0 steps"),
            ({node: x[0, 0], **noise}, {}, r"'in'.* shape \(2,\), needs \(batch, 2\)"),
            ({node: x.astype(str), **noise}, {}, r"'in'.* has type <U"),
            ({node: x, **noise}, {"step": 3}, r"step: is 3, needs one of the 3 steps"),
            ({node: x, **noise}, {"step": 0.5}, r"step: is 0\.5, needs one of the 3 steps"),
            ({node: x, **noise}, {"wrt": net.out}, r"no weights .*'out'"),
        ):
            with pytest.raises(NetworkError, match=message):
                weight_jacobian(sim, probe, inputs, **options)
        with pytest.raises(NetworkError, match=r"error of .* shape \(2,\), needs \(1, 2\)"):
            weight_vjp(sim, probe, {node: x, **noise}, np.zeros(2))
        with pytest.raises(NetworkError, match=r"change of 'a\.bias': has shape \(2,\)"):
            weight_jvp(sim, probe, {node: x, **noise}, {"a.bias": np.zeros(2)})
        with pytest.raises(NetworkError, match=r"change: is list, needs a mapping"):
            weight_jvp(sim, probe, {node: x, **noise}, [np.zeros(2)])
        with pytest.raises(NetworkError, match=r"several weights, name one of them: a\.encoders"):
            weight_jvp(sim, probe, {node: x, **noise}, {net.a: np.zeros(2)})


THREADS = """
import sys
import numpy as np
from nengo_forcectl import named_weights, weight_jacobian
from nengo_forcectl.networks import adaptive_network, simulator
network = adaptive_network(12, 6, 300, seed=0)
with simulator(network) as sim:
    named_weights(sim)[network.decoders].write(np.random.default_rng(0).normal(size=(6, 300)))
    x = np.random.default_rng(1).uniform(-1, 1, (32, 12))
    J = dict(weight_jacobian(sim, network.probe, {network.state: x}))
"""


def test_threads_do_not_change_the_numbers(tmp_path):
    """One TensorFlow thread gives the Jacobians that as many threads as there are cores give."""
    one = {**os.environ, "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    code = THREADS + "np.savez(sys.argv[1], **J)"
    command = [sys.executable, "-c", code, tmp_path / "one.npz"]
    subprocess.run(command, env=one, check=True, capture_output=True)
    many = {}
    exec(THREADS, many)
    with np.load(tmp_path / "one.npz") as arrays:
        for name, J in many["J"].items():
            np.testing.assert_allclose(arrays[name], J, rtol=1e-13)


def test_the_default_single_precision():
    """NengoDL's default float32: float32 Jacobians, those of float64 to its precision."""
    x, found = np.random.default_rng(1).uniform(-1, 1, (4, 2)), []
    for dtype in ("float32", "float64"):
        net = one_layer(nengo.Tanh())
        with net:
            nengo_dl.configure_settings(dtype=dtype)
        with simulate(net) as sim:
            found.append(weight_jacobian(sim, net.probe, {net.node: x}))
            if dtype == "float32":
                with pytest.raises(NetworkError, match=r"'in'.* is not finite in float32"):
                    weight_jacobian(sim, net.probe, {net.node: 1e300 * x})
    for name, J in found[0].items():
        assert J.dtype == np.float32
        expected = found[1][name]
        np.testing.assert_allclose(J, expected, atol=1e-4 * np.abs(expected).max())
