"""Torque control of robot arms that learns the missing dynamics.

The names of ``__init__.pyi`` are the front door; everything else is one level down, in the packages
`contract`, `records`, `control`, `learning`, `adaptation`, `cycle`, `safety`, `robots`, `sim`,
`paths`, `networks`, `nengodl`, `kinematics`, `estimation`, `export` and `jobs`. A name is loaded
when it is first used: importing the package loads neither TensorFlow nor PyBullet nor Sympy. After
it, ``import nengo_dl`` works on TensorFlow 2.21.
"""

import importlib
import warnings
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import lazy_loader

from .nengodl import compatibility  # noqa: F401  lets ``import nengo_dl`` work
from .support.moved import HOMES

try:
    __version__ = version("nengo-forcectl")
except PackageNotFoundError:  # the sources are on the path, and not installed
    __version__ = "0.0.0"

_load, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__all__ += ["__version__"]


def __getattr__(name: str) -> Any:
    """Load a public name; one that has moved down still works, for one release."""
    if name not in HOMES:
        return _load(name)
    home = f"{__name__}.{HOMES[name]}"
    warnings.warn(
        f"{__name__}.{name} has moved: import it from {home}", DeprecationWarning, stacklevel=2
    )
    return getattr(importlib.import_module(home), name)
