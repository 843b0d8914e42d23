"""Straight-line programs to machine code, through LLVM, and the same programs as Python functions.

A kernel is ``void kernel(const double *q, const double *dq, const double *u, double *out)``;
``out`` gets the requested terms one after the other, row by row. Its batch form is ``void batch(q,
dq, u, out, count, q_step, dq_step, u_step, out_step)``, steps in doubles, 0 where an input is
shared; it takes as many configurations at once as fit a vector register. No fast-math and no fused
multiply-add: the machine code and the Python function give the same bits.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from arms.machine.steps import Constant, Load, Operation, Steps

_IR_NAMES = {"add": "fadd", "sub": "fsub", "mul": "fmul", "div": "fdiv"}
_PY_SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/"}


def python_function(steps: Steps) -> Callable[..., None]:
    """``kernel(q, dq, u, out)`` in plain Python, ``out`` any mutable sequence."""
    lines = ["def kernel(q, dq, u, out):"]
    for k, step in enumerate(steps.steps):
        if isinstance(step, Constant):
            text = repr(step.value)
        elif isinstance(step, Load):
            text = f"{step.vector}[{step.index}]"
        else:
            operands = [f"s{i}" for i in step.operands]
            sign = _PY_SIGNS.get(step.name)
            text = f" {sign} ".join(operands) if sign else f"{step.name}({operands[0]})"
        lines.append(f"    s{k} = {text}")
    lines += [f"    out[{k}] = s{i}" for k, i in enumerate(steps.results)]
    space: dict[str, Any] = {"sin": math.sin, "cos": math.cos, "sqrt": math.sqrt}
    exec("\n".join([*lines, "    return None"]), space)
    return space["kernel"]


def llvm_text(steps: Steps) -> str:
    """The kernel as LLVM assembly."""
    body = []
    for k, step in enumerate(steps.steps):
        if isinstance(step, Load):
            body.append(f"%a{k} = getelementptr double, ptr %{step.vector}, i64 {step.index}")
            body.append(f"%s{k} = load double, ptr %a{k}, align 8")
        elif isinstance(step, Operation):
            body.append(f"%s{k} = {_operation(step, _names(steps, step.operands), 'double')}")
    for k, name in enumerate(_names(steps, steps.results)):
        body.append(f"%o{k} = getelementptr double, ptr %out, i64 {k}")
        body.append(f"store double {name}, ptr %o{k}, align 8")
    return _KERNEL.replace("BODY", "\n  ".join(body))


def llvm_batch_text(steps: Steps, width: int) -> str:
    """The batch function as LLVM assembly, ``width`` configurations at a time.

    The last block repeats the last configuration. Results go through a buffer of vectors, which is
    then written out configuration by configuration.
    """
    vector = f"<{width} x double>"
    body = []
    for lane in range(width):
        body.append(f"%i{lane} = add i64 %i, {lane}")
        body.append(f"%n{lane} = icmp slt i64 %i{lane}, %last")
        body.append(f"%r{lane} = select i1 %n{lane}, i64 %i{lane}, i64 %last")
        for name in ("q", "dq", "u", "out"):
            body.append(f"%f{name}{lane} = mul i64 %r{lane}, %{name}s")
            body.append(f"%{name}{lane} = getelementptr double, ptr %{name}, i64 %f{name}{lane}")
    for k, step in enumerate(steps.steps):
        if isinstance(step, Load):
            body += _gather(k, step, width)
        elif isinstance(step, Operation) and step.name in ("sin", "cos"):
            body += _lanes(k, step, width)
        elif isinstance(step, Operation):
            operands = _names(steps, step.operands, width)
            body.append(f"%s{k} = {_operation(step, operands, vector)}")
    for k, name in enumerate(_names(steps, steps.results, width)):
        body.append(f"%o{k} = getelementptr {vector}, ptr %buffer, i64 {k}")
        body.append(f"store {vector} {name}, ptr %o{k}, align {8 * width}")
    copies = ["br label %write0"]
    for lane in range(width):
        after = f"write{lane + 1}" if lane + 1 < width else "written"
        copies += [
            f"write{lane}:",
            f"%k{lane} = phi i64 [ 0, %{'block' if lane == 0 else f'write{lane - 1}'} ], "
            f"[ %kn{lane}, %write{lane} ]",
            f"%kf{lane} = getelementptr {vector}, ptr %buffer, i64 %k{lane}, i64 {lane}",
            f"%kx{lane} = load double, ptr %kf{lane}, align 8",
            f"%kt{lane} = getelementptr double, ptr %out{lane}, i64 %k{lane}",
            f"store double %kx{lane}, ptr %kt{lane}, align 8",
            f"%kn{lane} = add i64 %k{lane}, 1",
            f"%kc{lane} = icmp slt i64 %kn{lane}, SIZE",
            f"br i1 %kc{lane}, label %write{lane}, label %{after}",
        ]
    text = _BATCH.replace("BODY", "\n  ".join(body)).replace("COPIES", "\n  ".join(copies))
    for name, value in (("SIZE", len(steps.results)), ("WIDTH", width), ("ALIGN", 8 * width)):
        text = text.replace(name, str(value))
    return text


def _gather(k: int, step: Load, width: int) -> list[str]:
    """One input of every configuration of the block."""
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


def _lanes(k: int, step: Operation, width: int) -> list[str]:
    """A library function of every entry of a vector."""
    lines, before = [], "undef"
    operand = f"<{width} x double> %s{step.operands[0]}"
    for lane in range(width):
        after = f"%s{k}" if lane == width - 1 else f"%v{k}_{lane}"
        lines.append(f"%x{k}_{lane} = extractelement {operand}, i32 {lane}")
        lines.append(f"%l{k}_{lane} = call double @{step.name}(double %x{k}_{lane})")
        insert = f"insertelement <{width} x double> {before}, double %l{k}_{lane}, i32 {lane}"
        lines.append(f"{after} = {insert}")
        before = after
    return lines


def _names(steps: Steps, numbers: Sequence[int], width: int = 0) -> list[str]:
    """How operands are written: constants as themselves, or as vectors of ``width``."""
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
    if step.name in _IR_NAMES:
        return f"{_IR_NAMES[step.name]} {kind} {operands[0]}, {operands[1]}"
    function = step.name
    if function == "sqrt":
        count = kind[1:].split()[0] if kind != "double" else ""
        function = f"llvm.sqrt.v{count}f64" if count else "llvm.sqrt.f64"
    return f"call {kind} @{function}({kind} {operands[0]})"


_LIBRARY = """
declare double @sin(double) memory(none) nounwind willreturn
declare double @cos(double) memory(none) nounwind willreturn
"""

_KERNEL = (
    _LIBRARY
    + """
