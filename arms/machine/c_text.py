"""Steps as C source: the kernel as one function of C99 and its mathematical library."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import prod

from arms.errors import ArmError
from arms.machine.steps import Constant, Load, Operation, Steps
from arms.model.terms import TERMS, Request

_SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
_INPUTS = {
    "q": "joint positions",
    "dq": "joint velocities",
    "ddq": "joint accelerations",
    "tau": "joint torques",
    "point": "a point in the frame",
}
# Names of the language, of a program, and of math.h.
_TAKEN = re.compile(
    "auto|break|case|char|const|continue|default|do|double|else|enum|extern|float|for|goto|if|"
    "inline|int|long|register|restrict|return|short|signed|sizeof|static|struct|switch|typedef|"
    "union|unsigned|void|volatile|while|main|a?(cos|sin|tan)h?f?l?|atan2|cbrt|ceil|erfc?|exp2?|"
    "expm1|fabs|fdim|floor|fma|fmax|fmin|fmod|frexp|gamma|hypot|ilogb|[jy][01n]|ldexp|lgamma|"
    "log(10|1p|2|b)?|l?l?rint|l?l?round|modf|nan|nearbyint|nextafter|pow|remainder|remquo|"
    "scalbl?n|sqrt|tgamma|trunc"
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def c_text(steps: Steps, name: str, comment: Sequence[str]) -> str:
    """``void name(const double *q, const double *dq, const double *u, double *out)``.

    Without fast-math and fused multiply-add it gives the same bits as the kernel. The lines of
    ``comment`` stand above it.

    Raises:
        ArmError: ``name`` is not a name in C.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name) or _TAKEN.fullmatch(name):
        raise ArmError(
            f"name is {name!r:.60}, needs letters, digits and underscores, as in C, and to be none "
            "of its words and functions"
        )
    lines = ["/*", *(f" * {_harmless(line)}".rstrip() for line in comment), " */"]
    lines += ["#include <math.h>", "", f"void {name}(const double *q, const double *dq,"]
    lines += [f"{' ' * (6 + len(name))}const double *u, double *out)", "{"]
    read = {step.vector for step in steps.steps if isinstance(step, Load)}
    lines += [f"    (void){vector};" for vector in ("q", "dq", "u") if vector not in read]
    for k, step in enumerate(steps.steps):
        if isinstance(step, Load):
            lines.append(f"    const double s{k} = {step.vector}[{step.index}];")
        elif isinstance(step, Operation):
            lines.append(f"    const double s{k} = {_operation(steps, step)};")
    lines += [f"    out[{k}] = {_operand(steps, i)};" for k, i in enumerate(steps.results)]
    return "\n".join([*lines, "}", ""])


def layout(arm: str, request: Request, n: int, shapes: Sequence[tuple[int, ...]]) -> list[str]:
    """The comment of an arm's C source: its inputs, and where in ``out`` each term is."""
    named = zip(("q", "dq", "u"), request.inputs, request.lengths(n), strict=True)
    lines = [f"Arm {arm}, made by arms. SI units, angles in rad; vectors of doubles:", ""]
    for argument, meaning, length in named:
        use = f"{_INPUTS[meaning]}, {length} numbers" if length else "not read, may be NULL"
        lines.append(f"  {argument:4} {use}")
    start = 0
    for term, shape in zip(request.terms, shapes, strict=True):
        end = start + prod(shape)
        size = " x ".join(map(str, shape)) or "1"
        lines.append(f"  out[{start}] to out[{end - 1}]: {term} ({size}), row by row")
        lines[-1] += f": {TERMS[term].meaning}"
        start = end
    where = f"frames {', '.join(request.frames)}; axes: {request.axes}"
    return [*lines, "", where] if any(TERMS[t].at_frame for t in request.terms) else lines


def _operation(steps: Steps, step: Operation) -> str:
    operands = [_operand(steps, i) for i in step.operands]
    sign = _SIGNS.get(step.name)
    return f" {sign} ".join(operands) if sign else f"{step.name}({', '.join(operands)})"


def _operand(steps: Steps, number: int) -> str:
    """The name of a step, or its value if it is a constant: the shortest decimal that is exact."""
    step = steps.steps[number]
    if not isinstance(step, Constant):
        return f"s{number}"
    return repr(step.value) if step.value >= 0.0 else f"({step.value!r})"


def _harmless(line: str) -> str:
    """A line of a comment that cannot end it."""
    return line.encode("ascii", "backslashreplace").decode().replace("*/", "* /").replace("\n", " ")
