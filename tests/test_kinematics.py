import nengo
import numpy as np
import pytest

import arms
from nengo_forcectl.errors import ConfigurationError, NetworkError, RecordError
from nengo_forcectl.kinematics.learned import (
    LearnedKinematics,
    kinematic_targets,
    untrained_kinematics,
)
from nengo_forcectl.kinematics.nengo_kinematics import kinematics_from, kinematics_network
from nengo_forcectl.kinematics.training import learn_kinematics, region, sample
from nengo_forcectl.nengodl.jacobians import input_jacobian
from nengo_forcectl.nengodl.weights import named_weights
from nengo_forcectl.networks.building import simulator

SLIDER = """<robot name="slider"><link name="a"/>
<link name="b"><inertial><mass value="1"/><inertia ixx="0.1" iyy="0.1" izz="0.1" ixy="0" ixz="0"
iyz="0"/></inertial></link><link name="c"><inertial><mass value="1"/><inertia ixx="0.1" iyy="0.1"
izz="0.1" ixy="0" ixz="0" iyz="0"/></inertial></link>
<joint name="turn" type="revolute"><parent link="a"/><child link="b"/><axis xyz="0 0 1"/>
<limit lower="-2" upper="2" effort="50" velocity="1"/></joint>
<joint name="slide" type="prismatic"><parent link="b"/><child link="c"/><origin xyz="0.5 0 0"/>
<axis xyz="1 0 0"/><limit lower="-0.3" upper="0.4" effort="50" velocity="1"/></joint></robot>"""


@pytest.fixture(scope="module")
def slider(tmp_path_factory):
    path = tmp_path_factory.mktemp("slider") / "slider.urdf"
    path.write_text(SLIDER)
    return arms.load(path)


@pytest.fixture(scope="module")
def planar3():
    return arms.load("planar3")


@pytest.fixture(scope="module")
def learned(planar3):
    return learn_kinematics(planar3, neurons=200, samples=600, epochs=2, orientation=True)


def differences(function, q, h=1e-5):
    """Central differences by every joint, the joint last."""
    steps = h * np.eye(q.shape[-1])
    return np.stack([(function(q + e) - function(q - e)) / (2 * h) for e in steps], axis=-1)


def spin(learned, q):
    """Angular velocity of the learned rotation by every joint, by central differences."""
    dR = np.moveaxis(differences(learned.rotation, q), -1, -3)
    W = dR @ np.swapaxes(learned.rotation(q), -1, -2)[..., None, :, :]
    return np.stack((W[..., 2, 1], W[..., 0, 2], W[..., 1, 0]), axis=-2)


@pytest.mark.parametrize("name", ["planar2", "planar3", "ur5", "kuka_iiwa", "slider"])
def test_the_jacobian_is_the_derivative_of_the_pose(name, slider, rng):
    """Linear rows are the differences of the position, angular rows those of the rotation."""
    arm = slider if name == "slider" else arms.load(name)
    net = learn_kinematics(arm, neurons=30, samples=100, epochs=1, orientation=True)
    q = sample(*region(arm), 6, rng).reshape(2, 3, arm.dof)
    J, axes = net.jacobian(q), len(net.axes)
    angular = [row - 3 for row in net.rows[axes:]]
    np.testing.assert_allclose(J[..., :axes, :], differences(net.position, q), atol=1e-7)
    np.testing.assert_allclose(J[..., axes:, :], spin(net, q)[..., angular, :], atol=1e-7)
    np.testing.assert_allclose(net.output_jacobian(q), differences(net.outputs, q), atol=1e-7)
    np.testing.assert_allclose(net.feature_jacobian(q), differences(net.features, q), atol=1e-8)


def test_outputs_and_their_jacobian_are_linear_in_the_decoders(learned, planar3, rng):
    """y = W phi and dy/dq = W dphi/dq: what adapting the decoders online stands on."""
    q = sample(*region(planar3), 5, rng)
    W = rng.normal(size=learned.decoders.shape)
    other = learned.with_decoders(W)
    np.testing.assert_allclose(other.outputs(q), other.features(q) @ W.T, atol=1e-11)
    np.testing.assert_allclose(other.output_jacobian(q), W @ other.feature_jacobian(q), atol=1e-11)


