import numpy as np
import pytest

import arms
from nengo_forcectl.workspace import home_posture, joint_range, random_targets, task_axes


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
