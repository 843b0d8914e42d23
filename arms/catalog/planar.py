"""Planar arms of slender rods in a vertical plane, as in textbooks.

All joints turn about z, the arm moves in the x-y plane, gravity points along -y (Spong, Hutchinson
and Vidyasagar 2006, section 7.3; Siciliano et al. 2009, section 7.3.2). At q = 0 the arm lies
along x.
"""

from __future__ import annotations

from math import pi

from arms.model.chain import Chain, Inertia, Joint, Link, Pose

# Length [m], mass [kg] of each rod, torque limit [N m] of the joint that carries it.
RODS = ((0.5, 2.0, 60.0), (0.4, 1.5, 30.0), (0.3, 1.0, 15.0))

RADIUS = 0.02  # [m], for the moment of inertia about the rod's own axis


def planar(n: int) -> Chain:
    """An arm of the first ``n`` of ``RODS``; the tool is the end of the last one.

    Inertias are those of uniform slender rods (Spong et al. 2006, section 7.3).
    """
    links, joints = [Link("base")], []
    reach = 0.0  # length of the previous link
    for k, (length, mass, torque) in enumerate(RODS[:n], start=1):
        across, along = mass * length**2 / 12, mass * RADIUS**2 / 2  # of a slender rod
        inertia = Inertia(mass, (length / 2, 0.0, 0.0), (along, 0.0, 0.0, across, 0.0, across))
        links.append(Link(f"link{k}", inertia))
        joints.append(
            Joint(
                f"joint{k}",
                "revolute",
                links[-2].name,
                links[-1].name,
                Pose((reach, 0.0, 0.0)),
                lower=-pi,
                upper=pi,
                velocity=2 * pi,
                effort=torque,
            )
        )
        reach = length
    return Chain(
        f"planar{n}",
        "base",
        f"link{n}",
        tuple(links),
        tuple(joints),
        gravity=(0.0, -9.81, 0.0),
        tool=Pose((reach, 0.0, 0.0)),
        source="uniform slender rods; Spong et al. 2006, section 7.3",
    )
