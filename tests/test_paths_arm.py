"""Paths against an arm's limits, and as paths of the joints."""

import dataclasses

import numpy as np
import pytest

import arms
from arms.errors import ArmError, UnreachableError
from nengo_forcectl import MinimumJerk, Reference
from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.paths import (
    CurvePath,
    JointPath,
    Line,
    MinimumJerkProfile,
    Slerp,
    TrapezoidProfile,
    check_speed,
)
from nengo_forcectl.paths.slerp import rotation_vector

HOME = np.array([0.0, 0.5, 0.0, -1.2, 0.0, 0.6, 0.0])


@dataclasses.dataclass
class Made:
    """A path of a function's."""

    function: object
    end: float = 1.0

    def at(self, time):
        return self.function(time)


def tool_line(arm, home, step, duration=1.2, **turn):
    """The tool from where it is at home along a step, in a minimum-jerk motion."""
    start = arm.pose(home)
    return CurvePath(
        Line(start[:3, 3], start[:3, 3] + step), MinimumJerkProfile(duration), turn.get("turn")
    )


def test_the_tool_follows_the_path_of_the_joints(iiwa, rng):
    """Between postures, too, position, orientation, velocity and acceleration are the path's."""
    R = iiwa.pose(HOME)[:3, :3]
    turn = Slerp(R, iiwa.pose(HOME + 0.3)[:3, :3])
    path = tool_line(iiwa, HOME, [-0.1, 0.2, -0.1], turn=turn)
    joints = JointPath(path, iiwa, HOME)
    np.testing.assert_allclose(joints.at(0.0).x, HOME, atol=1e-8)
    assert joints.end == path.end
    for time in rng.uniform(0, path.end, 40):
        q, dq, ddq = joints.at(time)[:3]
        wanted = path.at(time)
        pose, J, dJ = iiwa.pose(q), iiwa.jacobian(q), iiwa.jacobian_dot(q, dq)
        np.testing.assert_allclose(pose[:3, 3], wanted.x, atol=1e-8)
        np.testing.assert_allclose(rotation_vector(wanted.R @ pose[:3, :3].T), 0, atol=1e-8)
        np.testing.assert_allclose(J @ dq, np.r_[wanted.dx, wanted.omega], atol=1e-6)
        twist = np.r_[wanted.ddx, wanted.domega]
        np.testing.assert_allclose(J @ ddq + dJ @ dq, twist, atol=1e-3)


def test_position_alone_takes_the_least_joint_speed(iiwa):
    """Without an orientation dq has no part in the null space of J."""
    path = tool_line(iiwa, HOME, [0.0, 0.2, 0.1])
    joints = JointPath(path, iiwa, HOME)
    for time in (0.3, 0.601, 0.9):
        q, dq = joints.at(time)[:2]
        J = iiwa.jacobian(q)[:3]
        np.testing.assert_allclose(dq, np.linalg.pinv(J) @ path.at(time).dx, atol=1e-7)


def test_a_planar_arm_follows_in_its_plane():
    """planar3 follows position and its one angle, whose other rows no joint moves."""
    arm = arms.load("planar3")
    home = np.array([0.4, 0.9, -0.5])
    start = arm.pose(home)
    turn = Slerp(start[:3, :3], arm.pose(home + np.array([0, 0, 0.5]))[:3, :3])
    path = tool_line(arm, home, [-0.1, 0.1, 0.0], 2.0, turn=turn)
    joints = JointPath(path, arm, home)
    np.testing.assert_allclose(arm.pose(joints.at(1.3).x)[:3, 3], path.at(1.3).x, atol=1e-8)
    np.testing.assert_allclose(arm.pose(joints.at(1.3).x)[:3, :3], path.at(1.3).R, atol=1e-8)
    with pytest.raises(UnreachableError, match=r"CurvePath at .* cannot move on to"):
        JointPath(tool_line(arm, home, [0.0, 0.0, 0.1]), arm, home)


def test_it_returns_the_greatest_speeds(iiwa):
    """Of a path of the joints that is 15/8 of the mean; the same path of the tool agrees."""
    path = MinimumJerk(np.array([HOME, HOME + 0.2]), 1.0)
    np.testing.assert_allclose(check_speed(path, iiwa), 15 / 8 * 0.2, rtol=1e-5)
    tool = tool_line(iiwa, HOME, [0.0, 0.2, 0.1])
    speeds = check_speed(tool, iiwa, HOME)
    assert (speeds <= iiwa.dq_max).all()
    np.testing.assert_allclose(check_speed(JointPath(tool, iiwa, HOME), iiwa), speeds, rtol=1e-3)


def test_a_joint_that_is_too_fast_is_named(iiwa):
    """Joint, time, speed and limit are in the message, and how much longer it needs to take."""
    there = HOME + np.array([0, 0, 0, 0.8, 0, 0, 0])
    name, limit = iiwa.joint_names[3], iiwa.dq_max[3]
    duration = 15 / 8 * 0.8 / (2 * limit)  # asks for twice the limit
    message = (
        rf"MinimumJerk: joint '{name}' at {duration / 2:.3g}\d* s is asked for "
        rf"{2 * limit:.4g} rad/s; its limit is {limit:.4g} rad/s; the path needs 2 times as long"
    )
    with pytest.raises(ConfigurationError, match=message):
        check_speed(MinimumJerk(np.array([HOME, there]), duration), iiwa, period=duration / 1000)
    slower = MinimumJerk(np.array([HOME, there]), 2.001 * duration)
    assert check_speed(slower, iiwa)[3] < limit


