"""A kernel's single operations as arrays of numbers, to be kept in a file, and back.

A tape says what to compute, in seven operations; it is data. Reading one checks every number, so
that what is compiled of it reads its inputs and writes its outputs and touches nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy import ndarray

from arms.errors import ArmError
from arms.machine.steps import Constant, Load, Operation, Step, Steps

VECTORS = ("q", "dq", "u")
OPERANDS = {"add": 2, "sub": 2, "mul": 2, "div": 2, "sin": 1, "cos": 1, "sqrt": 1}
CODES = ("constant", *VECTORS, *OPERANDS)
"""What the first column of ``steps`` counts. The others: for a constant its place in ``constants``
and 0, for an input its entry and 0, for an operation the steps it is of (the second 0 if only
one)."""


def to_tape(steps: Steps) -> dict[str, ndarray]:
    """Return ``steps`` (k, 3), ``constants`` and ``results`` as arrays."""
    rows, constants = [], []
    for step in steps.steps:
        if isinstance(step, Constant):
            rows.append((CODES.index("constant"), len(constants), 0))
            constants.append(step.value)
        elif isinstance(step, Load):
            rows.append((CODES.index(step.vector), step.index, 0))
        else:
            rows.append((CODES.index(step.name), *step.operands, 0)[:3])
    return {
        "steps": np.array(rows, dtype=np.int64).reshape(-1, 3),
        "constants": np.array(constants, dtype=np.float64),
        "results": np.array(steps.results, dtype=np.int64),
    }


def from_tape(tape: Mapping[str, ndarray], lengths: tuple[int, int, int], size: int) -> Steps:
    """Return the steps of a tape whose inputs q, dq, u have ``lengths``, its output ``size``.

    Raises:
        ArmError: a tape that is incomplete, or reaches beyond its inputs, its output or itself.
    """
    for name, ndim, kind in (("steps", 2, "i"), ("constants", 1, "f"), ("results", 1, "i")):
        array = tape.get(name)
        if array is None or array.ndim != ndim or array.dtype.kind != kind:
            raise ArmError(f"tape: {name} is not an array of {ndim} axes, of kind {kind!r}")
    if tape["steps"].shape[1] != 3:
        raise ArmError(f"tape: steps have shape {tape['steps'].shape}, need (k, 3)")
    constants = tape["constants"].tolist()
    if not np.isfinite(tape["constants"]).all():
        raise ArmError("tape: not all constants are finite")
    made: list[Step] = []
    for k, (code, a, b) in enumerate(tape["steps"].tolist()):
        name = CODES[code] if 0 <= code < len(CODES) else None
        count = OPERANDS.get(name or "", 0)
        most = len(constants) if name == "constant" else k
        if name in VECTORS:
            most = lengths[VECTORS.index(name)]
        if name is None or not 0 <= a < most or not 0 <= b < max(k if count == 2 else 1, 1):
            raise ArmError(f"tape: step {k} is {code} {a} {b}, which is none")
        if name == "constant":
            made.append(Constant(constants[a]))
        elif count:
            made.append(Operation(name, (a, b)[:count]))
        else:
            made.append(Load(name, a))
    results = tape["results"].tolist()
    if len(results) != size or not all(0 <= k < len(made) for k in results):
        raise ArmError(f"tape: has {len(results)} results of {len(made)} steps, needs {size}")
    return Steps(tuple(made), tuple(results))
