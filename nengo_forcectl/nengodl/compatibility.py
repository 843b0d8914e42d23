"""NengoDL on today's TensorFlow: the only module that imports ``nengo_dl`` and ``tensorflow``.

NengoDL 3.6 asks for modules that TensorFlow's Keras no longer has (``keras.engine.functional``, two
batch normalisation classes). tf-keras has them under other names, so stand-ins are registered while
``nengo_dl`` is imported, and removed afterwards: the user's own ``import keras`` is not affected.

``tf`` and ``nengo_dl`` are imported quietly at the first use of one of them, in about 3 s. Unless
TensorFlow was imported before, GPUs are hidden from it: a control step is far too small for one.
"""

import functools
import importlib
import importlib.metadata
import os
import subprocess
import sys
import threading
import types
import warnings
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

from ..errors import VersionError
from ..support.quiet import quiet_stderr

WORKING = {"tensorflow": "2.21", "tf-keras": "2.21", "nengo": "4.1", "nengo-dl": "3.6"}


def check_versions(working: dict[str, str] = WORKING) -> None:
    """Raise `VersionError` unless every package is installed in the supported release."""
    installed = {}
    for package in working:
        try:
            installed[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            installed[package] = "none"
    if any(not f"{installed[name]}.".startswith(f"{works}.") for name, works in working.items()):
        raise VersionError(
            f"NengoDL needs {_listed(working)} here; installed: {_listed(installed)}. "
            f"pip install {' '.join(f'{name}=={works}.*' for name, works in working.items())}"
        )


def _listed(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def _keras_stand_ins() -> dict[str, types.ModuleType]:
    """Return the modules that ``nengo_dl.compat`` imports from ``keras``, backed by tf-keras."""
    layers = types.ModuleType("keras.layers")
    source = "tf_keras.src.layers.normalization"
    for version, module in ((1, "batch_normalization_v1"), (2, "batch_normalization")):
        cls = importlib.import_module(f"{source}.{module}").BatchNormalization
        setattr(layers, f"BatchNormalizationV{version}", cls)
    return {
        "keras": types.ModuleType("keras"),
        "keras.engine": types.ModuleType("keras.engine"),
        "keras.engine.functional": importlib.import_module("tf_keras.src.engine.functional"),
        "keras.layers": layers,
    }


@contextmanager
def replaced(namespace: MutableMapping[str, Any], stand_ins: dict[str, Any]) -> Iterator[None]:
    """Put ``stand_ins`` into ``namespace``; restore the hidden entries afterwards."""
    hidden = {name: namespace[name] for name in stand_ins if name in namespace}
    namespace.update(stand_ins)
    try:
        yield
    finally:
        for name in stand_ins:
            del namespace[name]
        namespace.update(hidden)


def _import_tensorflow() -> Any:
    hide_gpus = "tensorflow" not in sys.modules
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    tf = importlib.import_module("tensorflow")
    if not tf.keras.layers.Layer.__module__.startswith("tf_keras."):
        raise VersionError(
            "TensorFlow was imported with Keras 3, NengoDL needs Keras 2 (tf-keras); set the "
            "environment variable TF_USE_LEGACY_KERAS=1 before TensorFlow is imported"
        )
    if hide_gpus:
        tf.config.set_visible_devices([], "GPU")
    return tf


def _import_nengo_dl(tf: Any) -> Any:
    has_gpu = bool(tf.config.get_visible_devices("GPU"))
    # NengoDL checks for a GPU in a second Python process, which doubles the import time.
    probe = {"call": lambda *_, **__: int(not has_gpu)}
    with replaced(subprocess.__dict__, probe), replaced(sys.modules, _keras_stand_ins()):
        nengo_dl = importlib.import_module("nengo_dl")
    # Nengo, which the node needs, is imported with NengoDL.
    from .product_node import teach_product

    teach_product(nengo_dl)
    return nengo_dl


@functools.cache
def _modules() -> dict[str, Any]:
    """TensorFlow and NengoDL, imported together."""
    check_versions()
    with quiet_stderr(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tf = _import_tensorflow()
        return {"tensorflow": tf, "nengo_dl": _import_nengo_dl(tf)}


class _Lazy(types.ModuleType):
    """A module of `_modules` that is imported when it is first used."""

    def __getattr__(self, name: str) -> Any:
        with _LOCK:
            module = _modules()[self.__name__]
        return getattr(module, name)


_LOCK = threading.RLock()  # one thread at a time imports
tf: Any = _Lazy("tensorflow")
nengo_dl: Any = _Lazy("nengo_dl")
