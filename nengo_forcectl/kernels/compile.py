"""Compilation of kernels, and the cache of their machine code.

The cache folder is named by the contents of all sources of kernels: this folder's and those of
``arms.machine``, whose functions are compiled into them.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba

import arms.machine
from arms.machine import cache as disk
from arms.machine.loops import compiled


@cache
def folder() -> Path | None:
    """Return the cache folder of this version; None if none can be written."""
    sources = [Path(__file__).parent, Path(arms.machine.__path__[0])]
    return disk.versioned_folder("numba", disk.digest_of(*sources) + numba.__version__)


def kernel(function: Callable[..., Any], **options: Any) -> Any:
    """Compile a function at its first call, and cache it on disk."""
    return compiled(function, folder(), **options)
