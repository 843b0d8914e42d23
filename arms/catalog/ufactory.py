"""UFACTORY xArm6.

xArm-Developer/xarm_ros, xarm_description: urdf/xarm6/xarm6.urdf.xacro (kinematics, limits) and
config/link_inertial/xarm6_type6_HT_BR2.yaml (inertias), its default parameter set.
"""

from __future__ import annotations

from math import pi

from arms.catalog.serial import ZERO, Row, serial
from arms.model.chain import Chain

SOURCE = (
    "xArm-Developer/xarm_ros, xarm_description: urdf/xarm6/xarm6.urdf.xacro and "
    "config/link_inertial/xarm6_type6_HT_BR2.yaml"
)
DOWN, UP = (-pi / 2, 0.0, 0.0), (pi / 2, 0.0, 0.0)


def xarm6() -> Chain:
    """UFACTORY xArm6, six joints; the tool is the flange. All numbers are the manufacturer's."""
    rows = [
        Row(
            *("joint1", "link1", (0.0, 0.0, 0.267), ZERO, -2 * pi, 2 * pi, 3.14, 50.0),
            *(2.3814, (0.00022, 0.02951, -0.0124)),
            (0.0058562, -1.79e-05, 3.55e-06, 0.0050316, -0.000888336, 0.003536652),
        ),
        Row(
            *("joint2", "link2", ZERO, DOWN, -2.059, 2.0944, 3.14, 50.0),
            *(2.2675, (0.03881, -0.22783, 0.03496)),
            (0.028315776, 0.005, 0.00066546, 0.0058, -0.0045741, 0.0273447),
        ),
        Row(
            *("joint3", "link3", (0.0535, -0.2845, 0.0), ZERO, -3.927, 0.19198, 3.14, 32.0),
            *(1.875, (0.07041, 0.11631, 0.0107)),
            (0.0063483, -0.0015397, 0.00096858, 0.00379758, 0.00186567, 0.00595768),
        ),
        Row(
            *("joint4", "link4", (0.0775, 0.3425, 0.0), DOWN, -2 * pi, 2 * pi, 3.14, 32.0),
            *(1.3192, (-0.00018, 0.01798, -0.02291)),
            (0.004896, -6.925e-06, -1.418e-05, 0.00445694, -0.00023186, 0.00134332),
        ),
        Row(
            *("joint5", "link5", ZERO, UP, -1.69297, pi, 3.14, 32.0),
            *(1.33854, (0.0651, 0.03096, 0.00315)),
            (0.00146378, -0.000450624, 0.000284306, 0.00184192, 0.000130866, 0.002333524),
        ),
        Row(
            *("joint6", "link6", (0.076, 0.097, 0.0), DOWN, -2 * pi, 2 * pi, 3.14, 20.0),
            *(0.17, (0.0, -0.00677, -0.01098)),
            (9.3e-05, 0.0, 0.0, 5.87e-05, -3.6e-06, 0.000132),
        ),
    ]
    return serial("xarm6", rows, SOURCE, base="link_base")
