"""Random chains against Pinocchio: nothing of the catalogue's tidiness is left."""

from dataclasses import replace

import hypothesis.strategies as st
import numpy as np
import pinocchio as pin
import pytest
from arms_reference import Pinocchio, relative_error
from hypothesis import Phase, given, settings

from arms.arm import Arm
from arms.equations.derive import derive
from arms.equations.program import lower
from arms.machine.python_function import python_function
from arms.model.bodies import bodies_of
from arms.model.chain import Chain, Inertia, Joint, Link, Mimic, Pose
from arms.model.terms import Request
from arms.model.tree import select
from arms.model.urdf import parse_urdf

KINDS = ["revolute", "prismatic", "continuous"]
AXES = [(1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, 1.0), None]
# Near the angles that many axes have, too: the cosine of 1e-8 is rounded to 1.
ANGLES = [0.0, np.pi / 2, -np.pi / 2, np.pi, np.pi / 6, 1e-8, np.pi / 2 + 3e-9, None]
TERMS = ("pose", "J", "dJ", "M", "C", "g", "tau")

ROD = Inertia(1.0, (0.5, 0.0, 0.1), (0.1, 0.0, 0.0, 0.2, 0.0, 0.1))
J0 = Joint("j0", "revolute", "a", "b", Pose((0.1, 0.0, 0.3), (0.3, 0.4, 0.5)))
J1 = Joint("j1", "revolute", "b", "c", Pose((0.1, 0.2, 0.0), (0.3, -0.4, 0.5)))


def random_inertia(rng) -> Inertia:
    """A body of three random principal second moments, turned at random."""
    Q, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    S = Q @ np.diag(rng.uniform(0.001, 0.05, 3)) @ Q.T
    I = np.trace(S) * np.eye(3) - S  # noqa: E741
    moments = tuple(float(x) for x in I[np.triu_indices(3)])
    return Inertia(rng.uniform(0.1, 5.0), tuple(rng.uniform(-0.2, 0.2, 3).tolist()), moments)


@st.composite
def chains(draw) -> Chain:
    """One to four moving joints, rigid branches on the way, and a tool."""
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))

    def pose() -> Pose:
        angles = [draw(st.sampled_from(ANGLES)) for _ in range(3)]
        rpy = tuple(float(rng.uniform(-3, 3)) if a is None else float(a) for a in angles)
        xyz = rng.choice([0.0, 1.0], 3) * rng.uniform(-0.5, 0.5, 3)
        return Pose(tuple(xyz.tolist()), rpy)

    links, joints = [Link("base")], []

    def attach(kind: str, parent: str) -> str:
        axis = draw(st.sampled_from(AXES)) if kind != "fixed" else (0.0, 0.0, 1.0)
        if axis is None:
            v = rng.normal(size=3)
            axis = tuple((v / np.linalg.norm(v)).tolist())
        links.append(Link(f"l{len(links)}", random_inertia(rng)))
        joints.append(Joint(f"j{len(joints)}", kind, parent, links[-1].name, pose(), axis))
        return links[-1].name

    tip = "base"
    for kind in kinds:
        tip = attach(kind, tip)
        if draw(st.booleans()):
            attach("fixed", tip)
    chain = select("random", links, joints, "base", tip, {})
    gravity = tuple(rng.uniform(-10, 10, 3).tolist())
    return Chain("random", "base", tip, chain.links, chain.joints, gravity, pose())


def evaluate(chain: Chain, q, dq, u, terms=TERMS) -> dict[str, np.ndarray]:
    """The terms through the pure-Python function of the derived program."""
    request = Request(terms)
    bodies = bodies_of(chain)
    shapes = request.shapes(bodies.sizes)
    out = [0.0] * sum(int(np.prod(shape)) for shape in shapes)
    python_function(lower(derive(bodies, request), terms))(q.tolist(), dq.tolist(), u.tolist(), out)
    values, start = {}, 0
    for name, shape in zip(terms, shapes, strict=True):
        size = int(np.prod(shape))
        values[name] = np.array(out[start : start + size]).reshape(shape)
        start += size
    return values


