"""The space of a policy's targets, and the limits of the motion between them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ..errors import ConfigurationError
from ..support.validation import check, check_positive


@dataclass(frozen=True)
class TargetSpace:
    """A box of targets, and the largest speed, acceleration and jerk on the way to them.

    Raises:
        ConfigurationError: a limit is not positive, or the box is empty.
    """

    lower: Float[np.ndarray, "m"]  # [m], or [rad] of joints
    upper: Float[np.ndarray, "m"]
    speed: float = 0.25  # along each axis [m/s]
    acceleration: float = 1.0  # [m/s^2]
    jerk: float = 20.0  # [m/s^3]

    def __post_init__(self) -> None:
        for name in ("lower", "upper"):
            value = np.array(getattr(self, name), dtype=float)
            check(self, name, value.ndim == 1 and bool(np.isfinite(value).all()), "finite numbers")
            object.__setattr__(self, name, value)
        good = self.lower.shape == self.upper.shape and bool((self.lower < self.upper).all())
        check(self, "lower", good, f"numbers below those of upper, {self.upper}")
        check_positive(self, speed="m/s", acceleration="m/s^2", jerk="m/s^3")

    @property
    def size(self) -> int:
        """Numbers of a target."""
        return len(self.lower)

    def checked(self, name: str, target: ArrayLike) -> Float[np.ndarray, "m"]:
        """Return a target as an array.

        Raises:
            ConfigurationError: it is not in the space.
        """
        return in_box(name, target, self.lower, self.upper)


def in_box(name: str, value: ArrayLike, lower: np.ndarray, upper: np.ndarray) -> Any:
    """Return a value of a box as an array of the bounds' type.

    Raises:
        ConfigurationError: it has another shape, or is not within the bounds.
    """
    try:
        array = np.array(value, dtype=lower.dtype)
    except (TypeError, ValueError):
        raise ConfigurationError(f"{name}: is {value!r}, needs {len(lower)} numbers") from None
    if array.shape != lower.shape:
        raise ConfigurationError(f"{name}: has shape {array.shape}, needs {lower.shape}")
    inside = (array >= lower) & (array <= upper)
    if not inside.all():
        k = int(np.argmin(inside))
        raise ConfigurationError(
            f"{name}[{k}]: is {array[k]:.6g}, needs a number from {lower[k]:.6g} to {upper[k]:.6g}"
        )
    return array
