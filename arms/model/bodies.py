"""A ``Chain`` in the form that the equations read: moving bodies only, every axis along z.

Links joined by fixed joints become one body. Each body gets a frame of its own: z along its joint's
axis, the origin at the point of that axis nearest the previous body's origin (as Denavit and
Hartenberg do), which makes most offsets zero, and x along the common normal of its axis and the
next one, where these are tilted. Mass whose motion does not depend on a body's own joint is
regrouped into its parent (base parameters, Gautier and Khalil 1990): mass, first moment along the
axis and one moment of inertia vanish from the equations without changing M, C or g.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy import ndarray

from arms.model.chain import DRIVE, MOVING, Chain, Mimic, coordinates
from arms.model.spatial import about_axis, clean, matrix, second_moment, z_to
from arms.model.terms import Request

if TYPE_CHECKING:
    from jaxtyping import Float


@dataclass(frozen=True)
class Mass:
    """Moments of a mass distribution about its body's origin: zeroth, first, second."""

    m: float  # [kg]
    h: Float[ndarray, "3"]  # integral of x dm [kg m]
    S: Float[ndarray, "3 3"]  # integral of x x^T dm [kg m^2]

    def __add__(self, other: Mass) -> Mass:
        return Mass(self.m + other.m, self.h + other.h, self.S + other.S)

    def moved(self, R: Float[ndarray, "3 3"], r: Float[ndarray, "3"]) -> Mass:
        """The same masses in another frame, in which theirs has axes ``R`` and origin ``r``."""
        h = R @ self.h
        S = R @ self.S @ R.T + np.outer(h, r) + np.outer(r, h) + self.m * np.outer(r, r)
        return Mass(self.m, h + self.m * r, S)


MASSLESS = Mass(0.0, np.zeros(3), np.zeros((3, 3)))


@dataclass(frozen=True)
class Body:
    """One moving body; its joint turns about or slides along its own z axis."""

    parent: int  # index of a body, -1 for the base
    R: Float[ndarray, "3 3"]  # axes in the parent's frame at joint position 0
    r: Float[ndarray, "3"]  # origin in the parent's frame at joint position 0
    slides: bool
    coordinate: int  # the joint's position is multiplier * q[coordinate] + offset
    multiplier: float
    offset: float
    mass: Mass
    turned: bool = False  # its x axis is along the common normal with a next joint's axis


@dataclass(frozen=True)
class Frame:
    """A named frame, or a link's: rigidly attached to a body."""

    body: int  # -1: the base
    R: Float[ndarray, "3 3"]
    r: Float[ndarray, "3"]


@dataclass(frozen=True)
class Bodies:
    """An arm as the equations read it."""

    dof: int
    bodies: tuple[Body, ...]
    links: dict[str, Frame]
    frames: dict[str, Frame]  # the links' by their ``frame_names``, and "tool"
    gravity: tuple[float, float, float]
    masses: dict[str, Mass]  # per link, in the link's own frame
    drives: Float[ndarray, "3 n"]  # see `drives_of`
    rest: Mass  # of the moving links, in place whatever moves: in the base frame
    total: float  # mass of the moving links [kg]
    reached: tuple[Mass, ...] = ()  # not 0 where a moment depends on the chain's variable links
    tool_varies: bool = False
    entries: int = 0  # of the table that numbers are read from, see `variable`

    @property
    def heavy_links(self) -> tuple[str, ...]:
        """Moving links with a mass: those that have inertial parameters."""
        return tuple(
            name
            for name, mass in self.masses.items()
            if self.links[name].body >= 0 and (mass.m > 0 or np.any(mass.S))
        )

    @property
    def sizes(self) -> dict[str, int]:
        """Values of the letters in the shapes of ``TERMS``."""
        p, d = 10 * len(self.heavy_links), 3 * self.dof
        return {"n": self.dof, "b": len(self.bodies), "p": p, "d": d}

    def path(self, body: int) -> list[int]:
        """Bodies from the base to ``body``, both ends included."""
        chain = []
        while body >= 0:
            chain.append(body)
            body = self.bodies[body].parent
        return chain[::-1]

    def fingerprint(self, request: Request) -> str:
        """Everything about the arm that the equations of a request read, exactly, as text."""
        parts = [str(self.dof), repr(self.gravity)]
        for b in self.bodies:
            numbers = _hexadecimal(b.R, b.r, b.mass.m, b.mass.h, b.mass.S)
            scalars = (b.parent, b.slides, b.coordinate, b.multiplier.hex(), b.offset.hex())
            parts.append(repr((scalars, numbers)))
        frames = [("frame", name, self.frames[name]) for name in request.frames_read]
        if request.reads_links:
            frames += [("link", name, self.links[name]) for name in self.heavy_links]
        for kind, name, frame in frames:
            parts.append(repr((kind, name, frame.body, _hexadecimal(frame.R, frame.r))))
        parts.append(repr(_hexadecimal(self.drives, self.rest.h, self.total)))
        return "\n".join(parts)


