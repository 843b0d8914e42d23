import importlib.util
import random
from pathlib import Path

import numpy as np
import pytest

import arms
from arms.errors import UrdfError
from arms.model.urdf import parse_urdf

SCRIPTS = Path(__file__).parents[1] / "scripts"
PENDULUM = """<robot name="p"><link name="base"/><link name="rod">
<inertial><origin xyz="0.5 0 0"/><mass value="1"/>
<inertia ixx="0.01" ixy="0" ixz="0" iyy="0.1" iyz="0" izz="0.1"/></inertial></link>
<joint name="j" type="revolute"><parent link="base"/><child link="rod"/><axis xyz="0 1 0"/>
<limit lower="-1" upper="1" velocity="2" effort="3"/></joint></robot>"""


def test_a_pendulum_is_read():
    """Names, limits and the mass matrix about the joint, in closed form."""
    arm = arms.Arm(parse_urdf(PENDULUM))
    assert (arm.name, arm.dof, arm.joint_names) == ("p", 1, ("j",))
    assert arm.frames == ("base", "rod", "tool")
    limits = arm.q_lower, arm.q_upper, arm.dq_max, arm.tau_max
    np.testing.assert_array_equal(np.ravel(limits), [-1, 1, 2, 3])
    np.testing.assert_allclose(arm.mass_matrix([0.0]), [[0.1 + 0.25]])
    np.testing.assert_allclose(arm.gravity([0.3]), [-9.81 * 0.5 * np.cos(0.3)])


REFUSED = {
    "not XML": ("<robot>", ""),
    "is <sdf>, not <robot": ("robot", "sdf"),
    "entities": ('<robot name="p">', '<!DOCTYPE r [<!ENTITY a "b">]><robot name="p">'),
    "two links are named 'base'": ('<link name="rod">', '<link name="base"/><link name="rod">'),
    "no parent link 'nowhere'": ('<parent link="base"/>', '<parent link="nowhere"/>'),
    "lacks a <parent": ('<parent link="base"/>', ""),
    "2 links have no parent": ('<link name="base"/>', '<link name="base"/><link name="b2"/>'),
    "type 'floating'; supported": ('type="revolute"', 'type="floating"'),
    "too short for a direction": ('xyz="0 1 0"', 'xyz="0 0 0"'),
    "needs 3 numbers": ('xyz="0 1 0"', 'xyz="0 1"'),
    "negative mass -1 kg": ('mass value="1"', 'mass value="-1"'),
    "'nan'> is not a finite": ('mass value="1"', 'mass value="nan"'),
    "'inf'> is not a finite": ('izz="0.1"', 'izz="inf"'),
    "'1e400'> is not a finite": ('izz="0.1"', 'izz="1e400"'),
    "above its upper limit": ('lower="-1"', 'lower="5"'),
    "printable": ('<link name="rod">', '<link name="ro&#10;d">'),
    "mimics 'k'": ("</joint>", '<mimic joint="k"/></joint>'),
    "mimics itself": ("</joint>", '<mimic joint="j"/></joint>'),
    "velocity=-2> is negative, needs 0": ('velocity="2"', 'velocity="-2"'),
    "effort='much'> is not a number": ('effort="3"', 'effort="much"'),
    "'1e16'> is too large, needs at most": ('mass value="1"', 'mass value="1e16"'),
    "leaves it out": ('type="revolute"', 'type="planar"'),
    "0 moving joints": ('type="revolute"', 'type="fixed"'),
}


@pytest.mark.parametrize("message", REFUSED)
def test_a_broken_urdf_is_refused_and_the_message_says_why(message):
    """One line that names the part, the value and what would do."""
    old, new = REFUSED[message]
    text = PENDULUM.replace(old, new) if new or old != "<robot>" else "<robot><link"
    assert text != PENDULUM
    with pytest.raises(UrdfError) as caught:
        parse_urdf(text)
    assert message.replace("> is", ">").split(">")[0] in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("as_bytes", [False, True])
