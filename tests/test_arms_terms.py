"""Points, axes, regressor, manipulability: what goes beyond the tool's own terms."""

from dataclasses import replace

import numpy as np
import pinocchio as pin
import pytest
from arms_reference import Pinocchio, states

import arms
from arms.equations.derive import derive
from arms.equations.program import lower
from arms.machine.python_function import python_function
from arms.model.terms import Request


@pytest.fixture(scope="module", params=["planar3", "ur5e", "kuka_iiwa"])
def arm(request):
    return arms.load(request.param)


AXES = {"base": pin.LOCAL_WORLD_ALIGNED, "local": pin.LOCAL, "spatial": pin.WORLD}


@pytest.mark.parametrize("axes", AXES)
def test_jacobians_in_all_axes_agree_with_pinocchio(arm, axes):
    """J and dJ in base, local and spatial coordinates, at the tool and at a link on the way."""
    reference = Pinocchio(arm.to_urdf(), arm)
    q, dq, ddq = states(arm, 5, seed=1)
    for frame in ("tool", arm.frames[-3]):
        index = reference.model.getFrameId(frame)
        for k in range(len(q)):
            reference.terms(q[k], dq[k], ddq[k], frame)
            J, dJ = (f(AXES[axes], index) for f in (reference.jacobian, reference.jacobian_rate))
            np.testing.assert_allclose(arm.jacobian(q[k], frame, axes=axes), J, atol=1e-10)
            ours = arm.jacobian_dot(q[k], dq[k], frame, axes=axes)
            np.testing.assert_allclose(ours, dJ, atol=1e-10)


@pytest.mark.parametrize("axes", AXES)
def test_jacobian_gradient_is_the_derivative_of_the_jacobian(arm, axes):
    """dJ/dq by central differences, and its product with dq is dJ/dt, in all axes."""
    q, dq, _ = states(arm, 2, seed=2)
    step = 1e-6
    H = arm.jacobian_gradient(q, axes=axes)
    for j, e in enumerate(step * np.eye(arm.dof)):
        numeric = (arm.jacobian(q + e, axes=axes) - arm.jacobian(q - e, axes=axes)) / (2 * step)
        np.testing.assert_allclose(H[..., j], numeric, atol=1e-8)
    rate = np.einsum("brij,bj->bri", H, dq)
    np.testing.assert_allclose(rate, arm.jacobian_dot(q, dq, axes=axes), atol=1e-12)


def test_a_point_in_a_frame_is_a_tool_there(arm):
    """pose, J and dJ of a point equal those of the same arm with its tool moved to the point."""
    point = np.array([0.1, -0.2, 0.05])
    T = np.eye(4)
    T[:3, 3] = point
    moved = arm.with_tool(T)
    q, dq, _ = states(arm, 4, seed=3)
    np.testing.assert_allclose(arm.pose(q, point=point), moved.pose(q), atol=1e-14)
    np.testing.assert_allclose(arm.jacobian(q, point=point), moved.jacobian(q), atol=1e-14)
    ours = arm.jacobian_dot(q, dq, point=tuple(point))
    np.testing.assert_allclose(ours, moved.jacobian_dot(q, dq), atol=1e-13)


def test_regressor_times_parameters_is_the_inverse_dynamics(arm):
    """Y theta = tau, for the arm and for one with other inertial parameters."""
    q, dq, ddq = states(arm, 6, seed=4)
    Y = arm.regressor(q, dq, ddq)
    tau = arm.inverse_dynamics(q, dq, ddq)
    np.testing.assert_allclose(Y @ arm.inertial_parameters, tau, atol=1e-11)
    assert len(arm.parameter_names) == Y.shape[-1]


