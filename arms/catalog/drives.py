"""Published rotor inertia and friction of the catalogue's arms.

They are not part of the arms that ``arms.load`` returns: those have the links alone, as their
sources do, and a controller must fit what stands at the other end of its torque interface. An arm
with torque sensors behind its gears (Panda, LBR iiwa) follows a torque of the *links*, and hides
most of both; one that is driven by motor current does not.

An arm without an entry has no published values that we know. MuJoCo Menagerie's armature of 0.1
kg m^2 and its damping, the same for all joints of the UR5e, UR10e and Panda, are settings of a
simulator, not measurements.
"""

from __future__ import annotations

from typing import NamedTuple


class Drives(NamedTuple):
    """What was published of an arm's drives, as ``with_armature`` and ``with_friction`` take it.

    >>> import arms
    >>> known = arms.drives("panda")
    >>> arm = arms.load("panda").with_armature(known.armature)
    >>> arm = arm.with_friction(known.viscous, known.dry)
    """

    armature: tuple[float, ...]  # [kg m^2], of each joint
    viscous: tuple[float, ...]  # [N m s/rad], 0 if none was published
    dry: tuple[float, ...]  # [N m], the same
    source: str


_FR3 = (0.605721456, 0.605721456, 0.462474144, 0.462474144, 0.205544064, 0.205544064, 0.205544064)

DRIVES = {
    "panda": Drives(
        armature=_FR3,
        viscous=(0.0,) * 7,
        # Half of phi_1, the height of their sigmoid of dq.
        dry=(0.273075, 0.43612, 0.32034, 0.6397, 0.41952, 0.151505, 0.282445),
        source="armature: the reflected inertias that Franka gives for the FR3, which Drake's "
        "Panda has (RobotLocomotion/drake, manipulation/models/franka_description/README.md); "
        "friction: Gaz et al., IEEE RA-L 4(4), 2019, equation 25 of the supplementary material",
    ),
    "fr3": Drives(
        armature=_FR3,
        viscous=(0.0,) * 7,
        dry=(0.0,) * 7,
        source="armature: the reflected inertias that Franka gives for the FR3 "
        "(RobotLocomotion/drake, manipulation/models/franka_description/README.md); friction: none "
        "published, so 0 here",
    ),
}
"""Name of an arm to its drives."""