declare double @llvm.sqrt.f64(double)

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

define void @batch(ptr %q, ptr %dq, ptr %u, ptr %out, i64 %count, i64 %qs, i64 %dqs, i64 %us,
                   i64 %outs) nounwind {
entry:
  %buffer = alloca <WIDTH x double>, i64 SIZE, align ALIGN
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


def vector_width() -> int:
    """Configurations per block; eight, for AVX-512, were measured to be slower than four."""
    import llvmlite.binding as llvm

    return 4 if llvm.get_host_cpu_features().get("avx") else 2


@cache
def _initialize() -> None:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


def target() -> Any:
    """A new code generator for this processor; an engine that is given one owns it."""
    import llvmlite.binding as llvm

    _initialize()
    return llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=2,
        codemodel="jitdefault",
        jit=True,
    )


def platform() -> str:
    """What machine code depends on beside the program."""
    import llvmlite
    import llvmlite.binding as llvm

    parts = (
        llvmlite.__version__,
        llvm.get_process_triple(),
        llvm.get_host_cpu_name(),
        llvm.get_host_cpu_features().flatten(),
    )
    return "|".join(parts)


def compiled(text: str) -> bytes:
    """LLVM assembly to an object file's bytes."""
    import llvmlite.binding as llvm

    machine = target()
    module = llvm.parse_assembly(text)
    module.triple = llvm.get_process_triple()
    module.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=1)  # more costs time, gains nothing
    passes = llvm.create_pass_builder(machine, options)
    passes.getModulePassManager().run(module, passes)
    return machine.emit_object(module)


class Loaded:
    """Machine code in memory; ``address(name)`` is valid while this object lives."""

    def __init__(self, code: bytes) -> None:
        import llvmlite.binding as llvm

        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target())
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        self._engine.finalize_object()

    def address(self, name: str) -> int:
        """Address of a function."""
        return self._engine.get_function_address(name)
