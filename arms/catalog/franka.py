"""Franka Emika Panda (FER), without a hand.

Kinematics: frankaemika/franka_description, robots/fer/kinematics.yaml. Inertias: Gaz, Cognetti,
Oliva, Robuffo Giordano and De Luca, "Dynamic identification of the Franka Emika Panda robot with
retrieval of feasible parameters using penalty-based optimization", IEEE RA-L 4(4), 2019, as in
frankaemika/franka_ros, franka_description/robots/common/inertial.yaml. (The values in
franka_description are not used: its link4 violates the triangle inequality.) Limits: franka_ros,
franka_description/robots/panda/joint_limits.yaml.
"""

from __future__ import annotations

from math import pi

from arms.catalog.serial import Row, serial
from arms.model.chain import Chain, Pose

SOURCE = (
    "kinematics and limits from frankaemika's franka_description and franka_ros; inertias "
    "identified by Gaz et al., IEEE RA-L 4(4), 2019"
)
DOWN, UP = (-pi / 2, 0.0, 0.0), (pi / 2, 0.0, 0.0)


def panda() -> Chain:
    """Franka Emika Panda, seven joints; the tool is the flange.

    Kinematics and limits are the manufacturer's, inertias those identified by Gaz et al. (2019).
    """
    rows = [
        Row(
            *("joint1", "link1", (0.0, 0.0, 0.333), (0.0, 0.0, 0.0)),
            *(-2.8973, 2.8973, 2.175, 87.0),
            *(4.970684, (0.003875, 0.002081, -0.04762)),
            (0.70337, -0.000139, 0.006772, 0.70661, 0.019169, 0.009117),
        ),
        Row(
            *("joint2", "link2", (0.0, 0.0, 0.0), DOWN),
            *(-1.7628, 1.7628, 2.175, 87.0),
            *(0.646926, (-0.003141, -0.02872, 0.003495)),
            (0.007962, -0.003925, 0.010254, 0.02811, 0.000704, 0.025995),
        ),
        Row(
            *("joint3", "link3", (0.0, -0.316, 0.0), UP),
            *(-2.8973, 2.8973, 2.175, 87.0),
            *(3.228604, (0.027518, 0.039252, -0.066502)),
            (0.037242, -0.004761, -0.011396, 0.036155, -0.012805, 0.01083),
        ),
        Row(
            *("joint4", "link4", (0.0825, 0.0, 0.0), UP),
            *(-3.0718, -0.0698, 2.175, 87.0),
            *(3.587895, (-0.05317, 0.104419, 0.027454)),
            (0.025853, 0.007796, -0.001332, 0.019552, 0.008641, 0.028323),
        ),
        Row(
            *("joint5", "link5", (-0.0825, 0.384, 0.0), DOWN),
            *(-2.8973, 2.8973, 2.61, 12.0),
            *(1.225946, (-0.011953, 0.041065, -0.038437)),
            (0.035549, -0.002117, -0.004037, 0.029474, 0.000229, 0.008627),
        ),
        Row(
            *("joint6", "link6", (0.0, 0.0, 0.0), UP),
            *(-0.0175, 3.7525, 2.61, 12.0),
            *(1.666555, (0.060149, -0.014117, -0.010517)),
            (0.001964, 0.000109, -0.001158, 0.004354, 0.000341, 0.005433),
        ),
        Row(
            *("joint7", "link7", (0.088, 0.0, 0.0), UP),
            *(-2.8973, 2.8973, 2.61, 12.0),
            *(0.735522, (0.010517, -0.004252, 0.061597)),
            (0.012516, -0.000428, -0.001196, 0.010027, -0.000741, 0.004815),
        ),
    ]
    return serial("panda", rows, SOURCE, base="link0", flange=Pose((0.0, 0.0, 0.107)))
