"""The force-torque sensor at the wrist, between the last link and the tool."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ..support.validation import as_triple, check_not_negative
from .forces import Vector


@dataclass(frozen=True)
class Wrist:
    """A force-torque sensor between the arm's last link and its tool.

    It measures the environment's wrench f_c on the tip, plus the weight and inertial forces of a
    payload of mass m and inertia I, with its centre at c from the tool frame's origin::

        f = f_c + (m (g - a), c x m (g - a) - I domega - omega x I omega)

    Like a real sensor it is tared before contact: ``reset`` of `Bullet` and `MuJoCo` subtracts the
    weight and its moment, in the sensor's axes with the arm at rest, from every reading. After the
    tool has turned by an angle, the weight reappears as ``m g`` times the sine of the angle along
    the surface, and times one minus its cosine across. Inertial forces are not subtracted. So for
    an unknown payload ``M ddq + C dq + g = tau + J^T f`` (see `State.wrench`) contains only the
    inertia, and the adaptation must learn the weight.

    A reading is the mean over the last control cycle, in the base frame's axes, about the tool
    frame's origin; it is exact except for noise and bias.
    """

    force_noise: float = 0.0  # standard deviation of a reading [N]
    moment_noise: float = 0.0  # [N m]
    bias: Vector = (0.0, 0.0, 0.0)  # of the force, in the tool's axes: a drift since the tare [N]

    def __post_init__(self) -> None:
        check_not_negative(self, force_noise="N", moment_noise="N m")
        as_triple(self, "bias", "N")

    @property
    def noisy(self) -> bool:
        """Whether readings need random numbers."""
        return self.force_noise > 0 or self.moment_noise > 0

    def reading(
        self,
        wrench: Float[np.ndarray, "6"],
        tare: Float[np.ndarray, "6"],
        R: Float[np.ndarray, "3 3"],
        rng: np.random.Generator | None,
    ) -> Float[np.ndarray, "6"]:
        """Return the reading of a ``wrench`` in the base's axes, minus ``tare`` in the tool's."""
        wrench = wrench.copy()
        wrench[:3] += R @ (np.array(self.bias) - tare[:3])
        wrench[3:] -= R @ tare[3:]
        if rng is not None and self.noisy:
            scale = np.repeat((self.force_noise, self.moment_noise), 3)
            wrench += scale * rng.standard_normal(6)
        return wrench
