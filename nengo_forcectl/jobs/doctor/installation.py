"""Versions, engines and the cache of an installation."""

import platform
import sys
from collections.abc import Iterator
from pathlib import Path

from arms.machine import cache

from ...nengodl.compatibility import nengodl_advice
from ...sim.engines import default_engine
from ...support.versions import version_of
from ..job import PACKAGES
from .finding import Finding

ENGINES = {
    "bullet": ("pybullet", "pip install pybullet; it has wheels up to Python 3.11"),
    "mujoco": ("mujoco", "pip install 'nengo-forcectl[sim]'"),
}
"""Package of each engine, and how to install it."""


def versions() -> Iterator[Finding]:
    """Yield the versions of Python and of the packages that affect a result."""
    yield Finding("versions", "python", f"{platform.python_version()} ({sys.executable})")
    for package in PACKAGES:
        yield Finding("versions", package, version_of(package) or "not installed")
    yield Finding("versions", "dF/dw by NengoDL", *nengodl_advice())


def engines() -> Iterator[Finding]:
    """Yield each physics engine, and whether it is the default."""
    default = default_engine()
    for name, (package, advice) in ENGINES.items():
        version = version_of(package)
        if version is None:
            yield Finding("engines", name, "not installed", advice)
        else:
            yield Finding("engines", name, f"{version}, default" if name == default else version)


def compiled_code() -> Iterator[Finding]:
    """Yield folder and size of the cache."""
    folder = cache.folder()
    yield Finding("cache", "folder", f"{folder} (${cache.VARIABLE})")
    sizes = [path.stat().st_size for path in _files(folder)]
    yield Finding("cache", "size", f"{sum(sizes) / 1e6:.1f} MB in {len(sizes)} files")


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []
