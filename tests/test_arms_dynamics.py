from dataclasses import replace

import numpy as np
import pytest
from arms_reference import Pinocchio, relative_error, states

import arms
from arms.machine.python_function import python_function
from arms.model.chain import Chain, Inertia, Joint, Link, Pose

TERMS = ("pose", "J", "dJ", "M", "C", "g", "h", "tau", "ddq")


@pytest.fixture(scope="module", params=["planar3", "jaco2", "kuka_iiwa"])
def arm(request):
    return arms.load(request.param)


@pytest.mark.parametrize("name", arms.names())
def test_all_terms_agree_with_pinocchio(name):
    """Every term of every arm agrees to 1e-9 at 400 random states."""
    arm = arms.load(name)
    reference = Pinocchio(arm.to_urdf(), arm)
    kernel = arm.kernel(*TERMS)
    for q, dq, u in zip(*states(arm, 400, seed=1), strict=True):
        theirs = reference.terms(q, dq, u, "tool")
        for term, ours in zip(TERMS, kernel.call(q, dq, u), strict=True):
            assert relative_error(ours, theirs[term]) < 1e-9, (term, q)


def test_the_fused_call_gives_the_same_numbers_as_the_single_ones(arm):
    """``terms`` and the methods agree to rounding, for one state and for a batch."""
    q, dq, _ = states(arm, 7, seed=2)
    for a, b in ((q[0], dq[0]), (q, dq), (q[:, None], dq)):
        terms = arm.terms(a, b)
        single = (
            arm.pose(a),
            arm.jacobian(a),
            arm.jacobian_dot(a, b),
            arm.mass_matrix(a),
            arm.coriolis(a, b),
            arm.gravity(a),
        )
        for fused, alone in zip(terms, single, strict=True):
            np.testing.assert_allclose(
                fused, np.broadcast_to(alone, fused.shape), rtol=1e-12, atol=1e-12
            )


def test_mass_matrix_rate_minus_twice_coriolis_is_skew(arm):
    """dM/dt - 2 C is skew-symmetric, dM/dt taken by central differences."""
    q, dq, _ = states(arm, 20, seed=3)
    step = 1e-6
    rate = (arm.mass_matrix(q + step * dq) - arm.mass_matrix(q - step * dq)) / (2 * step)
    N = rate - 2 * arm.coriolis(q, dq)
    assert np.abs(N + N.swapaxes(-1, -2)).max() < 1e-7


def test_coriolis_matrix_is_that_of_the_christoffel_symbols(arm):
    """C_ij is the sum over k of (dM_ij/dq_k + dM_ik/dq_j - dM_jk/dq_i) dq_k / 2."""
    q, dq, _ = states(arm, 5, seed=4)
    step = 1e-6
    e = step * np.eye(arm.dof)
    D = (arm.mass_matrix(q[:, None] + e) - arm.mass_matrix(q[:, None] - e)) / (2 * step)  # b k i j
    gamma = (D.transpose(0, 2, 3, 1) + D.transpose(0, 2, 1, 3) - D) / 2  # b i j k
    christoffel = np.einsum("bijk,bk->bij", gamma, dq)
    np.testing.assert_allclose(arm.coriolis(q, dq), christoffel, atol=1e-7)


def test_jacobian_is_the_derivative_of_the_pose(arm):
    """J by central differences of position and rotation, at the tool and at every link."""
    q = states(arm, 1, seed=5)[0][0]
    step = 1e-6
    for frame in arm.frames:
        columns = []
        for e in step * np.eye(arm.dof):
            change = (arm.pose(q + e, frame) - arm.pose(q - e, frame)) / (2 * step)
            W = change[:3, :3] @ arm.pose(q, frame)[:3, :3].T  # skew, of the angular velocity
            columns.append([*change[:3, 3], W[2, 1], W[0, 2], W[1, 0]])
        np.testing.assert_allclose(arm.jacobian(q, frame), np.transpose(columns), atol=1e-8)


def test_jacobian_dot_is_the_derivative_of_the_jacobian(arm):
    """dJ by central differences of J along dq, at the tool and at every link."""
    q, dq, _ = (v[0] for v in states(arm, 1, seed=6))
    step = 1e-6
    for frame in arm.frames:
        numeric = arm.jacobian(q + step * dq, frame) - arm.jacobian(q - step * dq, frame)
        np.testing.assert_allclose(arm.jacobian_dot(q, dq, frame), numeric / (2 * step), atol=1e-7)


def test_gravity_is_the_gradient_of_the_potential_energy():
    """g of a planar arm is the slope of the potential energy of its rods' middles."""
    arm = arms.load("planar3")
    q, _, _ = states(arm, 5, seed=7)
    height = sum(
        link.inertia.mass * 9.81 * (arm.pose(q, link.name) @ [*link.inertia.com, 1.0])[:, 1]
        for link in arm.chain.links
    )
    step = 1e-6
    slopes = []
    for e in step * np.eye(3):
        raised = sum(
            link.inertia.mass * 9.81 * (arm.pose(q + e, link.name) @ [*link.inertia.com, 1.0])[:, 1]
            for link in arm.chain.links
        )
        slopes.append((raised - height) / step)
    np.testing.assert_allclose(arm.gravity(q), np.stack(slopes, axis=-1), atol=1e-4)


@pytest.mark.parametrize(("name", "rate"), [("planar2", 1000), ("kuka_iiwa", 2000)])
def test_energy_is_conserved_in_a_free_swing(name, rate):
    """Ten seconds of free swing by Runge-Kutta 4 leave the energy within 1e-6 of its scale."""
    arm = arms.load(name)
    rng = np.random.default_rng(9)
    q, dq, zero = rng.normal(size=arm.dof), np.zeros(arm.dof), np.zeros(arm.dof)
    masses = {link.name: link.inertia for link in arm.chain.links if link.inertia.mass > 0}

    def energy(q, dq):
        centres = [arm.pose(q, name)[:3] @ [*body.com, 1.0] for name, body in masses.items()]
        weights = np.outer([body.mass for body in masses.values()], arm.gravity_vector)
        return dq @ arm.mass_matrix(q) @ dq / 2 - np.sum(weights * centres)

    start, step, fastest = energy(q, dq), 1 / rate, 0.0
    for _ in range(10 * rate):
        k1, l1 = dq, arm.forward_dynamics(q, dq, zero)
        k2 = dq + step / 2 * l1
        l2 = arm.forward_dynamics(q + step / 2 * k1, k2, zero)
        k3 = dq + step / 2 * l2
        l3 = arm.forward_dynamics(q + step / 2 * k2, k3, zero)
        k4 = dq + step * l3
        l4 = arm.forward_dynamics(q + step * k3, k4, zero)
        q = q + step / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        dq = dq + step / 6 * (l1 + 2 * l2 + 2 * l3 + l4)
        fastest = max(fastest, np.abs(dq).max())
    assert abs(energy(q, dq) - start) < 1e-6 * max(1.0, abs(start))
    assert fastest > 1.0


def test_a_payload_and_a_tool_are_felt_like_links():
    """with_payload and with_tool agree with Pinocchio on the URDF that they write."""
    T = np.eye(4)
    T[:3, :3] = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]
    T[:3, 3] = 0.1, -0.2, 0.3
    arm = arms.load("kuka_iiwa").with_tool(T, 0.7, (0.0, 0.1, 0.0), 0.01 * np.eye(3))
    arm = arm.with_payload(2.0, (0.05, 0.02, 0.1), np.diag([0.01, 0.02, 0.015]))
    reference = Pinocchio(arm.to_urdf(), arm)
    q, dq, ddq = states(arm, 20, seed=8)
    bare = arms.load("kuka_iiwa")
    np.testing.assert_allclose(arm.pose(q), bare.pose(q) @ T, atol=1e-12)
    for k in range(len(q)):
        theirs = reference.terms(q[k], dq[k], ddq[k], "tool")
        assert relative_error(arm.mass_matrix(q[k]), theirs["M"]) < 1e-9
        assert relative_error(arm.inverse_dynamics(q[k], dq[k], ddq[k]), theirs["tau"]) < 1e-9
        assert relative_error(arm.jacobian(q[k]), theirs["J"]) < 1e-9


def rods(*inertias, step=1.0, kinds=("revolute",) * 9):
    """Links in a row along x on joints about z, "l0" to the last, each of an inertia."""
    names = ["base", *(f"l{k}" for k in range(len(inertias)))]
    links = (Link("base"), *map(Link, names[1:], inertias))
    joints = tuple(
        Joint(f"j{k}", kinds[k], names[k], names[k + 1], Pose((step if k else 0.0, 0.0, 0.0)))
        for k in range(len(inertias))
    )
    return arms.Arm(Chain("rods", "base", names[-1], links, joints, gravity=(0.0, -9.81, 0.0)))