@settings(max_examples=200, deadline=None, derandomize=True, phases=[Phase.generate])
@given(chains(), st.integers(0, 2**32 - 1))
def test_random_chains_agree_with_pinocchio(chain, seed):
    """Every term of a random chain agrees to 1e-9, relative to its largest entry."""
    arm = Arm(chain)
    rng = np.random.default_rng(seed)
    q, dq, u = rng.normal(size=(3, arm.dof))
    theirs = Pinocchio(arm.to_urdf(), arm).terms(q, dq, u, "tool")
    for name, ours in evaluate(chain, q, dq, u).items():
        assert relative_error(ours, theirs[name]) < 1e-9, name


@settings(max_examples=20, deadline=None, derandomize=True, phases=[Phase.generate])
@given(chains(), st.integers(0, 2**32 - 1))
def test_derivatives_and_energies_of_random_chains_agree_with_pinocchio(chain, seed):
    """Of inverse dynamics, to 1e-8; energies and the centre of mass, to 1e-9."""
    arm = Arm(chain)
    q, dq, ddq = np.random.default_rng(seed).normal(size=(3, arm.dof))
    reference = Pinocchio(arm.to_urdf(), arm)
    model, data, p = reference.model, reference.data, reference.configuration(q)
    by_q, by_dq, _ = pin.computeRNEADerivatives(model, data, p, dq, ddq)
    theirs = {
        "tau_q": by_q,
        "tau_dq": by_dq,
        "com": pin.centerOfMass(model, data, p).copy(),
        "Jcom": pin.jacobianCenterOfMass(model, data, p).reshape(3, arm.dof),
        "T": pin.computeKineticEnergy(model, data, p, dq),
        "V": pin.computePotentialEnergy(model, data, p),
    }
    for name, ours in evaluate(chain, q, dq, ddq, tuple(theirs)).items():
        assert relative_error(ours, theirs[name]) < (1e-8 if "tau" in name else 1e-9), name


@settings(max_examples=8, deadline=None, derandomize=True, phases=[Phase.generate])
@given(chains())
def test_an_arm_survives_being_written_and_read(chain):
    """to_urdf, read back, is the same arm."""
    arm = Arm(chain)
    read = parse_urdf(arm.to_urdf(), base=chain.base, tip="tool")
    again = Arm(replace(read, gravity=chain.gravity))  # a URDF holds no gravity
    assert again.joint_names == arm.joint_names
    for limit in ("q_lower", "q_upper", "dq_max", "tau_max"):
        np.testing.assert_array_equal(getattr(again, limit), getattr(arm, limit))
    q, dq, u = np.random.default_rng(0).normal(size=(3, arm.dof))
    ours, theirs = evaluate(chain, q, dq, u), evaluate(again.chain, q, dq, u)
    for name in ("pose", "J", "M", "tau"):
        np.testing.assert_allclose(ours[name], theirs[name], atol=1e-12)


@pytest.mark.parametrize("tilt", [1e-12, 1e-9, 1e-8, 1e-6])
def test_a_tilt_whose_cosine_is_rounded_to_one_is_a_tilt(tilt):
    """M, C and g make the inverse dynamics, which other equations compute, for any small tilt."""
    rng = np.random.default_rng(0)
    q, dq, ddq = rng.normal(size=(3, 3))
    links = (Link("l0"), *(Link(f"l{k}", random_inertia(rng)) for k in (1, 2, 3)))
    for rpy in ((-np.pi / 2, 0.0, tilt), (0.0, tilt, 0.0), (tilt, 0.0, 0.0), (np.pi, 0.0, tilt)):
        joints = tuple(
            Joint(f"j{k}", "revolute", f"l{k}", f"l{k + 1}", Pose((0.3, 0.2, 0.5), rpy))
            for k in range(3)
        )
        chain = Chain("t", "l0", "l3", links, joints)
        tau = evaluate(chain, q, dq, ddq, ("tau",))["tau"]
        for names in (("M", "C", "g"), ("M", "h")):
            terms = evaluate(chain, q, dq, ddq, names)
            h = terms["h"] if "h" in terms else terms["C"] @ dq + terms["g"]
            np.testing.assert_allclose(terms["M"] @ ddq + h, tau, rtol=0, atol=1e-13)


