"""Steps as a function of an array framework: its arrays in and out, its own derivatives.

The function is the straight line of the steps on whole arrays, one for each entry of the inputs, so
leading axes are batches and the framework differentiates and compiles it as its own. A framework is
imported when it is asked for.
"""

from __future__ import annotations

import importlib
import operator
from collections.abc import Callable, Sequence
from functools import reduce
from math import prod
from typing import Any, NamedTuple

import numpy as np

from arms.errors import ArmError
from arms.machine.python_function import python_lines
from arms.machine.steps import Steps
from arms.model.values import refuse_masked

FRAMEWORKS = ("numpy", "jax", "tensorflow", "torch", "casadi")


class Form(NamedTuple):
    """What a function takes and gives."""

    names: Sequence[str]  # of the inputs
    lengths: Sequence[int]  # of the inputs; 0 for one that is not read
    terms: Sequence[str]
    shapes: Sequence[tuple[int, ...]]  # of the terms
    result: Callable[..., Any]  # of several terms

    def parts(self, entries: Sequence[Any]) -> list[tuple[Sequence[Any], tuple[int, ...]]]:
        """The entries of each term, and its shape."""
        ends = np.cumsum([0, *map(prod, self.shapes)]).tolist()
        return [
            (entries[a:b], shape)
            for a, b, shape in zip(ends[:-1], ends[1:], self.shapes, strict=True)
        ]


class Arrays(NamedTuple):
    """The operations of a framework, by its own functions."""

    module: Any  # sin, cos, tanh, sqrt, zeros_like
    array: Callable[[Any], Any]  # anything as a floating array
    spread: Callable[[list[Any]], list[Any]]  # vectors with the same leading axes
    shaped: Callable[[list[Any], tuple[int, ...]], Any]  # entries as an array of a shape
    finished: Callable[[Any], Any] = lambda function: function


def framework_function(framework: str, steps: Steps, form: Form) -> Callable[..., Any]:
    """``function(q, dq, u)`` of arrays, or a ``casadi.Function``.

    Raises:
        ArmError: There is no such framework, or it is not installed.
    """
    if framework not in FRAMEWORKS:
        there = ", ".join(FRAMEWORKS)
        raise ArmError(f"there is no framework {framework!r:.60}; frameworks: {there}")
    try:
        if framework == "casadi":
            return _casadi_function(importlib.import_module("casadi"), steps, form)
        return _array_function(_MAKE[framework](), steps, form)
    except ModuleNotFoundError as error:
        need = error.name or framework
        raise ArmError(
            f"{need} is not installed, {framework} needs it: pip install {need}"
        ) from None
    except ImportError as error:
        raise ArmError(f"{framework} cannot be imported: {error}") from None


def _array_function(arrays: Arrays, steps: Steps, form: Form) -> Callable[..., Any]:
    line = _straight_line(steps, arrays.module)
    read = [k for k, length in enumerate(form.lengths) if length]

    def function(q: Any, dq: Any = None, u: Any = None) -> Any:
        given = q, dq, u
        vectors = [_checked(arrays, form.names[k], given[k], form.lengths[k]) for k in read]
        try:
            vectors = arrays.spread(vectors)
        except ValueError:
            shapes = " and ".join(str(tuple(vector.shape)) for vector in vectors)
            raise ArmError(f"leading axes do not fit: {shapes}") from None
        rows: list[Sequence[Any]] = [(), (), ()]
        for k, vector in zip(read, vectors, strict=True):
            rows[k] = [vector[..., i] for i in range(form.lengths[k])]
        zero = arrays.module.zeros_like(rows[read[0]][0])
        entries = [zero + x if isinstance(x, float) else x for x in line(*rows)]
        terms = [arrays.shaped(list(part), shape) for part, shape in form.parts(entries)]
        return terms[0] if len(terms) == 1 else form.result(*terms)

    return arrays.finished(function)


def _straight_line(steps: Steps, module: Any) -> Callable[..., tuple[Any, ...]]:
    """``line(q, dq, u)``: the results, from sequences of the inputs' entries."""
    results = "".join(f"s{i}, " for i in steps.results)
    text = ["def line(q, dq, u):", *python_lines(steps), f"    return ({results})"]
    space: dict[str, Any] = {name: getattr(module, name) for name in ("sin", "cos", "sqrt", "tanh")}
    space["div"] = operator.truediv
    exec("\n".join(text), space)
    return space["line"]


