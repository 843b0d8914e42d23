"""A compiled request: what one arm computes in one call, for one state or a batch of them."""

from __future__ import annotations

import ctypes
import warnings
from collections.abc import Callable
from functools import cache, cached_property
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from arms.equations.bodies import Bodies
from arms.equations.terms import Request
from arms.errors import ArmError
from arms.machine import cache as disk

if TYPE_CHECKING:
    from arms.machine.compile import Loaded
    from arms.machine.steps import Steps


class Kernel:
    """Computes the terms of ``request`` for an arm with ``bodies``.

    ``address`` is that of ``void kernel(const double *q, const double *dq, const double *u, double
    *out)`` for other compiled code, valid while this object lives; 0 where nothing could be
    compiled. Given ``steps``, they are what is compiled, and nothing is derived.
    """

    def __init__(
        self,
        bodies: Bodies,
        request: Request,
        result: type[tuple] = tuple,
        steps: Steps | None = None,
    ) -> None:
        n = bodies.dof
        self.request, self.dof = request, n
        self.lengths = request.lengths(n)
        self.shapes = request.shapes(bodies.sizes)
        ends = np.cumsum([prod(shape) for shape in self.shapes]).tolist()
        self.size: int = ends[-1]
        self.slices = [slice(a, b) for a, b in zip([0, *ends[:-1]], ends, strict=True)]
        self.address = 0
        self.call: Callable[..., Any] = _never
        self.fill: Callable[..., bool] = _never
        self._bodies, self._steps = bodies, steps
        if _llvm_works():
            self._link(result)

    def _link(self, result: type[tuple]) -> None:
        from arms.machine.compile import llvm_text
        from arms.machine.python_entry import entries

        self._code = self._loaded("kernel", llvm_text)
        self.address = self._code.address("kernel")
        made = entries(self._code, self.lengths, self.shapes, result)
        if made is not None:
            self.call, self.fill = made

    def _loaded(self, form: str, text_of: Callable[[Steps], str]) -> Loaded:
        """Machine code of the kernel or its batch form, from the disk or compiled now."""
        from arms.machine.compile import Loaded, compiled, platform

        def build() -> bytes:
            return compiled(text_of(self.steps()))

        what = fingerprint(self._bodies) if self._steps is None else repr(self._steps)
        key = "|".join((form, version(), platform(), repr(self.request), what))
        return Loaded(disk.fetch(key, build))

    def steps(self) -> Steps:
        """The operations that are compiled; derived anew unless they were given."""
        if self._steps is None:
            return lowered(self._bodies, self.request)
        return self._steps

    @cached_property
    def _batch(self) -> Callable[..., None]:
        """``batch(q, dq, u, out)`` of contiguous rows; made when the first batch comes."""
        if not self.address:
            return _python_batch(self.steps(), self.lengths, self.size)
        from arms.machine.compile import llvm_batch_text, vector_width

        width = vector_width()
        self._batch_code = self._loaded(f"batch {width}", lambda s: llvm_batch_text(s, width))
        pointer, count = ctypes.c_void_p, ctypes.c_int64
        signature: Any = ctypes.CFUNCTYPE(None, *[pointer] * 4, *[count] * 5)
        function = signature(self._batch_code.address("batch"))
        q_step, dq_step, u_step = self.lengths

        def batch(q: ndarray, dq: ndarray, u: ndarray, out: ndarray) -> None:
            data = (q.ctypes.data, dq.ctypes.data, u.ctypes.data, out.ctypes.data)
            function(*data, len(out), q_step, dq_step, u_step, self.size)

        return batch

    def views(self, out: Float[ndarray, "*batch size"]) -> tuple[ndarray, ...]:
        """The terms in a buffer, sharing its memory: made once, ``fill`` renews them."""
        parts = zip(self.slices, self.shapes, strict=True)
        return tuple(out[..., part].reshape(out.shape[:-1] + shape) for part, shape in parts)

    def run(
        self,
        q: Float[ndarray, "*batch n"] | None,
        dq: Float[ndarray, "*batch n"] | None,
        u: Float[ndarray, "*batch k"] | None,
        out: Float[ndarray, "count size"] | None = None,
    ) -> Float[ndarray, "*batch size"]:
        """All terms, one after the other on the last axis; leading axes broadcast.

        ``out`` is a C-contiguous float64 buffer for the whole batch, new if it is not given.
        """
        given: list[tuple[ndarray, int]] = []
        for name, v, length in zip(("q", "dq", "u"), (q, dq, u), self.lengths, strict=True):
            if length and (v is None or v.shape[-1:] != (length,)):
                shape = None if v is None else v.shape
                raise ArmError(f"{name} has shape {shape}; its last axis must be {length}")
            given.append((np.empty(0) if v is None or not length else v, length))
        lead = np.broadcast_shapes(*(v.shape[:-1] for v, length in given if length))
        rows = [
            np.ascontiguousarray(np.broadcast_to(v, (*lead, length)), np.float64).reshape(
                prod(lead), length
            )
            for v, length in given
        ]
        if out is None:
            out = np.empty((prod(lead), self.size))
        elif out.shape != (prod(lead), self.size) or out.dtype != np.float64:
            wanted = (prod(lead), self.size)
            raise ArmError(f"out has shape {out.shape} of {out.dtype}, not {wanted} of float64")
        if not (out.flags.c_contiguous and out.flags.writeable):
            raise ArmError("out must be C-contiguous and writeable")
        if not lead and self.fill(*(row[0] for row in rows), out[0]):
            return out[0]
        self._batch(*rows, out)
        return out.reshape(*lead, self.size)


