"""The interface of learning laws: from weights, their Jacobian and errors to new weights."""

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ..errors import NetworkError
from ..support.validation import check, is_number

Memory = dict[str, np.ndarray]
"""A law's memory between steps; saving these arrays is a checkpoint."""

Arrays = Mapping[str, np.ndarray]
"""One array per weight, by the weight's name."""

Rule = Callable[[Any, Any, Any, float], Any]
"""(w, J_w^T s, s, dt) -> the weights after dt, for one weight array; w and J_w^T s share a shape.

s is (n,), or (batch, n) with J_w^T s summed over the batch.
"""


class Signal(NamedTuple):
    """The errors of one control cycle; each law uses some of the fields.

    Each error is wanted minus actual: moving a weight along ``J_w^T error`` makes it smaller.
    """

    error: Float[np.ndarray, "n"] | None = None  # s, the feedback in joint torque space [N m]
    prediction: Float[np.ndarray, "n"] | None = None  # unmodelled torque less F(x; w) [N m]
    mobility: Float[np.ndarray, "m n"] | None = None  # J M^-1: joint torque -> task acceleration
    task_error: Float[np.ndarray, "m"] | None = None  # acceleration that the task lacks [m/s^2]
    unmodelled: Float[np.ndarray, "n"] | None = None  # desired value of F, from that observer [N m]


@runtime_checkable
class Law(Protocol):
    """A learning law: a pure function of weights, signal and memory, with gains as its fields.

    It works on any set of named weight arrays.
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
            memory: the memory from `start`, as left by the last step.
            dt: the time step [s].

        Raises:
            NetworkError: the signal lacks a needed field, has a wrong shape or is not finite, or
                the new weights would not be finite. Weights and memory are then unchanged.
        """
        ...


def signal_of(value: Signal | ArrayLike) -> Signal:
    """Return a signal unchanged; turn an array into a signal with this ``error`` alone."""
    return value if isinstance(value, Signal) else Signal(np.asarray(value, dtype=float))


def needed(law: Any, signal: Signal, name: str, *shape: int) -> np.ndarray:
    """Return a field of the signal; raise `NetworkError` if it is missing, misshapen or NaN.

    A size of -1 accepts any size.
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
        raise NetworkError(f"Signal.{name}: has shape {value.shape}, needs {shape}")
    if not np.isfinite(value).all():
        raise NetworkError(f"Signal.{name}: is {value}, needs finite numbers")
    return value


def outputs(J_w: Arrays) -> int:
    """Return n, the size of F."""
    return len(next(iter(J_w.values())))


def finite(law: Any, w: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the weights; raise `NetworkError` if one is not finite."""
    for name, value in w.items():
        if not np.isfinite(value).all():
            raise NetworkError(
                f"{type(law).__name__}: makes the weights of {name!r} infinite; lower its gains"
            )
    return w


def check_bound(law: Any) -> None:
    """Raise `ConfigurationError` unless ``bound`` is a number above 0, or infinite."""
    good = law.bound == math.inf or (is_number(law.bound) and law.bound > 0)
    check(law, "bound", good, "a number above 0, or math.inf for none")
