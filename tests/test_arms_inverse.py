import numpy as np
import pytest

import arms


@pytest.mark.parametrize("name", arms.names())
def test_reachable_poses_are_reached_within_the_limits(name):
    """25 poses of random configurations: position and axes to 1e-8, joints within their limits."""
    arm = arms.load(name)
    rng = np.random.default_rng(0)
    low, high = np.maximum(arm.q_lower, -np.pi), np.minimum(arm.q_upper, np.pi)
    for _ in range(25):
        goal = arm.pose(rng.uniform(low, high))
        q = arm.inverse_kinematics(goal)
        np.testing.assert_allclose(arm.pose(q), goal, atol=1e-8)
        assert (q >= arm.q_lower).all()
        assert (q <= arm.q_upper).all()


def test_a_position_alone_leaves_the_axes_free():
    """The Panda's tool gets to a point, and the elbow's link as well when it is asked for."""
    arm = arms.load("panda")
    point = [0.4, 0.2, 0.5]
    np.testing.assert_allclose(arm.pose(arm.inverse_kinematics(point))[:3, 3], point, atol=1e-8)
    elbow = arm.pose([0.3, 0.5, 0.1, -1.5, 0, 1, 0], "link4")[:3, 3]
    q = arm.inverse_kinematics(elbow, frame="link4")
    np.testing.assert_allclose(arm.pose(q, "link4")[:3, 3], elbow, atol=1e-8)


def test_a_near_start_gives_the_near_solution():
    """Started close to a configuration, the answer stays close to it, and is always the same."""
    arm = arms.load("ur5e")
    q = np.array([0.5, -1.0, 1.2, -0.8, 1.3, 0.4])
    near = arm.inverse_kinematics(arm.pose(q), q + 0.05)
    np.testing.assert_allclose(near, q, atol=1e-6)
    again = arm.inverse_kinematics(arm.pose(q), q + 0.05)
    np.testing.assert_array_equal(near, again)


def test_half_a_turn_is_found():
    """A goal turned by exactly pi about an odd axis from the start's axes."""
    arm = arms.load("kuka_iiwa")
    start = np.array([0.1, 0.5, 0.2, -1.2, 0.3, 0.8, 0.1])
    goal = arm.pose(start)
    axis = np.array([1.0, 2.0, 2.0]) / 3
    goal[:3, :3] = (2 * np.outer(axis, axis) - np.eye(3)) @ goal[:3, :3]
    q = arm.inverse_kinematics(goal, start)
    np.testing.assert_allclose(arm.pose(q), goal, atol=1e-8)


def test_out_of_reach_is_reported_with_the_best_residual():
    """The planar arm of 0.9 m stops 1.1 m short of 2 m."""
    with pytest.raises(arms.UnreachableError, match=r"starts is 1\.1 m off"):
        arms.load("planar2").inverse_kinematics([2.0, 0.0, 0.0])
    with pytest.raises(arms.ArmError, match="not a rigid motion"):
        arms.load("planar2").inverse_kinematics(2 * np.eye(4))
    with pytest.raises(arms.ArmError, match="pose to reach has shape"):
        arms.load("planar2").inverse_kinematics([1.0, np.nan, 0.0])
