"""What an arm gives beyond a control law's terms, against Pinocchio and finite differences."""

from dataclasses import replace

import numpy as np
import pinocchio as pin
import pytest
from arms_reference import Pinocchio, relative_error, states

import arms
from arms.model.chain import Chain, Inertia, Joint, Link, Mimic, Pose

STEP = 1e-6


@pytest.fixture(scope="module", params=["planar2", "planar3", "kuka_iiwa"])
def arm(request):
    return arms.load(request.param)


@pytest.fixture(scope="module")
def crooked():
    """A slide, a turn, a follower on a branch, a last turn; rotors, friction, slanted axes."""
    block = Inertia(2.0, (0.1, -0.05, 0.2), (0.04, 0.003, -0.002, 0.05, 0.001, 0.06))
    names = ("base", "a", "b", "side", "c")
    links = (Link("base", block), *(Link(name, block) for name in names[1:]))
    bent = Pose((0.2, 0.1, 0.3), (0.4, -0.7, 1.1))
    drives = {"armature": 0.2, "viscous": 0.5, "dry": 0.3}
    joints = (
        Joint("j1", "prismatic", "base", "a", bent, (0.0, 0.6, 0.8), **drives),
        Joint("j2", "revolute", "a", "b", bent, (0.0, 0.0, 1.0)),
        Joint("j3", "revolute", "b", "side", bent, mimic=Mimic("j2", -0.7, 0.2)),
        Joint("j4", "revolute", "b", "c", bent, (0.6, 0.8, 0.0), **drives),
    )
    return arms.Arm(Chain("crooked", "base", "c", links, joints, tool=bent))


def slopes(function, q):
    """Derivatives of an array by every entry of q, on the last axis, by central differences."""
    ends = [(function(q + e), function(q - e)) for e in STEP * np.eye(len(q))]
    return np.stack([(up - down) / (2 * STEP) for up, down in ends], axis=-1)


def in_joint_frames(reference, wrenches):
    """Pinocchio's list of forces, one for each of its joints, of wrenches in frames' own axes."""
    outside = pin.StdVec_Force()
    outside.extend(pin.Force.Zero() for _ in range(reference.model.njoints))
    for name, f in wrenches.items():
        frame = reference.model.frames[reference.model.getFrameId(name)]
        outside[frame.parentJoint] += frame.placement.act(pin.Force(np.array(f)))
    return outside


def wrenches_of(arm, rng):
    return {name: rng.normal(size=6) for name in (arm.frames[1], "tool")}


def test_gradients_of_the_dynamics_agree_with_pinocchio(arm, rng):
    """By q, dq, ddq and tau, to 1e-8, with and without forces on two frames."""
    reference = Pinocchio(arm.to_urdf(), arm)
    model, data = reference.model, reference.data
    wrenches = wrenches_of(arm, rng)
    for q, dq, u in zip(*states(arm, 5, seed=1), strict=True):
        state = reference.configuration(q), dq, u
        for given in ({}, wrenches):
            f = in_joint_frames(reference, given)
            by_q, by_dq, M = pin.computeRNEADerivatives(model, data, *state, f)
            M = np.triu(M) + np.triu(M, 1).T
            ours = arm.inverse_dynamics_gradient(q, dq, u, given, axes="local")
            for mine, theirs in zip(ours, (by_q, by_dq, M), strict=True):
                assert relative_error(mine, theirs) < 1e-8
            ours = arm.forward_dynamics_gradient(q, dq, u, given, axes="local")
            theirs = pin.computeABADerivatives(model, data, *state, f)
            for mine, other in zip(ours, theirs, strict=True):
                assert relative_error(mine, other) < 1e-8


@pytest.mark.parametrize("axes", ["base", "local", "spatial"])
def test_gradients_of_the_dynamics_are_derivatives(crooked, axes, rng):
    """Central differences, with friction, rotors, a slide, a follower and outside forces."""
    q, dq, ddq = rng.normal(size=(3, crooked.dof))
    f = wrenches_of(crooked, rng)
    tau = crooked.inverse_dynamics(q, dq, ddq, f, axes=axes)
    gradient = crooked.inverse_dynamics_gradient(q, dq, ddq, f, axes=axes)
    numeric = (
        slopes(lambda x: crooked.inverse_dynamics(x, dq, ddq, f, axes=axes), q),
        slopes(lambda x: crooked.inverse_dynamics(q, x, ddq, f, axes=axes), dq),
        slopes(lambda x: crooked.inverse_dynamics(q, dq, x, f, axes=axes), ddq),
    )
    for ours, theirs in zip(gradient, numeric, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-7)
    gradient = crooked.forward_dynamics_gradient(q, dq, tau, f, axes=axes)
    numeric = (
        slopes(lambda x: crooked.forward_dynamics(x, dq, tau, f, axes=axes), q),
        slopes(lambda x: crooked.forward_dynamics(q, x, tau, f, axes=axes), dq),
        slopes(lambda x: crooked.forward_dynamics(q, dq, x, f, axes=axes), tau),
    )
    for ours, theirs in zip(gradient, numeric, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-7)