def test_what_the_parser_of_ros_takes_does_not_block_a_file(as_bytes):
    """Prefixes that are not declared, Drake's among them, and blanks before the declaration."""
    rotor = (
        '<x:note/><transmission><joint name="j"/><actuator name="m"><drake:rotor_inertia '
        'value="0.01"/><drake:gear_ratio value="10"/></actuator></transmission></robot>'
    )
    text = PENDULUM.replace("</robot>", rotor).replace("<limit", '<limit drake:acceleration="2"')
    text = f'\n \n<?xml version="1.0"?>{text.lstrip()}'
    arm = arms.loads(text.encode() if as_bytes else text)
    np.testing.assert_allclose(arm.armature, [1.0])
    np.testing.assert_allclose(arm.mass_matrix([0.0]), [[1.35]])
    with pytest.raises(UrdfError, match="it is xacro"):
        arms.loads(text.replace("<x:note/>", "<xacro:include/>"))


def test_cycles_are_refused():
    """A ring of links has no root; a ring beside the tree is not reachable."""
    ring = PENDULUM.replace(
        "</robot>",
        '<joint name="k" type="fixed"><parent link="rod"/><child link="base"/></joint></robot>',
    )
    with pytest.raises(UrdfError, match="cycle"):
        parse_urdf(ring)
    beside = PENDULUM.replace(
        "</robot>",
        '<link name="a"/><link name="b"/>'
        '<joint name="k" type="fixed"><parent link="a"/><child link="b"/></joint>'
        '<joint name="m" type="fixed"><parent link="b"/><child link="a"/></joint></robot>',
    )
    with pytest.raises(UrdfError, match="cycle"):
        parse_urdf(beside)


@pytest.mark.parametrize(
    "name", ["'; import os; '", "__import__('os')", "名前", "a b", "{0}", "%s", "q0", "s1", "tool"]
)
def test_strange_names_are_only_names(name):
    """Code, quotes and Unicode in names change nothing; the URDF written back has plain names."""
    escaped = name.replace("'", "&apos;")
    text = PENDULUM.replace('"rod"', f'"{escaped}"').replace('"j"', f'"{escaped}"')
    arm = arms.Arm(parse_urdf(text))
    assert arm.joint_names == (name,)
    np.testing.assert_allclose(arm.mass_matrix([0.0]), [[0.35]])
    assert arms.Arm(parse_urdf(arm.to_urdf())).dof == 1


def test_a_billion_laughs_and_an_endless_chain_are_refused_at_once():
    """An entity-expansion attack and 10,000 joints each get their error, nothing is expanded."""
    laughs = "".join(f'<!ENTITY l{k} "{f"&l{k - 1};" * 10}">' for k in range(1, 12))
    with pytest.raises(UrdfError, match="entities"):
        parse_urdf(f'<!DOCTYPE r [<!ENTITY l0 "ha">{laughs}]><robot name="&l11;"/>')
    links = "".join(f'<link name="l{k}"/>' for k in range(10_001))
    joints = "".join(
        f'<joint name="j{k}" type="revolute"><parent link="l{k}"/><child link="l{k + 1}"/></joint>'
        for k in range(10_000)
    )
    with pytest.raises(UrdfError, match="10000 joints"):
        parse_urdf(f'<robot name="long">{links}{joints}</robot>')


def test_a_missing_inertia_is_reported_once():
    """A moving link without <inertial> in the middle of a chain is massless, with a warning."""
    text = PENDULUM.replace(
        "</robot>",
        '<link name="end"/><joint name="k" type="revolute"><parent link="rod"/>'
        '<child link="end"/><origin xyz="1 0 0"/><axis xyz="0 1 0"/></joint>'
        '<link name="last"><inertial><mass value="1"/></inertial></link>'
        '<joint name="m" type="fixed"><parent link="end"/><child link="last"/></joint></robot>',
    )
    with pytest.warns(UserWarning, match="massless: 'end'"):
        parse_urdf(text)


