import numpy as np
import pytest

import arms
from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.networks.workspace import (
    MARGIN,
    home_posture,
    joint_range,
    posture_at,
    random_targets,
    reach_states,
    task_axes,
)


@pytest.mark.parametrize(
    ("name", "axes"), [("kuka_iiwa", (0, 1, 2)), ("planar2", (0, 1)), ("planar3", (0, 1))]
)
def test_the_task_has_the_axes_along_which_the_arm_moves(name, axes):
    """A planar arm is controlled in its plane, a spatial one in all three directions."""
    assert task_axes(arms.load(name)) == axes


@pytest.mark.parametrize("name", ["kuka_iiwa", "planar2", "planar3"])
def test_home_is_away_from_limits_and_singularities(name):
    """At home every joint has a third of its range to either side, and the tool moves freely."""
    arm = arms.load(name)
    home = home_posture(arm)
    centre, half = joint_range(arm)
    assert np.abs((home - centre) / half).max() < 2 / 3
    J = arm.jacobian(home)[list(task_axes(arm))]
    assert np.linalg.cond(J) < 10


@pytest.mark.parametrize("name", ["kuka_iiwa", "planar3"])
def test_targets_are_reachable_apart_and_in_their_box(name):
    """Targets lie in a 0.3 m box around the tool at home, and consecutive ones a third apart."""
    arm = arms.load(name)
    home = home_posture(arm)
    targets = random_targets(arm, home, 20, np.random.default_rng(3))
    tool = arm.pose(home)[:3, 3]
    assert targets.shape == (20, 3)
    assert np.abs(targets - tool).max() <= 0.15 + 1e-12
    steps = np.linalg.norm(np.diff(targets, axis=0, prepend=tool[None]), axis=1)
    assert steps.min() >= 0.1 - 1e-12
    still = [axis for axis in range(3) if axis not in task_axes(arm)]
    np.testing.assert_array_equal(targets[:, still], np.tile(tool[still], (20, 1)))


def test_the_seed_decides_the_targets():
    """The same generator state gives the same targets, another one others."""
    arm = arms.load("kuka_iiwa")
    home = home_posture(arm)
    one, same, other = (
        random_targets(arm, home, 5, np.random.default_rng(seed)) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 0.01


@pytest.mark.parametrize(
    ("name", "posture", "joint"),
    [("jaco2", [0, 2.9, 1.3, 4.2, 1.4, 0], 3), ("ur5", [0, 6.18, 1.3, -1, 1.4, 0], 1)],
)
def test_a_posture_a_turn_away_reaches_as_well(name, posture, joint):
    """Beyond +-pi of a joint without limits, and a tenth of a radian from one's limit."""
    arm, home = arms.load(name), np.array(posture, dtype=float)
    less = home - 2 * np.pi * (np.arange(6) == joint)
    for q in (home, less):
        states = reach_states(arm, q, np.random.default_rng(0), reaches=10)
        assert np.abs(states.q - q).max() < 1.0
        assert np.ptp(states.q[:, joint]) > 0.1
        assert (states.q > arm.q_lower).all()
        assert (states.q < arm.q_upper).all()


def test_targets_of_ordinary_postures_stay_as_they_were():
    """A posture well inside the range: a target may need nine tenths of it, around its middle."""
    arm = arms.load("jaco2")
    home = np.array([0.0, 2.9, 1.3, 2.8, 1.4, 0.0])  # joint 3 up to 0.9 pi, 2.827
    centre, half = joint_range(arm)
    targets = random_targets(arm, home, 20, np.random.default_rng(0))
    q = np.array([posture_at(arm, home, target, [0, 1, 2]) for target in targets])
    assert (np.abs(q - centre) < MARGIN * half).all()


def test_what_it_hardly_reaches_says_what_helps():
    """A rod's tool has one circle: the message names the sample that can be given instead."""
    arm = arms.load("planar1")
    with pytest.raises(
        ConfigurationError, match=r"targets in a box .* states=States\(q, dq, ddq\)"
    ):
        reach_states(arm, np.array([0.3]), np.random.default_rng(0))


def test_a_slider_in_its_middle_has_targets_to_reach(tmp_path):
    """Its tool is where its base is, and still its box is not a point."""
    file = tmp_path / "slider.urdf"
    file.write_text(
        '<robot name="slider"><link name="b"/><link name="c"><inertial><mass value="2"/>'
        '<inertia ixx="1e-2" iyy="1e-2" izz="1e-2" ixy="0" ixz="0" iyz="0"/></inertial></link>'
        '<joint name="s" type="prismatic"><parent link="b"/><child link="c"/><axis xyz="1 0 0"/>'
        '<limit lower="-0.5" upper="0.5" effort="100" velocity="1"/></joint></robot>'
    )
    states = reach_states(arms.load(file), np.zeros(1), np.random.default_rng(0), reaches=5)
    assert np.ptp(states.q) > 0.02
    assert np.abs(states.q).max() < 0.5