def _checked(arrays: Arrays, name: str, value: Any, length: int) -> Any:
    """The input as the framework's array, or an error if its last axis does not fit."""
    refuse_masked(name, value)
    try:
        vector = None if value is None else arrays.array(value)
    except (TypeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ArmError(f"{name} is not an array of numbers: {reason:.200}") from None
    shape = () if vector is None else tuple(vector.shape)
    if not shape or shape[-1] not in (length, None):
        given = "is None" if vector is None else f"has shape {shape}"
        raise ArmError(f"{name} {given}; its last axis must be {length}")
    return vector


def _like_numpy(module: Any, array: Callable[[Any], Any]) -> Arrays:
    """The operations of a module with the names of NumPy."""

    def spread(vectors: list[Any]) -> list[Any]:
        lead = np.broadcast_shapes(*(tuple(v.shape[:-1]) for v in vectors))
        return [module.broadcast_to(v, (*lead, v.shape[-1])) for v in vectors]

    def shaped(entries: list[Any], shape: tuple[int, ...]) -> Any:
        return module.stack(entries, -1).reshape((*entries[0].shape, *shape))

    return Arrays(module, array, spread, shaped)


def _real(value: Any) -> np.ndarray:
    """``value`` in float64."""
    result = np.asarray(value)
    if result.dtype.kind not in "iuf":
        raise TypeError(f"it holds {result.dtype}, needs real numbers")
    return result.astype(np.float64, copy=False)


def _numpy() -> Arrays:
    def array(x: Any) -> Any:
        x = np.asarray(x)
        return x if x.dtype.kind in "fc" else _real(x)

    return _like_numpy(np, array)


def _jax() -> Arrays:
    jnp = importlib.import_module("jax.numpy")

    def array(x: Any) -> Any:
        x = jnp.asarray(x)
        return x if jnp.issubdtype(x.dtype, jnp.inexact) else x.astype(float)

    return _like_numpy(jnp, array)


def _torch() -> Arrays:
    torch = importlib.import_module("torch")

    def array(x: Any) -> Any:
        x = x if isinstance(x, torch.Tensor) else torch.as_tensor(_real(x))
        if x.is_complex():
            raise TypeError(f"it holds {x.dtype}, needs real numbers")
        return x if x.is_floating_point() else x.double()

    return _like_numpy(torch, array)


def _tensorflow() -> Arrays:
    tf = importlib.import_module("tensorflow")

    def array(x: Any) -> Any:
        x = tf.convert_to_tensor(x if tf.is_tensor(x) else _real(x))
        if not (x.dtype.is_floating or x.dtype.is_integer):
            raise TypeError(f"it holds {x.dtype.name}, needs real numbers")
        return x if x.dtype.is_floating else tf.cast(x, tf.float64)

    def spread(vectors: list[Any]) -> list[Any]:
        lead = reduce(tf.broadcast_dynamic_shape, [tf.shape(v)[:-1] for v in vectors])
        return [tf.broadcast_to(v, tf.concat([lead, tf.shape(v)[-1:]], 0)) for v in vectors]

    def shaped(entries: list[Any], shape: tuple[int, ...]) -> Any:
        lead = tf.shape(entries[0])
        return tf.reshape(tf.stack(entries, axis=-1), tf.concat([lead, shape], 0))

    # AutoGraph would look for the function's source.
    return Arrays(tf, array, spread, shaped, tf.autograph.experimental.do_not_convert)


def _casadi_function(casadi: Any, steps: Steps, form: Form) -> Any:
    """A ``casadi.Function`` with an input for each vector that is read, an output for each term."""
    vectors = [
        casadi.SX.sym(name, length)
        for name, length in zip(form.names, form.lengths, strict=True)
        if length
    ]
    read = iter(vectors)
    rows = [casadi.vertsplit(next(read)) if length else () for length in form.lengths]
    entries = _straight_line(steps, casadi)(*rows)
    outputs = []
    for part, shape in form.parts(entries):
        width = shape[-1] if len(shape) > 1 else 1
        outputs.append(casadi.reshape(casadi.vertcat(*part), width, len(part) // width).T)
    names = [v for v, length in zip(form.names, form.lengths, strict=True) if length]
    return casadi.Function("arm", vectors, outputs, names, list(form.terms))


_MAKE = {"numpy": _numpy, "jax": _jax, "torch": _torch, "tensorflow": _tensorflow}
