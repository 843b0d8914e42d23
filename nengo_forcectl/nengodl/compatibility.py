"""NengoDL on today's TensorFlow: the only module that imports ``nengo_dl`` and ``tensorflow``.

NengoDL 3.6 asks for modules that TensorFlow's Keras no longer has (``keras.engine.functional``, two
batch normalisation classes). tf-keras has them under other names, so stand-ins are registered while
``nengo_dl`` is imported, and removed afterwards: the user's own ``import keras`` is not affected.

Once this module is imported, and ``import nengo_forcectl`` imports it, the user's own ``import
nengo_dl`` works as well. Until TensorFlow is imported, nothing else changes in the process. Unless
TensorFlow was imported before, ``tf.keras`` is Keras 2 afterwards (``TF_USE_LEGACY_KERAS=1``).

``tf`` and ``nengo_dl`` are imported quietly at the first use of one of them, in about 3 s.
"""

import functools
import importlib
import os
import subprocess
import sys
import threading
import types
import warnings
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from typing import Any

from ..errors import VersionError
from ..support.quiet import quiet_stderr
from ..support.versions import version_of

WORKING = {"tensorflow": "2.21", "tf-keras": "2.21", "nengo": "4.1", "nengo-dl": "3.6"}


def check_versions(working: dict[str, str] = WORKING) -> None:
    """Raise `VersionError` unless every package is installed in the supported release."""
    installed = {package: version_of(package) or "none" for package in working}
    if any(not f"{installed[name]}.".startswith(f"{works}.") for name, works in working.items()):
        raise VersionError(
            f"NengoDL needs {_listed(working)} here; installed: {_listed(installed)}. "
            f"{_how_to_install(working)}"
        )


def _how_to_install(working: dict[str, str]) -> str:
    """Return the command that installs the working releases."""
    wanted = {name: f'"{name}=={works}.*"' for name, works in working.items()}
    if sys.version_info < (3, 12):
        return f"pip install {' '.join(wanted.values())}"
    # NengoDL's build asks for an old setuptools, which this Python refuses.
    nengo_dl = wanted.pop("nengo-dl", "nengo-dl")
    return (
        f'pip install "setuptools<81" wheel {" ".join(wanted.values())} && '
        f"pip install --no-build-isolation {nengo_dl}"
    )


def nengodl_advice() -> tuple[str, str]:
    """Return whether NengoDL works here, and if not, how to install it."""
    try:
        check_versions()
    except VersionError:
        return "not available", _how_to_install(WORKING)
    return "available", ""


def nengodl_is_installed() -> bool:
    """Return whether NengoDL is there, in whichever release."""
    return find_spec("nengo_dl") is not None


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
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    tf = importlib.import_module("tensorflow")
    if not tf.keras.layers.Layer.__module__.startswith("tf_keras."):
        raise VersionError(
            "TensorFlow was imported with Keras 3, NengoDL needs Keras 2 (tf-keras); set the "
            "environment variable TF_USE_LEGACY_KERAS=1 before TensorFlow is imported, or import "
            "nengo_dl before TensorFlow"
        )
    return tf


class _NengoDLFinder(MetaPathFinder):
    """Find NengoDL where it is, and have it loaded by `_NengoDLLoader`."""

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        """Return the specification of ``nengo_dl``; other modules are not this finder's."""
        if fullname != "nengo_dl":
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        specs = (finder.find_spec(fullname, path, target) for finder in others)
        spec = next((spec for spec in specs if spec is not None), None)
        if spec is not None and spec.loader is not None:
            spec.loader = _NengoDLLoader(spec.loader)
        return spec


class _NengoDLLoader(Loader):
    """Load NengoDL beside stand-ins for the modules that TensorFlow's Keras no longer has."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> Any:
        """Return the module that is to be executed."""
        return self._loader.create_module(spec)

    def exec_module(self, module: Any) -> None:
        """Execute the module, and repair what does not fit today's Nengo."""
        module.__loader__ = module.__spec__.loader = self._loader
        try:
            check_versions()
        except VersionError as error:
            try:
                self._loader.exec_module(module)  # older releases fit each other without stand-ins
            except ImportError:
                raise error from None
            return
        with quiet_stderr(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tf = _import_tensorflow()
            # NengoDL looks for a GPU in a second Python process, which doubles the import time.
            no_gpu = int(not tf.config.get_visible_devices("GPU"))
            probe = {"call": lambda *_, **__: no_gpu}
            with replaced(subprocess.__dict__, probe), replaced(sys.modules, _keras_stand_ins()):
                self._loader.exec_module(module)
            # Nengo, which these need, is imported with NengoDL.
            from .product_node import teach_product
            from .repairs import repair_filters  # Nengo, too

            teach_product(module, tf)
            repair_filters(module)


if not any(isinstance(finder, _NengoDLFinder) for finder in sys.meta_path):
    sys.meta_path.insert(0, _NengoDLFinder())


def learning_phase(training: bool) -> Any:
    """Return a context in which Keras layers that are not told compute as in training, or not."""
    backend = importlib.import_module("tf_keras.src.backend")
    return backend.deprecated_internal_learning_phase_scope(int(training))


def reader_of(variables: list[Any]) -> Callable[[], list[Any]]:
    """Return a function that reads all of the ``variables`` in one operation, as tensors.

    It takes as long as reading one: a call of TensorFlow takes longer than what it reads. The
    operation is TensorFlow's own, for its graphs; `check_versions` has the releases that have it.
    """
    execute = importlib.import_module("tensorflow.python.pywrap_tfe").TFE_Py_Execute
    context = importlib.import_module("tensorflow.python.eager.context").context()
    context.ensure_initialized()
    handles = [variable.handle for variable in variables]
    types_ = [variable.dtype.as_datatype_enum for variable in variables]
    options = ("_ReadVariablesOp", handles, ("N", len(handles), "dtypes", types_), len(handles))
    return lambda: execute(context._handle, "", *options)


@functools.cache
def _modules() -> dict[str, Any]:
    """TensorFlow and NengoDL, imported together."""
    check_versions()
    with quiet_stderr(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tf = _import_tensorflow()
    return {"tensorflow": tf, "nengo_dl": importlib.import_module("nengo_dl")}


class _Lazy(types.ModuleType):
    """A module of `_modules` that is imported when it is first used."""

    def __getattr__(self, name: str) -> Any:
        with _LOCK:
            module = _modules()[self.__name__]
        value = getattr(module, name)
        setattr(self, name, value)  # the next use does not come here
        return value


_LOCK = threading.RLock()  # one thread at a time imports
tf: Any = _Lazy("tensorflow")
nengo_dl: Any = _Lazy("nengo_dl")
