"""`OperationalSpace`, compiled."""

import math

import numba
import numpy as np

from .algebra import FAST, solve_rows


@numba.njit(cache=True, fastmath=FAST)
def operational_space(
    pose, J, dJ, M, C, g, q, dq, x_r, dx_r, ddx_r, posture, rows, gains, tau, error, dq_r, ddq_r
):
    """The command of `OperationalSpace.torque`, written into its four parts.

    ``posture`` is (2, n): the posture and k_null of every joint; ``gains`` kp, kv, damping.
    """
    kp, kv, damping = gains[0], gains[1], gains[2]
    n, m = len(q), len(rows)
    mobility = np.empty((m, n))  # J M^-1
    tau_0 = np.empty(n)
    for i in range(n):
        k_null = posture[1, i]
        tau_0[i] = k_null * (posture[0, i] - q[i]) - 2.0 * math.sqrt(k_null * M[i, i]) * dq[i]
        for r in range(m):
            mobility[r, i] = J[rows[r], i]
    solve_rows(M.copy(), mobility)
    inertia, motions = np.empty((m, m)), np.empty((3, m))
    for r in range(m):
        row = rows[r]
        dx, bias, in_task = 0.0, 0.0, 0.0
        for i in range(n):
            dx += J[row, i] * dq[i]
            bias += dJ[row, i] * dq[i]
            in_task += mobility[r, i] * tau_0[i]
        motions[0, r] = kp * (x_r[row] - pose[row, 3]) + kv * (dx_r[row] - dx) - in_task
        motions[1, r] = ddx_r[row] - bias
        motions[2, r] = dx_r[row]
        for c in range(m):
            total = damping * damping if c == r else 0.0
            for i in range(n):
                total += mobility[r, i] * J[rows[c], i]
            inertia[r, c] = total
    solve_rows(inertia, motions)
    for i in range(n):
        error[i], tau[i], dq_r[i], ddq_r[i] = tau_0[i], g[i], 0.0, 0.0
        for r in range(m):
            error[i] += J[rows[r], i] * motions[0, r]
            tau[i] += J[rows[r], i] * motions[1, r]
            dq_r[i] += mobility[r, i] * motions[2, r]
            ddq_r[i] += mobility[r, i] * motions[1, r]
        for j in range(n):
            tau[i] += C[i, j] * dq[j]
        tau[i] += error[i]
