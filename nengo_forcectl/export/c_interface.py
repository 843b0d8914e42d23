"""The functions of a controller's library, as `c_header` declares them, in LLVM's language."""

from typing import Any

from arms.machine.intermediate import ARGUMENTS
from arms.machine.llvm_text import llvm_text

from ..kernels.layout.cycle_fields import HEAD_END
from ..kernels.layout.watch_fields import ASKED
from ..kernels.parts import SUPERVISED
from ..kernels.state_block import close_state, open_state
from ..kernels.supervise import count_events, learn, reset, step_controller, stop, stopped
from .c_code import (
    KERNELS,
    Machine,
    ObjectFile,
    emit,
    entry_name,
    optimized,
)
from .c_header import ERRORS, REASONS
from .image import Image, is_of_arm

FUNCTIONS = (
    "size", "create", "save", "step", "reset", "stop", "learn", "count_events", "stopped", "error",
    "reason",
)  # fmt: skip
"""The library's functions, after its name and '_'."""


def controller_object(image: Image, name: str, machine: Machine) -> ObjectFile:
    """Return the code of one controller: its arm's equations, and the functions of its library.

    Args:
        image: the controller.
        name: of the library; checked by the caller.
        machine: the machine.

    Raises:
        ConfigurationError: the code needs something besides the mathematics of C.
    """
    names = tuple(f"{name}_{each}" for each in FUNCTIONS)
    equations = [
        optimized(llvm_text(kernel.steps()).replace("@kernel(", f"@arm_{k}(", 1))
        for k, kernel in enumerate(_kernels(image))
    ]
    known = [entry_name(kernel) for kernel, _ in KERNELS]
    code = emit(machine, [_text(image, name), *equations], names, known)
    return ObjectFile("controller.o", code, names)


def _kernels(image: Image) -> list[Any]:
    """Return the arm's kernels."""
    return list(dict.fromkeys(each for each in image.functions.values() if is_of_arm(each)))


def _text(image: Image, name: str) -> str:
    """Return the functions, and what they know of the controller."""
    words = image.library.array.view("i8").tolist()
    size = 8 * (HEAD_END + len(image.words))
    parts = [
        f"@library = internal constant [{len(words)} x i64] "
        f"[{', '.join(f'i64 {word}' for word in words)}], align 64",
        *(f"declare hidden i64 @{entry_name(kernel)}({ARGUMENTS})" for kernel, _ in KERNELS),
        *(f"declare void @arm_{k}(ptr, ptr, ptr, ptr)" for k in range(len(_kernels(image)))),
        *_texts("error", ERRORS),
        *_texts("reason", tuple(each.text for each in REASONS)),
        f"define i64 @{name}_size() {{\n  ret i64 {size}\n}}",
        _create(image, name, size),
        _save(name),
        _text_of(name, "error", len(ERRORS)),
        _text_of(name, "reason", len(REASONS)),
    ]
    place = HEAD_END + image.supervisor
    parts += [
        _method(f"i32 @{name}_step", step_controller, place, ("ptr",) * 3),
        _method(f"i32 @{name}_stopped", stopped, place),
        _method(f"void @{name}_reset", reset, place),
        _method(f"void @{name}_stop", stop, place, last=ASKED),
        _method(f"void @{name}_learn", learn, place, ("i32",)),
        _method(f"void @{name}_count_events", count_events, place, ("ptr",)),
    ]
    return "\n".join(parts)


def _create(image: Image, name: str, size: int) -> str:
    """``int create(controller, block, size)``: open the block, then set addresses of functions."""
    kernels = _kernels(image)
    bound = {
        place: f"@arm_{kernels.index(each)}" if is_of_arm(each) else f"@{entry_name(each)}"
        for place, each in image.functions.items()
    }
    bound |= {image.calls + k: f"@{entry_name(each)}" for k, each in enumerate(SUPERVISED)}
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
  %met = call i64 @{entry_name(open_state)}(i64 %to, i64 {size}, i64 %from, i64 %size, i64 %known,
                                            i64 0, double 0.0)
  %good = icmp eq i64 %met, 0
  br i1 %good, label %bind, label %end
bind:
{stores}
  br label %end
end:
  %code = trunc i64 %met to i32
  ret i32 %code
}}"""


def _save(name: str) -> str:
    """``int save(controller, block, size)``."""
    return f"""
define i32 @{name}_save(ptr %controller, ptr %block, i64 %size) {{
  %from = ptrtoint ptr %controller to i64
  %to = ptrtoint ptr %block to i64
  %known = ptrtoint ptr @library to i64
  %met = call i64 @{entry_name(close_state)}(i64 %from, i64 %to, i64 %size, i64 %known, i64 0,
                                             i64 0, double 0.0)
  %code = trunc i64 %met to i32
  ret i32 %code
}}"""


def _method(
    head: str, kernel: Any, place: int, arguments: tuple[str, ...] = (), *, last: int = 0
) -> str:
    """A function of the supervisor at a place, with up to three arguments and a last number."""
    given = "".join(f", {kind} %g{k}" for k, kind in enumerate(arguments))
    convert = {"ptr": "ptrtoint ptr", "i32": "sext i32"}
    lines = "\n".join(f"  %w{k} = {convert[kind]} %g{k} to i64" for k, kind in enumerate(arguments))
    passed = [*(f"i64 %w{k}" for k in range(len(arguments))), f"i64 {last}"]
    passed += ["i64 0"] * (5 - len(passed))
    back = (
        "ret void" if head.startswith("void") else "%code = trunc i64 %met to i32\n  ret i32 %code"
    )
    return f"""
define {head}(ptr %controller{given}) {{
  %own = getelementptr i64, ptr %controller, i64 {place}
  %block = ptrtoint ptr %own to i64
{lines}
  %met = call i64 @{entry_name(kernel)}(i64 %block, {", ".join(passed)}, double 0.0)
  {back}
}}"""


def _texts(kind: str, texts: tuple[str, ...]) -> list[str]:
    """Constants: the texts, one more for other codes, and their addresses."""
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
