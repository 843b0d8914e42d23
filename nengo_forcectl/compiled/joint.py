"""The laws of `JointSpace`, compiled."""

import numba
import numpy as np

from .algebra import FAST


@numba.njit(cache=True, fastmath=FAST)
def joint_space(M, C, g, q, dq, q_r, dq_r, ddq_r, law, numbers, tau):
    """The torque of a `JointLaw`, into ``tau``.

    Args:
        q_r, dq_r, ddq_r: the reference.
        law: (6, n, n): the law's matrices.
        numbers: follow, coriolis, robust, boundary.
    """
    n = len(q)
    room = np.empty((5, n))  # one array: making many costs as much as filling them
    a, s, f, e, de = room[0], room[1], room[2], room[3], room[4]
    for i in range(n):
        e[i] = q_r[i] - q[i]
        de[i] = dq_r[i] - dq[i]
    for i in range(n):
        a[i], s[i], f[i] = numbers[0] * ddq_r[i], 0.0, 0.0
        for j in range(n):
            a[i] += law[0, i, j] * e[j] + law[1, i, j] * de[j]
            s[i] += law[2, i, j] * e[j] + law[3, i, j] * de[j]
            f[i] += law[4, i, j] * e[j] + law[5, i, j] * de[j]
    for i in range(n):
        tau[i] = g[i] + f[i] + numbers[2] * min(max(s[i] / numbers[3], -1.0), 1.0)
        for j in range(n):
            tau[i] += M[i, j] * a[j] + C[i, j] * (numbers[1] * dq[j] + s[j])
