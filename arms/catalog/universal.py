"""Universal Robots' UR5, UR3e, UR5e, UR10e and UR16e.

Kinematics, masses and centres of mass: Universal Robots, "DH parameters for calculations of
kinematics and dynamics", https://www.universal-robots.com/articles/ur/application-installation/.
Moments of inertia and limits: UniversalRobots/Universal_Robots_ROS2_Description,
config/*/physical_parameters.yaml and joint_limits.yaml (user manuals and UR's table of maximum
joint torques); those of the UR5 are of cylinders. Of the UR3e and UR16e, masses and centres of mass
are from physical_parameters.yaml, too, and lengths from ros-industrial/universal_robot,
ur_description/config/*/default_kinematics.yaml. Frames are those of ur_description: the base's x
axis points forward, as its ``base_link``.
"""

from __future__ import annotations

from math import pi, radians

from arms.catalog.serial import ZERO, Row, serial
from arms.model.chain import Chain, Pose, Vector

JOINTS = ("shoulder_pan", "shoulder_lift", "elbow", "wrist_1", "wrist_2", "wrist_3")
LINKS = ("shoulder", "upper_arm", "forearm", "wrist_1", "wrist_2", "wrist_3")
FLIPPED = (pi / 2, 0.0, 0.0)
UPRIGHT = (0.0, pi / 2, 0.0)
E_SERIES = (FLIPPED, ZERO, ZERO, FLIPPED, (-pi / 2, 0.0, 0.0), ZERO)

SOURCE = (
    "Universal Robots: DH parameters for calculations of kinematics and dynamics; moments of "
    "inertia and limits from UniversalRobots/Universal_Robots_ROS2_Description"
)


def _universal(
    name: str,
    lengths: tuple[float, float, float, float, float, float],  # d1, a2, a3, d4, d5, d6 [m]
    speeds: tuple[float, ...],  # [deg/s]
    torques: tuple[float, ...],  # [N m]
    masses: tuple[float, ...],  # [kg]
    coms: tuple[Vector, ...],  # [m]
    moments: tuple[tuple[float, float, float, float, float, float], ...],  # [kg m^2]
    turns: tuple[Vector, ...],  # [rad], of the axes of the moments
) -> Chain:
    """The chain of an arm whose links have the usual shape."""
    d1, a2, a3, d4, d5, d6 = lengths
    poses = (
        Pose((0.0, 0.0, d1)),
        Pose(ZERO, FLIPPED),
        Pose((a2, 0.0, 0.0)),
        Pose((a3, 0.0, d4)),
        Pose((0.0, -d5, 0.0), FLIPPED),
        Pose((0.0, d6, 0.0), (pi / 2, pi, pi)),
    )
    rows = []
    for k, pose in enumerate(poses):
        turn = pi if JOINTS[k] == "elbow" else 2 * pi
        rows.append(
            Row(
                f"{JOINTS[k]}_joint",
                f"{LINKS[k]}_link",
                pose.xyz,
                pose.rpy,
                -turn,
                turn,
                radians(speeds[k]),
                torques[k],
                masses[k],
                coms[k],
                moments[k],
                turns[k],
            )
        )
    return serial(name, rows, SOURCE, base="base_link", base_pose=Pose(ZERO, (0.0, 0.0, pi)))


def ur5() -> Chain:
    """UR5 (CB3), six joints; the tool is the flange. Moments of inertia are those of cylinders."""
    return _universal(
        "ur5",
        (0.089159, -0.425, -0.39225, 0.10915, 0.09465, 0.0823),
        (180.0,) * 6,
        (150.0, 150.0, 150.0, 28.0, 28.0, 28.0),
        (3.7, 8.393, 2.33, 1.219, 1.219, 0.1879),
        (
            (0.0, -0.00193, -0.02561),
            (-0.2125, 0.0, 0.11336),
            (-0.24225, 0.0, 0.0265),
            (0.0, -0.01634, -0.0018),
            (0.0, 0.01634, -0.0018),
            (0.0, 0.0, -0.001159),
        ),
        (
            (0.014972358333333331, 0.0, 0.0, 0.014972358333333331, 0.0, 0.01040625),
            (0.13388583541666665, 0.0, 0.0, 0.13388583541666665, 0.0, 0.0151074),
            (0.031216803515624995, 0.0, 0.0, 0.031216803515624995, 0.0, 0.004095),
            (0.002013889583333333, 0.0, 0.0, 0.002013889583333333, 0.0, 0.0021942),
            (0.0018310395833333333, 0.0, 0.0, 0.0018310395833333333, 0.0, 0.0021942),
            (8.062475833333332e-05, 0.0, 0.0, 8.062475833333332e-05, 0.0, 0.0001321171875),
        ),
        (ZERO, UPRIGHT, UPRIGHT, ZERO, ZERO, ZERO),
    )


