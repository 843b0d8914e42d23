"""Numbers of a file: inertias, limits, angles, scales, locked positions."""

from pathlib import Path

import numpy as np
import pytest
from urdf_samples import PENDULUM, hung, with_parts

import arms
from arms.errors import UrdfError
from arms.model.urdf import parse_urdf


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
