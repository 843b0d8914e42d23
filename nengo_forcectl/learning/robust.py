"""The robustness terms of adaptive control, around any law."""

import math
from dataclasses import dataclass

import numpy as np

from ..support.validation import check, check_not_negative
from .law import Arrays, Law, Memory, Signal, check_bound, finite, needed, outputs


@dataclass(frozen=True)
class Robust:
    """Another law with a dead zone, a leak and bounded weights.

        w <- law(w; s_d, e_d) - dt (sigma + e_mod |s_d|) w,        |w| <= bound
        s_d = s max(0, 1 - dead_zone / |s|),    e_d = e max(0, 1 - dead_zone / |e|)

    w is one weight array, s the error and e the prediction error [N m]; the error of the task is
    unchanged. sigma-modification (Ioannou and Kokotovic 1984), e-modification (Narendra and
    Annaswamy 1987), dead zone and projection (Ioannou and Sun 1996, chapter 8). `Gradient` has
    these terms itself; wrapping it gives the same result. For any law the weights are bounded: |w|
    <= bound, and with a leak sigma a change by at most delta per step gives |w| <= delta / (sigma
    dt). The law's own proofs about the errors hold up to the residual error that each term adds.
    """

    law: Law
    sigma: float = 0.0  # leak [1/s]
    bound: float = math.inf  # largest norm of a weight array
    e_mod: float = 0.0  # leak per size of the error [1/(N m s)]
    dead_zone: float = 0.0  # size of an error to ignore [N m]

    def __post_init__(self) -> None:
        check(self, "law", isinstance(self.law, Law), "a law of nengo_forcectl.learning")
        check_not_negative(self, sigma="1/s", e_mod="1/(N m s)", dead_zone="N m")
        check_bound(self)

    def start(self, w: Arrays) -> Memory:
        """Return the memory of the law."""
        return self.law.start(w)

    def step(
        self, w: Arrays, J_w: Arrays, signal: Signal, memory: Memory, dt: float
    ) -> dict[str, np.ndarray]:
        """Return the weights after dt; see `Law.step`."""
        for name in ("error", "prediction"):
            value = getattr(signal, name)
            if self.dead_zone > 0 and value is not None:
                value = needed(self, signal, name, outputs(J_w))
                size = float(np.linalg.norm(value))
                factor = max(0.0, 1.0 - self.dead_zone / size) if size > 0 else 0.0
                signal = signal._replace(**{name: factor * value})
        leak = self.sigma
        if self.e_mod > 0:
            leak += self.e_mod * float(np.linalg.norm(needed(self, signal, "error", outputs(J_w))))
        moved = self.law.step(w, J_w, signal, memory, dt)
        for name, value in moved.items():
            value = value - dt * leak * w[name]
            moved[name] = value / max(1.0, float(np.linalg.norm(value)) / self.bound)
        return finite(self, moved)
