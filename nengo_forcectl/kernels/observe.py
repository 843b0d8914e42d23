"""`MomentumObserver`, compiled."""

from ..estimation.observer import FADED
from .compile import kernel


@kernel
def momentum_observer(M, C, g, dq, tau_before, begun, share, dt, p, b, r):
    """r at the start of this cycle; p and b are those of the last one, and become this one's."""
    n = len(dq)
    for i in range(n):
        momentum, bias = 0.0, -g[i]
        for j in range(n):
            momentum += M[i, j] * dq[j]
            bias += C[j, i] * dq[j]
        if begun:
            mean = (momentum - p[i]) / dt - tau_before[i] - 0.5 * (b[i] + bias)
            r[i] += share * (mean - r[i])
            if abs(r[i]) < FADED:
                r[i] = 0.0
        p[i], b[i] = momentum, bias
