"""Arms by name, as text, packed by gzip, and from xacro."""

import gzip
import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from mjcf_samples import CLASSES

import arms
from arms.errors import UrdfError
from arms.model import file_bytes
from arms.model.model_file import model_data

XACRO = """<?xml version="1.0"?>
<robot name="rr" xmlns:xacro="http://www.ros.org/wiki/xacro">
  <xacro:include filename="$(find rr_description)/urdf/link.xacro"/>
  <xacro:arg name="length" default="0.5"/>
  <link name="base"/>
  <xacro:rod name="upper" parent="base" at="0" mass="2"/>
  <xacro:rod name="lower" parent="upper" at="$(arg length)" mass="1"/>
</robot>"""
LINK = """<robot xmlns:xacro="http://www.ros.org/wiki/xacro">
  <xacro:macro name="rod" params="name parent at mass">
    <joint name="${name}_joint" type="revolute">
      <parent link="${parent}"/><child link="${name}"/><origin xyz="${at} 0 0"/>
      <axis xyz="0 0 1"/><limit lower="${-pi}" upper="${pi}" effort="9" velocity="2"/>
    </joint>
    <link name="${name}"><inertial><mass value="${mass}"/>
      <inertia ixx="${mass / 100}" iyy="${mass / 100}" izz="${mass / 100}"/></inertial></link>
  </xacro:macro>
</robot>"""


@pytest.fixture
def xacro(tmp_path):
    """A file of xacro in a package of ROS."""
    package = tmp_path / "share" / "rr_description"
    (package / "urdf").mkdir(parents=True)
    (package / "package.xml").write_text("<package><name>rr_description</name></package>")
    (package / "urdf" / "link.xacro").write_text(LINK)
    file = package / "urdf" / "rr.urdf.xacro"
    file.write_text(XACRO)
    return file


@pytest.mark.parametrize("convert", [str, str.encode])
def test_text_gives_the_arm_of_its_file(convert, tmp_path):
    """All but the source, which the text has not."""
    text = arms.load("planar2").to_urdf()
    path = tmp_path / "arm.urdf"
    path.write_text(text)
    given, filed = arms.loads(convert(text), tip="tool"), arms.load(path, tip="tool")
    assert given.chain.links == filed.chain.links
    assert given.chain.joints == filed.chain.joints
    assert (given.chain.source, filed.chain.source) == ("URDF as text", "arm.urdf")


def test_meshes_of_a_text_are_in_a_folder(tmp_path):
    """With a folder the links have their meshes, without one none."""
    text = (
        '<robot name="r"><link name="a"/><link name="b"><visual><geometry><mesh filename="b.stl"/>'
        '</geometry></visual></link><joint name="j" type="continuous"><parent link="a"/>'
        '<child link="b"/></joint></robot>'
    )
    with pytest.warns(UserWarning, match="massless"):
        seen = arms.loads(text, folder=tmp_path)
    with pytest.warns(UserWarning, match="massless"):
        unseen = arms.loads(text)
    assert [v.mesh for v in seen.chain.links[1].visuals] == [str(tmp_path / "b.stl")]
    assert unseen.chain.links[1].visuals == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("arm.urdf", "begins with 'arm.urdf', needs a URDF; arms.load takes a path"),
        (b"", "begins with b'', needs a URDF"),
        (None, "text: is None, needs a URDF as a string or bytes"),
        ("<mujoco/>", "the outer element is <mujoco>, not <robot>"),
        (XACRO, "it is xacro, needs the URDF that xacro makes of it, or its file"),
        ("<robot>", "not XML"),
    ],
)
def test_text_that_is_no_urdf_is_refused(text, message):
    """The message says what it is instead."""
    with pytest.raises(UrdfError, match=message):
        arms.loads(text)


def test_files_may_be_packed_by_gzip(tmp_path):
    """URDF, MJCF and model files, whatever they are called."""
    arm = arms.load("planar2")
    for name in ("arm.urdf.gz", "arm.urdf"):
        (tmp_path / name).write_bytes(gzip.compress(arm.to_urdf().encode()))
        assert arms.load(tmp_path / name).chain.joints == arm.chain.joints
    (tmp_path / "arm.json.gz").write_bytes(
        gzip.compress(json.dumps(model_data(arm.chain)).encode())
    )
    assert arms.load(tmp_path / "arm.json.gz").chain == arm.chain
    (tmp_path / "plain.xml").write_text(CLASSES)
    (tmp_path / "arm.xml.gz").write_bytes(gzip.compress(CLASSES.encode()))
    packed, plain = (arms.load(tmp_path / name) for name in ("arm.xml.gz", "plain.xml"))
    assert packed.chain.joints == plain.chain.joints


