"""Steps as Python functions: the reference for the machine code, and its stand-in without LLVM."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from numpy import ndarray

from arms.machine.steps import Constant, Load, Operation, Steps

_SIGNS = {"add": "+", "sub": "-", "mul": "*"}


def _divide(a: float, b: float) -> float:
    """a / b as machine code divides: by zero it is infinite, or NaN."""
    if b != 0.0:
        return a / b
    return (
        math.nan
        if a == 0.0 or math.isnan(a)
        else math.copysign(math.inf, a) * math.copysign(1.0, b)
    )


def python_lines(steps: Steps) -> list[str]:
    """One assignment for each step, ``s7 = s3 * s5``, in a function of q, dq and u."""
    lines = []
    for k, step in enumerate(steps.steps):
        if isinstance(step, Constant):
            text = repr(step.value)
        elif isinstance(step, Load):
            text = f"{step.vector}[{step.index}]"
        else:
            assert isinstance(step, Operation), "an arm's table is filled in before this"
            operands = [f"s{i}" for i in step.operands]
            sign = _SIGNS.get(step.name)
            text = f" {sign} ".join(operands) if sign else f"{step.name}({', '.join(operands)})"
        lines.append(f"    s{k} = {text}")
    return lines


def python_function(steps: Steps) -> Callable[..., None]:
    """Return ``kernel(q, dq, u, out)`` in plain Python; ``out`` is any mutable sequence."""
    lines = ["def kernel(q, dq, u, out):", *python_lines(steps)]
    lines += [f"    out[{k}] = s{i}" for k, i in enumerate(steps.results)]
    space: dict[str, Any] = {name: getattr(math, name) for name in ("sin", "cos", "sqrt", "tanh")}
    space["div"] = _divide
    exec("\n".join([*lines, "    return None"]), space)
    return space["kernel"]


def python_batch(steps: Steps, lengths: tuple[int, int, int], size: int) -> Callable[..., None]:
    """Return ``batch(q, dq, u, out)`` over rows, ``size`` results each; same bits as LLVM's."""
    function = python_function(steps)

    def batch(q: ndarray, dq: ndarray, u: ndarray, out: ndarray) -> None:
        rows = [
            v.tolist() if n else [[]] * len(out) for v, n in zip((q, dq, u), lengths, strict=True)
        ]
        for k, (q_row, dq_row, u_row) in enumerate(zip(*rows, strict=True)):
            results = [0.0] * size
            function(q_row, dq_row, u_row, results)
            out[k] = results

    return batch
