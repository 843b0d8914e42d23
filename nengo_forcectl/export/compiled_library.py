"""Machine code of a controller for another program: LLVM's, from the kernels as numba has them.

numba keeps the intermediate code of what it has compiled. That of the kernels a controller calls is
taken after numba's own optimisation, so on this processor it becomes the very instructions that run
in Python. Reference counts are left out: arrays of kernels are views, and count nothing. Only the
functions of the library's interface stay visible; what calls Python is never reached, and removed.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any, Literal, NamedTuple

import llvmlite.binding as llvm
from numba import boolean, float64, int64

from arms.machine.llvm_text import llvm_text

from ..errors import ConfigurationError
from ..kernels.control_cycle import run_cycle
from ..kernels.layout import ASKED, HEAD_END
from ..kernels.predict import predict
from ..kernels.protect import credible, protect_alone
from ..kernels.state_block import close_state, open_state
from ..kernels.supervise import count_events, learn, reset, step_controller, stop, stopped
from .c_header import ERRORS, REASONS
from .image import Image

Processor = Literal["native", "x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4"]
"""This processor, or the least that a library for x86-64 needs."""

LIBM = frozenset(
    "sin cos tan asin acos atan atan2 sinh cosh tanh exp expm1 exp2 log log1p log2 log10 pow sqrt "
    "cbrt hypot fabs floor ceil trunc round rint copysign fmod".split()
)
MEMORY = frozenset(("memcpy", "memmove", "memset"))

CALLS = (
    (run_cycle, (int64, int64, boolean, boolean, int64, int64, float64)),
    (protect_alone, (int64, int64, int64, int64, int64, float64)),
    (credible, (int64, int64)),
    (predict, (int64, int64, int64, boolean)),
)
"""Kernels that the supervisor calls, in the order of its ``calls``, with their arguments' types."""

INTERFACE = (
    (open_state, 5), (close_state, 4), (step_controller, 4), (reset, 1), (stop, 2), (learn, 2),
    (count_events, 2), (stopped, 1),
)  # fmt: skip
"""Kernels behind the library's own functions, with the number of their int64 arguments."""


FUNCTIONS = (
    "size", "create", "save", "step", "reset", "stop", "learn", "count_events", "stopped", "error",
    "reason",
)  # fmt: skip
"""The library's own functions, after its name; `c_header` declares them."""


class Machine(NamedTuple):
    """A kind of processor that a library is compiled for."""

    name: str  # of its folder
    triple: str
    processor: str
    features: str = ""

    def target(self) -> Any:
        """Return LLVM's code generator."""
        _initialize()
        return llvm.Target.from_triple(self.triple).create_target_machine(
            cpu=self.processor, features=self.features, opt=3, reloc="pic", codemodel="default"
        )


def machines(processor: Processor) -> tuple[Machine, Machine]:
    """Return the machines that a library is compiled for, x86-64 and AArch64.

    A "native" one is as numba sees this processor; the other machine's is one that all have.
    """
    general = {"x86_64": "x86-64" if processor == "native" else processor, "aarch64": "generic"}
    here = llvm.get_process_triple().partition("-")[0]
    found = []
    for name, least in general.items():
        triple = f"{name}-unknown-linux-gnu"
        if name == here and processor == "native":
            codegen: Any = _compiled(*CALLS[2]).library.codegen
            found.append(Machine(name, triple, codegen._get_host_cpu_name(), codegen._tm_features))
        else:
            found.append(Machine(name, triple, least))
    return found[0], found[1]


@cache
def _initialize() -> None:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()


def object_file(image: Image, name: str, machine: Machine) -> bytes:
    """Return the object file of a library whose functions begin with ``name``.

    Raises:
        ConfigurationError: the code needs something besides the mathematics of C.
    """
    target = machine.target()
    layout = str(target.target_data)

    def parsed(text: str) -> Any:
        module = llvm.parse_assembly(_aimed(text, machine.triple, layout))
        module.verify()
        return module

    whole = parsed(_interface(image, name))
    for kernel, types in CALLS:
        whole.link_in(_closed(parsed(_kernel_text(kernel, types)), target))
    for kernel, count in INTERFACE:
        whole.link_in(_closed(parsed(_kernel_text(kernel, (int64,) * count)), target))
    for k, kernel in enumerate(_distinct(image)):
        text = llvm_text(kernel.steps()).replace("@kernel(", f"@arm_{k}(", 1)
        module = parsed(text)
        options = llvm.create_pipeline_tuning_options(speed_level=1)  # as arms.machine.compile
        builder = llvm.create_pass_builder(target, options)
        builder.getModulePassManager().run(module, builder)
        whole.link_in(module)
    whole = llvm.parse_assembly(_hidden(str(whole), name))
    _closed(whole, target)
    _check_needs(whole, name)
    return target.emit_object(whole)


