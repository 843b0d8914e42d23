"""``Arm``: what a controller asks of an arm model.

Positions are radians (metres for a sliding joint), torques N m (N), everything float64 and in the
base frame. All methods take leading batch axes. Results are new arrays, never views of something
that a later call changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from arms.equations.terms import AXES, TERMS, Request
from arms.errors import ArmError
from arms.machine.kernel import Kernel, lowered
from arms.model.chain import Chain
from arms.model.description import Description, Triple

if TYPE_CHECKING:
    from arms.equations.symbolic import Symbolic
    from arms.machine.steps import Steps

Joints = Float[ndarray, "*batch n"]


class Terms(NamedTuple):
    """Everything a controller needs at one state, at the tool frame."""

    pose: Float[ndarray, "*batch 4 4"]
    J: Float[ndarray, "*batch 6 n"]
    dJ: Float[ndarray, "*batch 6 n"]
    M: Float[ndarray, "*batch n n"]
    C: Float[ndarray, "*batch n n"]
    g: Float[ndarray, "*batch n"]


class Arm(Description):
    """The model of one arm: ``M(q) ddq + C(q, dq) dq + g(q) = tau + J^T f_ext``.

    Made by ``arms.load``, or from a ``Chain`` of one's own. A ``frame`` is one of ``frames``; a
    ``point`` [m] is fixed in it and given in its axes. ``axes`` says how a Jacobian is written
    down (Pinocchio's name in brackets):

    - "base": linear velocity of the frame's origin, base axes [LOCAL_WORLD_ALIGNED];
    - "local": the same in the frame's own axes [LOCAL];
    - "spatial": linear velocity of the point that is at the base's origin, base axes [WORLD].

    ``steps`` are those of kernels that need not be derived any more (`Kernel.steps`).
    """

    def __init__(self, chain: Chain, steps: Mapping[Request, Steps] | None = None) -> None:
        super().__init__(chain)
        self._steps = {} if steps is None else dict(steps)
        self._kernels: dict[Any, Kernel] = {}
        self._jacobians: dict[str, Callable[..., Any]] = {}

    def pose(
        self, q: Joints, frame: str = "tool", *, point: Triple | None = None
    ) -> Float[ndarray, "*batch 4 4"]:
        """Homogeneous transform from ``frame``, moved to ``point``, to the base frame."""
        return self._term("pose", q, None, point, frame)

    def jacobian(
        self, q: Joints, frame: str = "tool", *, point: Triple | None = None, axes: str = "base"
    ) -> Float[ndarray, "*batch 6 n"]:
        """Geometric Jacobian: rows 0-2 linear [m/rad], rows 3-5 angular [rad/rad].

        ``J @ dq`` is the twist of the frame (Siciliano et al. 2009, eq. 3.30).
        """
        if point is None and axes == "base":  # what controllers ask for most takes a short cut
            call = self._jacobians.get(frame)
            if call is None:
                call = self._jacobians[frame] = self.kernel("J", frame=frame).call
            J = call(q, None, None)
            if J is not False:
                return J
        return self._term("J", q, None, point, frame, axes)

    def jacobian_dot(
        self,
        q: Joints,
        dq: Joints,
        frame: str = "tool",
        *,
        point: Triple | None = None,
        axes: str = "base",
    ) -> Float[ndarray, "*batch 6 n"]:
        """Time derivative of ``jacobian`` at joint velocities ``dq``."""
        return self._term("dJ", q, dq, point, frame, axes)

    def jacobian_gradient(
        self, q: Joints, frame: str = "tool", *, point: Triple | None = None, axes: str = "base"
    ) -> Float[ndarray, "*batch 6 n n"]:
        """Derivative of ``jacobian`` by every joint: the last index is the joint's."""
        return self._term("dJdq", q, None, point, frame, axes)

    def mass_matrix(self, q: Joints) -> Float[ndarray, "*batch n n"]:
        """M(q) [kg m^2], symmetric and positive definite."""
        return self._term("M", q)

    def coriolis(self, q: Joints, dq: Joints) -> Float[ndarray, "*batch n n"]:
        """C(q, dq) of the Christoffel symbols: ``dM/dt - 2 C`` is skew-symmetric."""
        return self._term("C", q, dq)

    def gravity(self, q: Joints) -> Joints:
        """g(q) [N m]: the torque that holds the arm still."""
        return self._term("g", q)

    def bias(self, q: Joints, dq: Joints) -> Joints:
        """``C(q, dq) dq + g(q)`` [N m], without forming C."""
        return self._term("h", q, dq)

    def inverse_dynamics(self, q: Joints, dq: Joints, ddq: Joints) -> Joints:
        """The torque [N m] that gives accelerations ``ddq`` (recursive Newton-Euler)."""
        return self._term("tau", q, dq, ddq)

    def forward_dynamics(self, q: Joints, dq: Joints, tau: Joints) -> Joints:
        """The accelerations that torques ``tau`` [N m] give: ``M^-1 (tau - C dq - g)``."""
        return self._term("ddq", q, dq, tau)

    def regressor(self, q: Joints, dq: Joints, ddq: Joints) -> Float[ndarray, "*batch n p"]:
        """Y with ``Y @ inertial_parameters`` the inverse dynamics (Slotine and Li 1987)."""
        return self._term("Y", q, dq, ddq)

    def manipulability(
        self, q: Joints, frame: str = "tool", *, rows: Sequence[int] | slice = slice(None)
    ) -> Float[ndarray, "*batch"]:
        """Yoshikawa's measure: the product of the singular values of ``rows`` of the Jacobian.

        With at most n rows it is ``sqrt(det(J J^T))`` (Yoshikawa 1985).
        """
        J = self.jacobian(q, frame)[..., rows, :]
        return np.linalg.svd(J, compute_uv=False).prod(axis=-1)

    def manipulability_gradient(
        self, q: Joints, frame: str = "tool", *, rows: Sequence[int] | slice = slice(None)
    ) -> Joints:
        """Derivative of ``manipulability`` by q; where that is zero, a one-sided one."""
        J = self.jacobian(q, frame)[..., rows, :]
        H = self.jacobian_gradient(q, frame)[..., rows, :, :]
        U, s, Vt = np.linalg.svd(J, full_matrices=False)
        k = s.shape[-1]
        others = np.where(np.eye(k, dtype=bool), 1.0, s[..., None, :]).prod(axis=-1)
        return np.einsum("...i,...ri,...rcj,...ic->...j", others, U, H, Vt)

    def terms(self, q: Joints, dq: Joints) -> Terms:
        """Pose, J, dJ (at the tool), M, C and g in one call; a batch's parts share one buffer."""
        terms = self._terms.call(q, dq, None)
        if terms is not False:
            return terms
        return Terms(*self._terms.views(self._run(self._terms, q, dq, None)))

    def inverse_kinematics(
        self,
        pose: Float[ndarray, "4 4"] | Float[ndarray, "3"],
        start: Joints | None = None,
        *,
        frame: str = "tool",
        seed: int = 0,
    ) -> Float[ndarray, "n"]:
        """Joint positions within the limits that put ``frame`` at a pose, or at a position alone.

        Damped least squares from ``start`` (default: the middle of the limits), then from random
        configurations. Raises ``UnreachableError`` with the best residual where none gets there.
        """
        from arms.inverse import solve

        return solve(self, pose, start, frame, seed)

    @cached_property
    def symbolic(self) -> Symbolic:
        """The terms as Sympy matrices over its own ``q`` and ``dq``, each built on demand."""
        from arms.equations.symbolic import Symbolic

        return Symbolic(self._bodies)

    def kernel(
        self, *terms: str, frame: str = "tool", at_point: bool = False, axes: str = "base"
    ) -> Kernel:
        """The compiled function of some terms of ``arms.terms.TERMS``, for other compiled code."""
        for what, names, known in (("term", terms, TERMS), ("axes", (axes,), AXES)):
            for name in names:
                if name not in known:
                    raise ArmError(f"there is no {what} {name!r}; {what}: {', '.join(known)}")
        if frame not in self._bodies.frames:
            raise ArmError(
                f"Arm {self.name!r} has no frame {frame!r}; frames: {', '.join(self.frames)}"
            )
        key = (terms, frame, at_point, axes)
        kernel = self._kernels.get(key)
        if kernel is None:
            request = Request(*key)
            given = self._steps.get(request)
            kernel = self._kernels[key] = Kernel(self._bodies, request, steps=given)
        return kernel

    def steps(self, request: Request) -> Steps:
        """The single operations of a kernel, for ``Arm(chain, {request: steps})``."""
        given = self._steps.get(request)
        return lowered(self._bodies, request) if given is None else given

    def given(self, request: Request) -> bool:
        """Whether the steps of a kernel were given, so that it need not be derived."""
        return request in self._steps

    @cached_property
    def _terms(self) -> Kernel:
        request = Request(Terms._fields)
        return Kernel(self._bodies, request, Terms, self._steps.get(request))

    def _term(
        self,
        term: str,
        q: Any,
        dq: Any = None,
        u: Any = None,
        frame: str = "tool",
        axes: str = "base",
    ) -> ndarray:
        key = None if u is None else True, term, frame, axes
        try:
            kernel = self._kernels[key]
        except KeyError:
            at_point = u is not None and TERMS[term].at_frame
            kernel = self.kernel(term, frame=frame, at_point=at_point, axes=axes)
            self._kernels[key] = kernel
        out = kernel.call(q, dq, u)
        if out is not False:
            return out
        flat = self._run(kernel, q, dq, u)
        return flat.reshape(flat.shape[:-1] + kernel.shapes[0])

    def _run(self, kernel: Kernel, q: Any, dq: Any, u: Any) -> Float[ndarray, "*batch size"]:
        """Any input: converted, or refused in terms of the arm."""
        third = [TERMS[t].needs_u for t in kernel.request.terms if TERMS[t].needs_u]
        names = ("q", "dq", third[0] if third else "point")
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
        return kernel.run(*vectors)
