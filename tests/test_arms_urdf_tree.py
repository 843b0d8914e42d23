"""Links and joints of a file: the way from base to tip, branches, loops."""

from pathlib import Path

import numpy as np
import pytest
from urdf_samples import PENDULUM, hung, with_parts

import arms
from arms.errors import UrdfError
from arms.model.urdf import parse_urdf


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
