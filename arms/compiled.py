"""The kernels of an arm: derived, compiled and called on demand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from arms.errors import ArmError
from arms.machine import cache as disk
from arms.machine.kernel import Kernel
from arms.machine.steps import Steps
from arms.machine.tape import from_bytes, to_bytes
from arms.model.bodies import Bodies
from arms.model.chain import Chain
from arms.model.description import Description
from arms.model.singular import refuse_massless, refuse_singular
from arms.model.terms import AXES, BY_INVERSE, TERMS, Request
from arms.model.variable import general

if TYPE_CHECKING:
    from jaxtyping import Float

_CODE = ("_kernels", "_jacobians", "_terms", "symbolic")  # of an ``Arm``: made on demand


class Compiled(Description):
    """The part of an ``Arm`` that compiles its terms and runs them on inputs of any type."""

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

    def kernel(
        self,
        *terms: str,
        frame: str | Sequence[str] = "tool",
        at_point: bool = False,
        axes: str = "base",
    ) -> Kernel:
        """The compiled function of some ``TERMS``, for use in a loop or in other compiled code.

        With several frames, pose, J and dJ have one axis more, before the others.

        Raises:
            ArmError: There is no such term, frame or axes; or several frames are asked for what
                belongs to one, dJdq or a point.
        """
        key = (terms, named(frame), at_point, axes)
        try:
            return self._kernels[key]
        except (KeyError, TypeError):  # TypeError: a term or axes that no name is
            request = self._request(*key)
        kernel = self._kernels[key] = self._new_kernel(request)
        return kernel

    def steps(self, request: Request) -> Steps:
        """The single operations of a kernel, for ``Arm(chain, {request: steps})``."""
        known = self._steps.get(request)
        if known is not None:
            return known
        self._refuse_singular(request)
        bodies, numbers = general(self._bodies, request)
        return _derived(self.name, bodies, request).filled(numbers)

    def has_steps(self, request: Request) -> bool:
        """Return whether the arm was given this kernel's steps, so that none need be derived."""
        return request in self._steps

    def _request(
        self, terms: tuple[str, ...], frame: str | tuple[str, ...], at_point: bool, axes: str
    ) -> Request:
        """A request of what there is, or ``ArmError``."""
        if not terms:
            raise ArmError(f"no term is named, needs some of {', '.join(TERMS)}")
        for term in terms:
            if not isinstance(term, str) or term not in TERMS:
                raise ArmError(f"there is no term {term!r:.60}; terms: {', '.join(TERMS)}")
        if axes not in AXES:
            raise ArmError(f"there are no axes {axes!r:.60}; axes: {', '.join(AXES)}")
        request = Request(terms, frame, bool(at_point), axes)
        what = f"Arm {self.name!r}"
        other = [term for term in terms if at_point and TERMS[term].needs_u]
        if other:
            raise ArmError(
                f"{what}: the third input is a point, and {TERMS[other[0]].needs_u} of term "
                f"{other[0]!r}, needs one of them"
            )
        for name in request.frames:
            if name not in self._bodies.frames:
                raise ArmError(f"{what} has no frame {name!r}; frames: {', '.join(self.frames)}")
        if not isinstance(frame, str) and (at_point or "dJdq" in terms or not frame):
            wanted = "a point" if at_point else "dJdq" if frame else "kinematics"
            raise ArmError(f"{what}: frames {frame!r} for {wanted}, needs one frame")
        return request

    def _new_kernel(self, request: Request, result: type[tuple] = tuple) -> Kernel:
        steps = self._steps.get(request)
        if steps is None:
            self._refuse_singular(request)
        derive = partial(_derived, self.name)
        return Kernel(self._bodies, request, derive, name=self.name, result=result, steps=steps)

    def _refuse_singular(self, request: Request) -> None:
        """Raise ``ArmError`` for M^-1 of an arm with a payload, if M is singular at every q.

        And for its centre of mass, if nothing has a mass. Equations are derived for all payloads at
        once; those of any other arm refuse themselves.
        """
        terms = set(request.terms) if self.chain.variable else set()
        try:
            if BY_INVERSE & terms:
                refuse_singular(self._bodies, partial(self._term, "M"))
            if {"com", "Jcom"} & terms:
                refuse_massless(self._bodies)
        except ArmError as error:
            raise ArmError(f"Arm {self.name!r}: {error}") from None

    def _term(
        self,
        term: str,
        q: Any,
        dq: Any = None,
        u: Any = None,
        frame: str | Sequence[str] = "tool",
        axes: str = "base",
    ) -> ndarray:
        """One term for inputs of any type."""
        frame = frame if isinstance(frame, str) else named(frame)
        key = None if u is None else True, term, frame, axes
        try:
            kernel = self._kernels[key]
        except (KeyError, TypeError):
            at_point = u is not None and TERMS[term].at_frame
            kernel = self.kernel(term, frame=frame, at_point=at_point, axes=axes)
            self._kernels[key] = kernel
        out = kernel.call(q, dq, u)
        if out is not False:
            return out
        flat = self._run(kernel, q, dq, u)
        return flat.reshape(flat.shape[:-1] + kernel.shapes[0])

    def _fused(self, terms: Sequence[str], q: Any, dq: Any = None, u: Any = None) -> list[ndarray]:
        """Several terms in one call, for inputs of any type; those of a batch share one buffer."""
        kernel = self.kernel(*terms)
        out = kernel.call(q, dq, u)
        return list(kernel.views(self._run(kernel, q, dq, u)) if out is False else out)

    def _run(self, kernel: Kernel, q: Any, dq: Any, u: Any) -> Float[ndarray, "*batch size"]:
        """Run a kernel on inputs of any type: convert them, or raise an error about the arm."""
        named = zip(kernel.request.inputs, (q, dq, u), kernel.lengths, strict=True)
        vectors = [
            self._vector(name, value, length) if length else None for name, value, length in named
        ]
        self._leading_axes([v for v in vectors if v is not None])
        return kernel.run(*vectors)

    def _leading_axes(self, vectors: Sequence[ndarray]) -> tuple[int, ...]:
        """The axes before the last that vectors broadcast to, or ``ArmError``."""
        try:
            return np.broadcast_shapes(*(v.shape[:-1] for v in vectors))
        except ValueError:
            text = " and ".join(str(v.shape) for v in vectors)
            raise ArmError(f"Arm {self.name!r}: leading axes do not fit: {text}") from None


def named(frame: Any) -> str | tuple[str, ...]:
    """The name of a frame, or those of several as a tuple; ``ArmError`` for anything else."""
    if isinstance(frame, str):
        return frame
    if isinstance(frame, Sequence | ndarray) and all(isinstance(each, str) for each in frame):
        return tuple(frame)
    raise ArmError(f"frame: is {frame!r:.60}, needs a name, or a sequence of names")


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

    key = f"steps|{request!r}|{bodies.fingerprint(request)}"
    size = sum(prod(shape) for shape in request.shapes(bodies.sizes))
    return from_bytes(disk.fetch(key, build), request.lengths(bodies.dof), size, bodies.entries)
