"""The user's own scene in MuJoCo: its arm gets the disturbances, all else in it stays."""

import re

import mjcf_samples as samples
import numpy as np
import pytest

import arms
from nengo_forcectl.errors import ConfigurationError, MjcfError
from nengo_forcectl.sim import (
    MuJoCo,
    Payload,
    RotorInertia,
    Table,
    TiltedBase,
    Tool,
    Wrist,
    WrongLengths,
    WrongMasses,
)
from nengo_forcectl.sim.disturbances import real_arm
from nengo_forcectl.sim.surfaces import TIP

ALONE = '<option><flag contact="disable" limit="disable"/></option><worldbody>'
SCENES = {
    "classes": (samples.CLASSES, None, "flange"),
    "geoms": (samples.GEOMS, None, None),
    "offsets": (samples.OFFSETS, None, None),
    "frames": (samples.FRAMES, None, "tcp"),
}
DISTURBANCES = {
    "payload": [Payload(2.0, com=(0.05, 0.02, 0.1))],
    "masses": [WrongMasses(0.3)],
    "lengths": [WrongLengths(0.05)],
    "tilt": [TiltedBase(0.2, 0.3)],
    "rotors": [RotorInertia(0.2)],
    "tool": [Tool((0.1, 0.0, 0.1)), Payload(1.0)],
}


@pytest.fixture
def file(tmp_path):
    """A function that writes an MJCF, and returns its path."""

    def write(text):
        path = tmp_path / "scene.xml"
        path.write_text(text)
        return path

    return write


CASES = {  # bodies of "offsets" have several joints: no lengths there
    "classes": ("masses", "payload"),
    "geoms": ("lengths", "tilt"),
    "offsets": ("payload", "rotors"),
    "frames": ("tool", "lengths"),
}


@pytest.mark.parametrize("scene", SCENES)
def test_one_step_is_that_of_the_real_arm(scene, file, rng):
    """With disturbances: dq changes as forward dynamics of the changed model say, to 1e-9."""
    text, base, tip = SCENES[scene]
    path = file(text.replace("<worldbody>", ALONE))
    arm = arms.load(path, base=base, tip=tip)
    for name in CASES[scene]:
        disturbances = DISTURBANCES[name]
        real = real_arm(arm, disturbances).with_friction(0.0, 0.0)
        robot = MuJoCo(arm, np.zeros(arm.dof), disturbances, 1e-5, scene=path)
        for _ in range(3):
            q, dq = rng.uniform(0.05, 0.25, arm.dof), rng.normal(size=arm.dof)
            tau = rng.uniform(-5, 5, arm.dof)
            robot.reset(q, dq)
            robot.apply(tau)
            ddq = (robot.read().dq - dq) / robot.dt
            rubs = arm.friction.viscous * dq + arm.friction.dry * np.sign(dq)
            expected = real.forward_dynamics(q + 0.5 * robot.dt * dq, dq, tau - rubs)
            assert np.abs(ddq - expected).max() < 1e-9 * max(1.0, np.abs(expected).max()), name


GRIPPER = samples.GRIPPER.replace(
    "<worldbody>", '<worldbody><geom type="plane" size="5 5 .1" pos="0 0 -1"/>'
).replace(
    "<equality>",
    """<actuator><position joint="l" kp="200" kv="20"/><position joint="j1" kp="1000"/></actuator>
<contact><exclude body1="hand" body2="left"/><exclude body1="hand" body2="right"/>
<exclude body1="left" body2="right"/><exclude body1="a" body2="b"/><exclude body1="b" body2="left"/>
<exclude body1="b" body2="hand"/><exclude body1="b" body2="right"/></contact><equality>""",
)


def test_what_is_not_the_arm_goes_on_as_in_the_file(file):
    """A gripper follows its actuator, a box falls on the floor; the arm's own servo is off."""
    path = file(GRIPPER)
    arm = arms.load(path)
    assert arm.chain.tip == "hand"
    robot = MuJoCo(arm, np.array([0.3, 0.0]), scene=path)
    robot.data.ctrl[:] = 0.03, 2.0
    left = robot.model.joint("l").qposadr[0]
    for _ in range(1500):
        robot.apply(arm.gravity(robot.read().q) - 0.1 * robot.read().dq)
    assert robot.data.qpos[left] == pytest.approx(0.03, abs=1e-3)
    assert robot.data.body("box").xpos[2] == pytest.approx(-0.9, abs=1e-3)
    assert robot.read().q[0] == pytest.approx(0.3, abs=0.01)


