"""Kinova Jaco2, six joints with the curved wrist and the three-finger hand's body (j2n6s300).

Kinematics, masses and position limits: Kinovarobotics/kinova-ros, kinova_description/urdf,
j2n6s300.xacro and kinova_inertial.xacro (moments of inertia of cylinders). Speed and torque limits:
the ROS 2 port of that file, Patrick-zhuyanxun/kinova_ros2, where it has them. Continuous joints
have no position limits. The fingers are left out.
"""

from __future__ import annotations

from math import inf, pi, radians

from arms.catalog.serial import Row, serial
from arms.model.chain import Chain, Pose

SOURCE = (
    "Kinovarobotics/kinova-ros, kinova_description/urdf/j2n6s300.xacro and kinova_inertial.xacro; "
    "speed and torque limits from that file in Patrick-zhuyanxun/kinova_ros2"
)


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
