"""Kinova Jaco2 and Gen3.

The Jaco2 has six joints, the curved wrist and the three-finger hand's body (j2n6s300). Kinematics,
masses and position limits: Kinovarobotics/kinova-ros, kinova_description/urdf, j2n6s300.xacro and
kinova_inertial.xacro (moments of inertia of cylinders). Speed and torque limits: the ROS 2 port of
that file, Patrick-zhuyanxun/kinova_ros2, where it has them. Continuous joints have no position
limits. The fingers are left out.

The Gen3 has seven joints and no camera: Kinovarobotics/ros2_kortex, kortex_description/arms/gen3,
7dof/urdf/gen3_macro.xacro.
"""

from __future__ import annotations

from math import inf, pi, radians

from arms.catalog.serial import Row, serial
from arms.model.chain import Chain, Pose

SOURCE = (
    "Kinovarobotics/kinova-ros, kinova_description/urdf/j2n6s300.xacro and kinova_inertial.xacro; "
    "speed and torque limits from that file in Patrick-zhuyanxun/kinova_ros2"
)

GEN3_SOURCE = "Kinovarobotics/ros2_kortex, kortex_description/arms/gen3/7dof/urdf/gen3_macro.xacro"
DOWN, UP = (-pi / 2, 0.0, 0.0), (pi / 2, 0.0, 0.0)


def _cylinder(
    mass: float, height: float, radius: float, axis: str = "z"
) -> tuple[float, float, float, float, float, float]:
    """Moments of inertia [kg m^2] of a solid cylinder along ``axis``, about its centre."""
    along, across = mass * radius**2 / 2, mass * (3 * radius**2 + height**2) / 12
    if axis == "y":
        return across, 0.0, 0.0, along, 0.0, across
    return across, 0.0, 0.0, across, 0.0, along


def jaco2() -> Chain:
    """Kinova Jaco2 with six joints and the hand's body; the tool is the point between the fingers.

    Masses and lengths are the manufacturer's, moments of inertia those of cylinders.
    """
    slow, fast = radians(36), radians(48)
    tilt = (pi / 3, 0.0, pi)
    rows = [
        Row(
            *("joint_1", "link_1", (0.0, 0.0, 0.15675), (0.0, pi, 0.0)),
            *(-inf, inf, slow, 40.0),
            *(0.7477, (0.0, -0.002, -0.0605), _cylinder(0.7477, 0.15, 0.04)),
        ),
        Row(
            *("joint_2", "link_2", (0.0, 0.0016, -0.11875), (-pi / 2, 0.0, pi)),
            *(radians(47), radians(313), slow, 80.0),
            *(0.99, (0.0, -0.2065, -0.01), _cylinder(0.99, 0.4, 0.04, "y")),
        ),
        Row(
            *("joint_3", "link_3", (0.0, -0.41, 0.0), (0.0, pi, 0.0)),
            *(radians(19), radians(341), slow, 40.0),
            *(0.6763, (0.0, 0.081, -0.0086), _cylinder(0.6763, 0.2, 0.03, "y")),
        ),
        Row(
            *("joint_4", "link_4", (0.0, 0.2073, -0.0114), (-pi / 2, 0.0, pi)),
            *(-inf, inf, fast, 20.0),
            *(0.1785, (0.0, -0.037, -0.0642), _cylinder(0.1785, 0.06, 0.03)),
        ),
        Row(
            *("joint_5", "link_5", (0.0, -0.03703, -0.06414), tilt),
            *(-inf, inf, fast, 20.0),
            *(0.1785, (0.0, -0.037, -0.0642), _cylinder(0.1785, 0.06, 0.03)),
        ),
        Row(
            *("joint_6", "link_6", (0.0, -0.03703, -0.06414), tilt),
            *(-inf, inf, fast, 20.0),
            *(0.727, (0.0, -0.004029, -0.059694), _cylinder(0.727, 0.05, 0.04)),
        ),
    ]
    flange = Pose((0.0, 0.0, -0.16), (pi, 0.0, pi / 2))
    return serial("jaco2", rows, SOURCE, base="link_base", flange=flange)


def gen3() -> Chain:
    """Kinova Gen3 without its camera, seven joints; the tool is the flange.

    All numbers are the manufacturer's. Joints 1, 3, 5 and 7 turn without end.
    """
    rows = [
        Row(
            *("joint_1", "shoulder_link", (0.0, 0.0, 0.15643), (pi, 0.0, 0.0)),
            *(-inf, inf, 1.3963, 39.0),
            *(1.3773, (-2.3e-05, -0.010364, -0.07336)),
            (0.00457, 1e-06, 2e-06, 0.004831, 0.000448, 0.001409),
        ),
        Row(
            *("joint_2", "half_arm_1_link", (0.0, 0.005375, -0.12838), UP),
            *(-2.41, 2.41, 1.3963, 39.0),
            *(1.1636, (-4.4e-05, -0.09958, -0.013278)),
            (0.011088, 5e-06, 0.0, 0.001072, -0.000691, 0.011255),
        ),
        Row(
            *("joint_3", "half_arm_2_link", (0.0, -0.21038, -0.006375), DOWN),
            *(-inf, inf, 1.3963, 39.0),
            *(1.1636, (-4.4e-05, -0.006641, -0.117892)),
            (0.010932, 0.0, -7e-06, 0.011127, 0.000606, 0.001043),
        ),
        Row(
            *("joint_4", "forearm_link", (0.0, 0.006375, -0.21038), UP),
            *(-2.66, 2.66, 1.3963, 39.0),
            *(0.9302, (-1.8e-05, -0.075478, -0.015006)),
            (0.008147, -1e-06, 0.0, 0.000631, -0.0005, 0.008316),
        ),
        Row(
            *("joint_5", "spherical_wrist_1_link", (0.0, -0.20843, -0.006375), DOWN),
            *(-inf, inf, 1.2218, 9.0),
            *(0.6781, (1e-06, -0.009432, -0.063883)),
            (0.001596, 0.0, 0.0, 0.001607, 0.000256, 0.000399),
        ),
        Row(
            *("joint_6", "spherical_wrist_2_link", (0.0, 0.00017505, -0.10593), UP),
            *(-2.23, 2.23, 1.2218, 9.0),
            *(0.6781, (1e-06, -0.045483, -0.00965)),
            (0.001641, 0.0, 0.0, 0.00041, -0.000278, 0.001641),
        ),
        Row(
            *("joint_7", "bracelet_link", (0.0, -0.10593, -0.00017505), DOWN),
            *(-inf, inf, 1.2218, 9.0),
            *(0.364, (-9.3e-05, 0.000132, -0.022905)),
            (0.000214, 0.0, 1e-06, 0.000223, -2e-06, 0.00024),
        ),
    ]
    flange = Pose((0.0, 0.0, -0.061525), (pi, 0.0, 0.0))
    return serial("gen3", rows, GEN3_SOURCE, base="base_link", flange=flange)
