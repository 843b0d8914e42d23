import numpy as np
import pytest

import arms
from nengo_forcectl.contract import Reference, State
from nengo_forcectl.control import JointPD, OperationalSpace
from nengo_forcectl.control.task_space import task_inertia
from nengo_forcectl.errors import ConfigurationError

HOME = np.array([0.1, 0.5, -0.1, -1.2, 0.2, 0.6, 0.3])


def resting(x):
    return Reference(np.asarray(x), np.zeros(len(x)), np.zeros(len(x)))


def test_at_rest_on_the_target_the_torque_is_gravity(iiwa):
    """On its target, at rest and in its posture, every controller only holds the arm."""
    terms = iiwa.terms(HOME, np.zeros(7))
    state = State(0.0, HOME, np.zeros(7))
    for law, target in (
        (OperationalSpace(HOME), terms.pose[:3, 3]),
        (JointPD(), HOME),
    ):
        command = law.torque(terms, state, resting(target))
        np.testing.assert_allclose(command.tau, iiwa.gravity(HOME), atol=1e-9)
        np.testing.assert_allclose(command.error, 0, atol=1e-9)


def test_the_tool_accelerates_as_the_law_asks(iiwa, rng):
    """With the exact model, ddx = ddx_r + kv (dx_r - dx) + kp (x_r - x), whatever the posture."""
    law = OperationalSpace(HOME, damping=0.0)
    for _ in range(20):
        q, dq = HOME + rng.uniform(-0.5, 0.5, 7), rng.uniform(-1, 1, 7)
        terms = iiwa.terms(q, dq)
        x, dx, ddx = (
            terms.pose[:3, 3] + rng.normal(0, 0.05, 3),
            rng.normal(size=3),
            rng.normal(size=3),
        )
        command = law.torque(terms, State(0.0, q, dq), Reference(x, dx, ddx))
        ddq = np.linalg.solve(terms.M, command.tau - terms.C @ dq - terms.g)
        J = terms.J[:3]
        wanted = ddx + law.kv * (dx - J @ dq) + law.kp * (x - terms.pose[:3, 3])
        np.testing.assert_allclose(J @ ddq + terms.dJ[:3] @ dq, wanted, atol=1e-9)


def test_the_posture_does_not_move_the_tool(iiwa, rng):
    """Another posture changes the torque, not the acceleration of the tool."""
    q, dq = HOME, rng.uniform(-1, 1, 7)
    terms = iiwa.terms(q, dq)
    state, reference = State(0.0, q, dq), resting(terms.pose[:3, 3])
    one = OperationalSpace(HOME, damping=0.0).torque(terms, state, reference).tau
    other = OperationalSpace(HOME + 0.3, damping=0.0).torque(terms, state, reference).tau
    assert np.abs(other - one).max() > 1.0
    np.testing.assert_allclose(terms.J[:3] @ np.linalg.solve(terms.M, other - one), 0, atol=1e-9)


def test_the_null_space_matches_khatibs_projector(iiwa, rng):
    """The error is J^T f + N^T tau_0 with N^T = I - J^T Lambda J M^-1, written out."""
    q, dq = HOME + rng.uniform(-0.3, 0.3, 7), rng.uniform(-1, 1, 7)
    terms = iiwa.terms(q, dq)
    law = OperationalSpace(HOME, damping=0.0)
    x_r, dx_r = terms.pose[:3, 3] + 0.01, rng.normal(size=3)
    J, M = terms.J[:3], terms.M
    Lambda = np.linalg.inv(J @ np.linalg.inv(M) @ J.T)
    f = Lambda @ (law.kp * (x_r - terms.pose[:3, 3]) + law.kv * (dx_r - J @ dq))
    d = np.minimum(2 * np.sqrt(law.k_null * np.diag(M)), 100 / np.diag(np.linalg.inv(M)))
    tau_0 = law.k_null * (HOME - q) - d * dq
    N_T = np.eye(7) - J.T @ Lambda @ J @ np.linalg.inv(M)
    command = law.torque(terms, State(0.0, q, dq), Reference(x_r, dx_r, np.zeros(3)))
    np.testing.assert_allclose(command.error, J.T @ f + N_T @ tau_0, atol=1e-9)


