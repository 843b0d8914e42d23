import numpy as np
import pytest

import arms
from arms.model.chain import Inertia
from arms.model.dh import Row, from_dh

# UR5, standard: Universal Robots, DH parameters for calculations of kinematics and dynamics.
UR5 = [
    Row(d=0.089159, alpha=np.pi / 2),
    Row(a=-0.425),
    Row(a=-0.39225),
    Row(d=0.10915, alpha=np.pi / 2),
    Row(d=0.09465, alpha=-np.pi / 2),
    Row(d=0.0823),
]
# Panda, modified: Franka Emika, Franka Control Interface documentation.
PANDA = [
    Row(d=0.333),
    Row(alpha=-np.pi / 2),
    Row(d=0.316, alpha=np.pi / 2),
    Row(a=0.0825, alpha=np.pi / 2),
    Row(a=-0.0825, d=0.384, alpha=-np.pi / 2),
    Row(alpha=np.pi / 2),
    Row(a=0.088, alpha=np.pi / 2),
]


def rotation_about(axis, angle):
    c, s = np.cos(angle), np.sin(angle)
    T = np.eye(4)
    i, j = (axis + 1) % 3, (axis + 2) % 3
    T[i, i], T[i, j], T[j, i], T[j, j] = c, -s, s, c
    return T


def shift_along(axis, length):
    T = np.eye(4)
    T[axis, 3] = length
    return T


@pytest.mark.parametrize("modified", [False, True])
def test_poses_are_the_products_of_the_conventions_matrices(modified):
    """Random tables with both kinds of joints: every frame is the product of the textbook's T_i."""
    rng = np.random.default_rng(0)
    rows = [
        Row(*rng.normal(size=4).tolist(), kind="prismatic" if k in (1, 3) else "revolute")
        for k in range(5)
    ]
    arm = arms.Arm(from_dh("table", rows, modified=modified))
    q = rng.normal(size=5)
    T = np.eye(4)
    for k, row in enumerate(rows):
        slides = row.kind == "prismatic"
        turn = rotation_about(2, row.theta + (0 if slides else q[k]))
        turn = turn @ shift_along(2, row.d + (q[k] if slides else 0))
        twist = rotation_about(0, row.alpha) @ shift_along(0, row.a)
        T = T @ (twist @ turn if modified else turn @ twist)
        np.testing.assert_allclose(arm.pose(q, f"link{k + 1}"), T, atol=1e-14)


def test_catalogue_and_published_tables_agree():
    """UR5 by its standard, Panda by its modified parameters: the catalogue's poses."""
    q = np.random.default_rng(1).uniform(-2, 2, (5, 7))
    standard = arms.Arm(from_dh("ur5", UR5))
    ours = arms.load("ur5").pose(q[:, :6])
    turned = rotation_about(2, np.pi)  # UR's base axes are turned half a turn from base_link's
    np.testing.assert_allclose(ours, turned @ standard.pose(q[:, :6]), atol=1e-12)
    modified = arms.Arm(from_dh("panda", PANDA, modified=True))
    np.testing.assert_allclose(arms.load("panda").pose(q, "link7"), modified.pose(q), atol=1e-12)


def test_inertias_are_in_the_frame_of_the_row():
    """A two-link arm by its DH table has the catalogue's mass matrix and gravity torque."""
    planar = arms.load("planar2")
    rods = [link.inertia for link in planar.chain.links[1:]]
    rows = [
        Row(a=length, inertia=Inertia(rod.mass, (rod.com[0] - length, 0.0, 0.0), rod.moments))
        for rod, length in zip(rods, (0.5, 0.4), strict=True)
    ]
    arm = arms.Arm(from_dh("planar", rows, gravity=(0.0, -9.81, 0.0)))
    q = np.random.default_rng(2).normal(size=(5, 2))
    np.testing.assert_allclose(arm.mass_matrix(q), planar.mass_matrix(q), atol=1e-14)
    np.testing.assert_allclose(arm.gravity(q), planar.gravity(q), atol=1e-13)


def test_a_bad_table_is_reported():
    """The row and the value are named."""
    with pytest.raises(arms.ArmError, match="row 2: kind is 'ball'"):
        from_dh("x", [Row(), Row(kind="ball")])
    with pytest.raises(arms.ArmError, match="row 1: a, alpha, d, theta are"):
        from_dh("x", [Row(a=float("nan"))])
    with pytest.raises(arms.ArmError, match="row 1: a, alpha, d, theta are"):
        from_dh("x", [Row(a="0.5")])
    with pytest.raises(arms.ArmError, match=r"gravity\[2\]: is nan m/s\^2, needs a finite number"):
        from_dh("x", [Row()], gravity=(0.0, 0.0, float("nan")))
