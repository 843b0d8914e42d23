import pickle
import subprocess
import sys

import nengo
import numpy as np
import pytest

import arms
from nengo_forcectl import named_weights, task_weight_jacobian, weight_jacobian
from nengo_forcectl.errors import ArmError, NetworkError
from nengo_forcectl.networks import (
    STRUCTURE,
    OnlineNetwork,
    home_posture,
    reach_states,
    simulator,
    structured_network,
    workspace_network,
)
from nengo_forcectl.networks.structured_encoding import SLOW

SMALL = {"joints": 8, "tool": 9, "rest": 10}
ARM = arms.load("planar3")
SAMPLE = reach_states(ARM, home_posture(ARM), np.random.default_rng(1), reaches=5)
N = ARM.dof


def network_of_all(**options):
    """A small network with every part."""
    options = {"seed": 0, "parts": STRUCTURE, "neurons": SMALL} | options
    return structured_network(ARM, SAMPLE, **options)


def learned(network):
    """The connections whose weights are learned."""
    return [connection for part in network.learned.values() for connection in part]


def randomise(network, sim, rng):
    """Give all learned connections random weights of about 0.3."""
    weights = named_weights(sim)
    for connection in learned(network):
        weights[connection].write(0.3 * rng.normal(size=weights[connection].shape))


def moments(rng, *batch):
    """Random q, dq, ddq, beyond the sample's, too."""
    return [scale * rng.normal(size=(*batch, N)) for scale in (1.0, 0.5, 2.0)]


@pytest.fixture(scope="module")
def built():
    """A network with every part and random weights, its simulator, and an input."""
    rng = np.random.default_rng(2)
    network = network_of_all()
    with simulator(network) as sim:
        randomise(network, sim, rng)
        yield network, sim, moments(rng, 4)


def relu(x):
    return np.maximum(x, 0.0)


def on_sphere(x):
    """(x / sqrt(d), 0.5) at length 1."""
    u = np.concatenate((x / np.sqrt(x.shape[-1]), np.full((*x.shape[:-1], 1), 0.5)), axis=-1)
    return u / np.linalg.norm(u, axis=-1, keepdims=True)


def inside(x, encoding):
    return np.clip(x, encoding.lower, encoding.upper)


def plain_joints(encoding, q, dq):
    """The inputs of `JointEncoding` in NumPy."""
    direct = np.stack((dq / encoding.speed, np.tanh(dq / SLOW), np.ones_like(dq)), axis=-1)
    pace = np.arcsinh(dq / SLOW) / np.arcsinh(encoding.speed / SLOW)
    x = np.stack((pace, (q - encoding.centre) / encoding.spread), axis=-1)
    return direct, on_sphere(inside(x, encoding))


def plain_tool(encoding, q, dq):
    """The inputs of `ToolEncoding` in NumPy."""
    pose, dx = ARM.pose(q), np.einsum("kij,kj->ki", ARM.jacobian(q), dq)[:, :3]
    z = np.concatenate((pose[:, :3, 3], dx, pose[:, :3, 0], pose[:, :3, 1]), axis=1)
    y = np.concatenate((np.ones((len(q), 1)), z[:, :3] - encoding.centre[:3], dx), axis=1)
    z = (inside(z, encoding) - encoding.centre) * encoding.scale
    return y, np.concatenate((on_sphere(z[:, :3]), on_sphere(z)), axis=1)


def test_every_part_has_its_named_weights(built):
    """Each by its label, trainable, and 0 at the start."""
    network, sim, _ = built
    names = ["payload", "armature", "links", "gravity"]
    names += [name for j in "123" for name in (f"friction {j}", f"joint {j} -> torque")]
    names += ["state -> force", "tool -> force", "state -> torque", "rest -> torque"]
    weights = named_weights(sim)
    assert [weights[connection].name for connection in learned(network)] == names
    assert all(weights[name].trainable for name in names)
    shapes = [weights[name].shape for name in names]
    d, p = network.encoding.rest.size, ARM.sizes["p"]
    joints = [(1, 3), (1, SMALL["joints"])] * N
    tool, rest = [(3, 7), (3, SMALL["tool"])], [(N, d + 1), (N, SMALL["rest"])]
    assert shapes == [(10, 1), (N, 1), (p, 1), (3, 1), *joints, *tool, *rest]
    with simulator(network_of_all()) as fresh:
        for name in names:
            assert not named_weights(fresh)[name].read().any()


