"""NengoDL on today's TensorFlow: the only module that imports ``nengo_dl`` and ``tensorflow``.

NengoDL 3.6 asks for modules that TensorFlow's Keras no longer has (``keras.engine.functional``, two
batch normalisation classes). tf-keras has them under other names, so stand-ins are registered while
``nengo_dl`` is imported, and removed afterwards: the user's own ``import keras`` stays what it was.

Importing this module takes about 3 s and is quiet. Unless TensorFlow was imported before, GPUs are
hidden from it: a control step is far too small for one.
"""

import importlib
import importlib.metadata
import os
import subprocess
import sys
import types
import warnings
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from .exceptions import VersionError
from .quiet import quiet_stderr

WORKING = {"tensorflow": "2.21", "tf-keras": "2.21", "nengo": "4.1", "nengo-dl": "3.6"}


def check_versions(working: dict[str, str] = WORKING) -> None:
    """Raise `VersionError` unless every package is installed in the release that works here."""
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
    """The modules that ``nengo_dl.compat`` imports from ``keras``, backed by tf-keras."""
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
def _replaced(namespace: MutableMapping[str, Any], stand_ins: dict[str, Any]) -> Iterator[None]:
    """``namespace`` with ``stand_ins`` in it; what they hid is back afterwards."""
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
            "TensorFlow was imported with Keras 3, and NengoDL needs Keras 2 (tf-keras): set the "
            "environment variable TF_USE_LEGACY_KERAS=1, or import nengo_forcectl.nengodl first"
        )
    if hide_gpus:
        tf.config.set_visible_devices([], "GPU")
    return tf


def _import_nengo_dl(tf: Any) -> Any:
    has_gpu = bool(tf.config.get_visible_devices("GPU"))
    # NengoDL asks a second Python process whether there is a GPU, which doubles the import time.
    probe = {"call": lambda *_, **__: int(not has_gpu)}
    with _replaced(subprocess.__dict__, probe), _replaced(sys.modules, _keras_stand_ins()):
        return importlib.import_module("nengo_dl")


check_versions()
with quiet_stderr(), warnings.catch_warnings():
    warnings.simplefilter("ignore")
    tf = _import_tensorflow()
    nengo_dl = _import_nengo_dl(tf)


def compiled(function: Callable[[Any], Any], shape: tuple[int, ...], dtype: Any) -> Callable:
    """Compile a function of one tensor with XLA; it is traced here, once, for this shape."""
    traced = tf.function(function, jit_compile=True, autograph=False)
    concrete = traced.get_concrete_function(tf.TensorSpec(shape, dtype))
    call, captured = concrete.inference_fn.call_preflattened, concrete.captured_inputs

    def fast(tensor: Any) -> Any:
        # What concrete(tensor) does, without looking at the arguments: 50 us less of 120 us.
        return call([tensor, *captured])

    return fast


def run(
    sim: Any, inputs: dict, params: dict, state: dict, *, training: bool = True
) -> tuple[dict, dict, dict]:
    """Simulate a NengoDL network as a pure function of its inputs, parameters and state.

    To be called while TensorFlow traces (in a ``tf.function``). Nothing is written to ``sim``, and
    neither its ``use_loop`` setting nor its Keras model takes part: the steps are unrolled.

    Args:
        sim: an open ``nengo_dl.Simulator``.
        inputs: tensor (minibatch, steps, size_out) of every input node.
        params: tensor or variable of every key of ``sim.tensor_graph.base_params``.
        state: the same for ``sim.tensor_graph.saved_state``.
        training: whether spiking neurons emit the differentiable rates NengoDL trains with.

    Returns:
        {probe: (minibatch, steps, size)}, and params and state after the last step.
    """
    graph = sim.tensor_graph
    signals = graph.signals
    steps = next(iter(inputs.values())).shape[1]
    builder, config = nengo_dl.builder, nengo_dl.config
    build_config = builder.BuildConfig(
        inference_only=graph.inference_only,
        lif_smoothing=config.get_setting(graph.model, "lif_smoothing"),
        cpu_only=not nengo_dl.utils.tf_gpu_installed or "cpu" in (graph.device or ""),
        rng=np.random.RandomState(graph.seed),
        training=training,
    )
    signals.reset()
    signals.dt, signals.dt_val = tf.constant(graph.dt, graph.dtype), graph.dt
    signals.zero, signals.one = tf.constant(0, graph.dtype), tf.constant(1, graph.dtype)
    attributes = {
        "base_params": params,
        "saved_state": state,
        "unroll": steps,
        "node_inputs": inputs,
    }
    with _replaced(vars(graph), attributes):
        graph.op_builder.build_pre(signals, build_config)
        _, probes, state_after, params_after = graph._build_no_loop(
            nengo_dl.utils.NullProgressBar()
        )
    signals.reset()  # drop the tensors of this trace, which sim.data would stumble over
    params = dict(zip(params, params_after, strict=True))
    return probes, params, dict(zip(state, state_after, strict=True))
