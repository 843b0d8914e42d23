import importlib.util
import random
from pathlib import Path

import numpy as np
import pytest
from urdf_samples import PENDULUM

import arms
from arms.errors import UrdfError
from arms.model.urdf import parse_urdf

SCRIPTS = Path(__file__).parents[1] / "scripts"


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
    "no parent link 'nowhere'; links: 'base', 'rod'; a base below it, 'rod', leaves it out": (
        '<parent link="base"/>',
        '<parent link="nowhere"/>',
    ),
    "lacks a <parent": ('<parent link="base"/>', ""),
    "2 links have no parent": ('<link name="base"/>', '<link name="base"/><link name="b2"/>'),
    "type 'floating'; supported": ('type="revolute"', 'type="floating"'),
    "too short for a direction": ('xyz="0 1 0"', 'xyz="0 0 0"'),
    "needs 3 numbers": ('xyz="0 1 0"', 'xyz="0 1"'),
    "joint 'j': <axis xyz=''": ('<axis xyz="0 1 0"', '<axis xyx="0 1 0"'),
    "link 'rod': <inertia": ('izz="0.1"', 'zz="0.1"'),
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
