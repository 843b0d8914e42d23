from dataclasses import replace

import numpy as np
import pytest

import arms
from arms import Search
from arms.inverse.search import find


@pytest.fixture(scope="module")
def panda():
    return arms.load("panda")


def reachable(arm, count, seed=1):
    """Poses of random configurations."""
    rng = np.random.default_rng(seed)
    low, high = np.maximum(arm.q_lower, -np.pi), np.minimum(arm.q_upper, np.pi)
    return arm.pose(rng.uniform(low, high, (count, arm.dof)))


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


def test_a_batch_gives_what_its_goals_give_alone(panda):
    """Leading axes are those of the goals; postures, counts and errors belong to each goal."""
    goals = reachable(panda, 6).reshape(2, 3, 4, 4)
    found = panda.find_postures(goals)
    assert found.q.shape == (2, 3, 7)
    assert found.error.shape == (2, 3, 2)
    assert found.converged.all()
    assert (found.error < 1e-9).all()
    for index in np.ndindex(2, 3):
        np.testing.assert_array_equal(found.q[index], panda.inverse_kinematics(goals[index]))
    points = panda.find_postures(goals[0, :, :3, 3])
    np.testing.assert_allclose(panda.pose(points.q)[:, :3, 3], goals[0, :, :3, 3], atol=1e-8)
    assert panda.find_postures(np.zeros((0, 3))).q.shape == (0, 7)


def test_each_goal_may_have_a_start(panda):
    """Started at the answers, no step is taken."""
    goals = reachable(panda, 4)
    q = panda.find_postures(goals).q
    again = panda.find_postures(goals, q)
    np.testing.assert_array_equal(again.q, q)
    assert not again.steps.any()
    with pytest.raises(arms.ArmError, match=r"start has shape \(3, 7\), not \(7,\) or \(4, 7\)"):
        panda.find_postures(goals, q[:3])


def test_a_goal_out_of_reach_is_no_exception_where_a_result_is_asked_for():
    """The planar arm of 0.9 m stops 1.1 m short of 2 m, and reaches the other goal."""
    found = arms.load("planar2").find_postures([[2.0, 0.0, 0.0], [0.5, 0.3, 0.0]])
    assert found.converged.tolist() == [False, True]
    np.testing.assert_allclose(found.error[0], [1.1, 0.0], atol=1e-6)
    assert found.restarts.tolist() == [39, 0]
    np.testing.assert_allclose(found.q[0, 1], 0.0, atol=1e-3)


def test_the_budget_of_steps_is_kept(panda):
    """No goal takes more than the steps of its starts; a search without steps returns its start."""
    goals = reachable(panda, 10)
    found = panda.find_postures(goals, search=Search(starts=2, steps=4))
    assert (found.steps <= 8).all()
    assert (found.restarts <= 1).all()
    assert not found.converged.all()
    middle = (panda.q_lower + panda.q_upper) / 2
    none = panda.find_postures(goals, search=Search(starts=1, steps=0))
    np.testing.assert_array_equal(none.q, np.tile(middle, (10, 1)))


def test_a_wide_tolerance_takes_fewer_steps(panda):
    """Position and angle are each within their tolerance."""
    goals = reachable(panda, 10)
    wide = Search(tolerance=1e-3, angle_tolerance=1e-1)
    found, exact = panda.find_postures(goals, search=wide), panda.find_postures(goals)
    assert found.converged.all()
    assert (found.error <= [1e-3, 1e-1]).all()
    assert found.steps.sum() < exact.steps.sum()


@pytest.mark.parametrize("free", [0, 2, 3, 5])
def test_a_weight_of_zero_frees_a_direction_of_the_goal(panda, free):
    """Along or about one axis of the goal's the tool is anywhere, in the others it is there."""
    goals = reachable(panda, 5)
    weights = np.ones(6)
    weights[free] = 0.0
    found = panda.find_postures(goals, search=Search(weights=weights.tolist()))
    assert found.converged.all()
    reached = np.linalg.inv(goals) @ panda.pose(found.q)
    position, axes = reached[:, :3, 3], reached[:, :3, :3]
    if free < 3:
        position[:, free] = 0.0
        np.testing.assert_allclose(axes - np.eye(3), 0.0, atol=1e-8)
    np.testing.assert_allclose(position, 0.0, atol=1e-8)
    np.testing.assert_allclose(axes[:, free % 3, free % 3], 1.0, atol=1e-8)