def test_a_massless_tip_is_reported_too():
    """A moving last link without <inertial> has no forward dynamics; a fixed flange has no need."""
    with pytest.warns(UserWarning, match="massless: 'last'"):
        chain = parse_urdf(with_parts(hung("last", kind="revolute")))
    with pytest.raises(arms.ArmError, match=r"Arm 'p': M is singular.*links 'last' can move"):
        arms.Arm(chain).forward_dynamics(np.zeros(2), np.zeros(2), np.zeros(2))
    assert parse_urdf(with_parts(hung("flange"))).tip == "flange"


def test_an_unphysical_inertia_is_reported():
    """Moments that break the triangle inequality are kept, with a warning that names the link."""
    with pytest.warns(UserWarning, match=r"no rigid body has.*'rod'"):
        parse_urdf(PENDULUM.replace('izz="0.1"', 'izz="9"'))


def with_parts(parts, text=PENDULUM):
    """A URDF with more parts."""
    return text.replace("</robot>", f"{parts}</robot>")


def hung(name, parent="rod", kind="fixed", inside=""):
    """A link without mass, on a joint "to_<name>"."""
    return (
        f'<link name="{name}"/><joint name="to_{name}" type="{kind}"><parent link="{parent}"/>'
        f'<child link="{name}"/>{inside}</joint>'
    )


def test_the_end_that_most_joints_move_is_the_tip():
    """A base frame beside the arm is no end of it; two ends at one depth, or no base, are asked."""
    assert parse_urdf(with_parts(hung("base_x", "base"))).tip == "rod"
    two = with_parts(hung("base_x", "base") + hung("b") + hung("a"))
    ends = r"3 ends, by moving joints: 'a' \(1\), 'b' \(1\), 'base_x' \(0\); name the tip"
    with pytest.raises(UrdfError, match=ends):
        parse_urdf(two)
    assert parse_urdf(two, tip="b").tip == "b"
    fingers = hung("left", kind="prismatic") + hung(
        "right", kind="prismatic", inside='<mimic joint="to_left"/>'
    )
    with pytest.raises(UrdfError, match=r"'left' \(2\), 'right' \(2\)"):
        parse_urdf(with_parts(fingers))
    apart = with_parts('<link name="apart"/>')
    with pytest.raises(UrdfError, match="2 links have no parent: 'apart', 'base'; name the base"):
        parse_urdf(apart)
    assert parse_urdf(apart, base="base").tip == "rod"
    ring = with_parts(
        '<joint name="k" type="fixed"><parent link="rod"/><child link="base"/></joint>'
    )
    with pytest.raises(UrdfError, match="joint 'j' closes a cycle at the base 'rod'"):
        parse_urdf(ring, base="rod")


OFF_THE_WAY = {
    "floating": hung("x", kind="floating"),
    "planar": hung("x", kind="planar"),
    "a mimic of nothing": hung("x", kind="revolute", inside='<mimic joint="nothing"/>'),
    "a mimic of itself": hung("x", kind="revolute", inside='<mimic joint="to_x"/>'),
    "limits upside down": hung("x", kind="revolute", inside='<limit lower="1" upper="-1"/>'),
    "limits of 1e16": hung("x", kind="revolute", inside='<limit lower="-1e16" upper="1e16"/>'),
    "limits of inf": hung("x", kind="prismatic", inside='<limit lower="-inf" upper="inf"/>'),
    "no axis": hung("x", kind="revolute", inside='<axis xyz="0 0 0"/>'),
    "a rotor of nothing": hung("x", kind="revolute")
    + '<transmission><joint name="to_x"/><actuator><rotor_inertia value="x"/></actuator>'
    "</transmission>",
}


