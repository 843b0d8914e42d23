"""Functions of tensors, traced once and compiled, that change nothing they are not meant to."""

import contextlib
from collections.abc import Callable
from typing import Any

from ..support.quiet import quiet_stderr
from .compatibility import tf


class CompiledFunction:
    """A function of tensors, traced at its first call, and compiled with XLA where XLA knows it.

    Call it with tensors of these specs, in this order; it does not check them.

    Args:
        function: the function.
        specs: shape and type of each tensor.
        device: where it runs; None is TensorFlow's choice.
        vectorised: a faster way to the same results, without XLA, which may fail.
        pure: whether variables that it writes, for example the moving averages of a layer, are put
            back within the call.
        xla: whether XLA may compile it.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        *specs: Any,
        device: str | None = None,
        vectorised: Callable[..., Any] | None = None,
        pure: bool = True,
        xla: bool = True,
    ) -> None:
        self._function, self._specs, self._device = function, specs, device
        self._vectorised, self._pure, self._xla = vectorised, pure, xla
        self._call: Callable[..., Any] | None = None

    def __call__(self, *tensors: Any) -> Any:
        """Return the function's value."""
        return self._first(tensors) if self._call is None else self._call(*tensors)

    def warm_up(self, *tensors: Any) -> None:
        """Trace and compile by a call, after which all variables have their values again.

        A function that calls Python functions of the network is traced, and not called.
        """
        self._first(tensors, rehearsal=True)

    def _first(self, tensors: tuple, rehearsal: bool = False) -> Any:
        with quiet_stderr():  # XLA prints a banner
            if self._vectorised is not None:
                # A failure of TensorFlow's vectorisation raises one of many types of error.
                with contextlib.suppress(Exception):
                    return self._tried(self._vectorised, False, tensors, rehearsal)
            try:
                return self._tried(self._function, self._xla, tensors, rehearsal)
            except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError):
                return self._tried(self._function, False, tensors, rehearsal)

    def _tried(self, function: Callable, jit_compile: bool, tensors: tuple, rehearsal: bool) -> Any:
        """Return the value by a new trace of ``function``, and keep the trace if it works."""
        concrete = self._traced(function, jit_compile)
        kinds = operations(concrete)
        if self._pure and kinds & WRITES:
            concrete = self._traced(_restoring(concrete, _variables(concrete)), jit_compile)
        asks = bool(kinds & PYTHON)
        if jit_compile and asks:  # XLA has no Python
            return self._tried(function, False, tensors, rehearsal)
        call = _flat(concrete, self._device)
        value = None
        if not (rehearsal and asks):
            kept = [(variable, variable.read()) for variable in _variables(concrete)]
            try:
                value = call(*tensors)
            finally:
                if rehearsal:
                    for variable, before in kept:
                        variable.assign(before)
        self._call = call
        return value

    def _traced(self, function: Callable, jit_compile: bool) -> Any:
        with _on(self._device):
            traced = tf.function(function, jit_compile=jit_compile, autograph=False)
            return traced.get_concrete_function(*self._specs)


PYTHON = {"EagerPyFunc", "PyFunc", "PyFuncStateless"}
WRITES = {
    "AssignVariableOp",
    "AssignAddVariableOp",
    "AssignSubVariableOp",
    "ResourceScatterAdd",
    "ResourceScatterUpdate",
    "ResourceStridedSliceAssign",
    "RngReadAndSkip",
    "RngSkip",
    "StatefulUniform",
    "StatefulUniformInt",
    "StatefulStandardNormalV2",
    "StatefulTruncatedNormal",
}
"""Operations that change a variable; the generators of random layers have their state in one."""


class _Variable:
    """A variable that a trace has captured, by its handle."""

    def __init__(self, handle: Any, dtype: Any) -> None:
        self.handle, self.dtype = handle, dtype

    def read(self) -> Any:
        return tf.raw_ops.ReadVariableOp(resource=self.handle, dtype=self.dtype)

    def assign(self, value: Any) -> None:
        tf.raw_ops.AssignVariableOp(resource=self.handle, value=value)


def _variables(concrete: Any) -> list[_Variable]:
    """Return the variables that a trace reads or writes, those of optimizers and layers too."""
    found = []
    for handle in concrete.captured_inputs:
        data = getattr(handle, "_handle_data", None)
        if handle.dtype == tf.resource and data is not None and data.is_set:
            found.append(_Variable(handle, tf.as_dtype(data.shape_and_type[0].dtype)))
    return found


def operations(concrete: Any) -> set[str]:
    """Return the kinds of operations of a trace, with those of the functions that it calls."""
    graph = concrete.graph.as_graph_def()
    functions = (node for function in graph.library.function for node in function.node_def)
    return {node.op for node in (*graph.node, *functions)}


def _restoring(function: Callable[..., Any], variables: list[_Variable]) -> Callable[..., Any]:
    """Return ``function`` with the ``variables`` put back after it, in the order of execution."""

    def pure(*tensors: Any) -> Any:
        before = [tf.identity(variable.read()) for variable in variables]
        value = function(*tensors)
        for variable, earlier in zip(variables, before, strict=True):
            variable.assign(earlier)
        return value

    return pure


def _on(device: str | None) -> Any:
    return contextlib.nullcontext() if device is None else tf.device(device)


def _flat(concrete: Any, device: str | None) -> Callable[..., Any]:
    call, captured = concrete.inference_fn.call_preflattened, concrete.captured_inputs
    # As concrete(*tensors), without checks of the arguments: saves 50 us of 120 us.
    if not tf.config.get_visible_devices("GPU"):
        return lambda *tensors: call([*tensors, *captured])

    def call_on_device(*tensors: Any) -> Any:
        with _on(device):
            return call([*tensors, *captured])

    return call_on_device
