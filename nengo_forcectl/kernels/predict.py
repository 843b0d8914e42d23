"""`Predictor`, compiled."""

import numpy as np

from arms.machine.invoke import invoke

from .algebra import factor_columns, substitute
from .compile import kernel
from .memory import part
from .observe import momentum_observer


@kernel
def predict(kernel, size, q, dq, sound, share, dt, buffer, starts, out):
    """Write the state of now into ``out``, (2, n), and change the memory.

    Args:
        kernel, size: address of the arm's ("M", "C", "g"), and what it writes.
        sound: whether the observer can learn from this state.
        share: of the observer's filter.
        buffer, starts: the memory of a `Predictor`.
    """
    n = len(q)
    sent = part(buffer, starts, 0).reshape(-1, n)
    p, b, r = part(buffer, starts, 1), part(buffer, starts, 2), part(buffer, starts, 3)
    begun, late = part(buffer, starts, 4), len(sent) - 1
    terms = np.empty(size)
    invoke(kernel, q, dq, terms)  # pyright: ignore[reportCallIssue]
    M, C = terms[: n * n].reshape(n, n), terms[n * n : 2 * n * n].reshape(n, n)
    g = terms[2 * n * n :]
    if sound:
        momentum_observer(M, C, g, dq, sent[late], begun[0] > 0.0, share, dt, p, b, r)
    begun[0] = 1.0 if sound else 0.0
    free, ddq = np.empty(n), np.empty(n)
    for i in range(n):
        free[i] = r[i] - g[i]
        for j in range(n):
            free[i] -= C[i, j] * dq[j]
        out[0, i], out[1, i] = q[i], dq[i]
    factor_columns(M, 0, n)
    for k in range(late - 1, -1, -1):
        for i in range(n):
            ddq[i] = free[i] + sent[k, i]
        substitute(M, ddq)
        for i in range(n):
            out[0, i] += dt * (out[1, i] + 0.5 * dt * ddq[i])
            out[1, i] += dt * ddq[i]
