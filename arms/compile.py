"""Straight-line programs to machine code, through LLVM, and the same programs as Python functions.

A kernel is ``void kernel(const double *q, const double *dq, const double *u, double *out)``;
``out`` gets the requested terms one after the other, row by row. Beside it stands ``void batch(q,
dq, u, out, count, q_step, dq_step, u_step, out_step)``, steps in doubles, 0 where an input is
shared. No fast-math and no fused multiply-add: the machine code and the Python function give the
same bits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from arms.steps import Constant, Load, Operation, Steps

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
    """The kernel and its batch loop as LLVM assembly."""
    body: list[str] = []
    names: list[str] = []
    for k, step in enumerate(steps.steps):
        if isinstance(step, Constant):
            names.append(_number(step.value))
            continue
        names.append(f"%s{k}")
        if isinstance(step, Load):
            body.append(f"%a{k} = getelementptr double, ptr %{step.vector}, i64 {step.index}")
            body.append(f"%s{k} = load double, ptr %a{k}, align 8")
        else:
            body.append(f"%s{k} = {_operation(step, [names[i] for i in step.operands])}")
    for k, i in enumerate(steps.results):
        body.append(f"%o{k} = getelementptr double, ptr %out, i64 {k}")
        body.append(f"store double {names[i]}, ptr %o{k}, align 8")
    return _MODULE.replace("BODY", "\n  ".join(body))


def _operation(step: Operation, operands: Sequence[str]) -> str:
    if step.name in _IR_NAMES:
        return f"{_IR_NAMES[step.name]} double {operands[0]}, {operands[1]}"
    function = "llvm.sqrt.f64" if step.name == "sqrt" else step.name
    return f"call double @{function}(double {operands[0]})"


def _number(value: float) -> str:
    import struct

    return f"0x{struct.unpack('>Q', struct.pack('>d', value))[0]:016X}"


_MODULE = """
declare double @sin(double) memory(none) nounwind willreturn
declare double @cos(double) memory(none) nounwind willreturn
declare double @llvm.sqrt.f64(double)

define void @kernel(ptr noalias readonly %q, ptr noalias readonly %dq, ptr noalias readonly %u, ptr
noalias %out) nounwind {
  BODY
  ret void
}

define void @batch(ptr %q, ptr %dq, ptr %u, ptr %out, i64 %count, i64 %qs, i64 %dqs, i64 %us, i64
%outs) nounwind { entry:
  %some = icmp sgt i64 %count, 0
  br i1 %some, label %loop, label %end
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %iq = mul i64 %i, %qs
  %idq = mul i64 %i, %dqs
  %iu = mul i64 %i, %us
  %iout = mul i64 %i, %outs
  %pq = getelementptr double, ptr %q, i64 %iq
  %pdq = getelementptr double, ptr %dq, i64 %idq
  %pu = getelementptr double, ptr %u, i64 %iu
  %pout = getelementptr double, ptr %out, i64 %iout
  call void @kernel(ptr %pq, ptr %pdq, ptr %pu, ptr %pout)
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %count
  br i1 %more, label %loop, label %end
end:
  ret void
}
"""


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
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    options.slp_vectorization = True
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