def test_the_forward_regressor_is_the_derivative_by_the_parameters(arm):
    """Against Pinocchio's M^-1 and regressor; for one arm against an arm of other parameters."""
    reference = Pinocchio(arm.to_urdf(), arm)
    model, data = reference.model, reference.data
    q, dq, tau = (v[0] for v in states(arm, 1, seed=2))
    state = reference.configuration(q), dq
    ddq = pin.aba(model, data, *state, tau)
    Y = pin.computeJointTorqueRegressor(model, data, *state, ddq)
    heavy = [k for k in range(1, model.njoints) if model.inertias[k].mass > 0.0]
    assert 10 * len(heavy) == len(arm.inertial_parameters)
    Y = np.hstack([Y[:, 10 * (k - 1) : 10 * k] for k in heavy])
    theirs = -pin.computeMinverse(model, data, state[0]) @ Y
    ours = arm.forward_dynamics_regressor(q, dq, tau)
    if arm.name == "kuka_iiwa":  # links' frames are Pinocchio's joint frames there
        assert relative_error(ours, theirs) < 1e-8
    else:
        change = 1e-6 * np.linspace(0.5, 1.0, ours.shape[1])
        up, down = (
            arm.with_inertial_parameters(arm.inertial_parameters + s * change) for s in (1, -1)
        )
        numeric = up.forward_dynamics(q, dq, tau) - down.forward_dynamics(q, dq, tau)
        np.testing.assert_allclose(ours @ change, numeric / 2, atol=1e-11)


def test_the_inverse_mass_matrix_is_symmetric_and_the_inverse(arm):
    """M M^-1 is the unit matrix; both halves are the same numbers; in a batch the same bits."""
    q = states(arm, 5, seed=3)[0]
    inverse = arm.inverse_mass_matrix(q)
    np.testing.assert_array_equal(inverse, inverse.swapaxes(-1, -2))
    np.testing.assert_array_equal(inverse[2], arm.inverse_mass_matrix(q[2]))
    unit = np.broadcast_to(np.eye(arm.dof), inverse.shape)
    np.testing.assert_allclose(arm.mass_matrix(q) @ inverse, unit, atol=1e-11)


def test_the_rate_of_the_mass_matrix_is_its_derivative(arm):
    """dM along dq by central differences; unit vectors give the whole tensor."""
    q, dq, _ = (v[0] for v in states(arm, 1, seed=4))
    tensor = slopes(arm.mass_matrix, q)  # i j k
    np.testing.assert_allclose(arm.mass_matrix_dot(q, dq), tensor @ dq, atol=1e-7)
    by_joint = arm.mass_matrix_dot(q, np.eye(arm.dof))  # k i j
    np.testing.assert_allclose(np.moveaxis(by_joint, 0, -1), tensor, atol=1e-7)


def test_centre_of_mass_and_energies_agree_with_pinocchio(arm):
    """Centre of mass, its Jacobian, kinetic and potential energy."""
    reference = Pinocchio(arm.to_urdf(), arm)
    model, data = reference.model, reference.data
    for q, dq, _ in zip(*states(arm, 5, seed=5), strict=True):
        p = reference.configuration(q)
        for ours, theirs in (
            (arm.centre_of_mass(q), pin.centerOfMass(model, data, p)),
            (arm.centre_of_mass_jacobian(q), pin.jacobianCenterOfMass(model, data, p)),
            (arm.kinetic_energy(q, dq), pin.computeKineticEnergy(model, data, p, dq)),
            (arm.potential_energy(q), pin.computePotentialEnergy(model, data, p)),
        ):
            assert relative_error(ours, theirs) < 1e-9


