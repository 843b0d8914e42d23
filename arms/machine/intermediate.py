"""LLVM's intermediate code of kernels, and the machine code of one kernel made from it.

numba keeps the intermediate code of what it has compiled. That of a kernel, with all that it calls,
is optimised by numba's passes as a whole, and becomes the same operations, in the same order, in
every object file and C library. Reference counts are left out: the arrays of kernels are views, and
count nothing. What calls Python is never reached, and removed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import llvmlite.binding as llvm
import numba
from numba.core.registry import cpu_target

LIBM = frozenset((
    "sin", "cos", "sincos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh",
    "acosh", "atanh", "exp", "expm1", "exp2", "log", "log1p", "log2", "log10", "pow", "sqrt",
    "cbrt", "hypot", "fabs", "floor", "ceil", "trunc", "round", "rint", "copysign", "fmod", "fma",
))  # fmt: skip
MEMORY = frozenset(("memcpy", "memmove", "memset"))  # LLVM calls them, and every C library has them

ARGUMENTS = "i64 %a0, i64 %a1, i64 %a2, i64 %a3, i64 %a4, i64 %a5, double %number"
"""Arguments by which every kernel is called; those it does not have are ignored."""


def kernel_text(kernel: Any, types: tuple[Any, ...], name: str) -> str:
    """Return a kernel's intermediate code, and a function ``name`` in C's convention that calls it.

    That is ``int64 name(`` `ARGUMENTS` ``)``.

    Args:
        kernel: A function of ``numba_kernel.kernel``; compiled unless it is.
        types: Types of its arguments.
        name: Of the function.
    """
    compiled = _compiled(kernel, types)
    text = str(_optimised(compiled.library))
    text = re.sub(r"^\s*(?:tail )?call void @NRT_(?:inc|dec)ref\(.*\n", "", text, flags=re.M)
    text = re.sub(r"^define (?:linkonce_odr )?(?!internal)", "define internal ", text, flags=re.M)
    text = re.sub(r"^(@[^\n]*? = )(?:linkonce_odr|common) ", r"\1internal ", text, flags=re.M)
    return text + _entry(name, compiled.fndesc.llvm_func_name, text)


def _compiled(kernel: Any, types: tuple[Any, ...]) -> Any:
    """What numba made of a kernel, with its intermediate code.

    What numba has loaded from its own cache has none: the kernel is compiled again then.
    """
    kernel.compile(types)
    compiled = kernel.overloads[types]
    if compiled.fndesc.llvm_func_name in {f.name for f in compiled.library._final_module.functions}:
        return compiled
    again = numba.jit(**kernel.targetoptions)(kernel.py_func)
    again.compile(types)
    return again.overloads[types]


def _optimised(library: Any) -> Any:
    """The module of a kernel and all that it calls, optimised in full: see ``emission``."""
    module = library._final_module.clone()
    manager, passes = library._codegen._module_pass_manager()
    manager.run(module, passes)
    return module


def _entry(name: str, own: str, text: str) -> str:
    """Return the function that calls numba's function ``own``.

    That takes the places of its result and of an exception, which no kernel raises.
    """
    module = llvm.parse_assembly(text)
    kinds = [str(each.type) for each in list(module.get_function(own).arguments)[2:]]
    lines, passed = [], ["ptr %result", "ptr %exception"]
    for k, kind in enumerate(kinds):
        value = "%number" if kind == "double" else f"%a{k}"
        if kind not in ("double", "i64"):  # of one bit or byte
            lines.append(f"  %b{k} = trunc i64 {value} to {kind}")
            value = f"%b{k}"
        passed.append(f"{kind} {value}")
    return f"""
define hidden i64 @{name}({ARGUMENTS}) {{
  %result = alloca i64
  %exception = alloca ptr
  store i64 0, ptr %result
{chr(10).join(lines)}
  %status = call i32 @{own}({", ".join(passed)})
  %value = load i64, ptr %result
  ret i64 %value
}}
"""


def without_unused(module: Any, target: Any) -> Any:
    """Remove from a module what nothing visible reaches; return it."""
    manager = llvm.create_new_module_pass_manager()
    manager.add_global_dead_code_eliminate_pass()
    manager.add_strip_dead_prototype_pass()
    options = llvm.create_pipeline_tuning_options(speed_level=0)
    manager.run(module, llvm.create_pass_builder(target, options))
    return module


def hidden(text: str, names: Sequence[str]) -> str:
    """Return intermediate code in which ``names`` alone are visible."""
    others = rf"^define (?!internal)([^@\n]*@(?!(?:{'|'.join(names)})\())"
    return re.sub(others, r"define internal \1", text, flags=re.M)


def other_needs(module: Any, known: Iterable[str] = ()) -> list[str]:
    """Return what code calls besides ``known`` and C's mathematics."""
    every = [*module.functions, *module.global_variables]
    needs = {each.name for each in every if each.is_declaration} - LIBM - MEMORY - set(known)
    return sorted(
        each for each in needs if not each.startswith("llvm.") or each.startswith("llvm.x86.")
    )


def kernel_object(kernel: Any, types: tuple[Any, ...], name: str) -> tuple[bytes, bool]:
    """Return a kernel's object file for this processor; and whether C's mathematics suffice for it.

    Args:
        kernel, types, name: As for `kernel_text`.
    """
    return text_object(kernel_text(kernel, types, name), name)


def text_object(text: str, name: str) -> tuple[bytes, bool]:
    """The same as `kernel_object`, of what `kernel_text` returned for this ``name``."""
    target: Any = cpu_target.target_context.codegen()._tm  # pyright: ignore[reportAttributeAccessIssue]; numba's own: the same bits
    text = hidden(text, [name]).replace("define hidden ", "define ")
    module = without_unused(llvm.parse_assembly(text), target)
    module.verify()
    return target.emit_object(module), not other_needs(module)
