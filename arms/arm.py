"""``Arm``: kinematics and dynamics for a controller.

Positions are radians (metres for a sliding joint), torques N m (N for a sliding joint). Everything
is float64 and in the base frame. All methods take leading batch axes and return new arrays, never
views of memory that a later call changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy import ndarray
from numpy.typing import ArrayLike

from arms.errors import ArmError
from arms.inverse.search import DEFAULT, Postures, Search, find, find_all, solve
from arms.machine import cache as disk
from arms.machine.kernel import Kernel
from arms.machine.steps import Steps
from arms.machine.tape import from_bytes, to_bytes
from arms.model.bodies import Bodies
from arms.model.chain import Chain
from arms.model.description import Description
from arms.model.terms import AXES, TERMS, Request

if TYPE_CHECKING:
    from jaxtyping import Float

    from arms.equations.symbolic import Symbolic

    Joints = Float[ndarray, "*batch n"]

_CODE = ("_kernels", "_jacobians", "_terms", "symbolic")  # of an ``Arm``: made on demand


class Terms(NamedTuple):
    """Everything a controller needs at one state, at the tool frame."""

    pose: Float[ndarray, "*batch 4 4"]
    J: Float[ndarray, "*batch 6 n"]
    dJ: Float[ndarray, "*batch 6 n"]
    M: Float[ndarray, "*batch n n"]
    C: Float[ndarray, "*batch n n"]
    g: Float[ndarray, "*batch n"]


class Arm(Description):
    """The model of one arm: ``M(q) ddq + C(q, dq) dq + g(q) + friction(dq) = tau + J^T f_ext``.

    The rotors' ``armature`` is in M. Both it and ``friction`` are 0 unless stated.

    ``arms.load`` returns one; ``Arm(chain)`` makes one from any ``Chain``. A ``frame`` is one of
    ``frames``; a ``point`` [m] is fixed in it and given in its axes. ``axes`` selects the
    coordinates of a Jacobian (Pinocchio's name in brackets):

    - "base": linear velocity of the frame's origin, base axes [LOCAL_WORLD_ALIGNED];
    - "local": the same in the frame's own axes [LOCAL];
    - "spatial": linear velocity of the point at the base's origin, base axes [WORLD].

    The first call of a method derives and compiles its equations, once per installation; a batch
    has code of its own. ``warm_up`` does this in advance. Compiling that takes longer than a second
    is logged to the logger "arms", at level INFO.

    Methods raise ``ArmError`` for an input that is not real, finite and of the arm's size, and for
    a frame or axes that do not exist.
    """

    def __init__(self, chain: Chain, steps: Mapping[Request, Steps] | None = None) -> None:
        """Make an arm of a chain; its kernels with ``steps`` are compiled without derivation."""
        super().__init__(chain)
        self._steps = {} if steps is None else dict(steps)
        self._kernels: dict[Any, Kernel] = {}
        self._jacobians: dict[str, Callable[..., Any]] = {}

    def __getstate__(self) -> dict[str, Any]:
        """What a copy or a pickle takes along: all but compiled code, which is loaded again."""
        return {name: value for name, value in self.__dict__.items() if name not in _CODE}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _kernels={}, _jacobians={})

    def pose(
        self, q: ArrayLike, frame: str = "tool", *, point: ArrayLike | None = None
    ) -> Float[ndarray, "*batch 4 4"]:
        """Homogeneous transform from ``frame``, moved to ``point``, to the base frame."""
        return self._term("pose", q, None, point, frame)

    def jacobian(
        self,
        q: ArrayLike,
        frame: str = "tool",
        *,
        point: ArrayLike | None = None,
        axes: str = "base",
    ) -> Float[ndarray, "*batch 6 n"]:
        """Geometric Jacobian: rows 0-2 linear [m/rad], rows 3-5 angular [rad/rad].

        ``J @ dq`` is the twist of the frame (Siciliano et al. 2009, eq. 3.30).
        """
        if point is None and axes == "base":  # the most frequent call of controllers: a shortcut
            call = self._jacobians.get(frame)
            if call is None:
                call = self._jacobians[frame] = self.kernel("J", frame=frame).call
            J = call(q, None, None)
            if J is not False:
                return J
        return self._term("J", q, None, point, frame, axes)

    def jacobian_dot(
        self,
        q: ArrayLike,
        dq: ArrayLike,
        frame: str = "tool",
        *,
        point: ArrayLike | None = None,
        axes: str = "base",
    ) -> Float[ndarray, "*batch 6 n"]:
        """Time derivative of ``jacobian`` at joint velocities ``dq``."""
        return self._term("dJ", q, dq, point, frame, axes)

    def jacobian_gradient(
        self,
        q: ArrayLike,
        frame: str = "tool",
        *,
        point: ArrayLike | None = None,
        axes: str = "base",
    ) -> Float[ndarray, "*batch 6 n n"]:
        """Derivative of ``jacobian`` with respect to q, on the last axis."""
        return self._term("dJdq", q, None, point, frame, axes)

    def mass_matrix(self, q: ArrayLike) -> Float[ndarray, "*batch n n"]:
        """M(q) [kg m^2], symmetric and positive definite."""
        return self._term("M", q)

    def coriolis(self, q: ArrayLike, dq: ArrayLike) -> Float[ndarray, "*batch n n"]:
        """C(q, dq) from the Christoffel symbols, so that ``dM/dt - 2 C`` is skew-symmetric."""
        return self._term("C", q, dq)

    def gravity(self, q: ArrayLike) -> Joints:
        """g(q) [N m]: the torque that holds the arm still against gravity."""
        return self._term("g", q)

    def gravity_gradient(self, q: ArrayLike) -> Float[ndarray, "*batch n 3"]:
        """The derivative of g(q) by the gravity vector [kg m]; times that vector it is g(q)."""
        return self._term("dg", q)

    def bias(self, q: ArrayLike, dq: ArrayLike) -> Joints:
        """``C(q, dq) dq + g(q)`` [N m], without forming C."""
        return self._term("h", q, dq)

    def inverse_dynamics(self, q: ArrayLike, dq: ArrayLike, ddq: ArrayLike) -> Joints:
        """The torque [N m] for accelerations ``ddq`` [rad/s^2] (recursive Newton-Euler).

        It includes what accelerates the rotors and overcomes the model's friction.
        """
        return self._term("tau", q, dq, ddq)

    def forward_dynamics(self, q: ArrayLike, dq: ArrayLike, tau: ArrayLike) -> Joints:
        """The accelerations [rad/s^2] under ``tau`` [N m]: ``M^-1 (tau - C dq - g - friction)``.

        ``ArmError`` if M is singular: a moving link without a mass, for instance, which is named.
        """
        ddq = self._term("ddq", q, dq, tau)
        if not np.isfinite(ddq).all():
            raise ArmError(
                f"Arm {self.name!r}: forward dynamics are not finite: M is singular at this q, or "
                "dq or tau is too large"
            )
        return ddq

    def regressor(
        self, q: ArrayLike, dq: ArrayLike, ddq: ArrayLike
    ) -> Float[ndarray, "*batch n p"]:
        """Y: ``Y @ inertial_parameters`` is the links' inverse dynamics (Slotine and Li 1987).

        ``drive_regressor`` has the columns of the rotors' inertia and of friction.
        """
        return self._term("Y", q, dq, ddq)

    def friction_torque(self, dq: ArrayLike) -> Joints:
        """The torque [N m] that overcomes the model's friction: ``viscous dq + dry tanh(dq / v)``.

        v is 0.01 rad/s (m/s for a sliding joint). The joints' positions do not matter.
        """
        return self._term("friction", np.zeros(self.dof), dq)

    def drive_regressor(self, dq: ArrayLike, ddq: ArrayLike) -> Float[ndarray, "*batch n d"]:
        """The rotors' and friction's regressor: diagonal blocks of ddq, dq and tanh(dq / v).

        ``Y @ inertial_parameters + drive_regressor(dq, ddq) @ drive_parameters`` is the inverse
        dynamics. Its parameters are 0 unless stated, its columns are there for every arm.
        """
        return self._term("Y_drives", np.zeros(self.dof), dq, ddq)

    def manipulability(
        self, q: ArrayLike, frame: str = "tool", *, rows: Sequence[int] | slice = slice(None)
    ) -> Float[ndarray, "*batch"]:
        """Yoshikawa's measure: the product of the singular values of ``rows`` of the Jacobian.

        With at most n rows it is ``sqrt(det(J J^T))`` (Yoshikawa 1985).
        """
        J = self.jacobian(q, frame)[..., rows, :]
        return np.linalg.svd(J, compute_uv=False).prod(axis=-1)

    def manipulability_gradient(
        self, q: ArrayLike, frame: str = "tool", *, rows: Sequence[int] | slice = slice(None)
    ) -> Joints:
        """Derivative of ``manipulability`` with respect to q; one-sided where the measure is 0."""
        J = self.jacobian(q, frame)[..., rows, :]
        H = self.jacobian_gradient(q, frame)[..., rows, :, :]
        U, s, Vt = np.linalg.svd(J, full_matrices=False)
        k = s.shape[-1]
        others = np.where(np.eye(k, dtype=bool), 1.0, s[..., None, :]).prod(axis=-1)
        return np.einsum("...i,...ri,...rcj,...ic->...j", others, U, H, Vt)

    def terms(self, q: ArrayLike, dq: ArrayLike) -> Terms:
        """Pose, J and dJ of the tool, M, C and g in one call; those of a batch share one buffer."""
        terms = self._terms.call(q, dq, None)
        if terms is not False:
            return terms
        return Terms(*self._terms.views(self._run(self._terms, q, dq, None)))

    def inverse_kinematics(
        self,
        pose: ArrayLike,
        start: ArrayLike | None = None,
        *,
        frame: str = "tool",
        seed: int = 0,
    ) -> Float[ndarray, "n"]:
        """Joint positions (n,) within the limits that bring ``frame`` to a goal.

        Damped least squares from ``start`` (default: the middle of the limits), then from random
        configurations, drawn with ``seed``.

        Args:
            pose: The goal: a (4, 4) transform, or a position (3,) [m] alone.
            start: Joint positions (n,) of the first attempt.
            frame: One of ``frames``.
            seed: Of the random configurations.

        Raises:
            UnreachableError: No start reaches the goal; the message has the smallest error.
        """
        return solve(self, self.kernel("pose", "J", frame=frame), pose, start, seed)

    def find_postures(
        self,
        poses: ArrayLike,
        start: ArrayLike | None = None,
        *,
        frame: str = "tool",
        search: Search = DEFAULT,
    ) -> Postures:
        """As ``inverse_kinematics``, for a batch of goals; says what was found and raises nothing.

        Args:
            poses: The goals: (*batch, 4, 4) transforms, or positions (*batch, 3) [m].
            start: Joint positions of the first attempts: (n,), or one for each goal (*batch, n).
            frame: One of ``frames``.
            search: Tolerances, weights, budget of steps, wanted posture.
        """
        return find(self, self.kernel("pose", "J", frame=frame), poses, start, search)

    def all_postures(
        self,
        pose: ArrayLike,
        start: ArrayLike | None = None,
        *,
        frame: str = "tool",
        search: Search = DEFAULT,
    ) -> Postures:
        """The different postures at one goal that the starts lead to: (k, n), all converged.

        Those that differ by whole turns of joints count once. The first one is nearest to
        ``start``. An arm with more joints than the goal needs has infinitely many.
        """
        return find_all(self, self.kernel("pose", "J", frame=frame), pose, start, search)

    def warm_up(self, *, batch: bool = False) -> None:
        """Derive and compile what ``terms`` needs, with ``batch`` also for batches of states.

        Takes up to some seconds the first time, milliseconds when the code is on disk.
        """
        if batch:
            self._terms.compile_batch()
        else:
            self._terms  # noqa: B018  a cached property

    @cached_property
    def symbolic(self) -> Symbolic:
        """The terms as Sympy matrices over its symbols ``q`` and ``dq``, each built on demand."""
        # Sympy takes half a second to import; compiled code on disk does without it.
        from arms.equations.symbolic import Symbolic

        return Symbolic(self._bodies)

    def kernel(
        self, *terms: str, frame: str = "tool", at_point: bool = False, axes: str = "base"
    ) -> Kernel:
        """The compiled function of some ``TERMS``, for use in a loop or in other compiled code.

        Raises:
            ArmError: There is no such term, frame or axes.
        """
        for term in terms:
            if term not in TERMS:
                raise ArmError(f"there is no term {term!r}; terms: {', '.join(TERMS)}")
        if axes not in AXES:
            raise ArmError(f"there are no axes {axes!r}; axes: {', '.join(AXES)}")
        if frame not in self._bodies.frames:
            raise ArmError(
                f"Arm {self.name!r} has no frame {frame!r}; frames: {', '.join(self.frames)}"
            )
        key = (terms, frame, at_point, axes)
        kernel = self._kernels.get(key)
        if kernel is None:
            kernel = self._kernels[key] = self._new_kernel(Request(*key))
        return kernel

    def steps(self, request: Request) -> Steps:
        """The single operations of a kernel, for ``Arm(chain, {request: steps})``."""
        known = self._steps.get(request)
        return _derived(self.name, self._bodies, request) if known is None else known

    def has_steps(self, request: Request) -> bool:
        """Return whether the arm was given this kernel's steps, so that none need be derived."""
        return request in self._steps

    @cached_property
    def _terms(self) -> Kernel:
        return self._new_kernel(Request(Terms._fields), Terms)

    def _new_kernel(self, request: Request, result: type[tuple] = tuple) -> Kernel:
        steps = self._steps.get(request)
        derive = partial(_derived, self.name)
        return Kernel(self._bodies, request, derive, name=self.name, result=result, steps=steps)

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
        """Run a kernel on inputs of any type: convert them, or raise an error about the arm."""
        third = [TERMS[t].needs_u for t in kernel.request.terms if TERMS[t].needs_u]
        names = ("q", "dq", third[0] if third else "point")
        vectors = [
            self._vector(name, value, length) if length else None
            for name, value, length in zip(names, (q, dq, u), kernel.lengths, strict=True)
        ]
        shapes = [v.shape for v in vectors if v is not None]
        try:
            np.broadcast_shapes(*(shape[:-1] for shape in shapes))
        except ValueError:
            text = " and ".join(map(str, shapes))
            raise ArmError(f"Arm {self.name!r}: leading axes do not fit: {text}") from None
        return kernel.run(*vectors)


def _derived(name: str, bodies: Bodies, request: Request) -> Steps:
    """The steps of a kernel; an error begins with the arm's name."""
    try:
        return _derive(bodies, request)
    except ArmError as error:
        raise ArmError(f"Arm {name!r}: {error}") from None


def _derive(bodies: Bodies, request: Request) -> Steps:
    """The steps of a kernel from its equations, or from the disk."""

    def build() -> bytes:
        # Sympy takes half a second to import; what is on disk does without it.
        from arms.equations.derive import derive_steps

        return to_bytes(derive_steps(bodies, request))

    key = f"steps|{request!r}|{bodies.fingerprint()}"
    size = sum(prod(shape) for shape in request.shapes(bodies.sizes))
    return from_bytes(disk.fetch(key, build), request.lengths(bodies.dof), size)