def test_a_payloads_ten_parameters_are_read_off_the_regressor():
    """The payload's parameters solve ``Y theta = tau`` in the sense of least squares."""
    arm = arms.load("kuka_iiwa")
    loaded = arm.with_payload(2.0, (0.05, 0.02, 0.1), np.diag([0.01, 0.02, 0.015]))
    q, dq, ddq = states(arm, 60, seed=5)
    payload = [name.startswith("payload.") for name in loaded.parameter_names]
    Y = loaded.regressor(q, dq, ddq)[..., payload].reshape(-1, 10)
    extra = loaded.inverse_dynamics(q, dq, ddq) - arm.inverse_dynamics(q, dq, ddq)
    theta = np.linalg.lstsq(Y, extra.ravel(), rcond=None)[0]
    np.testing.assert_allclose(theta[:4], [2.0, 0.1, 0.04, 0.2], atol=1e-9)
    np.testing.assert_allclose(theta, loaded.inertial_parameters[payload], atol=1e-9)


@pytest.mark.parametrize("rows", [slice(None), [0, 1, 2], [0, 1]])
def test_manipulability_gradient_is_the_derivative_of_manipulability(arm, rows):
    """By central differences, for the whole twist, the position, and two of its rows."""
    if arm.name == "planar3" and rows == [0, 1, 2]:
        pytest.skip("the vertical row of a planar arm is zero")
    q, _, _ = states(arm, 4, seed=6)
    step = 1e-6
    gradient = arm.manipulability_gradient(q, rows=rows)
    for j, e in enumerate(step * np.eye(arm.dof)):
        up, down = arm.manipulability(q + e, rows=rows), arm.manipulability(q - e, rows=rows)
        np.testing.assert_allclose(gradient[:, j], (up - down) / (2 * step), atol=1e-8)


def test_manipulability_is_yoshikawas():
    """For six rows of a seven-joint arm it is sqrt(det(J J^T)); a stretched planar arm has none."""
    arm = arms.load("kuka_iiwa")
    q, _, _ = states(arm, 5, seed=7)
    J = arm.jacobian(q)
    expected = np.sqrt(np.linalg.det(J @ J.swapaxes(-1, -2)))
    np.testing.assert_allclose(arm.manipulability(q), expected, rtol=1e-9)
    planar = arms.load("planar2")
    assert planar.manipulability([0.4, 0.0], rows=[0, 1]) < 1e-15
    assert np.isfinite(planar.manipulability_gradient([0.4, 0.0], rows=[0, 1])).all()


def test_another_base_turns_everything_but_gravity():
    """Hung from the ceiling: the pose is T pose, M is the same, gravity changes its sign."""
    arm = arms.load("ur5e")
    T = np.diag([1.0, -1.0, -1.0, 1.0])
    T[:3, 3] = 0.0, 0.0, 2.0
    hung = arm.with_base(T)
    assert hung.frames[0] == "world"
    q, dq, _ = states(arm, 4, seed=8)
    np.testing.assert_allclose(hung.pose(q), T @ arm.pose(q), atol=1e-14)
    np.testing.assert_allclose(hung.mass_matrix(q), arm.mass_matrix(q), atol=1e-14)
    np.testing.assert_allclose(hung.coriolis(q, dq), arm.coriolis(q, dq), atol=1e-13)
    np.testing.assert_allclose(hung.gravity(q), -arm.gravity(q), atol=1e-13)
    upside_down = arm.with_gravity((0.0, 0.0, 9.81))
    np.testing.assert_allclose(upside_down.gravity(q), -arm.gravity(q), atol=1e-13)


def test_a_locked_joint_is_rigid():
    """The iiwa with joint 3 held at 0.7 has the full arm's terms without that row and column."""
    arm = arms.load("kuka_iiwa")
    locked = arms.load("kuka_iiwa", locked={"lbr_iiwa_joint_3": 0.7})
    assert locked.dof == 6
    assert "lbr_iiwa_joint_3" not in locked.joint_names
    keep = [0, 1, 3, 4, 5, 6]
    p, dp, _ = states(locked, 5, seed=9)
    q, dq = np.insert(p, 2, 0.7, axis=-1), np.insert(dp, 2, 0.0, axis=-1)
    np.testing.assert_allclose(locked.pose(p), arm.pose(q), atol=1e-14)
    np.testing.assert_allclose(locked.jacobian(p), arm.jacobian(q)[..., keep], atol=1e-13)
    M = arm.mass_matrix(q)[..., keep, :][..., keep]
    np.testing.assert_allclose(locked.mass_matrix(p), M, atol=1e-12)
    np.testing.assert_allclose(locked.bias(p, dp), arm.bias(q, dq)[..., keep], atol=1e-11)