def test_weights_shift_the_error_of_a_goal_out_of_reach():
    """A heavier x brings the end of an arm that is too short nearer in x."""
    arm, goal = arms.load("planar2"), [2.0, 1.0, 0.0]
    even = arm.pose(arm.find_postures(goal).q)[:2, 3]
    heavy = arm.pose(arm.find_postures(goal, search=Search(weights=(5, 1, 1, 1, 1, 1))).q)[:2, 3]
    np.testing.assert_allclose(even, 0.9 * np.array([2.0, 1.0]) / 5**0.5, atol=1e-6)
    assert heavy[0] > even[0] + 0.01


def test_of_all_postures_at_a_goal_the_one_nearest_the_wanted_one_is_found(panda):
    """The tool stays; no motion of the joints that leaves it in place comes nearer."""
    goals, wanted = reachable(panda, 8), np.array([0.0, 0.3, 0.0, -1.6, 0.0, 2.0, 0.8])
    before = panda.find_postures(goals)
    found = panda.find_postures(goals, search=Search(posture=wanted))
    assert found.converged.all()
    np.testing.assert_allclose(panda.pose(found.q), goals, atol=1e-8)
    gain = np.linalg.norm(before.q - wanted, axis=1) - np.linalg.norm(found.q - wanted, axis=1)
    assert (gain >= 0).all()
    assert gain.max() > 0.3
    inside = ((found.q > panda.q_lower) & (found.q < panda.q_upper)).all(axis=1)
    assert inside.sum() > 3
    for q in found.q[inside]:
        null = np.linalg.svd(panda.jacobian(q))[2][6]
        assert abs(null @ (wanted - q)) < 1e-4


def test_all_postures_of_a_planar_arm_are_the_two_of_the_law_of_cosines():
    """Elbow up and elbow down; the first is the one nearest the start."""
    arm, x, y = arms.load("planar2"), 0.5, 0.3
    elbow = np.arccos((x**2 + y**2 - 0.5**2 - 0.4**2) / (2 * 0.5 * 0.4))
    for sign in (-1, 1):
        found = arm.all_postures([x, y, 0.0], [0.3, sign * 0.2])
        assert found.converged.all()
        np.testing.assert_allclose(found.q[:, 1], [sign * elbow, -sign * elbow], atol=1e-7)
    assert arm.all_postures([2.0, 0.0, 0.0]).q.shape == (0, 2)


def test_a_universal_robot_has_eight_postures_at_a_pose():
    """Shoulder, elbow and wrist two each (Hawkins 2013); whole turns count once."""
    arm = arms.load("ur5e")
    q = np.array([0.5, -1.0, 1.2, -0.8, 1.3, 0.4])
    found = arm.all_postures(arm.pose(q), q, search=Search(starts=300))
    assert found.q.shape == (8, 6)
    np.testing.assert_allclose(found.q[0], q, atol=1e-8)
    np.testing.assert_allclose(arm.pose(found.q), np.tile(arm.pose(q), (8, 1, 1)), atol=1e-8)