@pytest.mark.parametrize("name", ["planar3", "kuka_iiwa", "slider"])
def test_the_targets_are_the_arms_own_pose_and_its_derivative(name, slider, rng):
    """dy/dq of positions and rotation columns agrees with differences of the arm's pose."""
    arm = slider if name == "slider" else arms.load(name)
    q = sample(*region(arm), 4, rng)
    rows = untrained_kinematics(arm, *region(arm), 5, seed=0, orientation=True).rows
    _, dy = kinematic_targets(arm, q, rows)
    expected = differences(lambda q: kinematic_targets(arm, q, rows)[0], q)
    np.testing.assert_allclose(dy, expected, atol=1e-8)


def test_only_rows_that_move_are_learned(planar3, slider, iiwa):
    """A planar arm's network has x, y and the turn about z; the iiwa's all six rows."""
    rows = {
        arm.name: untrained_kinematics(arm, *region(arm), 5, seed=0, orientation=True).rows
        for arm in (planar3, slider, iiwa)
    }
    assert rows == {"planar3": (0, 1, 5), "slider": (0, 1, 5), "kuka_iiwa": (0, 1, 2, 3, 4, 5)}
    assert untrained_kinematics(planar3, *region(planar3), 5, seed=0).rows == (0, 1)


def test_an_untrained_network_says_the_middle_of_the_region(iiwa, rng):
    """Before training the pose is that of the middle, everywhere, and J is zero."""
    lower, upper = region(iiwa)
    net = untrained_kinematics(iiwa, lower, upper, 20, seed=0, orientation=True)
    q, middle = sample(lower, upper, 3, rng), iiwa.pose(0.5 * (lower + upper))
    np.testing.assert_allclose(net.position(q), np.tile(middle[:3, 3], (3, 1)), atol=1e-12)
    np.testing.assert_allclose(net.rotation(q), np.tile(middle[:3, :3], (3, 1, 1)), atol=1e-12)
    assert not net.jacobian(q).any()


def test_nengo_and_nengodl_run_the_same_network(learned, planar3, rng):
    """Both simulators give y; NengoDL's input Jacobian times du/dq is the closed form's."""
    q = sample(*region(planar3), 4, rng)
    u = learned.inputs(q)
    network = kinematics_network(learned)
    with simulator(network) as sim:
        J_u = input_jacobian(sim, network.probe, {network.joints: u})[network.joints]
        y = sim.predict({network.joints: u[:1, None]}, verbose=0)[network.probe][0, 0]
    by_q = np.zeros((4, len(learned.decoders), planar3.dof))
    for place, joint in enumerate(learned.joint_of_input):
        by_q[:, :, joint] += J_u[:, :, place] * learned.input_slopes(q)[:, None, place]
    np.testing.assert_allclose(by_q, learned.output_jacobian(q), atol=1e-9)
    np.testing.assert_allclose(y, learned.outputs(q[0]), atol=1e-9)
    network.joints.output = u[1]
    with nengo.Simulator(network, progress_bar=False) as plain:
        plain.run_steps(2)
    np.testing.assert_allclose(plain.data[network.probe][-1], learned.outputs(q[1]), atol=1e-9)


def test_weights_that_a_simulator_changed_come_back(learned):
    """`kinematics_from` reads encoders, biases and all decoders; other simulators are refused."""
    network = kinematics_network(learned)
    with simulator(network) as sim:
        same = kinematics_from(sim, network, learned)
        for name in ("encoders", "bias", "decoders"):
            np.testing.assert_allclose(getattr(same, name), getattr(learned, name), rtol=1e-12)
        handle = named_weights(sim)[network.constant]
        handle.write(handle.read() + 1.0)
        changed = kinematics_from(sim, network, learned).decoders
        np.testing.assert_allclose(changed[:, -1], learned.decoders[:, -1] + 1.0)
        with pytest.raises(NetworkError, match="the simulator: is of"):
            kinematics_from(sim, kinematics_network(learned), learned)