def test_the_weight_jacobian_is_the_arm_s_jacobians(built):
    """[Y | ddq | Y of links | dg | e_j phi_j | J^T (x) phi_x | I (x) phi], to 1e-9."""
    network, sim, (q, dq, ddq) = built
    encoding, layers = network.encoding, network.layers
    v = encoding.input(q, dq, ddq)
    J = weight_jacobian(sim, network.probe, {network.state: v})

    def same(name, expected):
        np.testing.assert_allclose(J[name], expected, rtol=0, atol=1e-9)

    same("payload", v[:, encoding.places["payload"]].reshape(4, N, 10, 1))
    same("armature", (ddq[:, None] * np.eye(N))[..., None])
    same("links", ARM.regressor(q, dq, ddq)[..., None])
    same("gravity", ARM.gravity_gradient(q)[..., None])
    direct, u = plain_joints(encoding.joints, q, dq)
    for j, layer in enumerate(layers["joints"]):
        e_j = np.eye(N)[j][:, None, None]
        phi = relu(u[:, j] @ layer.scaled.T + layer.bias)
        same(f"friction {j + 1}", e_j * direct[:, None, None, j])
        same(f"joint {j + 1} -> torque", e_j * phi[:, None, None])
    (layer,) = layers["tool"]
    y, u = plain_tool(encoding.tool, q, dq)
    phi = relu(u @ layer.scaled.T + layer.bias)
    J_x = ARM.jacobian(q)[:, :3]
    same("state -> force", np.einsum("kai,kb->kiab", J_x, y))
    same("tool -> force", np.einsum("kai,kb->kiab", J_x, phi))
    (layer,), d = layers["rest"], encoding.rest.size
    v = encoding.rest.input(q, dq, ddq)
    phi = relu(v[:, d + 1 :] @ layer.scaled.T + layer.bias)
    same("state -> torque", np.einsum("ij,kb->kijb", np.eye(N), v[:, : d + 1]))
    same("rest -> torque", np.einsum("ij,kb->kijb", np.eye(N), phi))


def test_the_torque_is_linear_in_all_learned_weights(built):
    """F = (dF/dw) w, to 1e-9."""
    network, sim, moment = built
    v = network.encoding.input(*moment)
    J, weights = weight_jacobian(sim, network.probe, {network.state: v}), named_weights(sim)
    F = sum(J[c][0].reshape(N, -1) @ weights[c].read().ravel() for c in learned(network))
    sim.run_steps(1, data={network.state: v[None, :1]})
    np.testing.assert_allclose(sim.data[network.probe][0, -1], F, rtol=0, atol=1e-9)
    assert np.abs(F).max() > 0.1


def test_the_weight_jacobian_is_that_of_central_differences(built):
    """Of every weight, encoders and biases too, to 1e-9."""
    network, sim, moment = built
    v = network.encoding.input(*moment)[0]
    weights = named_weights(sim).trainable()
    online = OnlineNetwork(sim, network.probe, None, learn=weights)
    _, J = online.observe(v)
    for weight in weights:
        value, difference = weight.read(), np.zeros((N, *weight.shape))
        step = 1e-4 if weight.attribute in ("encoders", "bias") else 1.0
        for place in np.ndindex(weight.shape):
            F = []
            for sign in (step, -step):
                changed = value.copy()
                changed[place] += sign
                weight.write(changed)
                F.append(online.forward(v))
            difference[(slice(None), *place)] = (F[0] - F[1]) / (2 * step)
        weight.write(value)
        np.testing.assert_allclose(J[weight.name], difference, rtol=0, atol=1e-9)
    assert len(weights) == len(learned(network)) + 2 * (N + 2)


