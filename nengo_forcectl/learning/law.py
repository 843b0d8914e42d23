"""What every learning law is: weights, their Jacobian and errors in, new weights out."""

import math
from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any, NamedTuple, Protocol

import numpy as np
from jaxtyping import Float

from ..errors import ConfigurationError, NetworkError

Memory = dict[str, np.ndarray]
"""All that a law remembers from one step to the next; a checkpoint of it is these arrays."""

Arrays = Mapping[str, np.ndarray]
"""One array per weight, by the weight's name."""

Rule = Callable[[Any, Any, Any, float], Any]
"""(w, J_w^T s, s, dt) -> the weights after dt, for one weight array; w and J_w^T s share a shape.

s is (n,), or (batch, n) with J_w^T s summed over the batch.
"""


class Signal(NamedTuple):
    """What one control cycle offers to learn from; a law names what it needs.

    All errors say what is missing: a weight that moves along ``J_w^T error`` makes them smaller.
    """

    error: Float[np.ndarray, "n"] | None = None  # s, the feedback in joint torque space [N m]
    prediction: Float[np.ndarray, "n"] | None = None  # unmodelled torque less F(x; w) [N m]
    mobility: Float[np.ndarray, "m n"] | None = None  # J M^-1: joint torque -> task acceleration
    task_error: Float[np.ndarray, "m"] | None = None  # acceleration that the task lacks [m/s^2]
    unmodelled: Float[np.ndarray, "n"] | None = None  # what F should be, from that observer [N m]


class Law(Protocol):
    """A learning law: pure, its gains are its fields, what it remembers is handed to it.

    It acts on the weights it is given, whatever they are.
    """

    def start(self, w: Arrays) -> Memory:
        """Return the memory before the first step."""
        ...

    def step(
        self, w: Arrays, J_w: Arrays, signal: Signal, memory: Memory, dt: float
    ) -> dict[str, np.ndarray]:
        """Return the weights after dt [s]; ``memory`` is changed in place.

        Args:
            w: the weights.
            J_w: dF/dw of each, (n, *its shape).
            signal: the errors of this cycle.
            memory: what `start` gave, as the last step left it.
            dt: the time step [s].

        Raises:
            NetworkError: the signal lacks what the law learns from, or does not fit, or is not
                finite, or the weights would not be; weights and memory are then as they were.
        """
        ...


def signal_of(value: Signal | np.ndarray) -> Signal:
    """Return ``value``, or if it is an array, the signal with this error alone."""
    return value if isinstance(value, Signal) else Signal(value)


def needed(law: Any, signal: Signal, name: str, *shape: int) -> np.ndarray:
    """Return a part of the signal; `NetworkError` if it is missing, does not fit, or is NaN.

    A size of -1 fits any.
    """
    value = getattr(signal, name)
    if value is None:
        given = [field for field in Signal._fields if getattr(signal, field) is not None]
        raise NetworkError(
            f"{type(law).__name__} learns from Signal.{name}, which is not given; "
            f"given: {', '.join(given) or 'nothing'}"
        )
    value = np.asarray(value, dtype=float)
    sizes = zip(value.shape, shape, strict=False)
    if value.ndim != len(shape) or any(want not in (-1, size) for size, want in sizes):
        raise NetworkError(f"Signal.{name} has shape {value.shape}, needs {shape}")
    if not np.isfinite(value).all():
        raise NetworkError(f"Signal.{name} is not finite: {value}")
    return value


def outputs(J_w: Arrays) -> int:
    """Return n, the size of F."""
    return len(next(iter(J_w.values())))


def finite(law: Any, w: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the weights; `NetworkError` if one is not finite."""
    for name, value in w.items():
        if not np.isfinite(value).all():
            raise NetworkError(f"{type(law).__name__} makes the weights of {name!r} infinite")
    return w


def check_positive(law: Any, *names: str) -> None:
    """`ConfigurationError` for a gain that is not positive and finite."""
    for name in names:
        check(law, name, lambda value: 0 < value < math.inf, "positive")


def check_not_negative(law: Any, *names: str) -> None:
    """`ConfigurationError` for a gain that is not finite and zero or more."""
    for name in names:
        check(law, name, lambda value: 0 <= value < math.inf, "zero or more")


def check(law: Any, name: str, valid: Callable[[Any], bool], wanted: str) -> None:
    """`ConfigurationError` for a gain that is no number, or not a valid one."""
    value = getattr(law, name)
    if not (isinstance(value, Real) and valid(value)):
        raise ConfigurationError(f"{type(law).__name__}.{name} is {value}, must be {wanted}")
