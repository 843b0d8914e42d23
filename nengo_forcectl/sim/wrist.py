"""The force-torque sensor at the wrist, between the last link and what it carries."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ..support.checks import as_triple, check_not_negative
from .forces import Vector


@dataclass(frozen=True)
class Wrist:
    """A force-torque sensor between the arm's last link and its tool.

    It reads all that acts on what is beyond it: the environment's wrench f_c on the tip and, of a
    payload of mass m and inertia I at the tool's point, weight and inertial forces::

        f = f_c + (m (g - a), -I domega)

    A real one is tared before it touches anything, and so is this: `Bullet.reset` takes the weight,
    as it is in the sensor's own axes with the arm at rest, off every reading. The weight of a tool
    that is turned since comes back as ``m g`` times the sine of the angle along the surface, and
    one minus its cosine across; the inertial forces stay in. So the model's unknown payload is
    still the adaptation's to learn, and ``M ddq + C dq + g = tau + J^T f`` (see `State.wrench`)
    lacks it but for its inertia.

    The reading is the mean over the control cycle before, in the base frame's axes, about the tool
    frame's origin; as sensors go, it is exact but for noise and bias.
    """

    force_noise: float = 0.0  # standard deviation of a reading [N]
    moment_noise: float = 0.0  # [N m]
    bias: Vector = (0.0, 0.0, 0.0)  # of the force, in the tool's axes: a drift since the tare [N]

    def __post_init__(self) -> None:
        check_not_negative(self, force_noise="N", moment_noise="N m")
        as_triple(self, "bias", "N")

    @property
    def noisy(self) -> bool:
        """Whether it needs random numbers."""
        return self.force_noise > 0 or self.moment_noise > 0

    def reading(
        self,
        wrench: Float[np.ndarray, "6"],
        tare: Float[np.ndarray, "3"],
        R: Float[np.ndarray, "3 3"],
        rng: np.random.Generator | None,
    ) -> Float[np.ndarray, "6"]:
        """Return the reading of a ``wrench`` in the base's axes, less ``tare`` in the tool's."""
        wrench = wrench.copy()
        wrench[:3] += R @ (np.array(self.bias) - tare)
        if rng is not None and self.noisy:
            scale = np.repeat((self.force_noise, self.moment_noise), 3)
            wrench += scale * rng.standard_normal(6)
        return wrench