def test_a_network_reads_back_as_it_was_saved(learned, planar3, tmp_path, rng):
    """Every bit survives the disk, and no temporary file is left."""
    learned.save(tmp_path / "net.npz")
    again = LearnedKinematics.load(tmp_path / "net.npz", planar3)
    q = sample(*region(planar3), 4, rng)
    np.testing.assert_array_equal(again.jacobian(q), learned.jacobian(q))
    assert (again.arm, again.joints, again.rows) == (learned.arm, learned.joints, learned.rows)
    assert [path.name for path in tmp_path.iterdir()] == ["net.npz"]


def test_a_file_that_does_not_fit_is_refused(learned, iiwa, tmp_path):
    """Another arm's network, another file, none, and one that cannot be written."""
    learned.save(tmp_path / "net.npz")
    with pytest.raises(NetworkError, match=r"'planar3': has joints joint1.* 'kuka_iiwa', "):
        LearnedKinematics.load(tmp_path / "net.npz", iiwa)
    np.savez(tmp_path / "other.npz", x=1)
    (tmp_path / "text.npz").write_text("no")
    (tmp_path / "half.npz").write_bytes((tmp_path / "net.npz").read_bytes()[:2000])
    for name in ("other.npz", "text.npz", "none.npz", "half.npz"):
        with pytest.raises(RecordError, match=f"{name}': holds no learned kinematics"):
            LearnedKinematics.load(tmp_path / name)
    arrays = learned.arrays() | {"bias": np.full(3, np.nan)}
    np.savez(tmp_path / "nan.npz", **arrays)
    with pytest.raises(NetworkError, match=r"bias: is not finite"):
        LearnedKinematics.load(tmp_path / "nan.npz")
    with pytest.raises(RecordError, match="cannot be written"):
        learned.save(tmp_path / "no" / "net.npz")


def test_bad_sizes_are_refused(planar3, learned):
    """No neurons, too few samples, no epochs, no region, decoders or q of another shape."""
    with pytest.raises(ConfigurationError, match="neurons: is 0"):
        learn_kinematics(planar3, neurons=0)
    with pytest.raises(ConfigurationError, match="samples: is 5, needs at least 30"):
        learn_kinematics(planar3, samples=5)
    with pytest.raises(ConfigurationError, match=r"epochs: is 0, needs .* from 1 to"):
        learn_kinematics(planar3, epochs=0)
    with pytest.raises(ConfigurationError, match="half_range: is -1"):
        learn_kinematics(planar3, half_range=-1.0)
    with pytest.raises(NetworkError, match=r"decoders: has shape \(2, 3\), needs \(11, 201\)"):
        learned.with_decoders(np.zeros((2, 3)))
    with pytest.raises(NetworkError, match=r"q has shape \(7,\), needs \(\.\.\., 3\)"):
        learned.jacobian(np.zeros(7))
    positions = learn_kinematics(planar3, neurons=5, samples=30, epochs=1)
    with pytest.raises(NetworkError, match="positions only"):
        positions.rotation(np.zeros(3))


def test_the_same_seed_gives_the_same_network(planar3):
    """Seeds decide everything."""
    made = [learn_kinematics(planar3, neurons=20, samples=60, seed=seed) for seed in (3, 3, 4)]
    np.testing.assert_array_equal(made[0].decoders, made[1].decoders)
    assert not np.allclose(made[0].decoders, made[2].decoders)


def test_learning_j_too_makes_j_better(planar3):
    """Held out, Sobolev training takes a third off the error of J, for the same samples."""
    errors = {"positions": [], "sobolev": []}
    for how, progress in errors.items():
        learn_kinematics(
            planar3, how=how, neurons=300, samples=1000, epochs=4, watch=progress.append
        )
    for progress in errors.values():
        assert [p.samples for p in progress] == [250, 500, 750, 1000]
    assert errors["sobolev"][-1].jacobian_error < 0.67 * errors["positions"][-1].jacobian_error
    assert errors["sobolev"][-1].jacobian_error < 0.01
