"""The gradient law for all layers, with separate rates for outer and inner weights."""

import math
from dataclasses import dataclass

import numpy as np

from ..support.validation import check_not_negative, check_positive
from .gradient import Gradient
from .law import (
    Arrays,
    Memory,
    Signal,
    check_bound,
    finite,
    needed,
    outputs,
)


@dataclass(frozen=True)
class Multilayer:
    """Steepest descent of every layer, with a leak to the initial weights.

        dw/dt = rate J_w^T s - e_mod |s| (w - w_0),        |w - w_0| <= bound

    for every weight array w, with w_0 its value before the first step, s [N m] the error and rate
    = gamma for outer weights (decoders), gamma_inner for inner ones: encoders, biases, and all
    whose name has an ending in ``inner``. The leak tends to w_0 and not to zero, because zero
    encoders disable the neurons; decoders that start at zero leak to zero, as in the paper. On
    decoders alone this is `Gradient` with the same terms.

    Lewis, Yesildirek and Liu (1996, doi:10.1109/72.485674), for F = W^T f(V^T x), have
    ``dW/dt = F (f(V^T x) - f' V^T x) s^T`` for the outer weights, where f' V^T x compensates the
    motion of the inner ones, and prove that s and all weights are uniformly ultimately bounded.
    **That term is left out here.** A rectified-linear f is positively homogeneous, f(z) = f'(z) z,
    so with biases among the weights (in V^T x) it equals f itself, and the decoders would never
    learn; without them, they would learn from the biases only. One result of the paper remains: |w
    - w_0| <= rate |J_w| / e_mod while J_w, which grows with the other layers, is bounded, as it is
    for a finite ``bound`` and bounded x. For s a bound is proved for decoders alone.
    """

    gamma: float  # rate of outer weights [1/s for decoders, if s is a torque]
    gamma_inner: float  # rate of inner weights; its unit differs, so usually far from gamma
    e_mod: float = 0.0  # leak per size of the error [1/(N m s)]
    bound: float = math.inf  # largest distance of a weight array from its start
    dead_zone: float = 0.0  # size of the error to ignore [N m]
    inner: tuple[str, ...] = (".encoders", ".bias")  # endings of names of inner weights

    def __post_init__(self) -> None:
        check_positive(self, gamma="", gamma_inner="")
        check_not_negative(self, e_mod="1/(N m s)", dead_zone="N m")
        check_bound(self)

    def start(self, w: Arrays) -> Memory:
        """Return the initial weights as memory."""
        return {name: np.array(value, dtype=float) for name, value in w.items()}

    def step(
        self, w: Arrays, J_w: Arrays, signal: Signal, memory: Memory, dt: float
    ) -> dict[str, np.ndarray]:
        """Return the weights after dt; see `Law.step`."""
        s = needed(self, signal, "error", outputs(J_w))
        moved = {}
        for name, value in w.items():
            gamma = self.gamma_inner if name.endswith(self.inner) else self.gamma
            law = Gradient(gamma, bound=self.bound, e_mod=self.e_mod, dead_zone=self.dead_zone)
            descent = np.tensordot(s, J_w[name], 1)
            moved[name] = memory[name] + law.rule()(value - memory[name], descent, s, dt)
        return finite(self, moved)