def test_energies_and_centre_of_mass_are_those_of_the_links(crooked, rng):
    """By the links' own poses, with a slide, a follower and rotors, in a batch; slopes fit."""
    q, dq = rng.normal(size=(2, 3, crooked.dof))
    moving = [link for link in crooked.chain.links if link.name != "base"]
    places = [(crooked.pose(q, link.name) @ [*link.inertia.com, 1.0])[..., :3] for link in moving]
    masses = np.array([link.inertia.mass for link in moving])
    com = np.tensordot(masses, np.array(places), 1) / masses.sum()
    np.testing.assert_allclose(crooked.centre_of_mass(q), com, atol=1e-13)
    J = slopes(crooked.centre_of_mass, q[0])
    np.testing.assert_allclose(crooked.centre_of_mass_jacobian(q[0]), J, atol=1e-8)
    V = -masses.sum() * com @ crooked.gravity_vector
    np.testing.assert_allclose(crooked.potential_energy(q), V, atol=1e-12)
    np.testing.assert_allclose(
        slopes(crooked.potential_energy, q[0]), crooked.gravity(q[0]), atol=1e-7
    )
    T = np.einsum("bi,bij,bj->b", dq, crooked.mass_matrix(q), dq) / 2
    np.testing.assert_allclose(crooked.kinetic_energy(q, dq), T, atol=1e-12)
    assert isinstance(crooked.kinetic_energy(q[0], dq[0]), float)


def test_forces_on_frames_act_as_in_pinocchio(arm, rng):
    """Inverse and forward dynamics under two wrenches; one wrench is the same in all axes."""
    reference = Pinocchio(arm.to_urdf(), arm)
    model, data = reference.model, reference.data
    wrenches = wrenches_of(arm, rng)
    q, dq, u = (v[0] for v in states(arm, 1, seed=6))
    state, f = (reference.configuration(q), dq, u), in_joint_frames(reference, wrenches)
    ours = arm.inverse_dynamics(q, dq, u, wrenches, axes="local")
    assert relative_error(ours, pin.rnea(model, data, *state, f)) < 1e-9
    ours = arm.forward_dynamics(q, dq, u, wrenches, axes="local")
    assert relative_error(ours, pin.aba(model, data, *state, f)) < 1e-9
    T = arm.pose(q)
    force, moment = T[:3, :3] @ wrenches["tool"][:3], T[:3, :3] @ wrenches["tool"][3:]
    same = {
        "local": wrenches["tool"],
        "base": np.r_[force, moment],
        "spatial": np.r_[force, moment + np.cross(T[:3, 3], force)],
    }
    torques = [arm.external_torque(q, {"tool": f}, axes=axes) for axes, f in same.items()]
    np.testing.assert_allclose(torques[1:], [torques[0]] * 2, atol=1e-12)


def test_forces_of_a_batch_broadcast(crooked, rng):
    """Leading axes of states and wrenches are those of any input; bad wrenches are reported."""
    q, dq, tau = rng.normal(size=(3, 4, crooked.dof))
    f = {"c": rng.normal(size=(4, 6)), "tool": rng.normal(size=6)}
    batch = crooked.forward_dynamics(q, dq, tau, f)
    alone = crooked.forward_dynamics(q[2], dq[2], tau[2], {"c": f["c"][2], "tool": f["tool"]})
    np.testing.assert_allclose(batch[2], alone, atol=1e-12)
    gradient = crooked.inverse_dynamics_gradient(q, dq, tau, f)
    alone = crooked.inverse_dynamics_gradient(
        q[2], dq[2], tau[2], {"c": f["c"][2], "tool": f["tool"]}
    )
    np.testing.assert_allclose(gradient.q[2], alone.q, atol=1e-12)
    np.testing.assert_array_equal(crooked.external_torque(q, {}), np.zeros_like(q))
    for wrong, message in (
        ({"hand": np.zeros(6)}, "no frame 'hand'; frames: base, a"),
        ({"c": np.zeros(3)}, r"wrench on 'c' has shape \(3,\); its last axis must be 6"),
        ({"c": [0, 0, np.nan, 0, 0, 0]}, r"wrench on 'c'\[2\] is nan"),
        ({"c": np.zeros((2, 6)), "tool": np.zeros((3, 6))}, r"axes do not fit: .*\(2, 6\) and \(3"),
        (np.zeros(6), r"wrenches: are array\(\[0., .* need force and moment by frame"),
        ({"c": np.zeros((3, 6))}, r"leading axes do not fit: \(4, 3\) and .* and \(3, 6\)"),
    ):
        with pytest.raises(arms.ArmError, match=message):
            crooked.inverse_dynamics(q, dq, tau, wrong)
        with pytest.raises(arms.ArmError, match=message):
            crooked.forward_dynamics_gradient(q, dq, tau, wrong)


