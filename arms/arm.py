"""``Arm``: kinematics and dynamics for a controller.

Positions are radians (metres for a sliding joint), torques N m (N for a sliding joint). Everything
is float64 and in the base frame. All methods take leading batch axes and return new arrays, never
views of memory that a later call changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy import ndarray
from numpy.typing import ArrayLike

from arms.compiled import named
from arms.errors import ArmError
from arms.inverse.search import DEFAULT, Postures, Search, find, find_all, solve
from arms.machine.c_text import c_text, layout
from arms.machine.frameworks import Form, framework_function
from arms.machine.kernel import Kernel
from arms.mechanics import Mechanics, Wrenches
from arms.model.terms import TERMS, Request

if TYPE_CHECKING:
    from jaxtyping import Float

    from arms.equations.symbolic import Symbolic

    Joints = Float[ndarray, "*batch n"]
    Frames = str | Sequence[str]


class Terms(NamedTuple):
    """Everything a controller needs at one state, at the tool frame."""

    pose: Float[ndarray, "*batch 4 4"]
    J: Float[ndarray, "*batch 6 n"]
    dJ: Float[ndarray, "*batch 6 n"]
    M: Float[ndarray, "*batch n n"]
    C: Float[ndarray, "*batch n n"]
    g: Float[ndarray, "*batch n"]


class Arm(Mechanics):
    """The model of one arm: ``M(q) ddq + C(q, dq) dq + g(q) + friction(dq) = tau + J^T f_ext``.

    The rotors' ``armature`` is in M. Both it and ``friction`` are 0 unless stated.

    ``arms.load`` returns one; ``Arm(chain)`` makes one from any ``Chain``. A ``frame`` is one of
    ``frames``; a ``point`` [m] is fixed in it and given in its axes. ``axes`` selects the
    coordinates of a Jacobian (Pinocchio's name in brackets):

    - "base": linear velocity of the frame's origin, base axes [LOCAL_WORLD_ALIGNED];
    - "local": the same in the frame's own axes [LOCAL];
    - "spatial": linear velocity of the point at the base's origin, base axes [WORLD].

    ``pose``, ``jacobian`` and ``jacobian_dot`` take several frames at once, as a sequence; their
    results then have one axis more, after those of the batch: ``(*batch, k, 6, n)`` for k frames.

    The first call of a method derives and compiles its equations, once per installation; a batch
    has code of its own. ``warm_up`` does this in advance. Compiling that takes longer than a second
    is logged to the logger "arms", at level INFO.

    Methods raise ``ArmError`` for an input that is not real, finite and of the arm's size, and for
    a frame or axes that do not exist.
    """

    def pose(
        self, q: ArrayLike, frame: Frames = "tool", *, point: ArrayLike | None = None
    ) -> Float[ndarray, "*batch 4 4"]:
        """Homogeneous transform from ``frame``, moved to ``point``, to the base frame."""
        return self._term("pose", q, None, point, frame)

    def jacobian(
        self,
        q: ArrayLike,
        frame: Frames = "tool",
        *,
        point: ArrayLike | None = None,
        axes: str = "base",
    ) -> Float[ndarray, "*batch 6 n"]:
        """Geometric Jacobian: rows 0-2 linear [m/rad], rows 3-5 angular [rad/rad].

        ``J @ dq`` is the twist of the frame (Siciliano et al. 2009, eq. 3.30).
        """
        if (
            point is None and axes == "base" and type(frame) is str
        ):  # the most frequent call of controllers: a shortcut
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
        frame: Frames = "tool",
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

    def inverse_dynamics(
        self,
        q: ArrayLike,
        dq: ArrayLike,
        ddq: ArrayLike,
        wrenches: Wrenches | None = None,
        *,
        axes: str = "base",
    ) -> Joints:
        """The torque [N m] for accelerations ``ddq`` [rad/s^2] (recursive Newton-Euler).

        It includes what accelerates the rotors and overcomes the model's friction, less what the
        outside ``wrenches`` do, in their ``axes`` as for ``external_torque``.
        """
        tau = self._term("tau", q, dq, ddq)
        if wrenches is not None:
            return tau - self._external(wrenches, axes, q=q, dq=dq, ddq=ddq)
        return tau

    def forward_dynamics(
        self,
        q: ArrayLike,
        dq: ArrayLike,
        tau: ArrayLike,
        wrenches: Wrenches | None = None,
        *,
        axes: str = "base",
    ) -> Joints:
        """The accelerations [rad/s^2] under ``tau``: ``M^-1 (tau + J^T f - C dq - g - friction)``.

        ``tau`` [N m] is that of the motors, f the outside ``wrenches``, in their ``axes`` as for
        ``external_torque``. ``ArmError`` if M is singular: a moving link without a mass, for
        instance, which is named.
        """
        if wrenches is not None:
            tau = self.checked("tau", tau) + self._external(wrenches, axes, q=q, dq=dq, tau=tau)
        return self._finite("forward dynamics", self._term("ddq", q, dq, tau))

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
        J = self._rows(self.jacobian(q, frame), rows)
        return np.linalg.svd(J, compute_uv=False).prod(axis=-1)

    def manipulability_gradient(
        self, q: ArrayLike, frame: str = "tool", *, rows: Sequence[int] | slice = slice(None)
    ) -> Joints:
        """Derivative of ``manipulability`` with respect to q; one-sided where the measure is 0."""
        J = self._rows(self.jacobian(q, frame), rows)
        H = self._rows(self.jacobian_gradient(q, frame), rows, last=2)
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
            poses: The goals: transforms ``(*batch, 4, 4)``, or positions ``(*batch, 3)`` [m].
            start: Joint positions of the first attempts: (n,), or for each goal ``(*batch, n)``.
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

    def warm_up(
        self,
        *terms: str,
        frame: Frames = "tool",
        at_point: bool = False,
        axes: str = "base",
        batch: bool = False,
    ) -> None:
        """Derive and compile what calls will need, with ``batch`` also for batches of states.

        Takes up to some seconds the first time, milliseconds when the code is on disk.

        Args:
            terms: Of ``TERMS``, each as its own method computes it; or "terms", the default.
            frame: As that of the calls, for terms that belong to a frame.
            at_point: Whether the calls give a ``point``.
            axes: As those of the calls.
            batch: Whether batches of states follow.

        Raises:
            ArmError: There is no such term, frame or axes.
        """
        for term in terms or ("terms",):
            if term == "terms":
                kernel = self._terms
            else:
                kernel = self.kernel(term, frame=frame, at_point=at_point, axes=axes)
            if batch:
                kernel.compile_batch()

    def function(
        self,
        framework: str,
        *terms: str,
        frame: str | Sequence[str] = "tool",
        at_point: bool = False,
        axes: str = "base",
    ) -> Callable[..., Any]:
        """Some ``TERMS`` as a function of another framework, which can differentiate it.

        ``function(q, dq, u)`` takes and returns the framework's arrays, with leading batch axes and
        of the inputs' precision; inputs that the terms do not read may be left out. Wrap it in the
        framework's own compiler, ``jax.jit`` or ``tf.function``. For "casadi" it is a
        ``casadi.Function`` of single states, with named inputs and outputs; what has three axes has
        the first two stacked.

        Args:
            framework: "numpy", "jax", "tensorflow", "torch" or "casadi". JAX has float64 only
                with its option ``jax_enable_x64``.
            terms: Of ``TERMS``, or "terms" alone for all of `Terms`. A single term is returned
                as a bare array.
            frame: One of ``frames`` or several, for the terms that belong to a frame.
            at_point: Whether u is a point [m] in the frame, as for ``pose``.
            axes: Those of Jacobians.

        Raises:
            ArmError: There is no such framework, term, frame or axes; the framework is not
                installed. The function raises it for an input whose last axis does not fit.
        """
        request, result = self._wanted(terms, frame, at_point, axes)
        form = Form(
            request.inputs,
            request.lengths(self.dof),
            request.terms,
            request.shapes(self.sizes),
            result,
        )
        return framework_function(framework, self.steps(request), form)

    def c_source(
        self,
        *terms: str,
        name: str = "arm",
        frame: str | Sequence[str] = "tool",
        at_point: bool = False,
        axes: str = "base",
    ) -> str:
        """Some ``TERMS`` as C99: ``void name(const double *q, *dq, *u, double *out)``.

        It needs ``math.h`` alone, allocates nothing, and gives the kernel's bits if the compiler
        does not fuse multiplications (``-ffp-contract=off``). Its comment says where in ``out``
        each term is. Arguments as for ``function``.

        Raises:
            ArmError: There is no such term, frame or axes, or ``name`` is no name in C.
        """
        request, _ = self._wanted(terms, frame, at_point, axes)
        shapes = request.shapes(self.sizes)
        return c_text(self.steps(request), name, layout(self.name, request, self.dof, shapes))

    @cached_property
    def symbolic(self) -> Symbolic:
        """The terms as Sympy matrices over its symbols ``q`` and ``dq``, each built on demand."""
        # Sympy takes half a second to import; compiled code on disk does without it.
        from arms.equations.symbolic import Symbolic

        return Symbolic(self._bodies)

    def _rows(self, J: ndarray, rows: Sequence[int] | slice, last: int = 1) -> ndarray:
        """Some rows of a Jacobian, at least one; ``last`` axes follow those of the rows."""
        try:
            chosen = np.arange(6)[rows if isinstance(rows, slice) else np.array([*rows])]
        except (IndexError, TypeError):
            chosen = np.empty(0, int)
        if chosen.ndim != 1 or not chosen.size:
            raise ArmError(f"Arm {self.name!r}: rows are {rows!r:.60}, need some of 0 to 5")
        return np.take(J, chosen, axis=-1 - last)

    def _wanted(
        self, terms: tuple[str, ...], frame: Frames, at_point: bool, axes: str
    ) -> tuple[Request, Callable[..., Any]]:
        """A request by the names of its terms, and what several of them are returned as."""
        if not terms:
            raise ArmError(f"no term is named, needs 'terms' or some of {', '.join(TERMS)}")
        every = terms == ("terms",)
        request = self._request(Terms._fields if every else terms, named(frame), at_point, axes)
        return request, Terms if every else lambda *parts: parts

    @cached_property
    def _terms(self) -> Kernel:
        return self._new_kernel(Request(Terms._fields), Terms)
