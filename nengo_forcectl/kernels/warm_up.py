"""Compilation of the parts that a control cycle needs, once per installation, in parallel."""

import logging
import subprocess
import sys
from collections.abc import Sequence

from arms.machine.kernel_folder import folder
from arms.machine.object_files import Part
from arms.machine.workers import begin_processes, compile_in_processes

from .parts import USUAL

LOG = logging.getLogger("nengo_forcectl")
_begun: list[subprocess.Popen[bytes]] = []


def compile_ahead(parts: Sequence[Part]) -> None:
    """Compile those parts that are not on disk, and the `USUAL` ones with them.

    It takes some 25 s on two processors, which the logger ``nengo_forcectl`` announces. After
    `begin_to_compile` it waits for these parts alone. Without a cache folder it does nothing, and
    the first cycle compiles in its own process.

    Args:
        parts: the ones to compile.
    """
    own = folder(__package__)
    if own is None or not _missing(parts):
        return
    if _begun:
        compile_in_processes(own, lambda: _missing(parts) if _runs() else [])
    if _missing(parts):
        _announce()
        compile_in_processes(own, lambda: _missing((*USUAL, *parts)))


def begin_to_compile() -> None:
    """Begin `compile_ahead` of the `USUAL` parts in processes of their own, and go on."""
    own = folder(__package__)
    if own is None or sys.platform == "win32" or _runs() or not (names := _missing(USUAL)):
        return
    _announce()
    _begun.extend(begin_processes(own, names))


def _missing(parts: Sequence[Part]) -> list[str]:
    """Return the names of the parts that are not on disk."""
    return [str(each) for each in dict.fromkeys(parts) if not each.is_on_disk]


def _runs() -> bool:
    """Return whether one of the processes that have begun still compiles."""
    _begun[:] = [each for each in _begun if each.poll() is None]
    return bool(_begun)


def _announce() -> None:
    LOG.info("compiling the control cycle, once per installation (about 25 s on two cores)")