def _hexadecimal(*arrays: ndarray | float) -> list[str]:
    return [x.hex() for array in arrays for x in np.ravel(array).tolist()]


def drives_of(chain: Chain) -> Float[ndarray, "3 n"]:
    """Armature, viscous and dry friction at each joint of the arm's q.

    A joint that mimics another one adds to it: ``m^2`` of its armature and viscous friction and
    ``|m|`` of its dry friction, with m its multiplier.
    """
    index = {joint.name: k for k, joint in enumerate(coordinates(chain))}
    drives = np.zeros((len(DRIVE), len(index)))
    for joint in chain.joints:
        if joint.kind in MOVING:
            follows = joint.mimic or Mimic(joint.name)
            m = abs(follows.multiplier)
            drives[:, index[follows.leader]] += (
                m * m * joint.armature,
                m * m * joint.viscous,
                m * joint.dry,
            )
    return drives


def bodies_of(chain: Chain) -> Bodies:
    """Lump fixed links, align axes and regroup masses."""
    index = {joint.name: k for k, joint in enumerate(coordinates(chain))}
    masses = {
        link.name: Mass(
            link.inertia.mass,
            link.inertia.mass * np.array(link.inertia.com),
            second_moment(link.inertia),
        )
        for link in chain.links
    }
    frames = {chain.base: Frame(-1, np.eye(3), np.zeros(3))}
    bodies: list[Body] = []
    for joint in chain.joints:
        above = frames[joint.parent]
        T = matrix(joint.origin)
        R, r = clean(above.R @ T[:3, :3]), above.R @ T[:3, 3] + above.r
        if joint.kind not in MOVING:
            frames[joint.child] = Frame(above.body, R, r)
            continue
        align = z_to(joint.axis)
        R = clean(R @ align)
        slide = 0.0 if joint.kind == "prismatic" else float(R[:, 2] @ r)
        r = r - slide * R[:, 2]
        r = np.where(np.abs(r) < 1e-15, 0.0, r)
        prismatic, follows = joint.kind == "prismatic", joint.mimic or Mimic(joint.name)
        coordinate = index[follows.leader], follows.multiplier, follows.offset
        bodies.append(Body(above.body, R, r, prismatic, *coordinate, MASSLESS))
        frames[joint.child] = Frame(len(bodies) - 1, align.T, np.array([0.0, 0.0, slide]))
    _turn_to_common_normals(bodies, frames)
    for name, mass in masses.items():
        frame = frames[name]
        if frame.body >= 0:
            body = bodies[frame.body]
            bodies[frame.body] = replace(body, mass=body.mass + mass.moved(frame.R, frame.r))
    tip, tool = frames[chain.tip], matrix(chain.tool)
    named = {name: frames[link] for link, name in chain.frame_names.items()}
    named["tool"] = Frame(tip.body, clean(tip.R @ tool[:3, :3]), tip.R @ tool[:3, 3] + tip.r)
    regrouped, rest = _regrouped(bodies)
    total = rest.m + sum(body.mass.m for body in regrouped)
    drives = drives_of(chain)
    carriers = {frames[name].body for name in chain.variable if name in frames}
    reached = _reached(bodies, carriers) if carriers - {-1} else ()
    variants = reached, "tool" in chain.variable
    return Bodies(
        len(index), regrouped, frames, named, chain.gravity, masses, drives, rest, total, *variants
    )


