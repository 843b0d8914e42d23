"""The terms that can be computed for an arm: names, shapes and inputs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """A computed quantity.

    In ``shape``, n counts joints, b moving bodies, p inertial and d drive parameters.
    """

    meaning: str
    shape: tuple[int | str, ...]
    at_frame: bool = False  # does it belong to a frame?
    needs_dq: bool = False
    needs_u: str = ""  # the third input: "ddq" or "tau"


TERMS = {
    "pose": Term("homogeneous transform of the frame", (4, 4), at_frame=True),
    "J": Term("geometric Jacobian, linear rows first", (6, "n"), at_frame=True),
    "dJ": Term("its time derivative", (6, "n"), at_frame=True, needs_dq=True),
    "dJdq": Term("its derivative by every joint (last index)", (6, "n", "n"), at_frame=True),
    "M": Term("mass matrix", ("n", "n")),
    "dM": Term("its time derivative", ("n", "n"), needs_dq=True),
    "Minv": Term("its inverse", ("n", "n")),
    "C": Term("Coriolis matrix of the Christoffel symbols", ("n", "n"), needs_dq=True),
    "g": Term("torque that holds the arm against gravity", ("n",)),
    "dg": Term("its derivative by the gravity vector", ("n", 3)),
    "Cdq": Term("Coriolis and centrifugal torque", ("n",), needs_dq=True),
    "h": Term("Cdq + g", ("n",), needs_dq=True),
    "tau": Term("inverse dynamics", ("n",), needs_dq=True, needs_u="ddq"),
    "tau_q": Term("its derivative by q", ("n", "n"), needs_dq=True, needs_u="ddq"),
    "tau_dq": Term("its derivative by dq", ("n", "n"), needs_dq=True),
    "Y": Term("regressor: tau = Y theta", ("n", "p"), needs_dq=True, needs_u="ddq"),
    "friction": Term("torque that overcomes the friction", ("n",), needs_dq=True),
    "Y_drives": Term("its regressor and the rotors'", ("n", "d"), needs_dq=True, needs_u="ddq"),
    "screws": Term("axes, origin and joint screw of every moving body", ("b", 18)),
    "ddq": Term("forward dynamics", ("n",), needs_dq=True, needs_u="tau"),
    "ddq_q": Term("its derivative by q", ("n", "n"), needs_dq=True, needs_u="tau"),
    "ddq_dq": Term("its derivative by dq", ("n", "n"), needs_dq=True, needs_u="tau"),
    "ddq_theta": Term("that by the parameters of Y", ("n", "p"), needs_dq=True, needs_u="tau"),
    "com": Term("centre of mass of the moving links", (3,)),
    "Jcom": Term("its Jacobian", (3, "n")),
    "T": Term("kinetic energy", (), needs_dq=True),
    "V": Term("potential energy", ()),
}

BY_INVERSE = {"Minv", "ddq", "ddq_q", "ddq_dq", "ddq_theta"}
"""Terms that take M^-1."""
WHOLE = {"com", "Jcom", "V"}
"""Terms that depend on the mass of all moving links, or their first moment."""
AXES = ("base", "local", "spatial")


@dataclass(frozen=True)
class Request:
    """The terms of one call; kinematic ones at ``frame``, or at the point ``u`` fixed in it.

    Of several frames, kinematic terms have one axis more, the first, which counts them.
    """

    terms: tuple[str, ...]
    frame: str | tuple[str, ...] = "tool"
    at_point: bool = False
    axes: str = "base"  # one of AXES, for J, dJ and dJdq

    def shapes(self, sizes: dict[str, int]) -> list[tuple[int, ...]]:
        """Shape of every term, for the ``sizes`` of an arm."""
        count = () if isinstance(self.frame, str) else (len(self.frame),)
        terms = [TERMS[name] for name in self.terms]
        return [
            (count if t.at_frame else ())
            + tuple(sizes[k] if isinstance(k, str) else k for k in t.shape)
            for t in terms
        ]

    @property
    def frames(self) -> tuple[str, ...]:
        """The frame, or the frames."""
        return (self.frame,) if isinstance(self.frame, str) else self.frame

    @property
    def frames_read(self) -> tuple[str, ...]:
        """The frames that a term belongs to; none if none does."""
        return self.frames if any(TERMS[name].at_frame for name in self.terms) else ()

    @property
    def reads_links(self) -> bool:
        """Does any term list the links' parameters?"""
        return any("p" in TERMS[name].shape for name in self.terms)

    @property
    def inputs(self) -> tuple[str, str, str]:
        """What the inputs are called: q, dq, and ddq, tau or point."""
        third = [TERMS[t].needs_u for t in self.terms if TERMS[t].needs_u]
        return "q", "dq", third[0] if third else "point"

    def needs_dq(self) -> bool:
        """Does any term depend on the joint velocities?"""
        return any(TERMS[t].needs_dq for t in self.terms)

    def lengths(self, n: int) -> tuple[int, int, int]:
        """Lengths of q, dq and u; 0 for an input that is not read."""
        return n, n if self.needs_dq() else 0, self.width(n)

    def width(self, n: int) -> int:
        """Length of the third input, u."""
        return 3 if self.at_point else n if any(TERMS[t].needs_u for t in self.terms) else 0
