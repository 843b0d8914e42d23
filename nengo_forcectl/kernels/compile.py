"""Compilation of kernels, and the cache of their machine code.

numba checks the date of a function's own file, but not of the functions compiled into it. So the
cache folder is named by the contents of all sources of kernels: this folder's and those of
``arms.machine``.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
import numba.core.config

import arms.machine
from arms.machine import cache as disk

config: Any = numba.core.config
FAST = {"reassoc", "contract"}


@cache
def folder() -> Path | None:
    """Return the cache folder of this version; None if none can be written."""
    sources = [Path(__file__).parent, Path(arms.machine.__path__[0])]
    return disk.versioned_folder("numba", disk.digest_of(*sources) + numba.__version__)


def kernel(function: Callable[..., Any], **options: Any) -> Any:
    """Compile a function at its first call, and cache it on disk."""
    own, before = folder(), config.CACHE_DIR
    config.CACHE_DIR = "" if own is None else str(own)
    try:
        return numba.njit(cache=own is not None, fastmath=FAST, error_model="numpy", **options)(
            function
        )
    finally:
        config.CACHE_DIR = before
