"""Steps as LLVM assembly: the scalar function and the batch function.

The scalar function is ``void kernel(const double *q, const double *dq, const double *u, double
*out)``; ``out`` receives the requested terms one after the other, row by row. The batch function is
``void batch(q, dq, u, out, count, q_step, dq_step, u_step, out_step)``; steps count doubles and are
0 for a shared input. It computes as many configurations at once as fit a vector register. Neither
uses fast-math or fused multiply-add, so both give the same bits as the Python function.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from arms.machine.chunks import Chunk, chunks_of
from arms.machine.steps import Constant, Load, Number, Operation, Steps

_INSTRUCTIONS = {"add": "fadd", "sub": "fsub", "mul": "fmul", "div": "fdiv"}
TABLE = "numbers"  # what the table is called in the object file

_LIBRARY = """
declare double @sin(double) memory(none) nounwind willreturn
declare double @cos(double) memory(none) nounwind willreturn
declare double @tanh(double) memory(none) nounwind willreturn
"""

_KERNEL = (
    _LIBRARY
    + """
declare double @llvm.sqrt.f64(double)
PARTS
define void @kernel(ptr noalias readonly %q, ptr noalias readonly %dq, ptr noalias readonly %u,
                    ptr noalias %out) nounwind {
  BODY
  ret void
}
"""
)

_BATCH = (
    _LIBRARY
    + """