ROD = Inertia(1.0, (0.5, 0.0, 0.0), (0.0, 0.0, 0.0, 0.1, 0.0, 0.1))
POINT = Inertia(1.0, (1.0, 0.0, 0.0))  # at the end of a link, without a moment of its own
SINGULAR = {
    "a massless last link": (rods(ROD, ROD, Inertia()), "'l2'"),
    "a last link with its mass on the axis": (rods(ROD, Inertia(1.0)), "'l1'"),
    "a massless slide": (rods(ROD, Inertia(), kinds=("revolute", "prismatic")), "'l1'"),
    "two joints on one axis": (rods(Inertia(), ROD, step=0.0), "'l0', 'l1'"),
    "one point on three joints": (rods(Inertia(), Inertia(), POINT), "'l0', 'l1', 'l2'"),
    "no mass at all": (rods(Inertia(), Inertia()), "'l0', 'l1'"),
}


@pytest.mark.parametrize("case", SINGULAR)
def test_an_arm_whose_mass_matrix_is_singular_has_no_forward_dynamics(case):
    """The error names the links that move without energy; with rotors there is an answer."""
    arm, links = SINGULAR[case]
    q, dq, tau = np.random.default_rng(0).normal(size=(3, arm.dof))
    for state in ((q, dq, tau), (q[None], dq, tau)):
        with pytest.raises(arms.ArmError, match=rf"Arm 'rods': M is singular.*: links {links} can"):
            arm.forward_dynamics(*state)
    assert np.isfinite(arm.inverse_dynamics(q, dq, tau)).all()
    geared = arm.with_armature(0.1)
    ddq = geared.forward_dynamics(q, dq, tau)
    np.testing.assert_allclose(geared.inverse_dynamics(q, dq, ddq), tau, atol=1e-10)


def test_a_mass_matrix_that_is_singular_at_one_q_is_reported_there():
    """One point on two joints: stretched out, nothing resists along the arm."""
    arm = rods(Inertia(), POINT)
    dq, tau = np.zeros(2), np.ones(2)
    assert np.isfinite(arm.forward_dynamics([0.3, 0.8], dq, tau)).all()
    with pytest.raises(arms.ArmError, match="not finite: M is singular at this q"):
        arm.forward_dynamics([[0.3, 0.8], [0.0, 0.0]], dq, tau)
    steps = arm.kernel("ddq").steps()
    out = [0.0, 0.0]
    python_function(steps)([0.0, 0.0], [0.0, 0.0], [1.0, 1.0], out)
    assert not np.isfinite(out).any()


@pytest.mark.parametrize("ratio", [1e-6, 1e-9])
def test_a_light_link_is_not_massless(ratio):
    """A last link a billion times lighter than the arm has forward dynamics."""
    small = Inertia(ratio, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0, ratio, 0.0, ratio))
    arm = rods(ROD, ROD, small)
    q, dq = np.random.default_rng(1).normal(size=(2, 3))
    ddq = arm.forward_dynamics(q, dq, arm.inverse_dynamics(q, dq, np.array([1.0, 2.0, 3.0])))
    np.testing.assert_allclose(ddq, [1.0, 2.0, 3.0], rtol=1e-4)


def test_six_joints_make_a_floating_base():
    """The dynamics of an arm on three slides and three turns are Pinocchio's."""
    chain = arms.load("planar2").chain
    names = ("x", "y", "z", "roll", "pitch", "yaw")
    ends = ("ground", *names[:-1], chain.base)
    kinds, axes = ("prismatic",) * 3 + ("revolute",) * 3, np.eye(3).tolist() * 2
    free = tuple(
        Joint(name, kind, above, below, axis=tuple(axis))
        for name, kind, above, below, axis in zip(
            names, kinds, ends[:-1], ends[1:], axes, strict=True
        )
    )
    body = Link(chain.base, Inertia(20.0, (0.0, 0.0, 0.1), (1.0, 0.0, 0.0, 1.0, 0.0, 1.0)))
    links = (*(Link(name) for name in ends[:-1]), body, *chain.links[1:])
    joints = (*free, *chain.joints)
    arm = arms.Arm(replace(chain, name="floating", base="ground", links=links, joints=joints))
    q, dq, tau = np.random.default_rng(0).normal(size=(3, 8)) * 0.5
    theirs = Pinocchio(arm.to_urdf(), arm).terms(q, dq, tau, "tool")["ddq"]
    assert relative_error(arm.forward_dynamics(q, dq, tau), theirs) < 1e-9