@pytest.mark.parametrize("name", ["planar3", "panda"])
@pytest.mark.parametrize(
    "search",
    [Search(), Search(weights=(1, 1, 1, 1, 1, 0), starts=3), Search(posture=[0.3], starts=2)],
)
def test_machine_code_and_python_find_the_same_to_the_last_bit(name, search, monkeypatch):
    """The functions are the same, and so are their numbers."""
    arm = arms.load(name)
    if search.posture is not None:
        search = Search(posture=[0.3] * arm.dof, starts=2)
    goals = reachable(arm, 2)
    machine = arm.find_postures(goals, search=search)
    monkeypatch.setattr(arm.kernel("pose", "J"), "address", 0)
    for ours, theirs in zip(machine, arm.find_postures(goals, search=search), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tolerance": 0.0}, "Search.tolerance: is 0.0, needs more than 0"),
        ({"angle_tolerance": float("nan")}, "Search.angle_tolerance: is nan, needs a finite"),
        ({"weights": (1, 1, 1)}, r"Search.weights: is \(1, 1, 1\), needs 6 numbers"),
        ({"weights": (0,) * 6}, "need 0 or more, and one above 0"),
        ({"weights": (1, 1, 1, 1, 1, -1)}, "need 0 or more, and one above 0"),
        ({"posture": 0.3}, "Search.posture: is 0.3, needs 1 numbers"),
        ({"posture": (0, np.nan)}, r"Search.posture\[1\]: is nan rad, needs a finite number"),
        ({"starts": 0}, "Search.starts: is 0, needs a whole number from 1 up"),
        ({"steps": 2.5}, "Search.steps: is 2.5, needs a whole number from 0 up"),
        ({"seed": -1}, "Search.seed: is -1, needs a whole number from 0 up"),
    ],
)
def test_a_search_that_makes_no_sense_is_refused(options, message):
    with pytest.raises(arms.ArmError, match=message):
        Search(**options)


def test_goals_that_do_not_fit_are_refused():
    """A batch where one pose is needed, a posture of another size, weights that ask for nothing."""
    arm = arms.load("planar2")
    with pytest.raises(arms.ArmError, match="needs one; find_postures"):
        arm.inverse_kinematics([[0.5, 0.3, 0.0]])
    with pytest.raises(arms.ArmError, match="all_postures needs one pose"):
        arm.all_postures([[0.5, 0.3, 0.0]])
    with pytest.raises(arms.ArmError, match=r"Search.posture has shape \(3,\)"):
        arm.find_postures([0.5, 0.3, 0.0], search=Search(posture=(0, 0, 0)))
    with pytest.raises(arms.ArmError, match="frame 'tool': needs a single frame"):
        find(arm, arm.kernel("pose", "J", "M"), [0.5, 0.3, 0.0], None, Search())
    with pytest.raises(arms.ArmError, match=r"search: is \{'starts': 3\}, needs a Search"):
        arm.find_postures([0.5, 0.3, 0.0], search={"starts": 3})
    with pytest.raises(arms.ArmError, match="search: is None, needs a Search"):
        arm.all_postures([0.5, 0.3, 0.0], search=None)
    with pytest.raises(arms.ArmError, match=r"to reach is 1e\+300 m away, needs at most 1e\+09 m"):
        arm.find_postures([1e300, 0.0, 0.0])
    with pytest.raises(arms.ArmError, match=r"start has shape \(3, 2\), not \(2,\)$"):
        arm.find_postures([0.5, 0.3, 0.0], np.zeros((3, 2)))
    with pytest.raises(arms.ArmError, match="has a position only"):
        arm.find_postures([0.5, 0.3, 0.0], search=Search(weights=(0, 0, 0, 1, 1, 1)))


@pytest.mark.parametrize(("lower", "upper"), [(4.0, np.inf), (-np.inf, -4.0), (5.0, 6.0)])
def test_joints_whose_limits_are_all_beyond_half_a_turn(lower, upper):
    """Starts, pairs of shapes and figures are sampled where the joints can be."""
    chain = arms.load("planar2").chain
    joints = tuple(replace(joint, lower=lower, upper=upper) for joint in chain.joints)
    arm = arms.Arm(replace(chain, joints=joints))
    found = arm.find_postures(arm.pose([5.5, 5.2] if lower > 0 else [-5.5, -5.2]))
    assert found.converged
    assert ((found.q >= lower) & (found.q <= upper)).all()
    rods = [arms.Capsule("link2", (0, 0, 0), (0.3, 0, 0), 0.02)]
    assert len(arms.CollisionPairs(arm, rods, [arms.Sphere((0.9, 0, 0), 0.1)])) == 1
    assert arms.summary(arm).reach == pytest.approx(arms.summary("planar2").reach, abs=0.2)