def test_a_payload_comes_and_goes_and_the_rest_goes_on(file):
    """The box keeps its place and speed when the arm's body changes; the arm feels the weight."""
    path = file(GRIPPER)
    arm = arms.load(path)
    robot = MuJoCo(arm, np.array([0.3, 0.5]), [Payload(1.0, start=0.05, end=0.1)], scene=path)
    heights, speeds = [], []
    for _ in range(150):
        robot.apply(arm.gravity(robot.read().q))
        heights.append(robot.data.body("box").xpos[2])
        speeds.append(robot.read().dq[1])
    np.testing.assert_allclose(np.diff(heights, 2), -9.81e-6, atol=1e-12)
    gain = np.diff(speeds)
    assert np.abs(gain[:48]).max() < 1e-4
    assert np.abs(gain[50:98]).min() > 1e-3


def test_a_table_is_given_in_the_arms_base_axes(file):
    """On a base that is turned, at rest, it holds what the arm presses with."""
    turned = samples.FRAMES.replace("<worldbody>", ALONE).replace(
        'name="a"', 'name="a" gravcomp="1"'
    )
    path = file(turned.replace('<body name="a"', '<site name="s" euler="10 20 30"/><body name="a"'))
    arm = arms.load(path, tip="tcp")
    home = np.array([0.1, 0.9])
    x, y, z = arm.pose(home)[:3, 3]
    table = Table((x, y, z - TIP - 1e-4), 1e4, 50.0, normal=(0.0, 0.0, 1.0))
    robot = MuJoCo(arm, home, [], 2.5e-4, period=1e-3, surface=table, wrist=Wrist(), scene=path)
    down = np.array([0.0, 0.0, -3.0])
    for _ in range(1500):
        q, dq = robot.state()
        M = arm.mass_matrix(q)
        robot.apply(arm.gravity(q) + arm.jacobian(q)[:3].T @ down - 20.0 * M @ dq)
    J = arm.jacobian(robot.state()[0])
    np.testing.assert_allclose(J.T @ robot.contact, -J[:3].T @ down, atol=1e-3)
    np.testing.assert_allclose(robot.read().wrench, robot.contact, atol=0.02)


REFUSED = {
    "has no joint 'joint2' of arm 'planar2'; joints: 'one', 'two'": ("planar2", {}),
    "joint 'two' has another frame or axis in arm 'classes'; load the arm from the scene": (
        'joint name="two" axis="1 0 0"',
        {},
    ),
    "joint 'two' moves there, and is rigid in arm 'classes'": (None, {"locked": {"two": 0.1}}),
}


@pytest.mark.parametrize("message", REFUSED)
def test_another_arm_than_the_scenes_is_refused(message, file):
    """The message names the joint, and what the scene has."""
    changed, options = REFUSED[message]
    path = file(samples.CLASSES)
    if changed == "planar2":
        arm = arms.load("planar2")
    else:
        arm = arms.load(path, **options)
        if changed:
            path = file(samples.CLASSES.replace(changed, changed.replace("1 0 0", "0 1 0")))
    with pytest.raises(ConfigurationError, match=message.replace("'one', 'two'", "one, two")):
        MuJoCo(arm, np.zeros(arm.dof), scene=path)


def test_a_base_that_moves_is_refused(file):
    """On a lift that the arm does not have."""
    path = file(samples.TWO_ARMS)
    arm = arms.load(path, base="torso", tip="left2")
    with pytest.raises(ConfigurationError, match="the base 'torso' of arm 'two' moves in it"):
        MuJoCo(arm, np.zeros(2), scene=path)


def test_a_scene_that_cannot_be_read_is_one_line(file, tmp_path):
    """Missing, or with a mesh outside its folder: here it is needed, as everything is kept."""
    arm = arms.load(file(samples.CLASSES))
    mesh = '<asset><mesh name="m" file="../m.stl"/></asset><worldbody>'
    path = file(samples.CLASSES.replace("<worldbody>", mesh))
    for scene, message in (
        (path, "<mesh file='../m.stl'> is outside the file's folder"),
        (tmp_path / "none.xml", "cannot be read: No such file"),
    ):
        with pytest.raises(MjcfError, match=re.escape(message)) as caught:
            MuJoCo(arm, np.zeros(3), scene=scene)
        assert str(scene) in str(caught.value)
