"""A compiled request: some terms of one arm in one call, for one state or a batch of states."""

from __future__ import annotations

import ctypes
import warnings
from collections.abc import Callable
from functools import cache, cached_property
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from arms.errors import ArmError
from arms.machine import cache as disk
from arms.machine.announce import announce
from arms.machine.chunks import LONG
from arms.machine.llvm_text import TABLE, llvm_batch_text, llvm_text
from arms.machine.python_function import python_batch
from arms.machine.steps import Steps
from arms.model.bodies import Bodies
from arms.model.terms import Request
from arms.model.variable import general

if TYPE_CHECKING:
    from jaxtyping import Float

    from arms.machine.compile import MachineCode

# Functions import `compile` and `python_entry`: they load llvmlite, which `import arms` must not do
# (50 ms), and without which arms work.


class Kernel:
    """Computes the terms of ``request`` for an arm with ``bodies``.

    ``call(q, dq, u)`` and ``fill(q, dq, u, out)`` take contiguous float64 vectors and return False
    for any other input (see ``python_entry``); ``run`` takes batches.

    ``address`` is that of ``void kernel(const double *q, const double *dq, const double *u, double
    *out)`` for other compiled code, valid while this object lives; 0 if nothing could be compiled.
    """

    def __init__(
        self,
        bodies: Bodies,
        request: Request,
        derive: Callable[[Bodies, Request], Steps],
        *,
        name: str = "",
        result: type[tuple] = tuple,
        steps: Steps | None = None,
    ) -> None:
        """Compile a request, or load its code from disk.

        Args:
            bodies: The arm.
            request: The terms.
            derive: Derives their steps; called if there is no code on disk, and no ``steps``.
            name: The arm's name, for the log.
            result: The named tuple that ``call`` returns.
            steps: Compiled in place of the derived ones.
        """
        n = bodies.dof
        self.request, self.dof, self.name = request, n, name
        self.lengths = request.lengths(n)
        self.shapes = request.shapes(bodies.sizes)
        ends = np.cumsum([prod(shape) for shape in self.shapes]).tolist()
        self.size: int = ends[-1]
        self.slices = [slice(a, b) for a, b in zip([0, *ends[:-1]], ends, strict=True)]
        self.address = 0
        self.call: Callable[..., Any] = _return_false
        self.fill: Callable[..., bool] = _return_false
        self._derive, self._steps = derive, steps
        self._bodies, self._numbers = general(bodies, request) if steps is None else (bodies, ())
        if _llvm_works():
            self._link(result)

    def _link(self, result: type[tuple]) -> None:
        from arms.machine.python_entry import python_functions

        count = len(self._numbers)
        self._code = self._machine_code("kernel", lambda s: llvm_text(s, count))
        self.address = self._code.address("kernel")
        functions = python_functions(self._code, self.lengths, self.shapes, result)
        if functions is not None:
            self.call, self.fill = functions

    def _machine_code(self, form: str, text_of: Callable[[Steps], str]) -> MachineCode:
        """Machine code of the kernel or its batch form, from the disk or compiled now."""
        from arms.machine.compile import MachineCode, compile_text, platform

        def build() -> bytes:
            kind = "batch functions" if form.startswith("batch") else "equations"
            arm = f"{self.name!r} ({self.dof} joints)"
            with announce(f"compiling the {kind} of {arm}, once per installation"):
                steps = self._general_steps()
                return compile_text(text_of(steps), long=len(steps.steps) > LONG)

        known = self._steps
        program = self._bodies.fingerprint(self.request) if known is None else repr(known)
        code = MachineCode(
            disk.fetch("|".join((form, platform(), repr(self.request), program)), build)
        )
        if self._numbers:
            code.write(TABLE, self._numbers)
        return code

    def steps(self) -> Steps:
        """The operations that are computed; derived again unless they were passed in."""
        return self._general_steps().filled(self._numbers)

    def _general_steps(self) -> Steps:
        """The operations that are compiled: of all arms that differ in the numbers alone."""
        return self._derive(self._bodies, self.request) if self._steps is None else self._steps

    def compile_batch(self) -> None:
        """Compile the batch form now; otherwise the first batch does."""
        self._batch  # noqa: B018  a cached property

    @cached_property
    def _batch(self) -> Callable[..., None]:
        """``batch(q, dq, u, out)`` of contiguous rows."""
        if not self.address:
            return python_batch(self.steps(), self.lengths, self.size)
        from arms.machine.compile import vector_width

        width, numbers = vector_width(), len(self._numbers)
        self._batch_code = self._machine_code(
            f"batch {width}", lambda s: llvm_batch_text(s, width, numbers)
        )
        pointer, count = ctypes.c_void_p, ctypes.c_int64
        signature: Any = ctypes.CFUNCTYPE(None, *[pointer] * 4, *[count] * 5)
        function = signature(self._batch_code.address("batch"))
        q_step, dq_step, u_step = self.lengths

        def batch(q: ndarray, dq: ndarray, u: ndarray, out: ndarray) -> None:
            data = (q.ctypes.data, dq.ctypes.data, u.ctypes.data, out.ctypes.data)
            function(*data, len(out), q_step, dq_step, u_step, self.size)

        return batch

    def views(self, out: Float[ndarray, "*batch size"]) -> tuple[ndarray, ...]:
        """The terms in a buffer, sharing its memory: ``fill`` renews them."""
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

        ``out`` is a C-contiguous float64 buffer for the whole batch; by default a new one.

        Raises:
            ArmError: An input or ``out`` has the wrong shape, or ``out`` the wrong type or layout.
        """
        rows, lead = self._rows(q, dq, u)
        shape = (prod(lead), self.size)
        if out is None:
            out = np.empty(shape)
        elif out.shape != shape or out.dtype != np.float64:
            raise ArmError(f"out has shape {out.shape} of {out.dtype}, not {shape} of float64")
        if not (out.flags.c_contiguous and out.flags.writeable):
            raise ArmError("out must be C-contiguous and writeable")
        if not lead and self.fill(*(row[0] for row in rows), out[0]):
            return out[0]
        self._batch(*rows, out)
        return out.reshape(*lead, self.size)

    def _rows(self, *inputs: ndarray | None) -> tuple[list[ndarray], tuple[int, ...]]:
        """The inputs as contiguous float64 rows, and the leading axes that they broadcast to."""
        arrays: list[ndarray] = []
        for name, v, length in zip(("q", "dq", "u"), inputs, self.lengths, strict=True):
            if length and (v is None or v.shape[-1:] != (length,)):
                shape = None if v is None else v.shape
                raise ArmError(f"{name} has shape {shape}; its last axis must be {length}")
            arrays.append(np.empty(0) if v is None or not length else v)
        read = [v.shape[:-1] for v, length in zip(arrays, self.lengths, strict=True) if length]
        lead = np.broadcast_shapes(*read)
        rows = [
            np.ascontiguousarray(np.broadcast_to(v, (*lead, length)), np.float64).reshape(
                prod(lead), length
            )
            for v, length in zip(arrays, self.lengths, strict=True)
        ]
        return rows, lead


def _return_false(*_: object) -> bool:
    return False


@cache
def _llvm_works() -> bool:
    """Can machine code be made here? If not, warn once."""
    try:
        from arms.machine.compile import create_target

        create_target()
    except Exception as error:  # an incompatible LLVM raises errors of any class
        warnings.warn(f"arms run in plain Python, about 30 times slower: {error}", stacklevel=2)
        return False
    return True
