"""The gradient law with sigma-modification and projection."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..exceptions import ConfigurationError

Rule = Callable[[Any, Any, float], Any]
"""(w, J_w^T s, dt) -> the weights after dt; every array has the shape of w."""


@dataclass(frozen=True)
class Gradient:
    """Steepest descent on the control error, leaking, kept inside a ball.

        dw/dt = gamma J_w^T s - sigma w,        |w| <= bound

    w is one weight array, J_w = dF/dw the network's weight Jacobian, F [N m] its torque and s
    [rad/s] the composite error dq_r - dq (or what the controller hands over, in joint space).
    |w| is the Euclidean norm over all entries of the array; a step that leaves the ball is scaled
    back to its surface. One step is explicit Euler: ``w + dt (gamma J_w^T s - sigma w)``.

    On decoders alone, sigma = 0 and no bound, this is Nengo's PES with learning rate
    ``gamma n_neurons`` (MacNeil and Eliasmith 2011).

    With F linear in w (decoders), a passive arm and a nominal law with damping on s, the function
    V = (s^T M s + |w - w*|^2 / gamma) / 2 falls outside a small set, for sigma = 0 to s = 0 if
    the unmodelled torque is exactly some F(x; w*) (Slotine and Li 1987, doi:10.1177/
    027836498700600303). If it is not, or is noisy, w can drift without bound; sigma > 0 keeps s
    and w bounded at the price of a residual error of order sigma (Ioannou and Kokotovic 1984,
    doi:10.1016/0005-1098(84)90073-0), and so does the projection, without one while |w*| < bound.
    For encoders and biases, which F is not linear in, none of this is proved.
    """

    gamma: float  # learning rate [1/s for decoders, if s is a torque]
    sigma: float = 0.0  # leak [1/s]
    bound: float = math.inf  # largest norm of a weight array

    def __post_init__(self) -> None:
        for name, value, valid, wanted in (
            ("gamma", self.gamma, self.gamma > 0 and math.isfinite(self.gamma), "positive"),
            ("sigma", self.sigma, self.sigma >= 0 and math.isfinite(self.sigma), "zero or more"),
            ("bound", self.bound, self.bound > 0, "positive, math.inf for none"),
        ):
            if not valid:
                raise ConfigurationError(f"Gradient.{name} is {value}, must be {wanted}")

    def rule(self, xp: Any = np) -> Rule:
        """One step as a pure function of arrays of the namespace ``xp``.

        ``xp`` has numpy's names: numpy itself (the function can be compiled by numba) or
        ``tensorflow.experimental.numpy``.
        """
        gamma, sigma, bound = self.gamma, self.sigma, self.bound

        def step(w: Any, descent: Any, dt: float) -> Any:
            w = w + dt * (gamma * descent - sigma * w)
            return w / xp.maximum(1.0, xp.sqrt(xp.sum(w * w)) / bound)

        return step
