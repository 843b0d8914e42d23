"""Chains written in Python: what no arm has is refused where it is written."""

import numpy as np
import pytest

import arms
from arms.model.chain import Chain, Inertia, Joint, Link, Mimic, Pose, Visual

LINKS = (Link("base"), Link("a", Inertia(1.0, (0.5, 0.0, 0.0))), Link("b", Inertia(1.0)))
FIRST, SECOND = Joint("i", "revolute", "base", "a"), Joint("j", "revolute", "a", "b")


def chain(links=LINKS, joints=(FIRST, SECOND), base="base", tip="b", **changes):
    """Two links on two joints."""
    return Chain("c", base, tip, links, joints, **changes)


PARTS = {
    r"Joint 'j'.axis: is \(0.0, 0.0, 2.0\), of length 2, needs length 1": {"axis": (0, 0, 2)},
    "axis: is .*of length 1.41421, needs length 1": {"axis": (1, 1, 0)},
    r"axis\[1\]: is nan, needs a finite number": {"axis": (0, np.nan, 1)},
    "axis: is 1, needs 3 numbers": {"axis": 1},
    "kind: is 'revolut', needs one of revolute, continuous, prismatic, fixed": {"kind": "revolut"},
    "lower: is 2, needs at most upper, 1": {"lower": 2, "upper": 1},
    "upper: is nan, needs a number": {"upper": np.nan},
    "velocity: is -1, needs a number, 0 or more": {"velocity": -1.0},
    "effort: is 'much', needs a number": {"effort": "much"},
    "Joint.name: is '', needs a text": {"name": ""},
    "Joint.child: is None, needs a text": {"child": None},
    "armature: is nan kg m": {"armature": np.nan},
    "Joint 'j'.dry: is True, needs a finite number": {"dry": True},
    "Joint 'j'.origin: is None, needs a Pose": {"origin": None},
    r"Joint 'j'.origin: is array.* needs a Pose": {"origin": np.eye(1)},
    "Joint 'j'.mimic: is 'i', needs a Mimic": {"mimic": "i"},
}


@pytest.mark.parametrize("message", PARTS)
def test_a_joint_that_no_arm_has_is_refused(message):
    """Each field of a joint, with its value and its need."""
    fields = {"name": "j", "kind": "revolute", "parent": "a", "child": "b"} | PARTS[message]
    with pytest.raises(arms.ArmError, match=message):
        Joint(**fields)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Inertia(-1.0), "Inertia.mass: is -1 kg, needs a finite number, 0 or more"),
        (lambda: Inertia(1.0, (0.0, 0.0)), r"Inertia.com: is \(0.0, 0.0\), needs 3 numbers"),
        (lambda: Inertia(1.0, moments=(np.inf,) * 6), r"Inertia.moments\[0\]: is inf kg m\^2"),
        (lambda: Pose((0.0, 0.0, np.nan)), r"Pose.xyz\[2\]: is nan m"),
        (lambda: Pose(rpy="xyz"), "Pose.rpy: is 'xyz', needs 3 numbers"),
        (lambda: Link(3), "Link.name: is 3"),
        (lambda: Mimic("i", np.inf), "Mimic of 'i'.multiplier: is inf"),
        (lambda: Pose((0.0, 0.0, 1e10)), r"Pose.xyz\[2\]: is 1e\+10 m, needs at most 1e\+09"),
        (lambda: Link("a", 1.0), "Link 'a'.inertia: is 1.0, needs an Inertia"),
        (lambda: Link("a", visuals=["a.stl"]), r"'a'.visuals\[0\]: is 'a.stl', needs a Visual"),
        (lambda: Visual(None), "Visual.mesh: is None, needs a path"),
        (lambda: Visual("", shape="cone"), "Visual.shape: is 'cone', needs one of mesh, box"),
        (lambda: Visual("a", rgba=(0, 0, 1)), r"Visual.rgba: is \(0, 0, 1\), needs 4 numbers"),
    ],
)
def test_numbers_and_names_that_no_part_has_are_refused(make, message):
    """Masses, positions, angles, names and multipliers."""
    with pytest.raises(arms.ArmError, match=message):
        make()


CHAINS = {
    "joint 'j' is on link 'a', which neither is the base nor": {"joints": (SECOND, FIRST)},
    "needs joints sorted from the base, no cycle": {"joints": (Joint("i", "fixed", "a", "a"),)},
    "joint 'k' leads to link 'a', which has its place": {
        "joints": (FIRST, SECOND, Joint("k", "fixed", "b", "a"))
    },
    "two links are named 'a'": {"links": (*LINKS, Link("a"))},
    "two joints are named 'i'": {"joints": (FIRST, FIRST)},
    "links and joints do not fit: 'loose'": {"links": (*LINKS, Link("loose"))},
    "links and joints do not fit: 'b'": {"links": LINKS[:2], "tip": "a"},
    "no tip link 'x'; links: 'a', 'b', 'base'": {"tip": "x"},
    "no base link 'x'": {"base": "x", "joints": ()},
    "no moving joint from 'base' to 'base'": {"tip": "base"},
    "joint 'j' moves, but neither between base and tip nor as a mimic of one of 'i'": {"tip": "a"},
    "gravity: is .*, needs 3 numbers": {"gravity": (0.0, -9.81)},
    r"Chain 'c'.links\[1\]: is 'a', needs a Link": {"links": (LINKS[0], "a")},
    r"Chain 'c'.joints\[0\]: is None, needs a Joint": {"joints": (None,)},
    "Chain 'c'.joints: is 3, needs a sequence of Joints": {"joints": 3},
    r"Chain 'c'.tool: is \(0, 0, 0\), needs a Pose": {"tool": (0, 0, 0)},
}


@pytest.mark.parametrize("message", CHAINS)
def test_parts_that_are_no_arm_are_refused(message):
    """Order, names, cycles, loose links, ends, and joints that nothing moves."""
    with pytest.raises(arms.ArmError, match=message):
        chain(**CHAINS[message])


def test_rounded_axes_and_any_sequences_are_taken():
    """Four digits of an axis give a rotation; lists and arrays become tuples of floats."""
    joint = Joint("i", "revolute", "base", "a", Pose([0, 0, 1]), np.array([0.7071, 0.7071, 0]))
    assert joint.axis == pytest.approx((0.5**0.5, 0.5**0.5, 0.0), abs=1e-15)
    assert joint.origin == Pose((0.0, 0.0, 1.0))
    arm = arms.Arm(chain(joints=[joint, SECOND]))
    R = arm.pose([0.5, 0.2])[:3, :3]
    np.testing.assert_allclose(R @ R.T, np.eye(3), atol=1e-14)
    assert hash(arm.chain) == hash(chain(joints=(joint, SECOND)))
