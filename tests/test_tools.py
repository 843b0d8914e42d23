import numpy as np
import pytest

from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.networks.workspace import random_direction, task_axes
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.sim.disturbances import real_arm
from nengo_forcectl.sim.masses import Payload
from nengo_forcectl.sim.sensing import Sensors
from nengo_forcectl.sim.tools import Tool

TOOL = Tool((0.1, -0.1, 0.14))
Q = np.array([0.1, 0.5, -0.2, -1.0, 0.3, 0.5, 0.0])


def test_the_camera_sees_the_tip(iiwa):
    """With a tool the state says where its tip is, whatever the joints' sensors say; else not."""
    with Bullet(iiwa, Q, [TOOL], sensors=Sensors(delay=5e-3)) as robot:
        for _ in range(3):
            robot.apply(np.full(7, 5.0))
        seen, (q, _) = robot.read(), robot.state()
    tip = iiwa.pose(q) @ [*TOOL.tip, 1.0]
    np.testing.assert_allclose(seen.tool, tip[:3], atol=1e-12)
    assert np.abs(seen.q - q).max() > 1e-5
    with Bullet(iiwa, Q) as robot:
        assert robot.read().tool is None


def test_a_tool_weighs_nothing_and_carries_what_comes_after_it(iiwa):
    """The dynamics stay; a payload before the tool is at the flange, one after it at the tip."""
    for order, at in (([Payload(2.0), TOOL], (0, 0, 0)), ([TOOL, Payload(2.0)], TOOL.tip)):
        weight = iiwa.jacobian(Q, point=at)[:3].T @ [0, 0, 2.0 * 9.81]
        found = real_arm(iiwa, order).gravity(Q) - iiwa.gravity(Q)
        np.testing.assert_allclose(found, weight, atol=1e-9)
    np.testing.assert_allclose(TOOL.real(iiwa).mass_matrix(Q), iiwa.mass_matrix(Q), atol=1e-12)


@pytest.mark.parametrize("tip", [(0.8, 0.8, 0.0), (np.nan, 0.0, 0.0), (0.1, 0.2), "long"])
def test_a_tool_that_makes_no_sense_is_refused(tip):
    """Longer than 1 m, not finite, or not three numbers."""
    with pytest.raises(ConfigurationError, match=r"Tool\.tip: is .*needs"):
        Tool(tip)


def test_directions_of_a_planar_arms_tool_are_in_its_plane(rng):
    """Of length 1; for the planar arm along its plane, at every posture."""
    import arms

    for name in ("planar3", "kuka_iiwa"):
        arm = arms.load(name)
        home = rng.uniform(-1, 1, arm.dof)
        found = np.array([random_direction(arm, home, rng) for _ in range(200)])
        np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0)
        base = found @ arm.pose(home)[:3, :3].T
        others = [axis for axis in range(3) if axis not in task_axes(arm)]
        np.testing.assert_allclose(base[:, others], 0.0, atol=1e-12)
        assert np.abs(base[:, list(task_axes(arm))].mean(axis=0)).max() < 0.25  # any alike
