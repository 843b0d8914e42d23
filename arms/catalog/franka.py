"""Franka's arms without a hand: Research 3 (FR3) and Emika Panda (FER).

The FR3: kinematics and inertias as in frankarobotics/franka_description, robots/fr3; limits as in
frankarobotics/libfranka, include/franka/rate_limiting.h, and in Franka's control parameters
(https://frankarobotics.github.io/docs/control_parameters.html#limits-for-franka-research-3).

The Panda: kinematics as in frankaemika/franka_description, robots/fer/kinematics.yaml. Inertias:
Gaz, Cognetti, Oliva, Robuffo Giordano and De Luca, "Dynamic identification of the Franka Emika
Panda robot with retrieval of feasible parameters using penalty-based optimization", IEEE RA-L 4(4),
2019, as in frankaemika/franka_ros, franka_description/robots/common/inertial.yaml. (The values in
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
FR3_SOURCE = (
    "kinematics and inertias from frankarobotics' franka_description, robots/fr3; limits from "
    "Franka's control parameters of the FR3"
)
FLANGE = Pose((0.0, 0.0, 0.107))
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
    return serial("panda", rows, SOURCE, base="link0", flange=FLANGE)


def fr3() -> Chain:
    """Franka Research 3, seven joints; the tool is the flange.

    Kinematics, inertias and limits are the manufacturer's.
    """
    rows = [
        Row(
            *("joint1", "link1", (0.0, 0.0, 0.333), (0.0, 0.0, 0.0)),
            *(-2.7437, 2.7437, 2.62, 87.0),
            *(2.927465345, (4.128e-07, -0.0181251324, -0.038603597)),
            (
                0.02392731649,
                1.331790346e-05,
                -0.0001140477492,
                0.02248216133,
                -0.001995032063,
                0.006350098259,
            ),
        ),
        Row(
            *("joint2", "link2", (0.0, 0.0, 0.0), DOWN),
            *(-1.7837, 1.7837, 2.62, 87.0),
            *(2.935537034, (0.0031828864, -0.0743221644, 0.0088146084)),
            (
                0.04193894626,
                0.0002025733152,
                0.004077784227,
                0.02514514885,
                -0.004225215801,
                0.06170214473,
            ),
        ),
        Row(
            *("joint3", "link3", (0.0, -0.316, 0.0), UP),
            *(-2.9007, 2.9007, 2.62, 87.0),
            *(2.24490137, (0.0407015686, -0.0048200565, -0.0289730823)),
            (
                0.02410142547,
                0.002404694559,
                -0.00285626927,
                0.01974053267,
                -0.002104212684,
                0.01904449448,
            ),
        ),
        Row(
            *("joint4", "link4", (0.0825, 0.0, 0.0), UP),
            *(-3.0421, -0.1518, 2.62, 87.0),
            *(2.615595579, (-0.0459100965, 0.063049296, -0.0085187868)),
            (
                0.03452998322,
                0.01322552266,
                0.01015142998,
                0.02888162193,
                -0.0009762833871,
                0.04125471171,
            ),
        ),
        Row(
            *("joint5", "link5", (-0.0825, 0.384, 0.0), DOWN),
            *(-2.8065, 2.8065, 5.26, 12.0),
            *(2.327120759, (-0.0016039605, 0.0292536262, -0.097296599)),
            (
                0.05161027846,
                -0.005715173388,
                -0.003567316763,
                0.04787729713,
                0.01067398511,
                0.01642362558,
            ),
        ),
        Row(
            *("joint6", "link6", (0.0, 0.0, 0.0), UP),
            *(0.5445, 4.5169, 4.18, 12.0),
            *(1.817037652, (0.0597131221, -0.0410294666, -0.0101692726)),
            (
                0.005412333594,
                0.00619345636,
                0.001421928931,
                0.01405832955,
                -0.001314075374,
                0.01608081792,
            ),
        ),
        Row(
            *("joint7", "link7", (0.088, 0.0, 0.0), UP),
            *(-3.0159, 3.0159, 5.26, 12.0),
            *(0.6271432862, (0.0045225817, 0.0086261921, -0.0161633251)),
            (
                0.0002109238915,
                -2.433299114e-05,
                4.564480394e-05,
                0.00017718568,
                8.744070223e-05,
                5.9931906e-05,
            ),
        ),
    ]
    return serial("fr3", rows, FR3_SOURCE, base="link0", flange=FLANGE)