def _turn_to_common_normals(bodies: list[Body], frames: dict[str, Frame]) -> None:
    """Turn frames about their own axes so that a next axis is tilted about their x axis alone.

    Joint positions get offsets in exchange, as in Denavit and Hartenberg's convention. A rotation
    by such a tilt takes 6 operations, any other 15. Axes that are simple already stay.
    """
    for c, child in enumerate(bodies):
        p = child.parent
        h = float(np.hypot(child.R[0, 2], child.R[1, 2]))
        simple = np.isin(child.R, (-1.0, 0.0, 1.0)).sum() > 4 or h < 1e-9
        if p < 0 or simple or child.slides or bodies[p].slides or bodies[p].turned:
            continue
        angle = float(np.arctan2(child.R[0, 2], -child.R[1, 2]))
        back = about_axis((0.0, 0.0, 1.0), -angle)
        bodies[p] = replace(bodies[p], offset=bodies[p].offset + angle, turned=True)
        for k, each in enumerate(bodies):
            if each.parent == p:
                bodies[k] = replace(each, R=back @ each.R, r=back @ each.r)
        for name, frame in frames.items():
            if frame.body == p:
                frames[name] = Frame(p, back @ frame.R, back @ frame.r)
        R, cos = bodies[c].R, float(child.R[2, 2])
        tilt = np.array([[1.0, 0.0, 0.0], [0.0, cos, -h], [0.0, h, cos]])
        zero = R.T @ tilt  # about z
        rest = float(np.arctan2(zero[1, 0], zero[0, 0]))
        bodies[c] = replace(bodies[c], R=tilt, offset=bodies[c].offset - rest)


def _reached(bodies: list[Body], carriers: set[int]) -> tuple[Mass, ...]:
    """Moments of each body that are not 0 where those of any mass on the ``carriers`` arrive."""
    S = np.array([[0.91, 0.37, 0.23], [0.37, 1.37, 0.53], [0.23, 0.53, 1.73]])
    some = Mass(1.0, np.array([0.31, 0.43, 0.59]), S)  # any: no two moments are alike
    probes = [replace(b, mass=some if i in carriers else MASSLESS) for i, b in enumerate(bodies)]
    return tuple(body.mass for body in _regrouped(probes)[0])


def _regrouped(bodies: list[Body]) -> tuple[tuple[Body, ...], Mass]:
    """Move the mass that its own rotation leaves in place, a line on the axis, into the parent.

    Return what reaches the base as well.
    """
    bodies, rest = list(bodies), MASSLESS
    for i in range(len(bodies) - 1, -1, -1):
        body = bodies[i]
        if body.slides:
            continue
        m, h, S = body.mass.m, body.mass.h, body.mass.S
        line = Mass(m, np.array([0.0, 0.0, h[2]]), np.diag([0.0, 0.0, S[0, 0] + S[2, 2]]))
        rest_S = S.copy()
        rest_S[2, 2] = -S[0, 0]
        bodies[i] = replace(body, mass=Mass(0.0, np.array([h[0], h[1], 0.0]), rest_S))
        line = line.moved(body.R, body.r)
        if body.parent < 0:
            rest = rest + line
        else:
            parent = bodies[body.parent]
            bodies[body.parent] = replace(parent, mass=parent.mass + line)
    return tuple(bodies), rest