def test_several_frames_in_one_call(crooked, rng):
    """Poses, J and dJ of three frames, one of them the base, are those of single calls."""
    q, dq = rng.normal(size=(2, 4, crooked.dof))
    frames = ["base", "side", "tool"]
    for axes in ("base", "local"):
        J, dJ = (
            crooked.jacobian(q, frames, axes=axes),
            crooked.jacobian_dot(q, dq, frames, axes=axes),
        )
        assert J.shape == dJ.shape == (4, 3, 6, crooked.dof)
        for k, frame in enumerate(frames):
            alone = crooked.jacobian(q, frame, axes=axes)
            np.testing.assert_allclose(J[:, k], alone, atol=1e-14)
            alone = crooked.jacobian_dot(q, dq, frame, axes=axes)
            np.testing.assert_allclose(dJ[:, k], alone, atol=1e-14)
            pose = crooked.pose(q, frames)[:, k]
            np.testing.assert_allclose(pose, crooked.pose(q, frame), atol=1e-14)
    assert crooked.pose(q[0], frames).shape == (3, 4, 4)
    kernel = crooked.kernel("pose", "M", frame=frames)
    assert kernel.shapes == [(3, 4, 4), (3, 3)]
    for call, message in (
        (lambda: crooked.pose(q, ["tool", "hand"]), "no frame 'hand'"),
        (lambda: crooked.jacobian(q, []), "for kinematics, needs one frame"),
        (lambda: crooked.pose(q, frames, point=np.zeros(3)), "for a point, needs one frame"),
        (lambda: crooked.jacobian_gradient(q, frames), "for dJdq, needs one frame"),
    ):
        with pytest.raises(arms.ArmError, match=message):
            call()


def test_base_parameters_give_the_same_torque_as_all(arm, rng):
    """Their rank is that of Pinocchio's regressor; their map gives the torque at new states."""
    base = arm.base_parameters()
    q, dq, ddq = rng.normal(size=(3, 20, arm.dof))
    Y = arm.regressor(q, dq, ddq)
    theta = rng.normal(size=Y.shape[-1])
    np.testing.assert_allclose(Y[..., base.columns] @ (base.map @ theta), Y @ theta, atol=1e-8)
    assert base.names == tuple(arm.parameter_names[k] for k in base.columns)
    reference = Pinocchio(arm.to_urdf(), arm)
    model, data = reference.model, reference.data
    rows = [
        pin.computeJointTorqueRegressor(model, data, reference.configuration(a), b, c)
        for a, b, c in zip(*rng.normal(size=(3, 60, arm.dof)), strict=True)
    ]
    assert base.rank == np.linalg.matrix_rank(np.vstack(rows), rtol=1e-9)


def test_base_parameters_are_the_textbooks(crooked):
    """Three per link of a planar arm, two less without gravity; 43 of seven turning joints.

    The latter is the count of Gaz et al. (2019) for an arm of the same kind, the Panda.
    """
    planar = arms.load("planar2")
    names = ("hx", "hy", "Izz")
    assert planar.base_parameters().names == tuple(f"link{k}.{x}" for k in (1, 2) for x in names)
    assert planar.with_gravity((0.0, 0.0, 0.0)).base_parameters().rank == 4
    assert arms.load("kuka_iiwa").base_parameters().rank == 43
    assert crooked.base_parameters(seed=1).rank == crooked.base_parameters(seed=2).rank


def test_what_takes_the_inverse_of_a_singular_mass_matrix_is_refused(rng):
    """The massless last link is named by all of them; a joint with a rotor is enough."""
    chain = arms.load("planar2").chain
    links = (*chain.links[:-1], replace(chain.links[-1], inertia=Inertia()))
    light = arms.Arm(replace(chain, links=links))
    q, dq, tau = rng.normal(size=(3, 2))
    for call in (
        lambda: light.inverse_mass_matrix(q),
        lambda: light.forward_dynamics_gradient(q, dq, tau),
        lambda: light.forward_dynamics_regressor(q, dq, tau),
    ):
        with pytest.raises(arms.ArmError, match=r"Arm 'planar2': M is singular.*links 'link2' can"):
            call()
    assert np.isfinite(light.with_armature(0.1).inverse_mass_matrix(q)).all()


def test_an_arm_without_mass_has_no_centre_of_mass():
    """The error says so."""
    joint = Joint("j", "revolute", "a", "b")
    empty = arms.Arm(Chain("empty", "a", "b", (Link("a", Inertia(3.0)), Link("b")), (joint,)))
    with pytest.raises(arms.ArmError, match="Arm 'empty': has no centre of mass: no moving link"):
        empty.centre_of_mass([0.1])
    assert empty.potential_energy([0.1]) == 0.0
    assert empty.base_parameters().rank == 0