def test_a_joint_that_does_not_follow_its_leader_stands_still():
    """A multiplier of 0 makes sines of constants, of one state and of a batch."""
    free = Chain("f", "a", "c", (Link("a"), Link("b", ROD), Link("c", ROD)), (J0, J1))
    still = replace(free, joints=(J0, replace(J1, mimic=Mimic("j0", 0.0, 0.4))))
    q = np.array([[0.3], [-0.2], [0.9]])
    at = np.hstack((q, np.full_like(q, 0.4)))
    torque = Arm(free).gravity(at)[:, :1]
    np.testing.assert_allclose(Arm(still).gravity(q), torque, atol=1e-13)
    np.testing.assert_array_equal(Arm(still).gravity(q[0]), Arm(still).gravity(q)[0])


def test_a_mimic_joint_is_its_leader_times_the_multiplier():
    """With joint 3 following joint 1, every term is the free arm's, pulled back by q = A p + b."""
    rng = np.random.default_rng(5)
    links = [Link("base"), *(Link(f"l{k}", random_inertia(rng)) for k in range(4))]
    origin = Pose((0.1, 0.2, 0.3), (0.3, -0.4, 0.5))
    kinds = ("revolute", "prismatic", "revolute", "revolute")
    joints = [
        Joint(f"j{k}", kind, links[k].name, links[k + 1].name, origin)
        for k, kind in enumerate(kinds)
    ]
    free = Arm(Chain("free", "base", "l3", tuple(links), tuple(joints)))
    follower = Joint("j2", "revolute", "l1", "l2", origin, mimic=Mimic("j0", -1.5, 0.2))
    bound = Arm(Chain("bound", "base", "l3", tuple(links), (*joints[:2], follower, joints[3])))
    assert bound.joint_names == ("j0", "j1", "j3")
    A = np.array([[1, 0, 0], [0, 1, 0], [-1.5, 0, 0], [0, 0, 1]], dtype=float)
    p, dp, ddp = rng.normal(size=(3, 3))
    q, dq, ddq = A @ p + [0, 0, 0.2, 0], A @ dp, A @ ddp
    np.testing.assert_allclose(bound.pose(p), free.pose(q), atol=1e-12)
    np.testing.assert_allclose(bound.jacobian(p), free.jacobian(q) @ A, atol=1e-12)
    np.testing.assert_allclose(bound.jacobian_dot(p, dp), free.jacobian_dot(q, dq) @ A, atol=1e-12)
    np.testing.assert_allclose(bound.mass_matrix(p), A.T @ free.mass_matrix(q) @ A, atol=1e-12)
    np.testing.assert_allclose(bound.coriolis(p, dp), A.T @ free.coriolis(q, dq) @ A, atol=1e-12)
    np.testing.assert_allclose(bound.gravity(p), A.T @ free.gravity(q), atol=1e-12)
    Y = A.T @ free.regressor(q, dq, ddq)
    np.testing.assert_allclose(bound.regressor(p, dp, ddp), Y, atol=1e-12)
    torque = A.T @ free.inverse_dynamics(q, dq, ddq)
    np.testing.assert_allclose(bound.inverse_dynamics(p, dp, ddp), torque, atol=1e-12)


def test_a_branch_that_follows_a_joint_of_the_way_moves_with_it():
    """A side link on a mimic joint adds its moving mass: M is that of two pendulums."""
    rod = Inertia(1.0, (0.5, 0.0, 0.0), (0.0, 0.0, 0.0, 0.1, 0.0, 0.1))
    links = (Link("base"), Link("a", rod), Link("b", rod))
    leader = Joint("ja", "revolute", "base", "a")
    follower = Joint("jb", "revolute", "base", "b", mimic=Mimic("ja", 2.0))
    arm = Arm(Chain("pair", "base", "a", links, (leader, follower)))
    np.testing.assert_allclose(arm.mass_matrix([0.3]), [[(0.1 + 0.25) * (1 + 4)]], rtol=1e-14)
