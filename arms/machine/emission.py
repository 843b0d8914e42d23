"""Compilation of kernels to object files alone, in a process that does nothing else.

numba makes machine code of every function that a kernel calls, and two functions by which Python
and C may call it. An ``object_files.Part`` needs none of them: its object file is made from the
intermediate code of the whole. And numba optimises every function again in each one that calls it,
in full; a part is optimised in full once, as a whole, by ``intermediate``. Without all this, and
without Python's search for garbage, the kernels are compiled in two fifths of the time, to the same
bits.

numba offers no such choice, so some of its methods are replaced here. If one is missing, because
numba is another version, none is replaced. Importing this module imports numba.
"""

from __future__ import annotations

import gc
from typing import Any

from numba.core import caching, codegen, cpu, lowering


def leave_out_machine_code() -> bool:
    """Make numba leave out all machine code in this process; return whether it does.

    No function that numba compiles from now on can be called from Python.
    """
    found = [(getattr(module, c, None), name, by) for module, c, name, by in _REPLACED]
    if not all(hasattr(owner, name) for owner, name, _ in found):
        return False
    for owner, name, function in found:
        setattr(owner, name, function)
    gc.disable()
    return True


def _nothing(*_: Any, **__: Any) -> None:
    """Do nothing."""


def _without_code(context: Any, library: Any, fndesc: Any, env: Any) -> Any:
    """Finish a library; return a new function in place of the one for Python."""
    library._ensure_finalized()
    return [].append  # numba finds the library by it


def _optimise_lightly(library: Any) -> None:
    """Optimise a library as numba does at first, before it does in full."""
    own = library._codegen
    manager, passes = own._module_pass_manager(
        loop_vectorize=own._loopvect, slp_vectorize=False, opt=own._opt_level, cost="cheap"
    )
    manager.run(library._final_module, passes)


_REPLACED = (
    (codegen, "CPUCodeLibrary", "_optimize_final_module", _optimise_lightly),
    (codegen, "JITCPUCodegen", "_add_module", _nothing),
    (codegen, "JITCodeLibrary", "_finalize_specific", _nothing),
    (cpu, "CPUContext", "get_executable", _without_code),
    (lowering, "Lower", "create_cpython_wrapper", _nothing),
    (lowering, "Lower", "create_cfunc_wrapper", _nothing),
    (caching, "FunctionCache", "save_overload", _nothing),
    (caching, "FunctionCache", "load_overload", _nothing),
)
"""Modules, classes and methods of numba, and what replaces them."""