def test_what_gzip_cannot_unpack_is_refused(tmp_path, monkeypatch):
    """A file that ends early, and one that is larger than any arm once it is unpacked."""
    path, packed = tmp_path / "arm.urdf.gz", gzip.compress(b"<robot>" + bytes(100_000))
    path.write_bytes(packed[:-20])
    with pytest.raises(UrdfError, match="cannot be unpacked by gzip: Compressed file ended"):
        arms.load(path)
    path.write_bytes(packed)
    monkeypatch.setattr(file_bytes, "MAX_BYTES", 50_000)
    with pytest.raises(UrdfError, match="is larger than"):
        arms.load(path)


@pytest.mark.parametrize(
    ("word", "name"),
    [
        *(("FR3", "fr3"), ("Franka Panda", "panda"), ("fer", "panda"), ("UR-5e", "ur5e")),
        *(("jaco", "jaco2"), ("KUKA_iiwa", "kuka_iiwa"), ("xarm_6", "xarm6")),
        *(("iiwa 14", "iiwa14"), ("LBR iiwa 14 R820", "iiwa14"), ("Gen3 7DOF", "gen3")),
    ],
)
def test_an_arm_has_other_names(word, name):
    """Of any case and with any separator, if no other arm has the word."""
    assert arms.load(word).name == name


@pytest.mark.parametrize("word", ["franka", "UR", "iiwa", "Kinova"])
def test_a_word_for_several_arms_stands_for_none(word):
    """The error names them."""
    with pytest.raises(arms.ArmError, match=r"is the name of several arms, needs one of \w+, "):
        arms.load(word)


def test_an_unknown_name_brings_the_nearest_ones():
    """If there are some; a path is no name."""
    with pytest.raises(arms.ArmError, match=r"no arm 'pandda'; arms: .*; did you mean panda"):
        arms.load("pandda")
    with pytest.raises(arms.ArmError, match=r"model file$"):
        arms.load("nothing like it")
    with pytest.raises(arms.ArmError, match=r"no arm '\./ur5'"):
        arms.load("./ur5")
    with pytest.raises(arms.ArmError, match=r"no arm '<robot.*; arms\.loads takes a URDF as text"):
        arms.load("<robot/>")
    with pytest.raises(arms.ArmError, match=r"no arm 'pandda'.*did you mean panda"):
        arms.drives("pandda")
    assert arms.drives("Panda") is arms.drives("panda")


def test_xacro_is_named_where_no_package_expands_it(xacro, monkeypatch):
    """By its ending or its elements; the error says what to install or to run."""
    for package in ("xacrodoc", "xacro"):
        monkeypatch.setitem(sys.modules, package, None)
    plain = xacro.with_name("robot.urdf")
    plain.write_text(XACRO)
    for path in (xacro, plain):
        with pytest.raises(
            UrdfError, match=r"'.*': it is xacro: pip install xacrodoc, .* or run `x"
        ):
            arms.load(path)
    packed = xacro.with_name("rr.xacro.gz")
    packed.write_bytes(gzip.compress(XACRO.encode()))
    with pytest.raises(UrdfError, match="xacro packed by gzip, needs to be unpacked"):
        arms.load(packed)


def test_the_package_xacro_is_enough_in_a_workspace_of_ros(xacro, monkeypatch):
    """It is called with the file and its arguments; folders of packages need xacrodoc."""
    calls, text = [], arms.load("planar2").to_urdf()

    def process_file(path, mappings):
        calls.append((path, mappings))
        return SimpleNamespace(toxml=lambda: text)

    monkeypatch.setitem(sys.modules, "xacrodoc", None)
    monkeypatch.setitem(sys.modules, "xacro", SimpleNamespace(process_file=process_file))
    assert arms.load(xacro, arguments={"length": 0.7}).dof == 2
    assert calls == [(str(xacro), {"length": "0.7"})]
    with pytest.raises(UrdfError, match="pip install xacrodoc"):
        arms.load(xacro, packages=[xacro.parents[2]])


