"""The contract of learning laws: weights, their Jacobian and errors in, new weights out."""

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ..errors import NetworkError
from ..support.checks import check, is_number

Memory = dict[str, np.ndarray]
"""All that a law remembers between steps; saving these arrays is a checkpoint."""

Arrays = Mapping[str, np.ndarray]
"""One array per weight, by the weight's name."""

Rule = Callable[[Any, Any, Any, float], Any]
"""(w, J_w^T s, s, dt) -> the weights after dt, for one weight array; w and J_w^T s share a shape.

s is (n,), or (batch, n) with J_w^T s summed over the batch.
"""


class Signal(NamedTuple):
    """What a law can learn from in one control cycle; each law uses some of the fields.

    Each error is wanted minus actual: moving a weight along ``J_w^T error`` makes it smaller.
    """

    error: Float[np.ndarray, "n"] | None = None  # s, the feedback in joint torque space [N m]
    prediction: Float[np.ndarray, "n"] | None = None  # unmodelled torque less F(x; w) [N m]
    mobility: Float[np.ndarray, "m n"] | None = None  # J M^-1: joint torque -> task acceleration
    task_error: Float[np.ndarray, "m"] | None = None  # acceleration that the task lacks [m/s^2]
    unmodelled: Float[np.ndarray, "n"] | None = None  # what F should be, from that observer [N m]


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
            memory: that of `start`, as the last step left it.
            dt: the time step [s].

        Raises:
            NetworkError: the signal lacks what the law learns from, does not fit or is not finite,
                or the new weights would not be finite. Weights and memory are then unchanged.
        """
        ...


def signal_of(value: Signal | ArrayLike) -> Signal:
    """Return a signal as it is; an array becomes the signal with this ``error`` alone."""
    return value if isinstance(value, Signal) else Signal(np.asarray(value, dtype=float))


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
        raise NetworkError(f"Signal.{name}: has shape {value.shape}, needs {shape}")
    if not np.isfinite(value).all():
        raise NetworkError(f"Signal.{name}: is {value}, needs finite numbers")
    return value


def outputs(J_w: Arrays) -> int:
    """Return n, the size of F."""
    return len(next(iter(J_w.values())))


def finite(law: Any, w: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the weights; `NetworkError` if one is not finite."""
    for name, value in w.items():
        if not np.isfinite(value).all():
            raise NetworkError(
                f"{type(law).__name__}: makes the weights of {name!r} infinite; lower its gains"
            )
    return w


def check_bound(law: Any) -> None:
    """`ConfigurationError` for a ``bound`` that is not a number above 0, or infinite."""
    good = law.bound == math.inf or (is_number(law.bound) and law.bound > 0)
    check(law, "bound", good, "a number above 0, or math.inf for none")
