"""Compilation of Python functions by numba, and the cache of their machine code.

numba checks the date of a function's own file, but not of the functions compiled into it. So the
folder of the cache must be named by the contents of all their sources.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
import numba.core.config

from arms.machine import cache as disk

config: Any = numba.core.config
FAST = {"reassoc", "contract"}


@cache
def folder() -> Path | None:
    """Cache folder of the loops of this folder; None if none can be written."""
    return disk.versioned_folder("loops", disk.digest_of(Path(__file__).parent) + numba.__version__)


def compiled(function: Callable[..., Any], where: Path | None, **options: Any) -> Any:
    """The function, compiled at its first call and cached in a folder; None: not cached."""
    before = config.CACHE_DIR
    config.CACHE_DIR = "" if where is None else str(where)
    try:
        return numba.njit(cache=where is not None, fastmath=FAST, error_model="numpy", **options)(
            function
        )
    finally:
        config.CACHE_DIR = before


def loop(function: Callable[..., Any]) -> Any:
    """Compile a function of ``arms.machine``."""
    return compiled(function, folder())


def part(function: Callable[..., Any]) -> Any:
    """Compile a function as a part of each one that calls it: a call costs more than its work."""
    return compiled(function, folder(), forceinline=True)
