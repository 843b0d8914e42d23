import numpy as np
import pytest

import arms
from arms.model.spatial import tensor


@pytest.fixture(scope="module", params=arms.names())
def arm(request):
    return arms.load(request.param)


def test_every_link_that_moves_is_a_rigid_body(arm):
    """Positive mass; moments of inertia positive definite and within the triangle inequality."""
    heavy = [link for link in arm.chain.links if link.name in arm._bodies.heavy_links]
    assert len(heavy) == arm.dof
    for link in heavy:
        a, b, c = np.linalg.eigvalsh(tensor(link.inertia))
        assert link.inertia.mass > 0, link.name
        assert a > 0, link.name
        assert a + b >= c * (1 - 1e-9), link.name


def test_the_mass_matrix_is_symmetric_and_positive_definite(arm):
    """At random configurations, and its smallest eigenvalue is not rounding error."""
    q = np.random.default_rng(0).uniform(-3, 3, (200, arm.dof))
    M = arm.mass_matrix(q)
    np.testing.assert_array_equal(M, M.swapaxes(-1, -2))
    assert np.linalg.eigvalsh(M).min() > 1e-6


def test_limits_are_finite_and_around_a_working_range(arm):
    """Speed and torque limits are finite; only Kinova's arms have joints that turn without end."""
    assert np.isfinite(arm.dq_max).all()
    assert np.isfinite(arm.tau_max).all()
    assert (arm.q_upper > arm.q_lower).all()
    endless = ~np.isfinite(arm.q_upper)
    assert (endless == ~np.isfinite(arm.q_lower)).all()
    assert not endless.any() or arm.name in ("jaco2", "gen3")


def test_every_arm_can_hold_itself_up(arm):
    """Gravity's torque is within the torque limits at 1,000 configurations."""
    low, high = np.maximum(arm.q_lower, -np.pi), np.minimum(arm.q_upper, np.pi)
    q = np.random.default_rng(1).uniform(low, high, (1000, arm.dof))
    assert (np.abs(arm.gravity(q)).max(axis=0) <= arm.tau_max).all()


def test_every_arm_names_its_source_and_has_a_summary(arm):
    """Source, mass and reach are there; a planar arm's reach is the sum of its rods."""
    summary = arms.summary(arm.name)
    assert summary.source == arm.chain.source
    assert summary.source
    assert summary.joints == arm.dof
    assert summary.operations > 0
    rods = {"planar1": 0.5, "planar2": 0.9, "planar3": 1.2}
    assert summary.reach == pytest.approx(rods.get(arm.name, summary.reach), abs=1e-6)
    assert 0.4 < summary.reach < 1.5


def test_known_poses():
    """The UR5's and the iiwa's lengths from their data sheets, and the Panda's ready pose."""
    ur5 = arms.load("ur5").pose([0.0] * 6, "wrist_1_link")
    assert np.hypot(*ur5[[0, 2], 3] - [0.0, 0.089159]) == pytest.approx(0.425 + 0.39225, abs=1e-9)
    assert arms.load("kuka_iiwa").pose([0.0] * 7)[2, 3] == pytest.approx(1.261, abs=1e-9)
    ready = arms.load("panda").pose([0, -np.pi / 4, 0, -3 * np.pi / 4, 0, np.pi / 2, np.pi / 4])
    np.testing.assert_allclose(ready[:3, 3], [0.3069, 0.0, 0.5903], atol=1e-4)


def test_frames_begin_with_the_base_and_end_with_the_tool(arm):
    """The base's pose is the identity; every frame's pose is a rigid motion."""
    q = np.zeros(arm.dof)
    np.testing.assert_array_equal(arm.pose(q, arm.frames[0]), np.eye(4))
    assert arm.frames[-1] == "tool"
    for frame in arm.frames:
        R = arm.pose(q, frame)[:3, :3]
        np.testing.assert_allclose(R @ R.T, np.eye(3), atol=1e-12)
