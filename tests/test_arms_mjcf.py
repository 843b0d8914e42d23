"""Arms from MJCF files, against MuJoCo itself."""

import importlib.util
import logging
import re
import sys
from pathlib import Path

import mjcf_samples as samples
import mujoco
import numpy as np
import pytest

import arms
from arms.errors import ArmError, MjcfError, UrdfError

SCRIPT = Path(__file__).parents[1] / "scripts" / "check_mjcf.py"
SPEC = importlib.util.spec_from_file_location("check_mjcf", SCRIPT)
check_mjcf = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(check_mjcf)


@pytest.fixture
def file(tmp_path):
    """A function that writes an MJCF, and returns its path."""

    def write(text, name="scene.xml"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    return write


CASES = {
    "classes": (samples.CLASSES, None, None, 3),
    "a site as the tip": (samples.CLASSES, None, "flange", 3),
    "from a body": (samples.CLASSES, "link1", "link3", 2),
    "inertia from geoms": (samples.GEOMS, None, None, 3),
    "ref, pos and several joints": (samples.OFFSETS, None, None, 4),
    "frames": (samples.FRAMES, None, "tcp", 2),
    "without the gripper": (samples.GRIPPER, None, None, 2),
    "with a finger": (samples.GRIPPER, None, "left", 3),
    "one arm of two": (samples.TWO_ARMS, None, "right tool", 3),
    "below the lift": (samples.TWO_ARMS, "torso", "left2", 2),
    "on a floating base": (samples.FLOATING, "trunk", "b", 2),
}


@pytest.mark.parametrize("case", CASES)
def test_an_arm_is_mujocos_to_1e_9(case, file):
    """Pose, J, M, C dq, g and armature at random states, in the base's axes."""
    text, base, tip, dof = CASES[case]
    arm = arms.load(file(text), base=base, tip=tip, snap=False)
    model = mujoco.MjModel.from_xml_string(text)
    assert arm.dof == dof
    found = check_mjcf.differences(arm, model, base, tip)
    assert max(found) < 1e-9, found


def test_limits_rotors_and_friction_come_along(file):
    """Ranges in degrees, actuators' ranges times gear and gain, what the joints' classes say."""
    arm = arms.load(file(samples.CLASSES))
    assert (arm.name, arm.joint_names) == ("classes", ("one", "two", "three"))
    np.testing.assert_allclose(arm.q_lower, np.deg2rad([-160, -160, -90]))
    np.testing.assert_allclose(arm.q_upper, np.deg2rad([160, 160, 120]))
    np.testing.assert_array_equal(arm.tau_max, [30.0, 60.0, 27.0])
    np.testing.assert_array_equal(arm.armature, [0.1, 0.1, 0.02])
    np.testing.assert_array_equal(arm.friction.viscous, [0.4] * 3)
    np.testing.assert_array_equal(arm.friction.dry, [0.2] * 3)
    np.testing.assert_array_equal(arm.gravity_vector, [0.3, -0.2, -9.7])
    assert np.isinf(arm.dq_max).all()
    geoms = arms.load(file(samples.GEOMS))
    np.testing.assert_array_equal(geoms.tau_max, [np.inf, 40.0, 70.0])
    assert geoms.q_upper[0] == np.inf


def test_a_site_can_be_the_base_and_a_joint_either(file):
    """The pose of the tip in the site's frame; a joint names what it moves, or what it is on."""
    path = file(samples.CLASSES)
    q, site = np.array([0.3, -0.4]), "flange"
    arm = arms.load(path, base="one", tip="two")
    assert (arm.chain.base, arm.chain.tip, arm.joint_names) == ("link0", "link2", ("one", "two"))
    text = samples.CLASSES.replace(
        '<body name="link1"', '<site name="mount" pos="0 .1 0" euler="20 0 0"/><body name="link1"'
    )
    own = arms.load(file(text), base="mount", tip="link2")
    mount = arms.load(file(text), tip="link2")
    T = np.eye(4)
    T[:3, 3] = 0.0, 0.1, 0.0
    c, s = np.cos(np.deg2rad(20)), np.sin(np.deg2rad(20))
    T[1:3, 1:3] = [[c, -s], [s, c]]
    np.testing.assert_allclose(T @ own.pose(q), arm.pose(q), atol=1e-12)
    np.testing.assert_allclose(T[:3, :3] @ own.gravity_vector, [0.3, -0.2, -9.7], atol=1e-12)
    np.testing.assert_allclose(own.gravity(q), mount.gravity(q), atol=1e-9)
    assert site not in own.frames


def test_an_mjcf_is_known_by_its_outer_element(file, iiwa):
    """Not by its name; and a URDF that is called .xml stays one."""
    assert arms.load(file(samples.UNNAMED, "robot.urdf")).joint_names == ("joint0", "joint1")
    assert arms.load(file(samples.UNNAMED, "arm.mjcf")).name == "arm"
    assert arms.load(file(iiwa.to_urdf(), "robot.xml")).joint_names == iiwa.joint_names


def test_files_in_its_folder_are_included(file):
    """Also those included by an included one; scene and arm in two files."""
    whole = arms.load(file(samples.CLASSES))
    head, body = samples.CLASSES.split("<worldbody>")
    inner, tail = body.split("</worldbody>")
    file(f"<mujocoinclude>{inner}</mujocoinclude>", "parts/body.xml")
    file(
        f'{head}<worldbody><include file="parts/body.xml"/></worldbody>{tail}',
        "arm.xml",
    )
    scene = file('<mujoco model="classes"><include file="arm.xml"/></mujoco>')
    assert arms.load(scene).chain == whole.chain


def test_meshes_are_read_only_where_an_inertia_needs_them(file):
    """Those that are missing, or outside, do not matter to a body with an inertia."""
    picture = '<texture name="t" type="2d" file="t.png"/>'
    away = f'<asset><mesh name="m" file="../away.stl"/>{picture}</asset>'
    shown = '<geom type="mesh" mesh="m"/><joint name="one"/>'
    text = samples.CLASSES.replace("<worldbody>", f"{away}<worldbody>")
    text = text.replace('<joint name="one"/>', shown)
    assert arms.load(file(text)).chain.links == arms.load(file(samples.CLASSES)).chain.links
    heavy = samples.UNNAMED.replace("<worldbody>", f"{away}<worldbody>").replace(
        samples.BALL, '<geom type="mesh" mesh="m"/>'
    )
    with pytest.raises(MjcfError, match=r"<mesh file='../away.stl'> is outside the file's folder"):
        arms.load(file(heavy))


REFUSED = {
    "branch at 'torso' into 2 arms, by moving joints: 'left2' .2., 'right2' .2.; name the tip": (
        samples.TWO_ARMS,
        {},
    ),
    "joint 'root' on the way to the tip has type 'free'; supported: slide, hinge; a base below it, "
    "'trunk', leaves it out": (samples.FLOATING, {}),
    "joint 'ball' on the way to the tip has type 'ball'; supported": (
        samples.FLOATING,
        {"base": "trunk", "tip": "tail"},
    ),
    "no tip 'hnad'; bodies: 'a', 'b', .* sites: none; joints: 'f', 'j1'": (
        samples.GRIPPER,
        {"tip": "hnad"},
    ),
    "no base 'x'": (samples.GRIPPER, {"base": "x"}),
    "no tip link 'left2'; links: 'right1', 'right2'": (
        samples.TWO_ARMS,
        {"base": "right1", "tip": "left2"},
    ),
    "0 moving joints": (samples.GRIPPER, {"tip": "base"}),
    "MuJoCo says: .*unrecognized": (samples.GRIPPER.replace("<worldbody>", "<b/><worldbody>"), {}),
    "entities": ('<!DOCTYPE r [<!ENTITY a "b">]><mujoco/>', {}),
    "not XML": ("<mujoco>", {}),
    "a part for other files": ("<mujocoinclude/>", {}),
    "no moving joint 'z' to lock": (samples.GRIPPER, {"locked": {"z": 0.0}}),
    "printable": (samples.UNNAMED.replace("<body>", '<body name="a&#10;b">'), {}),
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_is_no_arm_is_refused_and_the_message_says_why(message, file):
    """One line: file, element, value and what would do."""
    text, options = REFUSED[message]
    with pytest.raises(MjcfError, match=message) as caught:
        arms.load(file(text, "bad.mjcf"), **options)
    assert str(caught.value).startswith("MJCF '")
    assert "bad.mjcf" in str(caught.value)
    assert "\n" not in str(caught.value)


NUMBERS = {
    "<joint> 'f'.armature: is 'nan', needs a finite number, 0 or more": 'armature="nan"',
    "<joint> 'f'.armature: is '1e300', needs numbers up to 1e+09": 'armature="1e300"',
    "<joint> 'f'.armature: is '-0.1', needs a finite number, 0 or more": 'armature="-0.1"',
    "<joint> 'f'.damping: is 'inf', needs a finite number, 0 or more": 'damping="inf"',
    "<joint> 'f'.frictionloss: is '-2', needs a finite number, 0 or more": 'frictionloss="-2"',
    "<joint> 'f'.pos: is '0 nan 0', needs finite numbers": 'pos="0 nan 0"',
    "<joint> 'f'.pos: is '0 1e308 0', needs numbers up to 1e+09": 'pos="0 1e308 0"',
    "<joint> 'f'.range: is '-1 NaN', needs numbers": 'range="-1 NaN"',
}


@pytest.mark.parametrize("message", NUMBERS)
def test_a_number_that_no_joint_can_have_is_refused_before_mujoco_warns(
    message, file, tmp_path, monkeypatch, capfd
):
    """One line: element, attribute and value; MuJoCo says nothing and writes no log."""
    monkeypatch.chdir(tmp_path)
    text = samples.UNNAMED.replace("<joint", f'<joint name="f" {NUMBERS[message]}', 1)
    with pytest.raises(MjcfError, match=re.escape(message)) as caught:
        arms.load(file(text, "bad.mjcf"))
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")
    assert not (tmp_path / "MUJOCO_LOG.TXT").exists()


@pytest.mark.parametrize("name", ["../out.xml", "{out}", "link.xml", "sub/../../out.xml"])
def test_an_include_outside_the_folder_is_refused(name, tmp_path):
    """By dots, by an absolute path, by a link; an included file may not do it either."""
    folder = tmp_path / "own"
    folder.mkdir()
    out = tmp_path / "out.xml"
    out.write_text("<mujocoinclude/>")
    (folder / "link.xml").symlink_to(out)
    name = name.format(out=out)
    path, part = folder / "scene.xml", folder / "part.xml"
    for text, inner in (
        (f'<include file="{name}"/>', ""),
        ('<include file="part.xml"/>', f'<include file="{name}"/>'),
    ):
        path.write_text(f"<mujoco>{text}<worldbody/></mujoco>")
        part.write_text(f"<mujocoinclude>{inner}</mujocoinclude>")
        with pytest.raises(MjcfError, match=r"<include file='.*'> is outside the file's folder"):
            arms.load(path)


def test_a_missing_or_broken_file_is_still_a_urdfs_error(file, tmp_path):
    """Nothing says that it was to be an MJCF."""
    for path in (tmp_path / "none.xml", file("<robot", "broken.xml")):
        with pytest.raises(UrdfError):
            arms.load(path)


def test_without_mujoco_the_error_says_what_to_install(file, monkeypatch):
    """A URDF needs none."""
    monkeypatch.setitem(sys.modules, "mujoco", None)
    with pytest.raises(MjcfError, match=r"MuJoCo is not installed, .*: pip install mujoco"):
        arms.load(file(samples.UNNAMED))


def test_what_the_model_leaves_out_is_logged(file, caplog):
    """Springs, couplings and gravity compensation of the arm; not those of the gripper."""
    caplog.set_level(logging.WARNING, "arms")
    arms.load(file(samples.GRIPPER))
    assert not caplog.messages
    text = samples.GRIPPER.replace('name="j2"', 'name="j2" stiffness="3"')
    text = text.replace('name="hand"', 'name="hand" gravcomp="1"')
    text = text.replace('joint1="l" joint2="r"', 'joint1="j1" joint2="j2"')
    arms.load(file(text))
    for what in ("springs of joints 'j2'", "couplings of joints 'j1', 'j2'", "of bodies 'hand'"):
        assert any(what in message for message in caplog.messages)


CLOSING = {  # constraints of the gripper's arm, and whether they close a loop of it
    '<connect name="bar" body1="b" body2="world" anchor="0 0 0"/>': True,
    '<weld name="bar" body1="base" body2="hand"/>': True,
    '<connect name="bar" site1="on a" site2="on hand"/>': True,
    '<weld name="bar" body1="base" body2="hand" active="false"/>': False,
    '<connect name="bar" body1="left" body2="right" anchor="0 0 0"/>': False,
    '<weld name="bar" body1="hand" body2="box"/>': False,
    '<weld name="bar" body1="hand" body2="goal"/>': False,
    '<weld name="bar" body1="world" body2="base"/>': False,
}


@pytest.mark.parametrize("constraint", CLOSING)
def test_a_constraint_that_closes_a_loop_is_refused_by_name(file, constraint):
    """One in a rigid part, to a free or mocap body, or that is off, is none."""
    text = samples.GRIPPER.replace("<equality>", f"<equality>{constraint}")
    text = text.replace("<worldbody>", '<worldbody><body name="goal" mocap="true"/>')
    text = text.replace('<body name="b"', '<site name="on a"/><body name="b"')
    text = text.replace('<body name="left"', '<site name="on hand"/><body name="left"')
    if not CLOSING[constraint]:
        assert arms.load(file(text)).dof == 2
        return
    kind = constraint[1:].split()[0]
    with pytest.raises(MjcfError, match=rf"<{kind}> 'bar' closes a loop from body .*needs a tip"):
        arms.load(file(text))


def test_models_of_robot_descriptions_load_by_name(file, tmp_path, monkeypatch, iiwa):
    """MJCF and URDF; a wrong name lists those like it, a failed download is one line."""
    with pytest.raises(ArmError, match=r"'x_mj_description'.*: pip install robot_descriptions"):
        arms.load("x_mj_description")
    package = tmp_path / "robot_descriptions"
    package.mkdir()
    (package / "__init__.py").write_text("")
    mjcf, urdf = file(samples.CLASSES), file(iiwa.to_urdf(), "iiwa.urdf")
    (package / "arm_mj_description.py").write_text(f"MJCF_PATH = {str(mjcf)!r}")
    (package / "arm_description.py").write_text(f"URDF_PATH = {str(urdf)!r}")
    (package / "far_description.py").write_text("raise OSError('no\\nnetwork')")
    for name in ("other_description.py", "_descriptions.py"):
        (package / name).write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert arms.load("arm_mj_description", tip="flange").joint_names == ("one", "two", "three")
    assert arms.load("arm_description").joint_names == iiwa.joint_names
    for name, message in (
        ("amr_mj_description", "has no 'amr_mj_description'; similar names: arm_mj_description"),
        ("zzz_description", r"has no 'zzz_description'; similar names: (\w+_description(, )?)+$"),
        ("far_description", "cannot fetch 'far_description': OSError: no network"),
        ("other_description", "neither a URDF nor an MJCF file"),
    ):
        with pytest.raises(ArmError, match=message):
            arms.load(name)


@pytest.mark.parametrize("arm", ["", '<joint name="j" axis="0 1 0"/>'])
def test_a_ball_joint_at_the_end_asks_for_the_tip(file, arm):
    """The arm does not end before it in silence; a tip that is named may."""
    body = '<body name="hand" pos=".3 0 0"><joint name="k" type="ball"/><geom size=".1"/></body>'
    whole = f'<body name="arm">{arm}<geom size=".1"/>{body}</body>'
    path = file(f"<mujoco><worldbody>{whole}</worldbody></mujoco>")
    with pytest.raises(MjcfError, match=r"joint 'k' beyond 'arm' has type 'ball'.*name the tip"):
        arms.load(path)
    if arm:
        assert arms.load(path, tip="arm").joint_names == ("j",)
