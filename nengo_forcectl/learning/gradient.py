"""The gradient law with the robustness terms of adaptive control."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..kernels.gradient_formulas import formulas
from ..support.validation import check_not_negative, check_positive
from .law import (
    Arrays,
    Memory,
    Rule,
    Signal,
    check_bound,
    finite,
    needed,
    outputs,
)


@dataclass(frozen=True)
class Gradient:
    """Steepest descent on the control error, with a leak and bounded weights.

        dw/dt = gamma J_w^T s_d / m^2 - (sigma + e_mod |s_d|) w,        |w| <= bound
        s_d = s max(0, 1 - dead_zone / |s|)
        m^2 = 1 + normalise |J_w^T s|^2 / |s|^2

    w is one weight array, J_w = dF/dw the network's weight Jacobian, F [N m] its torque and s [N m]
    the controller's error in joint torque space. |w| is the Euclidean norm over all entries of the
    array; a step beyond ``bound`` is scaled back to it. One step is explicit Euler. s_d is s
    shortened by the width of the dead zone: noise of that size is ignored, and s_d is continuous at
    its edge. For decoders |J_w^T s| / |s| is the norm of the neural activity, and the law with m is
    normalised LMS, ``mu s a^T / (eps + |a|^2)`` with mu = gamma / normalise and eps = 1 /
    normalise, whose step never exceeds mu at any activity; for other weights the gain of s through
    them takes the place of the activity.

    On decoders alone, without the other terms, it equals Nengo's PES with learning rate
    ``gamma n_neurons`` (MacNeil and Eliasmith 2011).

    With F linear in w (decoders), a passive arm and a nominal law with damping on s, the function
    V = (s^T M s + |w - w*|^2 / gamma) / 2 falls outside a small set, for sigma = 0 to s = 0 if
    the unmodelled torque is exactly some F(x; w*) (Slotine and Li 1987, doi:10.1177/
    027836498700600303). If it is not, or is noisy, w can drift without bound; sigma > 0 keeps s
    and w bounded at the price of a residual error of order sigma (Ioannou and Kokotovic 1984,
    doi:10.1016/0005-1098(84)90073-0); so does e_mod > 0, whose leak fades as s vanishes (Narendra
    and Annaswamy 1987, IEEE TAC 32): with it |w| stays below gamma |J_w| / e_mod. The projection
    bounds them without a residual error while |w*| < bound; the dead zone does if it is at least as
    wide as the remaining disturbance (Ioannou and Sun 1996, chapter 8). F is not linear in encoders
    and biases: for them only the bounds on w are proved.
    """

    gamma: float  # learning rate [1/s for decoders, if s is a torque]
    sigma: float = 0.0  # leak [1/s]
    bound: float = math.inf  # largest norm of a weight array
    e_mod: float = 0.0  # leak per size of the error [1/(N m s)]
    dead_zone: float = 0.0  # size of the error to ignore [N m]
    normalise: float = 0.0  # 1 / eps of normalised LMS [1 for decoders], 0 for plain

    def __post_init__(self) -> None:
        check_positive(self, gamma="")
        check_not_negative(self, sigma="1/s", e_mod="1/(N m s)", dead_zone="N m", normalise="")
        check_bound(self)

    def rule(self, xp: Any = np) -> Rule:
        """Return one step as a pure function of arrays in the namespace ``xp``.

        ``xp`` has numpy's names: numpy itself, or ``tensorflow.experimental.numpy``, which traces
        the step. `formulas` states the arithmetic for this function and for compiled code.
        """
        rates, move, shrink = formulas(xp)

        def step(w: Any, descent: Any, error: Any, dt: float) -> Any:
            square, steepness = xp.sum(error * error), xp.sum(descent * descent)
            gain, leak = rates(square, steepness, dt, *self.gains)
            moved = move(w, descent, gain, leak)
            return moved * shrink(xp.sum(moved * moved), self.bound)

        return step

    @property
    def gains(self) -> tuple[float, ...]:
        """gamma, sigma, e_mod, dead_zone, normalise."""
        return self.gamma, self.sigma, self.e_mod, self.dead_zone, self.normalise

    def start(self, w: Arrays) -> Memory:
        """Return an empty memory: the law needs none."""
        return {}

    def step(
        self, w: Arrays, J_w: Arrays, signal: Signal, memory: Memory, dt: float
    ) -> dict[str, np.ndarray]:
        """Return the weights after dt; see `Law.step`."""
        s = needed(self, signal, "error", outputs(J_w))
        rule = self.rule()
        moved = {
            name: rule(value, np.tensordot(s, J_w[name], 1), s, dt) for name, value in w.items()
        }
        return finite(self, moved)