def _never(*_: object) -> bool:
    return False


def lowered(bodies: Bodies, request: Request) -> Steps:
    from arms.equations.derive import derive
    from arms.equations.program import steps

    return steps(derive(bodies, request), request.terms)


def _python_batch(steps: Steps, lengths: tuple[int, int, int], size: int):
    """The batch function where LLVM is missing: the same operations, one by one."""
    from arms.machine.compile import python_function

    function = python_function(steps)

    def batch(q: ndarray, dq: ndarray, u: ndarray, out: ndarray) -> None:
        rows = [
            v.tolist() if n else [[]] * len(out) for v, n in zip((q, dq, u), lengths, strict=True)
        ]
        for k, (a, b, c) in enumerate(zip(*rows, strict=True)):
            line = [0.0] * size
            function(a, b, c, line)
            out[k] = line

    return batch


@cache
def _llvm_works() -> bool:
    """Can machine code be made here? Said once if not."""
    try:
        from arms.machine.compile import target

        target()
    except Exception as error:  # an incompatible LLVM raises whatever it likes
        warnings.warn(f"arms run in plain Python, about 30 times slower: {error}", stacklevel=2)
        return False
    return True


@cache
def version() -> str:
    """Of Sympy and of this package's sources that a kernel depends on."""
    from importlib import metadata
    from pathlib import Path

    here = Path(__file__).parent
    try:
        derived_by = metadata.version("sympy")
    except metadata.PackageNotFoundError:  # then there are only kernels whose steps are given
        derived_by = "none"
    return disk.digest_of(here, here.parent / "equations") + derived_by


def fingerprint(bodies: Bodies) -> str:
    """Everything about an arm that its equations depend on, exactly."""
    parts = [str(bodies.dof), repr(bodies.gravity)]
    for b in bodies.bodies:
        arrays = (b.R, b.r, b.mass.h, b.mass.S)
        numbers = [x.hex() for array in arrays for x in array.ravel().tolist()]
        scalars = (b.parent, b.slides, b.coordinate, b.multiplier.hex(), b.offset.hex())
        parts.append(repr((scalars, float(b.mass.m).hex(), numbers)))
    for kind, frames in (("link", bodies.links), ("frame", bodies.frames)):
        for name, frame in sorted(frames.items()):
            numbers = [x.hex() for array in (frame.R, frame.r) for x in array.ravel().tolist()]
            parts.append(repr((kind, name, frame.body, numbers)))
    parts.append(repr(bodies.heavy_links))
    return "\n".join(parts)
