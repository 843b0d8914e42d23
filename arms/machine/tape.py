"""Steps as arrays of numbers that can be stored in a file, and back.

A tape is data: it lists operations, eight kinds of them. ``from_tape`` checks every number, so code
compiled from a tape reads its inputs, writes its outputs and touches nothing else.
"""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
from numpy import ndarray

from arms.errors import ArmError
from arms.machine.steps import Constant, Load, Number, Operation, Step, Steps

VECTORS = ("q", "dq", "u")
_READ = (*VECTORS, "number")
OPERANDS = {"add": 2, "sub": 2, "mul": 2, "div": 2, "sin": 1, "cos": 1, "sqrt": 1, "tanh": 1}
CODES = ("constant", *VECTORS, *OPERANDS, "number")
"""The first column of ``steps`` is an index of this tuple. The other two columns are, for a
constant, its index in ``constants`` and 0; for an input or a number, its entry and 0; for an
operation, the steps that it takes (0 in place of a second one)."""


def to_tape(steps: Steps) -> dict[str, ndarray]:
    """Return the arrays ``steps`` (k, 3), ``constants`` and ``results`` of a program."""
    rows, constants = [], []
    for step in steps.steps:
        if isinstance(step, Constant):
            rows.append((CODES.index("constant"), len(constants), 0))
            constants.append(step.value)
        elif isinstance(step, Load):
            rows.append((CODES.index(step.vector), step.index, 0))
        elif isinstance(step, Number):
            rows.append((CODES.index("number"), step.index, 0))
        else:
            rows.append((CODES.index(step.name), *step.operands, 0)[:3])
    return {
        "steps": np.array(rows, dtype=np.int64).reshape(-1, 3),
        "constants": np.array(constants, dtype=np.float64),
        "results": np.array(steps.results, dtype=np.int64),
    }


def from_tape(
    tape: Mapping[str, ndarray], lengths: tuple[int, int, int], size: int, numbers: int = 0
) -> Steps:
    """Return the steps of a tape with inputs q, dq, u of ``lengths`` and ``size`` results.

    They may read a table of ``numbers`` entries.

    Raises:
        ArmError: The tape is incomplete or refers to an input, constant or step it does not have.
    """
    _check_arrays(tape)
    constants = tape["constants"].tolist()
    steps = [
        _step(k, row, constants, (*lengths, numbers))
        for k, row in enumerate(map(tuple, tape["steps"].tolist()))
    ]
    results = tape["results"].tolist()
    if len(results) != size or not all(0 <= k < len(steps) for k in results):
        raise ArmError(f"tape: has {len(results)} results of {len(steps)} steps, needs {size}")
    return Steps(tuple(steps), tuple(results))


def to_bytes(steps: Steps) -> bytes:
    """Return a file's content that `from_bytes` reads."""
    file, tape = io.BytesIO(), to_tape(steps)
    np.savez(file, steps=tape["steps"], constants=tape["constants"], results=tape["results"])
    return file.getvalue()


def from_bytes(data: bytes, lengths: tuple[int, int, int], size: int, numbers: int = 0) -> Steps:
    """Return the steps of a file's content, checked as by `from_tape`."""
    with np.load(io.BytesIO(data), allow_pickle=False) as tape:
        return from_tape(dict(tape), lengths, size, numbers)


def _check_arrays(tape: Mapping[str, ndarray]) -> None:
    for name, ndim, kind in (("steps", 2, "i"), ("constants", 1, "f"), ("results", 1, "i")):
        array = tape.get(name)
        if array is None or array.ndim != ndim or array.dtype.kind != kind:
            raise ArmError(f"tape: {name} is not an array of {ndim} axes, of kind {kind!r}")
    if tape["steps"].shape[1] != 3:
        raise ArmError(f"tape: steps have shape {tape['steps'].shape}, need (k, 3)")
    if not np.isfinite(tape["constants"]).all():
        raise ArmError("tape: not all constants are finite")


def _step(
    k: int, row: tuple[int, int, int], constants: list[float], lengths: tuple[int, int, int, int]
) -> Step:
    """Row ``k`` of a tape as a step that refers to nothing after itself.

    ``lengths`` are those of q, dq, u and the table of numbers.
    """
    code, a, b = row
    name = CODES[code] if 0 <= code < len(CODES) else None
    count = OPERANDS.get(name or "", 0)
    if name == "constant":
        a_end = len(constants)
    else:
        a_end = lengths[_READ.index(name)] if name in _READ else k
    b_end = k if count == 2 else 1
    if name is None or not 0 <= a < a_end or not 0 <= b < b_end:
        raise ArmError(f"tape: step {k} ({code}, {a}, {b}) is not a valid operation")
    if name == "constant":
        return Constant(constants[a])
    if name == "number":
        return Number(a)
    return Operation(name, (a, b)[:count]) if count else Load(name, a)
