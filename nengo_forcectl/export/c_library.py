"""A trained controller as a C library: code for two machines, a header and a state block."""

import logging
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..control.joint_space import JointSpace
from ..errors import ConfigurationError
from ..kernels.layout.cycle_fields import HEAD_END
from ..safety.guard import Safe
from .archive import archive
from .c_code import MACHINES, Machine, ObjectFile, kernels_objects
from .c_header import Facts, header
from .c_interface import controller_object
from .folder import versions_here
from .image import Image, image_of

LOG = logging.getLogger("nengo_forcectl")
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
LINKERS = {name: (f"{name}-linux-gnu-gcc", "cc", "gcc", "clang") for name in ("x86_64", "aarch64")}
"""Programs that may make a shared library of an object file, by machine."""
LINKING = 60.0  # longest time [s]


def library_name(folder: Path) -> str:
    """Return the name of a library in a folder: the folder's own.

    Raises:
        ConfigurationError: C cannot have it.
    """
    name = re.sub(r"[-. ]", "_", folder.name)
    if not NAME.fullmatch(name):
        raise ConfigurationError(
            f"--c: the library cannot have the name of its folder, {folder.name!r}; needs a "
            "letter, then at most 39 letters, digits, '-', '.' and '_'"
        )
    return name


def c_library(controller: Safe, name: str) -> dict[str, bytes]:
    """Return the files of a controller's library, by their paths in its folder.

    A message of the logger ``nengo_forcectl`` names a machine for which no linker is there, so that
    it has no shared library.

    Args:
        controller: as `export_controller` takes it.
        name: of the library, and before each of its functions.

    Raises:
        ConfigurationError: the name is not valid in C, or the controller has no such form.
    """
    if not NAME.fullmatch(name):
        raise ConfigurationError(f"c_library.name: is {name!r}, needs letters, digits and '_'")
    image = image_of(controller)
    files = {
        f"{name}.h": header(name, _facts(controller, image)).encode(),
        f"{name}.state": image.state_block(),
    }
    for machine in MACHINES:
        code = (
            *kernels_objects(machine, image.functions.values()),
            controller_object(image, name, machine),
        )
        members = {each.name: each.content for each in code}
        functions = {each.name: each.functions for each in code}
        files[f"{machine.name}/lib{name}.a"] = archive(members, functions)
        shared = _shared(code, name, machine)
        if shared is None:
            LOG.info("no linker for %s: no lib%s.so, lib%s.a alone", machine.name, name, name)
        else:
            files[f"{machine.name}/lib{name}.so"] = shared
    return files


def _facts(controller: Safe, image: Image) -> Facts:
    cycle: Any = controller.cycle
    inputs = cycle.controller.inputs
    return Facts(
        joints=controller.dof,
        task=inputs.size,
        period=controller.dt,
        size=8 * (HEAD_END + len(image.words)),
        tool=not isinstance(cycle.controller.law, JointSpace),
        follows=inputs.follows,
        turns=inputs.turns,
        feels=inputs.feels,
        needs_wrench=inputs.needs_wrench,
        learns="learning" in vars(cycle) and cycle._learner is not None,
        version=versions_here()["nengo-forcectl"],
    )


def _shared(code: Sequence[ObjectFile], name: str, machine: Machine) -> bytes | None:
    """Return the shared library of object files, or None without a linker for the machine."""
    for program in LINKERS[machine.name]:
        linker = shutil.which(program)
        linked = None if linker is None else _linked(code, name, linker)
        if linked is not None:
            return linked
    return None


def _linked(code: Sequence[ObjectFile], name: str, linker: str) -> bytes | None:
    """Return what a linker makes of object files, or None if it is for another machine."""
    with tempfile.TemporaryDirectory() as room:
        for each in code:
            (Path(room) / each.name).write_bytes(each.content)
        command = [linker, "-shared", "-s", f"-Wl,-soname,lib{name}.so", "-o", "library.so"]
        try:
            done = subprocess.run(
                [*command, *(each.name for each in code), "-lm"],
                cwd=room, capture_output=True, timeout=LINKING, check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired):
            return None
        out = Path(room) / "library.so"
        return out.read_bytes() if done.returncode == 0 and out.is_file() else None