def test_a_tool_that_is_too_fast_names_the_joint(iiwa):
    """A short tool path is refused by its joints' speed, and not by one that takes longer."""
    with pytest.raises(ConfigurationError, match=r"CurvePath: joint '.*' at 0\.\d+ s is asked for"):
        check_speed(tool_line(iiwa, HOME, [0.0, 0.3, 0.0], 0.1), iiwa, HOME)
    with pytest.raises(ConfigurationError, match=r"the path needs .* times as long"):
        JointPath(tool_line(iiwa, HOME, [0.0, 0.3, 0.0], 0.1), iiwa, HOME)
    check_speed(tool_line(iiwa, HOME, [0.0, 0.3, 0.0], 3.0), iiwa, HOME)


def test_a_joint_beyond_its_stop_is_named(iiwa):
    """A path of the joints past a stop names the joint, the time, the place and the limits."""
    there = HOME.copy()
    there[3] = iiwa.q_lower[3] - 0.1
    with pytest.raises(
        ConfigurationError, match=rf"joint '{iiwa.joint_names[3]}' at .* its limits are"
    ):
        check_speed(MinimumJerk(np.array([HOME, there]), 9.0), iiwa)


def test_out_of_reach_says_when_and_where(iiwa):
    """A target too far away, at the start or on the way, is an error that says so."""
    far = CurvePath(Line([3.0, 0.0, 0.5], [3.1, 0.0, 0.5]), MinimumJerkProfile(1.0))
    with pytest.raises(UnreachableError, match=r"CurvePath at 0 s: .* cannot reach \[3.0, 0.0"):
        check_speed(far, iiwa, HOME)
    away = tool_line(iiwa, HOME, [2.0, 0.0, 0.0], 60.0)
    with pytest.raises((UnreachableError, ConfigurationError), match=r"CurvePath at \d+\.?\d* s: "):
        check_speed(away, iiwa, HOME)


def test_a_singular_posture_is_named():
    """A stretched arm that is to move on would need infinite joint speed."""
    arm = arms.load("planar2")
    path = tool_line(arm, np.array([0.3, 0.0]), [0.0, 0.0, 0.0])
    with pytest.raises(ConfigurationError, match=r"at 0 s: arm 'planar2' is singular .* infinite"):
        JointPath(path, arm, [0.3, 0.0])


def test_a_jump_is_infinite_speed(iiwa):
    """A position with a step is refused, of the tool and of the joints, saying where it is."""
    tool = iiwa.pose(HOME)[:3, 3]

    def jump(at, by):
        still = np.zeros_like(at)
        return Made(lambda time: Reference(at + (time > 0.5) * by, still, still))

    with pytest.raises(ConfigurationError, match=r"Made: between 0.5 and .* x\[0\] jumps .* infin"):
        check_speed(jump(tool, np.array([1e-3, 0, 0])), iiwa, HOME)
    with pytest.raises(ConfigurationError, match=r"Made: between 0.5 and .* x\[6\] jumps"):
        check_speed(jump(HOME, np.eye(7)[6] * 1e-3), iiwa)


def test_what_is_not_finite_is_refused(iiwa):
    """NaN in a path is named with its time and field."""
    still = np.zeros(7)
    path = Made(lambda time: Reference(HOME, still + (np.nan if time > 0.7 else 0.0), still))
    with pytest.raises(ConfigurationError, match=r"Made.at\(0.7\d*\).dx: is .* needs finite"):
        check_speed(path, iiwa)


def test_bounded_acceleration_is_no_jump(iiwa):
    """A trapezoid's steps of acceleration pass, for tool and joints."""
    start = iiwa.pose(HOME)[:3, 3]
    path = CurvePath(Line(start, start + np.array([0.0, 0.2, 0.0])), TrapezoidProfile(1.0, 0.01))
    joints = JointPath(path, iiwa, HOME)
    for time in np.linspace(0, 1, 77):
        pose = iiwa.pose(joints.at(time).x)
        np.testing.assert_allclose(pose[:3, 3], path.at(time).x, atol=2e-5)


def test_shapes_that_do_not_fit_are_named(iiwa):
    """A path of the wrong size names the size that fits."""
    line = tool_line(iiwa, HOME, [0.0, 0.1, 0.0])
    with pytest.raises(ConfigurationError, match=r"shape \(3,\), needs \(7,\).* give q0, too"):
        check_speed(line, iiwa)
    with pytest.raises(ConfigurationError, match=r"shape \(7,\), needs \(3,\)"):
        JointPath(MinimumJerk(np.array([HOME, HOME]), 1.0), iiwa, HOME)
    with pytest.raises(ConfigurationError, match=r"JointPath.period: is 0.0 s"):
        JointPath(line, iiwa, HOME, period=0.0)
    with pytest.raises(ArmError, match=r"start has shape \(3,\)"):
        JointPath(line, iiwa, HOME[:3])