@pytest.mark.parametrize("part", OFF_THE_WAY)
def test_what_the_arm_does_not_need_does_not_block_it(part):
    """Off the way to the tip a joint is rigid at zero; above the base nothing is read."""
    off = with_parts(OFF_THE_WAY[part])
    chain = parse_urdf(off, tip="rod")
    assert [joint.kind for joint in chain.joints] == ["revolute", "fixed"]
    assert arms.Arm(chain).pose([0.3], "x") == pytest.approx(arms.Arm(chain).pose([0.3], "rod"))
    above = (
        '<link name="world"><inertial><mass value="-1"/></inertial></link>'
        + OFF_THE_WAY[part].replace("rod", "world")
        + hung("base", "world", "floating").removeprefix('<link name="base"/>')
    )
    chain = parse_urdf(with_parts(above), base="base")
    assert (chain.base, [joint.name for joint in chain.joints]) == ("base", ["j"])
    with pytest.raises(
        UrdfError, match=r"way to the tip has type 'floating'.*base below it, 'base'"
    ):
        parse_urdf(with_parts(above.replace('"-1"', '"1"')), tip="rod")


def test_another_arm_in_the_file_does_not_block_it():
    """Links and joints that are not below the base: repeated, in a cycle, or of unknown ends."""
    other = hung("x", "world") + hung("y", "x") + hung("x", "y", "ball") + hung("y", "nowhere")
    text = with_parts('<link name="world"/>' + other + hung("base", "world").partition("/>")[2])
    assert parse_urdf(text, base="base").tip == "rod"
    with pytest.raises(UrdfError, match="two links are named 'x'"):
        parse_urdf(text)
    joint = '<joint name="k" type="{}"><parent link="{}"/><child link="{}"/></joint>'
    assert parse_urdf(with_parts(joint.format("ball", "nowhere", "base")), base="base").tip == "rod"
    loop = with_parts('<link name="world"/>' + joint.format("fixed", "world", "rod"))
    with pytest.raises(UrdfError, match="link 'rod' has two parents, by joints 'j' and 'k'"):
        parse_urdf(loop, base="base")
    with pytest.raises(UrdfError, match="two joints are named 'j'"):
        parse_urdf(with_parts(hung("x").replace("to_x", "j")), base="base")


def test_a_mesh_that_cannot_be_read_is_left_out(caplog):
    """A scale of four numbers: the arm is there, and the log says what is missing."""
    mesh = '<visual><geometry><mesh filename="a.stl" scale="{}"/></geometry></visual></inertial>'
    for scale, count in (("1 1 2", 1), ("1 1 1 1", 0)):
        text = PENDULUM.replace(
            "</inertial>", "</inertial>" + mesh.format(scale)[: -len("</inertial>")]
        )
        assert len(parse_urdf(text, Path("/")).links[1].visuals) == count
    assert "link 'rod': <mesh scale='1 1 1 1'> needs 3 numbers" in caplog.text


def test_limits_are_those_of_the_format(caplog):
    """0 is a limit, what a <limit> does not state is 0 or infinite, and 1e9 and more are none."""
    stated = 'lower="-1" upper="1" velocity="2" effort="3"'

    def limits(text):
        arm = arms.Arm(parse_urdf(PENDULUM.replace(stated, text)))
        return np.ravel([arm.q_lower, arm.q_upper, arm.dq_max, arm.tau_max]).tolist()

    inf = np.inf
    assert limits('lower="-1" upper="1" velocity="0" effort="0"') == [-1, 1, 0, 0]
    assert "of joints 'j': as stated, they cannot move" in caplog.text
    assert limits('effort="3"') == [0, 0, inf, 3]
    assert limits('lower="-1" velocity="2"') == [-1, 0, 2, inf]
    assert limits('lower="-1e16" upper="inf" velocity="1e9" effort="inf"') == [-inf, inf, inf, inf]
    free = PENDULUM.replace(f"<limit {stated}/>", "")
    assert arms.Arm(parse_urdf(free)).q_upper[0] == inf


