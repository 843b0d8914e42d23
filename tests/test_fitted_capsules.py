"""Capsules around what the links of an arm look like."""

import numpy as np
import pytest

import arms
from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.view import capsules_of

PLAIN = """<robot name="plain"><link name="base"/>
<link name="upper"><inertial><mass value="1"/><inertia ixx=".1" iyy=".1" izz=".1" ixy="0" ixz="0"
iyz="0"/></inertial>
<visual><origin xyz="0 0 .2"/><geometry><cylinder radius=".04" length=".4"/></geometry></visual>
<visual><geometry><sphere radius=".05"/></geometry></visual></link>
<link name="lower"><inertial><mass value="1"/><inertia ixx=".1" iyy=".1" izz=".1" ixy="0" ixz="0"
iyz="0"/></inertial>
<visual><origin xyz=".1 0 0"/><geometry><box size=".3 .06 .08"/></geometry></visual></link>
<joint name="a" type="continuous"><parent link="base"/><child link="upper"/></joint>
<joint name="b" type="continuous"><parent link="upper"/><child link="lower"/>
<origin xyz="0 0 .4"/></joint></robot>"""
RODS = """<mujoco><worldbody><body name="rod"><joint axis="0 1 0"/>
<geom type="capsule" fromto="0 0 0 .3 0 0" size=".03"/><body name="ball" pos=".3 0 0">
<joint axis="0 0 1"/><geom type="sphere" size=".06" pos=".1 0 0"/></body></body></worldbody>
</mujoco>"""


def outside(capsule, points):
    """How far points are outside a capsule at most [m]."""
    a, b = np.array(capsule.a), np.array(capsule.b)
    along = np.clip((points - a) @ (b - a) / max((b - a) @ (b - a), 1e-300), 0.0, 1.0)
    away = np.linalg.norm(points - a - along[:, None] * (b - a), axis=1)
    return away.max() - capsule.radius


def test_plain_shapes_are_inside_and_hardly_anything_else(tmp_path, rng):
    """A cylinder with a sphere, and a box: one capsule a link, none for the bare base."""
    (tmp_path / "plain.urdf").write_text(PLAIN)
    arm = arms.load(tmp_path / "plain.urdf")
    upper, lower = capsules_of(arm, tmp_path / "plain.urdf")
    assert (upper.link, lower.link) == ("upper", "lower")
    turn = rng.normal(size=(500, 3))
    sphere = 0.05 * turn / np.linalg.norm(turn, axis=1)[:, None]
    rim = 0.04 * turn[:, :2] / np.linalg.norm(turn[:, :2], axis=1)[:, None]
    for height in (0.0, 0.4):
        assert outside(upper, np.c_[rim, np.full(500, height)]) < 1e-12
    assert outside(upper, sphere) < 1e-12
    assert upper.radius < 0.056
    box = np.array([0.3, 0.06, 0.08]) * rng.choice([-0.5, 0.5], (50, 3)) + [0.1, 0.0, 0.0]
    assert outside(lower, box) < 1e-12
    assert lower.radius < 0.053


def test_shapes_of_an_mjcf_are_inside(tmp_path):
    """A capsule gives itself again, to 2 %; a sphere, too."""
    file = tmp_path / "rods.xml"
    file.write_text(RODS)
    rod, ball = capsules_of(arms.load(file), file)
    assert sorted((rod.a[0], rod.b[0])) == pytest.approx([0.0, 0.3], abs=2e-3)
    assert 0.03 <= rod.radius < 0.031
    assert 0.06 <= ball.radius < 0.0625
    assert np.array(ball.a) == pytest.approx([0.1, 0.0, 0.0], abs=3e-3)


def test_an_arm_that_looks_like_nothing_is_refused():
    """Its capsules are the user's."""
    with pytest.raises(ConfigurationError, match="arm 'planar2': its links have neither meshes"):
        capsules_of(arms.load("planar2"))


@pytest.mark.needs("pybullet")
def test_meshes_are_inside(iiwa):
    """The iiwa's from pybullet_data: capsules that part its links in most postures."""
    capsules = capsules_of(iiwa, "kuka_iiwa")
    assert [each.link for each in capsules] == [each.name for each in iiwa.chain.links]
    assert all(0.04 < each.radius < 0.14 for each in capsules)
    pairs = arms.CollisionPairs(iiwa, capsules)
    assert pairs.distances(np.zeros(7)).distance.min() > 0.03
