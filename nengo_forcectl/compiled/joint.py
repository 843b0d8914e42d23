"""The laws of `JointSpace`, compiled."""

import numba
import numpy as np

from .algebra import FAST


@numba.njit(cache=True, fastmath=FAST)
def joint_space(M, C, g, q, dq, reference, law, numbers, tau):
    """The torque of a `JointLaw`, into ``tau``.

    Args:
        reference: (3, n): q_r, dq_r, ddq_r.
        law: (6, n, n): the law's matrices.
        numbers: follow, coriolis, robust, boundary.
    """
    n = len(q)
    a, s, f = np.empty(n), np.empty(n), np.empty(n)
    e, de = np.empty(n), np.empty(n)
    for i in range(n):
        e[i] = reference[0, i] - q[i]
        de[i] = reference[1, i] - dq[i]
    for i in range(n):
        a[i], s[i], f[i] = numbers[0] * reference[2, i], 0.0, 0.0
        for j in range(n):
            a[i] += law[0, i, j] * e[j] + law[1, i, j] * de[j]
            s[i] += law[2, i, j] * e[j] + law[3, i, j] * de[j]
            f[i] += law[4, i, j] * e[j] + law[5, i, j] * de[j]
    for i in range(n):
        tau[i] = g[i] + f[i] + numbers[2] * min(max(s[i] / numbers[3], -1.0), 1.0)
        for j in range(n):
            tau[i] += M[i, j] * a[j] + C[i, j] * (numbers[1] * dq[j] + s[j])
