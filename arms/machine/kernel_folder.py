"""The cache folder of a package's kernels, named by all that their machine code depends on.

numba checks the date of a function's own file, but not of the functions compiled into it. So the
folder is named by the contents of all sources: those of the package, with the folders in it, and
those of this folder, whose functions are compiled into the kernels of others.
"""

from __future__ import annotations

from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from arms.machine import cache as disk

_KEPT = 8  # folders of old versions; two packages have kernels


def sources(package: str) -> tuple[Path, ...]:
    """The folders of sources that the kernels of a package are compiled from."""
    spec = find_spec(package)
    assert spec is not None, package
    paths = spec.submodule_search_locations or []
    return tuple(dict.fromkeys((Path(paths[0]), Path(__file__).parent)))


@cache
def folder(package: str) -> Path | None:
    """The cache folder of this version of a package's kernels; None if none can be written."""
    version = disk.digest_of(*sources(package)) + metadata.version("numba")
    return disk.versioned_folder("numba", version, _KEPT)