def test_the_task_weight_jacobian_is_that_of_the_mobility(built):
    """J M^-1 dF/dw: a kilogram at the tool as the model with one has it, to first order."""
    network, sim, (q, dq, ddq) = built
    inputs = {network.state: network.encoding.input(q, dq, ddq)}
    J_w = weight_jacobian(sim, network.probe, inputs)
    J, M = ARM.jacobian(q[0])[:2], ARM.mass_matrix(q[0])
    by_weight = {name: value[0] for name, value in J_w.items()}
    G = task_weight_jacobian(J, M, by_weight)
    for name, value in by_weight.items():
        expected = (J @ np.linalg.inv(M)) @ value.reshape(N, -1)
        np.testing.assert_allclose(G[name].reshape(2, -1), expected, rtol=1e-9, atol=1e-9)
    # The acceleration that the torque of the load takes away, against the model's own.
    small = ARM.with_payload(1e-4)
    tau = ARM.inverse_dynamics(q[0], dq[0], ddq[0])
    change = J @ (ARM.forward_dynamics(q[0], dq[0], tau) - small.forward_dynamics(q[0], dq[0], tau))
    np.testing.assert_allclose(G["payload"][:, 0, 0], change / 1e-4, rtol=1e-3)


@pytest.mark.parametrize("neuron_type", [None, nengo.LIFRate(), nengo.Tanh()])
def test_nengo_and_nengodl_give_the_same_torque(rng, neuron_type):
    """With random weights, to 1e-9."""
    network = network_of_all(neuron_type=neuron_type)
    v = network.encoding.input(*moments(rng, 3))
    with simulator(network) as sim:
        randomise(network, sim, rng)
        sim.run_steps(3, data={network.state: v[None]})
        F = sim.data[network.probe][0]
        sim.freeze_params(network)
    network.state.output = lambda t: v[round(t / 1e-3) - 1]
    with nengo.Simulator(network, progress_bar=False) as plain:
        plain.run_steps(3)
        np.testing.assert_allclose(plain.data[network.probe], F, rtol=0, atol=1e-9)
    assert np.abs(F).max() > 0.1


@pytest.mark.parametrize("neuron_type", [nengo.SpikingRectifiedLinear(), nengo.LIF()])
def test_it_runs_with_spikes(rng, neuron_type):
    """In both simulators: every layer has spikes, F and its derivatives are finite."""
    network = network_of_all(neuron_type=neuron_type)
    v = network.encoding.input(*(part[50] for part in SAMPLE))
    with network:
        spikes = [nengo.Probe(ensemble.neurons) for ensemble in network.all_ensembles]
    with simulator(network) as sim:
        randomise(network, sim, rng)
        sim.run_steps(50, data={network.state: np.tile(v, (1, 50, 1))})
        means = [sim.data[network.probe][0].mean(axis=0)]
        assert all(sim.data[probe].any() for probe in spikes)
        J = weight_jacobian(sim, network.probe, {network.state: v[None]}, learned(network))
        assert all(np.isfinite(value).all() for value in J.values())
        sim.freeze_params(network)
    network.state.output = v
    with nengo.Simulator(network, progress_bar=False) as plain:
        plain.run_steps(50)
        means.append(plain.data[network.probe].mean(axis=0))
        assert all(plain.data[probe].any() for probe in spikes)
    assert np.isfinite(means).all()


@pytest.mark.parametrize("left_out", STRUCTURE)
def test_every_part_can_be_left_out(rng, left_out):
    """The others are as before, and their weights are the only ones."""
    parts = tuple(part for part in STRUCTURE if part != left_out)
    network, whole = network_of_all(parts=parts), network_of_all()
    moment = moments(rng)
    v, before = network.encoding.input(*moment), whole.encoding.input(*moment)
    for name, place in network.encoding.places.items():
        np.testing.assert_array_equal(v[place], before[whole.encoding.places[name]])
    for part, layers in network.layers.items():
        for mine, other in zip(layers, whole.layers[part], strict=True):
            np.testing.assert_array_equal(mine.scaled, other.scaled)
    kept = [c.label for part, own in whole.learned.items() if part != left_out for c in own]
    assert [c.label for c in learned(network)] == kept
    network.state.output = v
    with nengo.Simulator(network, progress_bar=False) as plain:
        plain.step()
        assert not plain.data[network.probe].any()


def test_one_part_alone_is_a_network(rng):
    """Each of them, with the derivative that it had beside the others."""
    moment = moments(rng, 1)
    for part in STRUCTURE:
        network = network_of_all(parts=(part,))
        v = network.encoding.input(*moment)
        with simulator(network) as sim:
            J = weight_jacobian(sim, network.probe, {network.state: v}, learned(network))
            assert len(J) == len(network.learned[part])