declare <WIDTH x double> @llvm.sqrt.vWIDTHf64(<WIDTH x double>)
PARTS
define void @batch(ptr %q, ptr %dq, ptr %u, ptr %out, i64 %count, i64 %qs, i64 %dqs, i64 %us,
                   i64 %outs) nounwind {
entry:
  %buffer = alloca <WIDTH x double>, i64 SIZE, align ALIGN
  MEMORY
  %last = sub i64 %count, 1
  %some = icmp sge i64 %last, 0
  br i1 %some, label %block, label %end
block:
  %i = phi i64 [ 0, %entry ], [ %next, %written ]
  BODY
  COPIES
written:
  %next = add i64 %i, WIDTH
  %more = icmp slt i64 %next, %count
  br i1 %more, label %block, label %end
end:
  ret void
}
"""
)


def llvm_text(steps: Steps, numbers: int = 0) -> str:
    """The scalar function as LLVM assembly, with a table of ``numbers`` entries."""
    inputs = [f"ptr noalias readonly %{name}" for name in ("q", "dq", "u")]
    parts, body, memory = _pieces(steps, 0, [*inputs, "ptr noalias %out"])
    text = _table(numbers) + _KERNEL.replace("PARTS", parts)
    return text.replace("BODY", "\n  ".join([*memory, *body]))


def llvm_batch_text(steps: Steps, width: int, numbers: int = 0) -> str:
    """The batch function as LLVM assembly, ``width`` configurations at a time.

    The last block repeats the last configuration. Results are stored in a buffer of vectors, which
    is then copied configuration by configuration.
    """
    inputs = [f"ptr readonly %{name}{lane}" for lane in range(width) for name in ("q", "dq", "u")]
    parts, block, memory = _pieces(steps, width, [*inputs, "ptr noalias %buffer"])
    text = _table(numbers) + _BATCH.replace("PARTS", parts)
    text = text.replace("MEMORY", "\n  ".join(memory))
    text = text.replace("BODY", "\n  ".join([*_lane_addresses(width), *block]))
    text = text.replace("COPIES", "\n  ".join(_copies(width)))
    for name, value in (("SIZE", len(steps.results)), ("WIDTH", width), ("ALIGN", 8 * width)):
        text = text.replace(name, str(value))
    return text


def _table(numbers: int) -> str:
    """The table of numbers that steps read, in the memory of the code."""
    return f"@{TABLE} = global [{numbers} x double] zeroinitializer\n" if numbers else ""


def _pieces(steps: Steps, width: int, parameters: list[str]) -> tuple[str, list[str], list[str]]:
    """Functions for the pieces of a long program, what runs the steps, and its memory.

    ``width`` is that of vectors, 0 for numbers. A short program needs no function and no memory.
    """
    chunks, places = chunks_of(steps)
    if len(chunks) == 1:
        return "", _block(steps, chunks[0], places, width), []
    kind = _kind(width)
    parts, calls = [], []
    for number, chunk in enumerate(chunks):
        head = ", ".join([*parameters, "ptr noalias %memory"])
        body = "\n  ".join(_block(steps, chunk, places, width))
        parts.append(
            f"\ndefine internal void @part{number}({head}) noinline nounwind {{\n  {body}\n"
            "  ret void\n}\n"
        )
        names = [f"ptr {parameter.split()[-1]}" for parameter in (*parameters, "ptr %memory")]
        calls.append(f"call void @part{number}({', '.join(names)})")
    align = 8 * max(width, 1)
    return "".join(parts), calls, [f"%memory = alloca {kind}, i64 {len(places)}, align {align}"]


def _kind(width: int) -> str:
    """The type of a value: a vector of ``width`` numbers, or a number if that is 0."""
    return f"<{width} x double>" if width else "double"


def _lane_addresses(width: int) -> list[str]:
    """Where each configuration of the block has its inputs and its output."""
    lines = []
    for lane in range(width):
        lines.append(f"%i{lane} = add i64 %i, {lane}")
        lines.append(f"%n{lane} = icmp slt i64 %i{lane}, %last")
        lines.append(f"%r{lane} = select i1 %n{lane}, i64 %i{lane}, i64 %last")
        for name in ("q", "dq", "u", "out"):
            lines.append(f"%f{name}{lane} = mul i64 %r{lane}, %{name}s")
            lines.append(f"%{name}{lane} = getelementptr double, ptr %{name}, i64 %f{name}{lane}")
    return lines


def _block(steps: Steps, chunk: Chunk, places: dict[int, int], width: int) -> list[str]:
    """A chunk's steps on values of ``width``, each stored at once where it is a result.

    Stores at the end would keep all results in registers, and a call would take a sixth longer.
    """
    kind, align = _kind(width), 8 * max(width, 1)
    stores = _stores(steps, chunk, places, width)
    lines = []
    for k in chunk.needed:
        lines.append(f"%m{k} = getelementptr {kind}, ptr %memory, i64 {places[k]}")
        lines.append(f"%s{k} = load {kind}, ptr %m{k}, align {align}")
    for k in range(chunk.first, chunk.end):
        step = steps.steps[k]
        if isinstance(step, Load):
            lines += _gather(k, step, width) if width else _read(k, step)
        elif isinstance(step, Number):
            lines += _entry(k, step, width)
        elif isinstance(step, Operation) and width and step.name in ("sin", "cos", "tanh"):
            (operand,) = _names(steps, step.operands, width)
            lines += _call_per_lane(k, step, operand, width)
        elif isinstance(step, Operation):
            operands = _names(steps, step.operands, width)
            lines.append(f"%s{k} = {_operation(step, operands, kind)}")
        lines += stores.get(k, [])
    return lines


def _stores(steps: Steps, chunk: Chunk, places: dict[int, int], width: int) -> dict[int, list[str]]:
    """Lines that store what a chunk leaves behind, by step: in the memory, and in the output."""
    kind, align, out = _kind(width), 8 * max(width, 1), "buffer" if width else "out"
    stores: dict[int, list[str]] = {}
    kept = [(k, f"%k{k}", "memory", places[k]) for k in chunk.kept]
    results = [(steps.results[entry], f"%o{entry}", out, entry) for entry in chunk.results]
    for k, name, array, place in (*kept, *results):
        (value,) = _names(steps, [k], width)
        stores.setdefault(k, []).extend(
            (
                f"{name} = getelementptr {kind}, ptr %{array}, i64 {place}",
                f"store {kind} {value}, ptr {name}, align {align}",
            )
        )
    return stores


def _read(k: int, step: Load) -> list[str]:
    """One input entry."""
    return [
        f"%a{k} = getelementptr double, ptr %{step.vector}, i64 {step.index}",
        f"%s{k} = load double, ptr %a{k}, align 8",
    ]


def _entry(k: int, step: Number, width: int) -> list[str]:
    """An entry of the table, in a batch as a vector of ``width``."""
    name = f"%e{k}" if width else f"%s{k}"
    lines = [
        f"%a{k} = getelementptr double, ptr @{TABLE}, i64 {step.index}",
        f"{name} = load double, ptr %a{k}, align 8",
    ]
    if width:
        kind = _kind(width)
        lines += [
            f"%v{k} = insertelement {kind} undef, double {name}, i32 0",
            f"%s{k} = shufflevector {kind} %v{k}, {kind} undef, <{width} x i32> zeroinitializer",
        ]
    return lines


def _copies(width: int) -> list[str]:
    """One loop per configuration of the block, from the buffer to its output."""
    vector = f"<{width} x double>"
    lines = ["br label %write0"]
    for lane in range(width):
        before = "block" if lane == 0 else f"write{lane - 1}"
        after = f"write{lane + 1}" if lane + 1 < width else "written"
        lines += [
            f"write{lane}:",
            f"%k{lane} = phi i64 [ 0, %{before} ], [ %kn{lane}, %write{lane} ]",
            f"%kf{lane} = getelementptr {vector}, ptr %buffer, i64 %k{lane}, i64 {lane}",
            f"%kx{lane} = load double, ptr %kf{lane}, align 8",
            f"%kt{lane} = getelementptr double, ptr %out{lane}, i64 %k{lane}",
            f"store double %kx{lane}, ptr %kt{lane}, align 8",
            f"%kn{lane} = add i64 %k{lane}, 1",
            f"%kc{lane} = icmp slt i64 %kn{lane}, SIZE",
            f"br i1 %kc{lane}, label %write{lane}, label %{after}",
        ]
    return lines


def _gather(k: int, step: Load, width: int) -> list[str]:
    """One input entry of every configuration of the block, as a vector."""
    lines, before = [], "undef"
    for lane in range(width):
        value, after = f"%l{k}_{lane}", f"%s{k}" if lane == width - 1 else f"%v{k}_{lane}"
        at = f"%a{k}_{lane}"
        lines.append(f"{at} = getelementptr double, ptr %{step.vector}{lane}, i64 {step.index}")
        lines.append(f"{value} = load double, ptr {at}, align 8")
        insert = f"insertelement <{width} x double> {before}, double {value}, i32 {lane}"
        lines.append(f"{after} = {insert}")
        before = after
    return lines


def _call_per_lane(k: int, step: Operation, operand: str, width: int) -> list[str]:
    """A function of the C library, called for each entry of a vector."""
    lines, before = [], "undef"
    for lane in range(width):
        after = f"%s{k}" if lane == width - 1 else f"%v{k}_{lane}"
        lines.append(f"%x{k}_{lane} = extractelement <{width} x double> {operand}, i32 {lane}")
        lines.append(f"%l{k}_{lane} = call double @{step.name}(double %x{k}_{lane})")
        insert = f"insertelement <{width} x double> {before}, double %l{k}_{lane}, i32 {lane}"
        lines.append(f"{after} = {insert}")
        before = after
    return lines


def _names(steps: Steps, numbers: Sequence[int], width: int = 0) -> list[str]:
    """Operands as text; a constant stands for itself, in a batch as a vector of ``width``."""
    names = []
    for i in numbers:
        step = steps.steps[i]
        if not isinstance(step, Constant):
            names.append(f"%s{i}")
            continue
        text = f"0x{struct.unpack('>Q', struct.pack('>d', step.value))[0]:016X}"
        names.append(f"<{', '.join([f'double {text}'] * width)}>" if width else text)
    return names


def _operation(step: Operation, operands: Sequence[str], kind: str) -> str:
    """One arithmetic step on values of type ``kind``."""
    if step.name in _INSTRUCTIONS:
        return f"{_INSTRUCTIONS[step.name]} {kind} {operands[0]}, {operands[1]}"
    function = step.name
    if function == "sqrt":
        count = kind[1:].split()[0] if kind != "double" else ""
        function = f"llvm.sqrt.v{count}f64" if count else "llvm.sqrt.f64"
    return f"call {kind} @{function}({kind} {operands[0]})"
