"""Arm kernels inside numba functions: a controller and its arm compiled into one.

``invoke`` calls a kernel by its address, a plain integer:

>>> import arms, numba, numpy as np
>>> from arms.machine.invoke import invoke
>>> kernel = arms.load("planar2").kernel("M", "g")
>>> @numba.njit
... def torque(address, q, dq, out):
...     invoke(address, q, dq, out)
...     return out[4:]
>>> torque(kernel.address, np.zeros(2), np.zeros(2), np.empty(kernel.size)).shape
(2,)

The function is compiled once for all arms of one size, because the address is an argument. Keep
the kernel alive while its address is in use. Importing this module imports numba.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


@intrinsic
def invoke(typingctx: Any, address: Any, q: Any, dq: Any, out: Any) -> Any:
    """Run the kernel at ``address`` on contiguous float64 arrays, ``out`` of ``kernel.size``.

    Shapes and types are not checked: as in C, wrong ones crash or give wrong numbers.
    """
    return _call(address, (q, dq, out), lambda q, dq, out: (q, dq, None, out))


@intrinsic
def invoke_at(typingctx: Any, address: Any, q: Any, dq: Any, u: Any, out: Any) -> Any:
    """As `invoke`, with the kernel's third input: a point, or one number per joint."""
    return _call(address, (q, dq, u, out), lambda *four: four)


def _call(address: Any, arrays: tuple[Any, ...], order: Callable[..., tuple[Any, ...]]) -> Any:
    """Signature and code of a call; ``order`` arranges the arrays as q, dq, u, out (None: no u)."""
    if not all(isinstance(a, types.Array) and a.dtype == types.float64 for a in arrays):
        return None

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = ir.IntType(8).as_pointer()
        function = ir.FunctionType(ir.VoidType(), [pointer] * 4).as_pointer()
        starts = [
            cgutils.create_struct_proxy(kind)(context, builder, value=value).data
            for kind, value in zip(signature.args[1:], args[1:], strict=True)
        ]
        places = [builder.bitcast(start, pointer) for start in starts]
        kernel = builder.inttoptr(args[0], function)
        four = [pointer(None) if place is None else place for place in order(*places)]
        builder.call(kernel, four)
        return context.get_dummy_value()

    return types.none(types.int64, *arrays), generate