def _distinct(image: Image) -> list[Any]:
    return list(dict.fromkeys(image.functions.values()))


@cache
def _compiled(kernel: Any, types: tuple[Any, ...]) -> Any:
    """Return numba's result for a kernel."""
    kernel.compile(types)
    return kernel.overloads[types]


@cache
def _kernel_text(kernel: Any, types: tuple[Any, ...]) -> str:
    """Return a kernel's intermediate code, and a function in C's convention that calls it."""
    compiled = _compiled(kernel, types)
    text = str(compiled.library._get_module_for_linking())
    own = compiled.fndesc.llvm_func_name
    text = re.sub(r"^define linkonce_odr ", "define internal ", text, flags=re.M)
    text = re.sub(r"^\s*(?:tail )?call void @NRT_(?:inc|dec)ref\(.*\)[^\n]*\n", "", text, flags=re.M)
    text = re.sub(r"^(@[^\n]*? = )(?:linkonce_odr|common) ", r"\1internal ", text, flags=re.M)
    return text + _entry(kernel.__name__, own, text)


def _entry(name: str, own: str, text: str) -> str:
    """Return ``int64 name(int64 a ... f, double number)`` that calls numba's function ``own``.

    numba's function takes the places of its result and of an exception, which no kernel raises.
    """
    module = llvm.parse_assembly(text)
    given = [str(each.type) for each in list(module.get_function(own).arguments)[2:]]
    lines, passed = [], []
    for k, kind in enumerate(given):
        value = "%number" if kind == "double" else f"%a{k}"
        if kind not in ("double", "i64"):
            lines.append(f"  %b{k} = trunc i64 {value} to {kind}")
            value = f"%b{k}"
        passed.append(f"{kind} {value}")
    every = ", ".join(("ptr %result", "ptr %exception", *passed))
    body = "\n".join(lines)
    return f"""
define i64 @entry_{name}(i64 %a0, i64 %a1, i64 %a2, i64 %a3, i64 %a4, i64 %a5, double %number) {{
  %result = alloca i64
  %exception = alloca ptr
  store i64 0, ptr %result
{body}
  %status = call i32 @{own}({every})
  %value = load i64, ptr %result
  ret i64 %value
}}
"""


def _interface(image: Image, name: str) -> str:
    """Return the library's own functions, as `c_header` declares them."""
    words = image.library.array.view("i8").tolist()
    listed = ", ".join(f"i64 {word}" for word in words)
    size = 8 * (HEAD_END + len(image.words))
    declared = "\n".join(
        f"declare i64 @entry_{each}(i64, i64, i64, i64, i64, i64, double)"
        for each in [kernel.__name__ for kernel, _ in (*CALLS, *INTERFACE)]
    )
    arms = _distinct(image)
    declared += "".join(f"\ndeclare void @arm_{k}(ptr, ptr, ptr, ptr)" for k in range(len(arms)))
    return "\n".join([
        f"@library = internal constant [{len(words)} x i64] [{listed}], align 64",
        declared,
        *_texts("error", ERRORS),
        *_texts("reason", tuple(each.text for each in REASONS)),
        f"define i64 @{name}_size() {{\n  ret i64 {size}\n}}",
        _create(image, name, size),
        _save(name, size),
        _method(name, "step", "step_controller", image, ("ptr",) * 3, "i32"),
        _method(name, "reset", "reset", image, (), "void"),
        _method(name, "stop", "stop", image, (), "void", last=ASKED),
        _method(name, "learn", "learn", image, ("i32",), "void"),
        _method(name, "count_events", "count_events", image, ("ptr",), "void"),
        _method(name, "stopped", "stopped", image, (), "i32"),
        _text_of(name, "error", len(ERRORS)),
        _text_of(name, "reason", len(REASONS)),
    ])  # fmt: skip


def _create(image: Image, name: str, size: int) -> str:
    """``int create(controller, block, size)``: open the block, then set the functions' addresses."""
    arms = _distinct(image)
    bound = {place: f"@arm_{arms.index(kernel)}" for place, kernel in image.functions.items()}
    bound |= {image.calls + k: f"@entry_{kernel.__name__}" for k, (kernel, _) in enumerate(CALLS)}
    stores = "\n".join(
        f"  %f{k} = getelementptr i64, ptr %controller, i64 {HEAD_END + place}\n"
        f"  store ptr {function}, ptr %f{k}"
        for k, (place, function) in enumerate(bound.items())
    )
    return f"""
define i32 @{name}_create(ptr %controller, ptr %block, i64 %size) {{
  %to = ptrtoint ptr %controller to i64
  %from = ptrtoint ptr %block to i64
  %known = ptrtoint ptr @library to i64
  %met = call i64 @entry_open_state(i64 %to, i64 {size}, i64 %from, i64 %size, i64 %known, i64 0,
                                    double 0.0)
  %good = icmp eq i64 %met, 0
  br i1 %good, label %bind, label %end
bind:
{stores}
  br label %end
end:
  %code = trunc i64 %met to i32
  ret i32 %code
}}"""