@pytest.mark.parametrize(
    ("locked", "message"),
    [
        ({"to_x": np.nan}, r"locked\['to_x'\]: is nan, needs a finite number"),
        ({"to_x": "0.3"}, r"locked\['to_x'\]: is '0.3', needs a finite number"),
        ({"to_x": [0.3]}, r"locked\['to_x'\]: is \[0.3\], needs"),
        (["to_x"], r"locked: is \['to_x'\], needs positions by joint"),
        (3, "locked: is 3, needs positions by joint"),
    ],
)
def test_joints_are_locked_at_numbers(locked, message):
    """NaN, text and sequences are refused, for a file and for an arm of the catalogue."""
    text = with_parts(hung("x", kind="prismatic", inside='<axis xyz="1 0 0"/>'))
    with pytest.raises(UrdfError, match=message):
        parse_urdf(text, tip="rod", locked=locked)
    renamed = {"joint1": locked["to_x"]} if isinstance(locked, dict) else locked
    with pytest.raises(arms.ArmError, match=message.replace("to_x", "(joint1|to_x)")):
        arms.load("planar2", locked=renamed)
    chain = parse_urdf(text, tip="rod", locked={"to_x": np.float32(0.5)})
    assert arms.Arm(chain).pose([0.0], "x")[0, 3] == 0.5


def test_angles_in_a_file_are_taken_for_the_right_angles_they_mean():
    """1.57079632679 is pi/2, which makes the equations shorter; snap=False takes it as it is."""
    turned = with_parts(
        '<link name="end"><inertial><origin rpy="0 3.14159265359 0"/><mass value="1"/>'
        '<inertia ixx="1" iyy="1" izz="1"/></inertial></link>'
        '<joint name="k" type="revolute"><parent link="rod"/><child link="end"/>'
        '<origin xyz="1 0 0" rpy="1.57079632679 0 0"/><axis xyz="0 0 1"/></joint>'
    )
    right, written = (arms.Arm(parse_urdf(turned, snap=snap)) for snap in (True, False))
    q = [0.4, 0.3]
    difference = np.abs(right.pose(q) - written.pose(q)).max()
    assert 1e-12 < difference < 1e-11
    right_steps, written_steps = (arm.kernel("pose").steps() for arm in (right, written))
    assert right_steps.operations() < written_steps.operations()
    assert written.chain.joints[1].origin.rpy[0] == 1.57079632679


def test_an_arm_with_branches_is_written_and_read_as_itself():
    """Side ends, deeper ones and a link called "tool": the frames and numbers come back."""
    heavy = '<link name="deep"><inertial><mass value="1"/></inertial></link>'
    deep = hung("deep", kind="prismatic", inside='<mimic joint="j"/>')
    branches = hung("camera") + deep.replace('<link name="deep"/>', heavy)
    for text in (with_parts(branches), with_parts(branches + hung("tool", "camera"))):
        arm = arms.Arm(parse_urdf(text, tip="rod")).with_payload(1.0).with_tool(np.eye(4))
        for _ in range(2):
            again = arms.Arm(parse_urdf(arm.to_urdf()))
            assert (again.chain.tip, set(again.frames)) == ("rod", set(arm.frames))
            for frame in arm.frames:
                np.testing.assert_array_equal(again.pose([0.3], frame), arm.pose([0.3], frame))
            np.testing.assert_allclose(again.mass_matrix([0.3]), arm.mass_matrix([0.3]), rtol=1e-15)
            arm = again


def test_a_link_called_tool_has_a_frame():
    """The tool frame moves with a tool; the link's own frame, "tool_link", stays."""
    arm = arms.Arm(parse_urdf(PENDULUM.replace('"rod"', '"tool"')))
    assert arm.frames == ("base", "tool_link", "tool")
    longer = np.eye(4)
    longer[0, 3] = 0.5
    moved = arm.with_tool(longer)
    np.testing.assert_array_equal(moved.pose([0.0], "tool_link"), np.eye(4))
    np.testing.assert_array_equal(moved.pose([0.0], "tool"), longer)
    assert moved.parameter_names[0] == "tool.m"
    again = arms.Arm(parse_urdf(moved.to_urdf()))
    assert again.frames == moved.frames
    np.testing.assert_array_equal(again.pose([0.2]), moved.pose([0.2]))


