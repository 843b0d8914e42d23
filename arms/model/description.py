"""What an arm is: its joints, limits and frames, and the arms that can be made from it."""

from __future__ import annotations

from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from arms.equations.bodies import Bodies, bodies_of, coordinates
from arms.errors import ArmError
from arms.model import attach
from arms.model.chain import Chain

Self = TypeVar("Self", bound="Description")
Triple = Float[ndarray, "3"] | tuple[float, float, float]


class Description:
    """The part of an ``Arm`` that is data."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        joints = coordinates(chain)
        self.name = chain.name
        self.dof = len(joints)
        self.joint_names = tuple(joint.name for joint in joints)
        self.q_lower = np.array([joint.lower for joint in joints])
        self.q_upper = np.array([joint.upper for joint in joints])
        self.dq_max = np.array([joint.velocity for joint in joints])
        self.tau_max = np.array([joint.effort for joint in joints])

    def __repr__(self) -> str:
        return f"Arm({self.name!r}, {self.dof} joints, {self.chain.base!r} to {self.chain.tip!r})"

    @property
    def frames(self) -> tuple[str, ...]:
        """The links', base first, then "tool": the tip's frame with the tool's offset."""
        return (*(link.name for link in self.chain.links if link.name != "tool"), "tool")

    @property
    def gravity_vector(self) -> Float[ndarray, "3"]:
        """Acceleration of gravity in the base frame [m/s^2]."""
        return np.array(self.chain.gravity)

    @property
    def inertial_parameters(self) -> Float[ndarray, "p"]:
        """theta of the regressor: ten numbers per link that moves and has a mass.

        Mass [kg], first moments x, y, z [kg m] and Ixx, Ixy, Iyy, Ixz, Iyz, Izz [kg m^2], about
        the link's origin in the link's axes; ``parameter_names`` names them.
        """
        theta = []
        for link in self._bodies.heavy_links:
            mass = self._bodies.masses[link]
            I = np.trace(mass.S) * np.eye(3) - mass.S  # noqa: E741
            theta += [mass.m, *mass.h, I[0, 0], I[0, 1], I[1, 1], I[0, 2], I[1, 2], I[2, 2]]
        return np.array(theta)

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Names of ``inertial_parameters``: "link.m", "link.hx", ..., "link.Izz"."""
        kinds = ("m", "hx", "hy", "hz", "Ixx", "Ixy", "Iyy", "Ixz", "Iyz", "Izz")
        return tuple(f"{link}.{kind}" for link in self._bodies.heavy_links for kind in kinds)

    def checked(self, name: str, value: Any) -> Float[ndarray, "*batch n"]:
        """A float64 copy of the joint vector ``value``, called ``name`` in an error."""
        return self._vector(name, value, self.dof).copy()

    def with_payload(
        self: Self,
        mass: float,
        com: Triple = (0.0, 0.0, 0.0),
        inertia: Float[ndarray, "3 3"] | None = None,
    ) -> Self:
        """The arm with a body of ``mass`` [kg] fixed to its tool frame.

        ``com`` [m] and ``inertia`` [kg m^2], about the com, are in the tool frame; None is a point
        mass.
        """
        return type(self)(attach.with_payload(self.chain, mass, com, inertia))

    def with_tool(
        self: Self,
        transform: Float[ndarray, "4 4"],
        mass: float = 0.0,
        com: Triple = (0.0, 0.0, 0.0),
        inertia: Float[ndarray, "3 3"] | None = None,
    ) -> Self:
        """The arm with its tool frame moved by ``transform``, given in the present tool frame.

        ``mass``, ``com`` and ``inertia`` of the tool itself are, as for ``with_payload``, in the
        frame that it is mounted on: the present tool frame.
        """
        return type(self)(attach.with_tool(self.chain, transform, mass, com, inertia))

    def with_base(self: Self, transform: Float[ndarray, "4 4"]) -> Self:
        """The arm mounted at ``transform`` in a new base frame, "world"; gravity is now in that."""
        return type(self)(attach.with_base(self.chain, transform))

    def with_gravity(self: Self, gravity: Triple) -> Self:
        """The arm under another acceleration of gravity [m/s^2], in the base frame."""
        return type(self)(attach.with_gravity(self.chain, gravity))

    def to_urdf(self, meshes: bool = False) -> str:
        """URDF text that PyBullet reads as the same arm; ``meshes`` keeps the links' meshes."""
        from arms.model.urdf_text import urdf_text

        return urdf_text(self.chain, meshes)

    @property
    def sizes(self) -> dict[str, int]:
        """What the letters in the shapes of ``arms.terms`` stand for."""
        return self._bodies.sizes

    @cached_property
    def _bodies(self) -> Bodies:
        return bodies_of(self.chain)

    def _vector(self, name: str, value: Any, length: int) -> Float[ndarray, "*batch n"]:
        what = f"Arm {self.name!r} has {self.dof} joints, {name}"
        try:
            array = np.asarray(value)
        except ValueError:
            raise ArmError(f"{what} is a ragged sequence") from None
        if array.dtype.kind not in "iuf":
            raise ArmError(f"{what} holds {array.dtype} values, not real numbers")
        if array.ndim == 0 or array.shape[-1] != length:
            raise ArmError(f"{what} has shape {array.shape}; its last axis must be {length}")
        array = array.astype(np.float64, copy=False)
        if not np.isfinite(array).all():
            where = tuple(int(k) for k in np.argwhere(~np.isfinite(array))[0])
            joint = f" (joint {self.joint_names[where[-1]]!r})" if length == self.dof else ""
            raise ArmError(f"{what}{list(where)}{joint} is {array[where]}")
        return array
