"""``Arm``: what a controller asks of an arm model.

Positions are radians (metres for a sliding joint), torques N m (N), everything float64 and in the
base frame. All methods take leading batch axes. Results are new arrays, never views of something
that a later call changes.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from arms.attach import with_payload, with_tool
from arms.bodies import Bodies, bodies_of, coordinates
from arms.chain import Chain
from arms.exceptions import ArmError
from arms.kernel import Kernel
from arms.terms import Request


class Terms(NamedTuple):
    """Everything a controller needs at one state, at the tool frame."""

    pose: Float[ndarray, "*batch 4 4"]
    J: Float[ndarray, "*batch 6 n"]
    dJ: Float[ndarray, "*batch 6 n"]
    M: Float[ndarray, "*batch n n"]
    C: Float[ndarray, "*batch n n"]
    g: Float[ndarray, "*batch n"]


class Arm:
    """The model of one arm: ``M(q) ddq + C(q, dq) dq + g(q) = tau + J^T f_ext``.

    Made by ``arms.load``, or from a ``Chain`` of one's own.
    """

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
        self._kernels: dict[Any, Kernel] = {}

    def __repr__(self) -> str:
        return f"Arm({self.name!r}, {self.dof} joints, {self.chain.base!r} to {self.chain.tip!r})"

    @property
    def frames(self) -> tuple[str, ...]:
        """Names of the frames: the links', then "tool", the tip link's with the tool's offset."""
        return tuple(dict.fromkeys([*(link.name for link in self.chain.links), "tool"]))

    @property
    def gravity_vector(self) -> Float[ndarray, "3"]:
        """Acceleration of gravity in the base frame [m/s^2]."""
        return np.array(self.chain.gravity)

    def pose(
        self, q: Float[ndarray, "*batch n"], frame: str = "tool"
    ) -> Float[ndarray, "*batch 4 4"]:
        """Homogeneous transform from ``frame`` to the base frame."""
        return self._term("pose", frame, q)

    def jacobian(
        self, q: Float[ndarray, "*batch n"], frame: str = "tool"
    ) -> Float[ndarray, "*batch 6 n"]:
        """Geometric Jacobian of ``frame``: rows 0-2 linear [m/rad], rows 3-5 angular [rad/rad].

        Both halves are in the base frame's axes: ``J @ dq`` is the twist of the frame's origin
        (Siciliano et al. 2009, eq. 3.30).
        """
        return self._term("J", frame, q)

    def jacobian_dot(
        self, q: Float[ndarray, "*batch n"], dq: Float[ndarray, "*batch n"], frame: str = "tool"
    ) -> Float[ndarray, "*batch 6 n"]:
        """Time derivative of ``jacobian`` at joint velocities ``dq``."""
        return self._term("dJ", frame, q, dq)

    def mass_matrix(self, q: Float[ndarray, "*batch n"]) -> Float[ndarray, "*batch n n"]:
        """M(q) [kg m^2], symmetric and positive definite."""
        return self._term("M", "tool", q)

    def coriolis(
        self, q: Float[ndarray, "*batch n"], dq: Float[ndarray, "*batch n"]
    ) -> Float[ndarray, "*batch n n"]:
        """C(q, dq) of the Christoffel symbols: ``dM/dt - 2 C`` is skew-symmetric."""
        return self._term("C", "tool", q, dq)

    def gravity(self, q: Float[ndarray, "*batch n"]) -> Float[ndarray, "*batch n"]:
        """g(q) [N m]: the torque that holds the arm still."""
        return self._term("g", "tool", q)

    def bias(
        self, q: Float[ndarray, "*batch n"], dq: Float[ndarray, "*batch n"]
    ) -> Float[ndarray, "*batch n"]:
        """``C(q, dq) dq + g(q)`` [N m], without forming C."""
        return self._term("h", "tool", q, dq)

    def inverse_dynamics(
        self,
        q: Float[ndarray, "*batch n"],
        dq: Float[ndarray, "*batch n"],
        ddq: Float[ndarray, "*batch n"],
    ) -> Float[ndarray, "*batch n"]:
        """The torque [N m] that gives accelerations ``ddq`` (recursive Newton-Euler)."""
        return self._term("tau", "tool", q, dq, ddq)

    def forward_dynamics(
        self,
        q: Float[ndarray, "*batch n"],
        dq: Float[ndarray, "*batch n"],
        tau: Float[ndarray, "*batch n"],
    ) -> Float[ndarray, "*batch n"]:
        """The accelerations that torques ``tau`` [N m] give: ``M^-1 (tau - C dq - g)``."""
        return self._term("ddq", "tool", q, dq, tau)

    def terms(self, q: Float[ndarray, "*batch n"], dq: Float[ndarray, "*batch n"]) -> Terms:
        """Pose, J, dJ (at the tool), M, C and g in one call; a batch's parts share one buffer."""
        terms = self._terms.call(q, dq, None)
        if terms is not False:
            return terms
        kernel = self._terms
        out = self._run(kernel, q, dq, None)
        lead = out.shape[:-1]
        parts = zip(kernel.slices, kernel.shapes, strict=True)
        return Terms(*[out[..., part].reshape(lead + shape) for part, shape in parts])

    def checked(self, name: str, value: Any) -> Float[ndarray, "*batch n"]:
        """A float64 copy of the joint vector ``value``, called ``name`` in an error."""
        return self._vector(name, value, self.dof).copy()

    def kernel(self, *terms: str, frame: str = "tool", at_point: bool = False) -> Kernel:
        """The compiled function of some terms of ``arms.terms.TERMS``, for other compiled code."""
        key = (terms, frame, at_point)
        kernel = self._kernels.get(key)
        if kernel is None:
            if frame not in self._bodies.frames:
                raise ArmError(
                    f"Arm {self.name!r} has no frame {frame!r}; frames: {', '.join(self.frames)}"
                )
            kernel = self._kernels[key] = Kernel(self._bodies, Request(terms, frame, at_point))
        return kernel

    def with_payload(
        self,
        mass: float,
        com: Float[ndarray, "3"] | tuple[float, float, float] = (0.0, 0.0, 0.0),
        inertia: Float[ndarray, "3 3"] | None = None,
    ) -> Arm:
        """The arm with a body of ``mass`` [kg] fixed to its tool frame.

        ``com`` [m] and ``inertia`` [kg m^2], about the com, are in the tool frame; None is a point
        mass.
        """
        return Arm(with_payload(self.chain, mass, com, inertia))

    def with_tool(
        self,
        transform: Float[ndarray, "4 4"],
        mass: float = 0.0,
        com: Float[ndarray, "3"] | tuple[float, float, float] = (0.0, 0.0, 0.0),
        inertia: Float[ndarray, "3 3"] | None = None,
    ) -> Arm:
        """The arm with its tool frame moved by ``transform``, given in the present tool frame.

        ``mass``, ``com`` and ``inertia`` of the tool itself are, as for ``with_payload``, in the
        frame that it is mounted on: the present tool frame.
        """
        return Arm(with_tool(self.chain, transform, mass, com, inertia))

    def to_urdf(self, meshes: bool = False) -> str:
        """URDF text that PyBullet reads as the same arm; ``meshes`` keeps the links' meshes."""
        from arms.urdf_text import urdf_text

        return urdf_text(self.chain, meshes)

    @cached_property
    def symbolic(self):
        """The terms as Sympy matrices over its own ``q`` and ``dq``, each built on demand."""
        from arms.symbolic import Symbolic

        return Symbolic(self._bodies)

    @cached_property
    def _terms(self) -> Kernel:
        return Kernel(self._bodies, Request(Terms._fields), Terms)

    @cached_property
    def _bodies(self) -> Bodies:
        return bodies_of(self.chain)

    def _term(self, term: str, frame: str, q: Any, dq: Any = None, u: Any = None) -> ndarray:
        kernel = self._kernels.get((term, frame))
        if kernel is None:
            kernel = self._kernels[(term, frame)] = self.kernel(term, frame=frame)
        out = kernel.call(q, dq, u)
        if out is not False:
            return out
        flat = self._run(kernel, q, dq, u)
        return flat.reshape(flat.shape[:-1] + kernel.shapes[0])

    def _run(self, kernel: Kernel, q: Any, dq: Any, u: Any) -> Float[ndarray, "*batch size"]:
        """Any input: converted, or refused in terms of the arm."""
        names = ("q", "dq", "point" if kernel.request.at_point else "ddq or tau")
        vectors = [
            self._vector(name, value, length) if length else None
            for name, value, length in zip(names, (q, dq, u), kernel.lengths, strict=True)
        ]
        given = [v.shape for v in vectors if v is not None]
        try:
            np.broadcast_shapes(*(shape[:-1] for shape in given))
        except ValueError:
            shapes = " and ".join(map(str, given))
            raise ArmError(f"Arm {self.name!r}: leading axes do not fit: {shapes}") from None
        return kernel.run(vectors[0], vectors[1], vectors[2])  # type: ignore[arg-type]

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