def test_xacrodoc_expands_macros_arguments_and_packages(xacro, tmp_path):
    """Packages above the file are found, others in the folders given."""
    pytest.importorskip("xacrodoc")
    arm = arms.load(xacro)
    assert (arm.name, arm.dof) == ("rr", 2)
    np.testing.assert_allclose(arm.pose([0.0, 0.0], "lower")[0, 3], 0.5)
    longer = arms.load(xacro, arguments={"length": "0.7"})
    np.testing.assert_allclose(longer.pose([0.0, 0.0], "lower")[0, 3], 0.7)
    away = tmp_path / "away.xacro"
    away.write_text(XACRO)
    assert arms.load(away, packages=[tmp_path / "share"]).chain.joints == arm.chain.joints
    with pytest.raises(UrdfError, match=r"expanded: \w+: .*rr_description.*; needs packages="):
        arms.load(away)
    for manifest in (tmp_path / "share").rglob("package.xml"):
        manifest.unlink()  # then its folder's name is its name
    assert arms.load(away, packages=[tmp_path / "share"]).chain.joints == arm.chain.joints
    beside = (
        "<robot xmlns:xacro='http://www.ros.org/wiki/xacro'><xacro:include filename='{}'/></robot>"
    )
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "most.xacro").write_text(beside.format("../away.xacro"))
    whole = tmp_path / "whole.xacro"
    whole.write_text(beside.format("parts/most.xacro").replace("<robot", "<robot name='rr'"))
    assert arms.load(whole, packages=[tmp_path / "share"]).chain.joints == arm.chain.joints
    away.write_text("<robot xmlns:xacro='http://www.ros.org/wiki/xacro'><xacro:nothing/></robot>")
    with pytest.raises(UrdfError, match=r"away.xacro': it is xacro, which cannot be expanded"):
        arms.load(away)


def test_arguments_of_what_is_no_xacro_are_refused(tmp_path):
    """A URDF, an MJCF and an arm of the catalogue have none."""
    path = tmp_path / "arm.urdf"
    path.write_text(arms.load("planar2").to_urdf())
    for name in ("planar2", path):
        with pytest.raises(arms.ArmError, match="arguments and packages are for xacro files"):
            arms.load(name, arguments={"length": "1"})
    with pytest.raises(arms.ArmError, match="arguments: is 'length', needs values by name"):
        arms.load(path, arguments="length")
    with pytest.raises(arms.ArmError, match="packages: is 'share', needs a list of folders"):
        arms.load(path, packages="share")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"base": ""}, "base: is '', needs a name, or None for the default"),
        ({"tip": ["tool"]}, r"tip: is \['tool'\], needs a name"),
        ({"snap": "no"}, "snap: is 'no', needs True or False"),
    ],
)
def test_options_of_another_type_are_refused(options, message):
    """Of an arm of the catalogue, and of one given as text."""
    with pytest.raises(arms.ArmError, match=message):
        arms.load("planar2", **options)
    with pytest.raises(arms.ArmError, match=message):
        arms.loads("<robot/>", **options)
    with pytest.raises(arms.ArmError, match="folder: is 3, needs the path of a folder"):
        arms.loads("<robot/>", folder=3)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("joints", 0, "origin"), "x", "has another form|Pose"),
        (("links", 0, "inertia"), [1.0], "has another form"),
        (("links", 1, "inertia", "mass"), -(10**400), "Inertia.mass: is -inf kg, needs a finite"),
        (("tool",), 3.5, "has another form"),
        (("variable",), [["tool"]], r"'planar2'.variable\[0\]: is \['tool'\], needs a text"),
        (("source",), None, "Chain 'planar2'.source: is None, needs a text"),
    ],
)
def test_a_model_file_of_another_form_is_refused(path, value, message, tmp_path):
    """Whatever stands where a number, a text or a part should; the error names the file."""
    data = json.loads(json.dumps(model_data(arms.load("planar2").chain)))
    *way, last = path
    part = data["arm"]
    for key in way:
        part = part[key]
    part[last] = value
    file = tmp_path / "m.json"
    file.write_text(json.dumps(data))
    with pytest.raises(arms.ArmError, match=message) as caught:
        arms.load(file)
    assert str(caught.value).startswith(f"model file '{file}': ")
