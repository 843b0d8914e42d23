"""Compilation of the parts that a control cycle needs, once per installation, in parallel."""

import logging
import subprocess
import sys
from collections.abc import Sequence

from arms.machine.kernel_folder import folder
from arms.machine.object_files import Part
from arms.machine.workers import compile_in_processes, environment

from .parts import USUAL

LOG = logging.getLogger("nengo_forcectl")
_CODE = "from nengo_forcectl.kernels.warm_up import compile_ahead; compile_ahead(())"
_begun: list[subprocess.Popen[bytes]] = []


def compile_ahead(parts: Sequence[Part]) -> None:
    """Compile those parts that are not on disk, and the `USUAL` ones with them.

    It takes some 30 s on two processors, which the logger ``nengo_forcectl`` announces.
    Without a cache folder it does nothing, and the first cycle compiles in its own process.

    Args:
        parts: the ones to compile.
    """
    own, wanted = folder(__package__), tuple(dict.fromkeys((*USUAL, *parts)))
    if own is None or all(each.is_on_disk for each in parts or wanted):
        return
    if not _begun:
        _announce()
    compile_in_processes(own, lambda: [str(each) for each in wanted if not each.is_on_disk])
    while _begun:
        _begun.pop().wait()


def begin_to_compile() -> None:
    """Begin `compile_ahead` of the `USUAL` parts in processes of their own, and go on.

    A later `compile_ahead` waits for them.
    """
    if _begun or folder(__package__) is None or all(each.is_on_disk for each in USUAL):
        return
    _announce()
    _begun.append(subprocess.Popen([sys.executable, "-c", _CODE], env=environment()))


def _announce() -> None:
    LOG.info("compiling the control cycle, once per installation (about 30 s on two cores)")
