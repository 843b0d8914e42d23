"""An arm's joints, limits, frames and inertial parameters, and variants of the arm."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
from numpy import ndarray
from numpy.typing import ArrayLike

from arms.errors import ArmError
from arms.model import attach
from arms.model.bodies import Bodies, bodies_of, drives_of
from arms.model.chain import DRIVE, Chain, coordinates
from arms.model.urdf_text import urdf_text
from arms.model.values import array as real_array

if TYPE_CHECKING:
    from jaxtyping import Float

Self = TypeVar("Self", bound="Description")


def sample_range(
    lower: Float[ndarray, "n"], upper: Float[ndarray, "n"], reach: float = np.pi
) -> tuple[Float[ndarray, "n"], Float[ndarray, "n"]]:
    """Where to sample joints with these limits: as far as they are within ``reach`` of zero.

    A joint whose limits are all beyond is sampled within ``reach`` of the nearer one.
    """
    low = np.where(upper > -reach, -reach, upper - reach)
    high = np.where(lower < reach, reach, lower + reach)
    return np.maximum(lower, low), np.minimum(upper, high)


class Friction(NamedTuple):
    """An arm's model of friction: ``viscous dq + dry tanh(dq / v)``, v = 0.01 rad/s, by joint."""

    viscous: Float[ndarray, "n"]  # [N m s/rad]
    dry: Float[ndarray, "n"]  # [N m]