def test_a_branching_urdf_needs_a_tip_and_carries_its_branches():
    """The Panda of pybullet_data: ends are listed, fingers are held, and their mass is carried."""
    import pybullet_data  # not on every Python

    path = Path(pybullet_data.getDataPath()) / "franka_panda" / "panda.urdf"
    with pytest.raises(UrdfError, match="name the tip"):
        arms.load(path)
    closed = arms.load(path, tip="panda_grasptarget")
    opened = arms.load(path, tip="panda_grasptarget", locked={"panda_finger_joint1": 0.04})
    assert closed.dof == opened.dof == 7
    q = np.zeros(7)
    assert np.abs(closed.mass_matrix(q) - opened.mass_matrix(q)).max() > 1e-6
    with pytest.raises(UrdfError, match="no moving joint 'x' to lock; joints: 'panda_finger"):
        arms.load(path, tip="panda_grasptarget", locked={"x": 0.0})
    with pytest.raises(UrdfError, match="no tip link 'x'; links: 'panda_grasptarget'"):
        arms.load(path, tip="x")


def test_unknown_arms_and_files_are_reported(tmp_path):
    """The message lists the catalogue, or says why the file cannot be read."""
    with pytest.raises(arms.ArmError, match=r"no arm 'ur6'; arms: planar1, .*xarm6"):
        arms.load("ur6")
    with pytest.raises(UrdfError, match="cannot be read: No such file"):
        arms.load(tmp_path / "missing.urdf")
    with pytest.raises(UrdfError, match="cannot be read"):
        arms.load(tmp_path)
    for nothing in ("", " ", "a" * 5000):
        with pytest.raises(arms.ArmError, match=r"there is no arm '.*; arms: planar1"):
            arms.load(nothing)
    with pytest.raises(UrdfError, match="cannot be read: embedded null"):
        arms.load("a\0.urdf")


def test_a_path_may_begin_in_the_users_folder(tmp_path, monkeypatch):
    """``~`` is the home folder, in a file's path alone."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "p.urdf").write_text(PENDULUM)
    assert arms.load("~/p.urdf").chain.source == "p.urdf"
    with pytest.raises(UrdfError, match="Is a directory"):
        arms.load("~")


def test_mutated_urdfs_are_read_or_refused():
    """300 mutants of the catalogue's URDFs: no other exception, none that hangs."""
    spec = importlib.util.spec_from_file_location("fuzz_urdf", SCRIPTS / "fuzz_urdf.py")
    fuzz = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fuzz)
    rng, texts = random.Random(0), fuzz.sources()
    outcomes = [fuzz.outcome(fuzz.mutate(rng.choice(texts), rng)) for _ in range(300)]
    assert 30 < outcomes.count("read") < 270


TIES = {
    '<loop_joint name="bar"><link1 link="base"/><link2 link="rod"/></loop_joint>': True,
    "<gazebo><joint name='bar'><parent>rod</parent><child>base</child></joint></gazebo>": True,
    "<gazebo><joint name='bar'><parent>rod</parent><child>mount</child></joint></gazebo>": True,
    "<gazebo><joint name='bar'><parent>world</parent><child>base</child></joint></gazebo>": False,
    "<gazebo><joint name='bar'><parent>base</parent><child>mount</child></joint></gazebo>": False,
    "<gazebo><joint name='bar'/></gazebo><loop_joint/>": False,
}


@pytest.mark.parametrize("tie", TIES)
def test_an_extension_that_closes_a_loop_is_refused_by_name(tie):
    """One to the world outside, or in a rigid part, closes none."""
    text = with_parts(tie + hung("mount", "base"))
    if TIES[tie]:
        with pytest.raises(UrdfError, match=r"'bar' closes a loop from link .*needs a tip or base"):
            parse_urdf(text, tip="rod")
    else:
        assert parse_urdf(text, tip="rod").tip == "rod"