def _save(name: str, size: int) -> str:
    """``int save(controller, block, size)``."""
    return f"""
define i32 @{name}_save(ptr %controller, ptr %block, i64 %size) {{
  %from = ptrtoint ptr %controller to i64
  %to = ptrtoint ptr %block to i64
  %known = ptrtoint ptr @library to i64
  %met = call i64 @entry_close_state(i64 %from, i64 %to, i64 %size, i64 %known, i64 0, i64 0,
                                     double 0.0)
  %code = trunc i64 %met to i32
  ret i32 %code
}}"""


def _method(
    name: str,
    function: str,
    kernel: str,
    image: Image,
    arguments: tuple[str, ...],
    result: str,
    *,
    last: int = 0,
) -> str:
    """A function of a controller and up to three arguments; ``last`` follows them."""
    given = "".join(f", {kind} %g{k}" for k, kind in enumerate(arguments))
    convert = {"ptr": "ptrtoint ptr", "i32": "sext i32"}
    lines = "\n".join(
        f"  %w{k} = {convert[kind]} %g{k} to i64" for k, kind in enumerate(arguments)
    )
    passed = [f"i64 %w{k}" for k in range(len(arguments))] + [f"i64 {last}"]
    passed += ["i64 0"] * (5 - len(passed))
    back = "ret void" if result == "void" else f"%code = trunc i64 %met to {result}\n  ret i32 %code"
    return f"""
define {result} @{name}_{function}(ptr %controller{given}) {{
  %own = getelementptr i64, ptr %controller, i64 {HEAD_END + image.supervisor}
  %block = ptrtoint ptr %own to i64
{lines}
  %met = call i64 @entry_{kernel}(i64 %block, {", ".join(passed)}, double 0.0)
  {back}
}}"""


def _texts(kind: str, texts: tuple[str, ...]) -> list[str]:
    """Constants: the texts, a last one for other codes, and their addresses."""
    every = (*texts, "unknown code")
    lines = [
        f'@{kind}_{k} = internal constant [{len(text) + 1} x i8] c"{text}\\00"'
        for k, text in enumerate(every)
    ]
    places = ", ".join(f"ptr @{kind}_{k}" for k in range(len(every)))
    return [*lines, f"@{kind}s = internal constant [{len(every)} x ptr] [{places}]"]


def _text_of(name: str, kind: str, count: int) -> str:
    """``const char *error(int code)``."""
    return f"""
define ptr @{name}_{kind}(i32 %code) {{
  %known = icmp ult i32 %code, {count}
  %k = select i1 %known, i32 %code, i32 {count}
  %place = getelementptr ptr, ptr @{kind}s, i32 %k
  %text = load ptr, ptr %place
  ret ptr %text
}}"""


def _aimed(text: str, triple: str, layout: str) -> str:
    """Return intermediate code with another machine's triple and data layout."""
    lines = [
        line for line in text.splitlines() if not line.startswith(("target ", "source_filename"))
    ]
    head = f'target datalayout = "{layout}"\ntarget triple = "{triple}"'
    return "\n".join([head, *lines])


def _closed(module: Any, target: Any) -> Any:
    """Remove from a module what nothing visible reaches."""
    manager = llvm.create_new_module_pass_manager()
    manager.add_global_dead_code_eliminate_pass()
    manager.add_strip_dead_prototype_pass()
    builder = llvm.create_pass_builder(target, llvm.create_pipeline_tuning_options(speed_level=0))
    manager.run(module, builder)
    return module


def _hidden(text: str, name: str) -> str:
    """Return intermediate code in which the library's own functions alone are visible."""
    return re.sub(
        rf"^define (?!internal)([^@\n]*@(?!{name}_))", r"define internal \1", text, flags=re.M
    )


def _check_needs(module: Any, name: str) -> None:
    """Raise `ConfigurationError` if the code calls anything but the mathematics of C."""
    needs = [each.name for each in module.functions if each.is_declaration]
    needs += [each.name for each in module.global_variables if each.is_declaration]
    wrong = [
        each
        for each in needs
        if not (each in LIBM or each in MEMORY or each.startswith("llvm."))
        or each.startswith("llvm.x86.")
    ]
    if wrong:
        raise ConfigurationError(
            f"export: the compiled {name} calls {', '.join(sorted(wrong))}; needs functions of "
            "libm alone"
        )