class Description:
    """The part of an ``Arm`` that is data.

    Arrays have one entry per joint, in the order of ``joint_names``: ``q_lower`` and ``q_upper``
    [rad or m], ``dq_max`` [rad/s or m/s], ``tau_max`` [N m or N]; infinite without a limit.
    """

    def __init__(self, chain: Chain) -> None:
        """Read a chain's joints and limits."""
        if not isinstance(chain, Chain):
            raise ArmError(
                f"chain: is {chain!r:.60}, needs a Chain; arms.load takes a name or a file"
            )
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
        """The links' names, base first, then "tool": the tip's frame with the tool's offset.

        The frame of a link that is itself called "tool" is "tool_link".
        """
        return (*self.chain.frame_names.values(), "tool")

    @property
    def gravity_vector(self) -> Float[ndarray, "3"]:
        """Acceleration of gravity in the base frame [m/s^2]."""
        return np.array(self.chain.gravity)

    @property
    def armature(self) -> Float[ndarray, "n"]:
        """Inertia of the rotors as felt at the joints [kg m^2]: it is on the diagonal of M.

        A rotor's own inertia times the gear ratio squared (MuJoCo's word). 0 unless the URDF or
        ``with_armature`` states one.
        """
        return drives_of(self.chain)[0]

    @property
    def friction(self) -> Friction:
        """The friction that the model knows, 0 unless ``with_friction`` states one."""
        _, viscous, dry = drives_of(self.chain)
        return Friction(viscous, dry)

    @property
    def drive_parameters(self) -> Float[ndarray, "d"]:
        """Parameters of the drive regressor (3 n,): armature, then viscous, then dry friction.

        ``drive_parameter_names`` names them.
        """
        return drives_of(self.chain).ravel()

    @property
    def drive_parameter_names(self) -> tuple[str, ...]:
        """Names of ``drive_parameters``: "joint.armature", ..., "joint.dry"."""
        return tuple(f"{joint}.{field}" for field in DRIVE for joint in self.joint_names)

    @property
    def inertial_parameters(self) -> Float[ndarray, "p"]:
        """theta of the regressor (p,): ten numbers per moving link with a mass.

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

    def checked(self, name: str, value: ArrayLike) -> Float[ndarray, "*batch n"]:
        """A float64 copy of a joint vector.

        Raises:
            ArmError: ``value`` is not real, finite and of the arm's size; the message calls it
                ``name``.
        """
        return self._vector(name, value, self.dof).copy()

    def with_payload(
        self: Self,
        mass: float,
        com: ArrayLike = (0.0, 0.0, 0.0),
        inertia: ArrayLike | None = None,
    ) -> Self:
        """The arm with a body of ``mass`` [kg] fixed to its tool frame.

        ``com`` (3,) [m] and ``inertia`` (3, 3) [kg m^2], about the com, are in the tool frame;
        without ``inertia`` the payload is a point mass.

        Raises:
            ArmError: No rigid body has these values.
        """
        return type(self)(attach.with_payload(self.chain, mass, com, inertia))

    def with_tool(
        self: Self,
        transform: ArrayLike,
        mass: float = 0.0,
        com: ArrayLike = (0.0, 0.0, 0.0),
        inertia: ArrayLike | None = None,
    ) -> Self:
        """The arm with its tool frame moved by ``transform`` (4, 4) in the present tool frame.

        ``mass``, ``com`` and ``inertia`` are the tool's own, as for ``with_payload`` in the frame
        on which the tool is mounted: the present tool frame.

        Raises:
            ArmError: ``transform`` is not a rigid motion, or no rigid body has these values.
        """
        return type(self)(attach.with_tool(self.chain, transform, mass, com, inertia))

    def with_inertial_parameters(self: Self, theta: ArrayLike) -> Self:
        """The arm with other ``inertial_parameters`` (p,) of its links, in their order.

        Raises:
            ArmError: There are not p numbers, one is not finite, or a mass is not above 0.
        """
        names = self._bodies.heavy_links
        values = self._vector("theta", theta, 10 * len(names))
        if values.ndim != 1 or not np.isfinite(values).all():
            raise ArmError(f"Arm {self.name!r}: theta needs {10 * len(names)} finite numbers")
        return type(self)(attach.with_inertias(self.chain, names, values.reshape(-1, 10)))

    def with_armature(self: Self, armature: ArrayLike) -> Self:
        """The arm with rotors of ``armature`` [kg m^2] at its joints: a number, or one each (n,).

        Raises:
            ArmError: A value is negative or not finite, or there are not n of them.
        """
        return type(self)(attach.with_drives(self.chain, armature=armature))

    def with_friction(self: Self, viscous: ArrayLike, dry: ArrayLike) -> Self:
        """The arm with friction in its model: a number for all joints, or one each (n,).

        ``viscous`` [N m s/rad] and ``dry`` [N m] as in `Friction`. A control law of a bound arm
        adds it as a feed-forward.

        Raises:
            ArmError: A value is negative or not finite, or there are not n of them.
        """
        return type(self)(attach.with_drives(self.chain, viscous=viscous, dry=dry))

    def with_base(self: Self, transform: ArrayLike) -> Self:
        """The arm at ``transform`` (4, 4) in a new base frame, "world"; gravity is in its axes."""
        return type(self)(attach.with_base(self.chain, transform))

    def with_gravity(self: Self, gravity: ArrayLike) -> Self:
        """The arm under another acceleration of gravity (3,) [m/s^2], in the base frame."""
        return type(self)(attach.with_gravity(self.chain, gravity))

    def to_urdf(self, meshes: bool = False) -> str:
        """URDF text that PyBullet reads as the same arm, with the links' ``meshes`` if asked."""
        return urdf_text(self.chain, meshes)

    @property
    def sizes(self) -> dict[str, int]:
        """Values of the letters in the shapes of ``TERMS``."""
        return self._bodies.sizes

    @cached_property
    def _bodies(self) -> Bodies:
        return bodies_of(self.chain)

    def _vector(self, name: str, value: ArrayLike, length: int) -> Float[ndarray, "*batch n"]:
        """``value`` as a float64 array, or an error that names the arm and ``name``."""
        what = f"Arm {self.name!r} has {self.dof} joints, {name}"
        array = real_array(what, value)
        if array.ndim == 0 or array.shape[-1] != length:
            raise ArmError(f"{what} has shape {array.shape}; its last axis must be {length}")
        array = array.astype(np.float64, copy=False)
        if not np.isfinite(array).all():
            where = tuple(int(k) for k in np.argwhere(~np.isfinite(array))[0])
            joint = f" (joint {self.joint_names[where[-1]]!r})" if length == self.dof else ""
            raise ArmError(f"{what}{list(where)}{joint} is {array[where]}, needs a finite number")
        return array