def test_a_seed_is_a_network_and_the_rest_is_a_workspace_network():
    """Same seed, same neurons; those of the rest are `workspace_network`'s."""
    first, same, other = (network_of_all(seed=seed) for seed in (1, 1, 2))
    for part, layers in first.layers.items():
        for a, b, c in zip(layers, same.layers[part], other.layers[part], strict=True):
            np.testing.assert_array_equal(a.scaled, b.scaled)
            assert not np.allclose(a.scaled, c.scaled)
    rest = workspace_network(first.encoding.rest, SAMPLE, N, SMALL["rest"], seed=1)
    np.testing.assert_array_equal(first.layers["rest"][0].scaled, rest.arrays.encoders)


def test_a_posture_stands_for_reaches_around_it():
    """As in `learning_cycle`."""
    home = home_posture(ARM)
    network = structured_network(ARM, home, seed=3, neurons=SMALL)
    states = reach_states(ARM, home, np.random.default_rng([3, 1]))
    np.testing.assert_array_equal(network.encoding.joints.centre, states.q.mean(axis=0))


def test_a_joint_s_neurons_resolve_speeds_of_every_size():
    """Some start or stop in each part of equal ratio from v to the usual speed, either way."""
    network = structured_network(ARM, SAMPLE, seed=0, parts=("joints",))
    encoding = network.encoding.joints
    for j, layer in enumerate(network.layers["joints"]):
        speeds = np.geomspace(SLOW, encoding.speed[j], 4)
        for dq in (speeds, -speeds):
            states = np.tile(dq[:, None], (1, N))
            _, u = encoding.input(np.tile(encoding.centre, (len(dq), 1)), states)
            active = u[:, j] @ layer.scaled.T + layer.bias > 0
            assert (active[1:] != active[:-1]).any(axis=1).all()


def test_a_joint_s_neurons_are_pairs_of_mirror_images(rng):
    """With opposite decoders their torque is odd in the speed; only whole pairs are built."""
    network = structured_network(ARM, SAMPLE, seed=0, parts=("joints",), neurons={"joints": 6})
    q, dq = rng.normal(size=(2, 5, N))
    there, back = (network.encoding.joints.input(q, each)[1] for each in (dq, -dq))
    for j, layer in enumerate(network.layers["joints"]):
        one, other = (relu(u[:, j] @ layer.scaled.T + layer.bias) for u in (there, back))
        same = np.abs(one[:, :3] - other[:, 3:]).max(axis=1) < 1e-12
        assert same.any()  # beyond the bounds a speed is clipped, another one either way
        assert one.any()


def test_any_batch_gives_each_state_s_input(rng):
    """Leading axes are kept; a list and a copy give the same."""
    encoding = network_of_all().encoding
    moment = moments(rng, 2, 3)
    v = encoding.input(*moment)
    assert v.shape == (2, 3, encoding.n_inputs)
    assert list(encoding.places.values())[-1].stop == encoding.n_inputs
    for k in np.ndindex(2, 3):
        one = encoding.input(*(part[k] for part in moment))
        np.testing.assert_allclose(v[k], one, rtol=1e-12, atol=1e-12)
    again = pickle.loads(pickle.dumps(encoding.joints)), pickle.loads(pickle.dumps(encoding.tool))
    assert again[0].block["speed"].tolist() == encoding.joints.speed.tolist()
    assert again[1].block["scale"].tolist() == encoding.tool.scale.tolist()
    np.testing.assert_array_equal(encoding.input(*(part.tolist() for part in moment)), v)
    with pytest.raises(NetworkError, match=r"have shapes \(2, 4\), .*need \(\*batch, 3\) each"):
        encoding.input(*np.zeros((3, 2, 4)))
    with pytest.raises(ArmError, match="is nan"):
        encoding.input(np.full(N, np.nan), np.zeros(N), np.zeros(N))


def test_tensorflow_is_not_needed_without_nengodl():
    """A structured network is defined and run in Nengo's simulator without loading it."""
    code = """if True:
        import sys
        import warnings
        warnings.simplefilter("ignore")
        import nengo
        import arms
        from nengo_forcectl.networks import home_posture, structured_network
        arm = arms.load("planar3")
        network = structured_network(arm, home_posture(arm), seed=0)
        with nengo.Simulator(network, progress_bar=False) as sim:
            sim.step()
        assert "tensorflow" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", code], check=True)