def test_machine_code_and_python_give_the_same_bits():
    """Every term of the UR5e, compiled and in plain Python, is equal to the last bit."""
    arm = arms.load("ur5e")
    q, dq, u = states(arm, 3, seed=10)
    terms = ("pose", "J", "dJ", "dJdq", "M", "C", "g", "Cdq", "h", "tau", "ddq", "Y")
    kernel = arm.kernel(*terms)
    function = python_function(lower(derive(arm._bodies, Request(terms)), terms))
    for k in range(3):
        ours = np.empty(kernel.size)
        assert kernel.fill(q[k], dq[k], u[k], ours)
        plain = [0.0] * kernel.size
        function(q[k].tolist(), dq[k].tolist(), u[k].tolist(), plain)
        np.testing.assert_array_equal(ours, plain)
    np.testing.assert_array_equal(kernel.run(q, dq, u)[2], plain)


def test_operation_counts_stay_small():
    """All terms of the iiwa take at most 1,500 operations, M alone at most 260."""
    bodies = arms.load("kuka_iiwa")._bodies
    for terms, most in ((("pose", "J", "dJ", "M", "C", "g"), 1500), (("M",), 260), (("g",), 90)):
        assert lower(derive(bodies, Request(terms)), terms).operations() <= most


def test_a_link_called_tool_keeps_its_inertia():
    """A heavy link on the way is called "tool": the frame is the tool's, the mass the link's."""
    chain = arms.load("planar2").chain
    base, first, last = chain.links
    links = base, replace(first, name="tool"), last
    names = {"link1": "tool"}
    joints = tuple(
        replace(j, parent=names.get(j.parent, j.parent), child=names.get(j.child, j.child))
        for j in chain.joints
    )
    odd = arms.Arm(replace(chain, links=links, joints=joints))
    plain = arms.load("planar2")
    q, dq, ddq = states(plain, 3, seed=11)
    np.testing.assert_array_equal(odd.pose(q, "tool"), plain.pose(q))
    np.testing.assert_array_equal(odd.regressor(q, dq, ddq), plain.regressor(q, dq, ddq))


def test_a_buffers_views_are_renewed_by_fill(arm):
    """Views made once show the terms of the last state."""
    kernel = arm.kernel("J", "M", "g")
    out = np.empty(kernel.size)
    J, M, g = kernel.views(out)
    for q in states(arm, 3, seed=12)[0]:
        assert kernel.fill(q, None, None, out)
        np.testing.assert_allclose(J, arm.jacobian(q), atol=1e-13)
        np.testing.assert_allclose(M, arm.mass_matrix(q), atol=1e-13)
        np.testing.assert_allclose(g, arm.gravity(q), atol=1e-12)


@pytest.mark.parametrize("name", ["kuka_iiwa", "ur5e", "jaco2", "planar3"])
def test_the_gravity_gradient_gives_gravity_along_any_direction(name, rng):
    """Times any gravity vector, it is g of the arm in that gravity."""
    arm = arms.load(name)
    q = rng.normal(size=(5, arm.dof))
    dg = arm.gravity_gradient(q)
    for gravity in (arm.gravity_vector, (1.0, -2.0, 3.0)):
        other = arms.Arm(replace(arm.chain, gravity=tuple(gravity)))
        np.testing.assert_allclose(dg @ gravity, other.gravity(q), rtol=0, atol=1e-9)
