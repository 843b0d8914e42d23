import numpy as np
import pytest

from arms.model.chain import Inertia, Pose
from arms.model.spatial import (
    about_axis,
    is_physical,
    matrix,
    pose_of,
    roll_pitch_yaw,
    rotation,
    snap,
    z_to,
)


@pytest.mark.parametrize("pitch", [0.3, np.pi / 2, -np.pi / 2, np.pi / 2 - 1e-7, np.pi / 2 - 1e-10])
def test_angles_give_back_their_rotation(pitch):
    """Also at and near pitch +-pi/2, where roll and yaw are not determined one by one."""
    rng = np.random.default_rng(0)
    for _ in range(50):
        roll, yaw = rng.uniform(-3, 3, 2)
        R = rotation((roll, 0, 0)).T @ rotation((roll, pitch, yaw))
        np.testing.assert_allclose(rotation(roll_pitch_yaw(R)), R, atol=3e-9)
        R = about_axis((0, 0, 1), yaw) @ about_axis((0, 1, 0), pitch) @ about_axis((1, 0, 0), roll)
        np.testing.assert_allclose(rotation((roll, pitch, yaw)), R, atol=3e-9)


def test_a_pose_survives_its_matrix():
    """Position and rotation of random poses, to rounding."""
    rng = np.random.default_rng(1)
    for _ in range(50):
        T = matrix(Pose(tuple(rng.normal(size=3)), tuple(rng.uniform(-1.5, 1.5, 3))))
        np.testing.assert_allclose(matrix(pose_of(T)), T, atol=1e-14)


def test_right_angles_are_exact():
    """1.57079632679 means pi/2, and its rotation holds nothing but 0 and +-1; 1.5708 is itself.

    What is no text of a file is only freed of its rounding.
    """
    R = rotation(tuple(map(snap, (1.57079632679, -3.14159265359, 1.5707963268))))
    assert set(np.abs(R).ravel()) == {0.0, 1.0}
    assert rotation((snap(1.5708), 0.0, 0.0))[1, 1] == pytest.approx(np.cos(1.5708), rel=1e-12)
    assert rotation((np.pi / 2 + 1e-15, 0.0, 0.0))[1, 1] == 0.0
    assert rotation((1.57079632679, 0.0, 0.0))[1, 1] == pytest.approx(4.9e-12, rel=1e-2)


@pytest.mark.parametrize(
    "axis", [(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1), (0.6, 0.0, 0.8)]
)
def test_z_is_turned_into_any_axis(axis):
    """By a proper rotation, which is a signed permutation for the six axis directions."""
    R = z_to(axis)
    np.testing.assert_allclose(R[:, 2], axis, atol=1e-15)
    np.testing.assert_allclose(R @ R.T, np.eye(3), atol=1e-15)
    assert np.linalg.det(R) == pytest.approx(1.0)
    if 0.6 not in axis:
        assert set(np.abs(R).ravel()) == {0.0, 1.0}


def test_rigid_bodies_are_distinguished_from_others():
    """A rod and a plate are; moments beyond the triangle inequality or below zero are not."""
    bodies = {(0, 1, 1): True, (1, 1, 2): True, (1, 1, 2.1): False, (-1, 1, 1): False}
    for (a, b, c), physical in bodies.items():
        assert is_physical(Inertia(1.0, moments=(a, 0.0, 0.0, b, 0.0, c))) is physical