def ur3e() -> Chain:
    """UR3e, six joints; the tool is the flange. All numbers are the manufacturer's."""
    return _universal(
        "ur3e",
        (0.15185, -0.24355, -0.2132, 0.13105, 0.08535, 0.0921),
        (180.0, 180.0, 180.0, 360.0, 360.0, 360.0),
        (56.0, 56.0, 28.0, 12.0, 12.0, 12.0),
        (1.98, 3.4445, 1.437, 0.871, 0.805, 0.261),
        (
            (0.0, 0.0, -0.02),
            (-0.11355, 0.0, 0.1157),
            (-0.1632, 0.0, 0.0238),
            (0.0, -0.01, 0.0),
            (0.0, 0.01, 0.0),
            (0.0, 0.0, -0.02),
        ),
        (
            (0.0027657, 9.6e-06, -1.49e-05, 0.0021501, 0.0001873, 0.0025626),
            (0.0042623, -4.09e-05, -0.001496, 0.0460284, -1.29e-05, 0.0448947),
            (0.0010511, 0.0, -3.31e-05, 0.0113396, 2.2e-06, 0.0110895),
            (0.0008174, -5e-07, 2.1e-06, 0.0006844, 6.17e-05, 0.0005497),
            (0.0006059, -6e-07, -6e-07, 0.0005837, -2.71e-05, 0.0003831),
            (0.000108, -1e-07, -1e-07, 0.0001086, -2e-07, 0.0001371),
        ),
        E_SERIES,
    )


def ur5e() -> Chain:
    """UR5e, six joints; the tool is the flange. All numbers are the manufacturer's."""
    return _universal(
        "ur5e",
        (0.1625, -0.425, -0.3922, 0.1333, 0.0997, 0.0996),
        (180.0,) * 6,
        (150.0, 150.0, 150.0, 28.0, 28.0, 28.0),
        (3.761, 8.058, 2.846, 1.37, 1.3, 0.365),
        (
            (0.0, -0.00193, -0.02561),
            (-0.2125, 0.0, 0.11336),
            (-0.2422, 0.0, 0.0265),
            (0.0, -0.01634, -0.0018),
            (0.0, 0.01634, -0.0018),
            (0.0, 0.0, -0.001159),
        ),
        (
            (0.0070021, 7.3e-07, -1.053e-05, 0.00648091, 0.00049994, 0.00657286),
            (0.01505885, -5.4e-05, 5.63e-06, 0.33388086, -1.81e-06, 0.33247207),
            (0.00399632, -1.365e-05, 0.00137272, 0.07879254, -6.6e-06, 0.0784851),
            (0.00165491, -2.82e-06, -4.38e-06, 0.00135962, 0.00010157, 0.00126279),
            (0.00135617, -2.74e-06, 4.44e-06, 0.00127827, -5.048e-05, 0.00096614),
            (0.00018694, 6e-08, -1.7e-07, 0.00018908, -9.2e-07, 0.00025756),
        ),
        E_SERIES,
    )


def ur10e() -> Chain:
    """UR10e, six joints; the tool is the flange. All numbers are the manufacturer's."""
    return _universal(
        "ur10e",
        (0.1807, -0.6127, -0.57155, 0.17415, 0.11985, 0.11655),
        (120.0, 120.0, 180.0, 180.0, 180.0, 180.0),
        (330.0, 330.0, 150.0, 56.0, 56.0, 56.0),
        (7.369, 13.051, 3.989, 2.1, 1.98, 0.615),
        (
            (0.021, -0.027, 0.0),
            (-0.2327, 0.0, 0.158),
            (-0.33155, 0.0, 0.068),
            (0.0, -0.018, 0.007),
            (0.0, 0.018, -0.007),
            (0.0, 0.0, -0.026),
        ),
        (
            (0.03408, 2e-05, -0.00425, 0.03529, 8e-05, 0.02156),
            (0.02814, 5e-05, -0.01561, 0.77068, 2e-05, 0.76943),
            (0.01014, 8e-05, 0.00916, 0.30928, 0.0, 0.30646),
            (0.00296, -1e-05, 0.0, 0.00222, -0.00024, 0.00258),
            (0.00296, -1e-05, 0.0, 0.00222, -0.00024, 0.00258),
            (0.0004, 0.0, 0.0, 0.00041, 0.0, 0.00034),
        ),
        E_SERIES,
    )


def ur16e() -> Chain:
    """UR16e, six joints; the tool is the flange. All numbers are the manufacturer's."""
    return _universal(
        "ur16e",
        (0.1807, -0.4784, -0.36, 0.17415, 0.11985, 0.11655),
        (120.0, 120.0, 180.0, 180.0, 180.0, 180.0),
        (330.0, 330.0, 150.0, 54.0, 54.0, 54.0),
        (7.369, 10.45, 4.321, 2.18, 2.033, 0.907),
        (
            (0.0, -0.03, -0.016),
            (-0.1764, 0.0, 0.16),
            (-0.166, 0.0, 0.065),
            (0.0, -0.011, -0.009),
            (0.0, 0.012, -0.018),
            (0.0, 0.0, -0.044),
        ),
        (
            (0.03351, 2e-05, -1e-05, 0.03374, 0.00374, 0.021),
            (0.02796, -0.0001, -0.0072, 0.47558, 3e-05, 0.47635),
            (0.01091, 6e-05, 0.01012, 0.1206, 1e-05, 0.11714),
            (0.00609, -1e-05, 0.0, 0.00245, 0.00083, 0.00579),
            (0.00389, -1e-05, 0.0, 0.00219, -0.00045, 0.00363),
            (0.00117, 0.0, 0.0, 0.00118, 0.0, 0.00084),
        ),
        E_SERIES,
    )