def test_what_is_asked_of_the_joints_moves_the_tool_along_the_reference(iiwa, rng):
    """J dq_r = dx_r and J ddq_r + dJ dq = ddx_r; the mobility is J M^-1."""
    q, dq = HOME + rng.uniform(-0.3, 0.3, 7), rng.uniform(-1, 1, 7)
    terms = iiwa.terms(q, dq)
    reference = Reference(terms.pose[:3, 3], rng.normal(size=3), rng.normal(size=3))
    command = OperationalSpace(HOME, damping=0.0).torque(terms, State(0.0, q, dq), reference)
    J, dJ = terms.J[:3], terms.dJ[:3]
    np.testing.assert_allclose(J @ command.dq_r, reference.dx, atol=1e-9)
    np.testing.assert_allclose(J @ command.ddq_r + dJ @ dq, reference.ddx, atol=1e-9)
    np.testing.assert_allclose(command.mobility, J @ np.linalg.inv(terms.M), atol=1e-9)


def test_a_planar_arm_is_controlled_in_its_plane():
    """With the rows of its plane a planar arm gets a finite torque and the right acceleration."""
    arm = arms.load("planar2")
    q, dq = np.array([0.4, 0.9]), np.array([0.3, -0.2])
    terms = arm.terms(q, dq)
    law = OperationalSpace(q, rows=(0, 1), damping=0.0)
    reference = resting(terms.pose[:3, 3] + [0.01, -0.02, 0])
    command = law.torque(terms, State(0.0, q, dq), reference)
    ddq = np.linalg.solve(terms.M, command.tau - terms.C @ dq - terms.g)
    J = terms.J[:2]
    wanted = law.kp * np.array([0.01, -0.02]) - law.kv * J @ dq
    np.testing.assert_allclose(J @ ddq + terms.dJ[:2] @ dq, wanted, atol=1e-9)


def test_the_torque_is_finite_at_a_singularity():
    """A stretched arm, which cannot move along itself, still gets a bounded torque."""
    arm = arms.load("planar2")
    q = np.zeros(2)
    terms = arm.terms(q, q)
    law = OperationalSpace(q, rows=(0, 1))
    tau = law.torque(terms, State(0.0, q, q), resting(terms.pose[:3, 3] - [0.01, 0, 0])).tau
    assert np.abs(tau).max() < 1e3


def test_task_inertia_of_a_point_mass_is_its_mass():
    """A mass on three sliding joints has its own mass in every direction."""
    np.testing.assert_allclose(task_inertia(np.eye(3), 2.5 * np.eye(3), 0.0), 2.5 * np.eye(3))


def test_joint_pd_is_its_equation(iiwa, rng):
    """JointPD gives g + kp (q_r - q) + kv (dq_r - dq)."""
    q, dq, q_r, dq_r = rng.normal(size=(4, 7))
    law = JointPD(kp=30.0, kv=4.0)
    command = law.torque(iiwa.terms(q, dq), State(0.0, q, dq), Reference(q_r, dq_r, np.zeros(7)))
    expected = iiwa.gravity(q) + 30 * (q_r - q) + 4 * (dq_r - dq)
    np.testing.assert_allclose(command.tau, expected, atol=1e-9)
    np.testing.assert_allclose(command.tau - command.error, iiwa.gravity(q), atol=1e-9)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: OperationalSpace(HOME, kp=-1.0), r"OperationalSpace.kp: is -1.0"),
        (lambda: OperationalSpace(HOME, kv=np.nan), r"OperationalSpace.kv: is nan"),
        (lambda: OperationalSpace(HOME, rows=(0, 6)), r"OperationalSpace.rows: is \(0, 6\)"),
        (lambda: OperationalSpace(HOME, rows=()), r"OperationalSpace.rows: is \(\)"),
        (lambda: JointPD(kv=-2.0), r"JointPD.kv: is -2.0"),
    ],
)
def test_bad_gains_are_named(make, message):
    """A gain that makes no sense is refused, naming the field and its value."""
    with pytest.raises(ConfigurationError, match=message):
        make()
