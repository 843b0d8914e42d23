"""The laws of `TaskSpace`, compiled."""

import math

import numba
import numpy as np

from .algebra import FAST, factor_columns, solve_rows, substitute


@numba.njit(cache=True, fastmath=FAST)
def task_space(
    pose, J, dJ, M, C, g, q, dq, reference, measured, sound, rows, law, numbers, tau_0, z,
    tau, error, dq_r, ddq_r,
):  # fmt: skip
    """The command of `TaskSpace.torque`, into its last four arguments; returns the singularity.

    Args:
        reference: x, dx, ddx, R by rows, omega, domega, wrench: 30 numbers.
        measured: the wrench of the sensor, zero without one.
        sound: whether to integrate.
        rows: of J.
        law: (12, m, m): the matrices of `TaskLaw`.
        numbers: damping, inertia_max, dt, windup's force and moment.
        tau_0: torque of the secondary tasks.
        z: the integral, which changes.
    """
    n, m = len(q), len(rows)
    room = np.empty((12, m))  # one array: making many costs as much as filling them
    e, de, ff, f = room[0], room[1], room[2], room[3]
    velocity, ahead, back, force, press = room[4], room[5], room[6], room[7], room[8]
    motions = room[9:]
    turn = np.zeros(3)
    for r in range(m):
        if rows[r] > 2:
            orientation_error(reference[9:18].reshape(3, 3), pose, turn)
            break
    mobility = np.empty((m, n))  # J M^-1
    for r in range(m):
        row = rows[r]
        if row < 3:
            e[r] = reference[row] - pose[row, 3]
            velocity[r], ahead[r] = reference[3 + row], reference[6 + row]
        else:
            e[r] = turn[row - 3]
            velocity[r], ahead[r] = reference[15 + row], reference[18 + row]
        ff[r] = reference[24 + row]
        f[r] = ff[r] + measured[row]
        dx = 0.0
        back[r] = 0.0
        for i in range(n):
            mobility[r, i] = J[row, i]
            dx += J[row, i] * dq[i]
            back[r] -= dJ[row, i] * dq[i]
        de[r] = velocity[r] - dx
    solve_rows(M.copy(), mobility)

    inverse = np.empty((m, m))
    for r in range(m):
        row = rows[r]
        in_task, a, b, c, d = 0.0, 0.0, back[r], 0.0, 0.0
        for i in range(n):
            in_task += mobility[r, i] * tau_0[i]
        for k in range(m):
            a += law[0, r, k] * e[k] + law[1, r, k] * de[k] + law[2, r, k] * f[k]
            a += law[3, r, k] * z[k]
            c += law[4, r, k] * e[k] + law[5, r, k] * de[k] + law[6, r, k] * f[k]
            c += law[7, r, k] * z[k]
            b += law[8, r, k] * ahead[k]
            d += law[9, r, k] * ff[k] - law[10, r, k] * measured[rows[k]]
            total = numbers[0] * numbers[0] if k == r else 0.0
            for i in range(n):
                total += mobility[r, i] * J[rows[k], i]
            inverse[r, k] = total
        motions[0, r], motions[1, r], motions[2, r] = a - in_task, b, velocity[r]
        force[r], press[r] = c, d
    singularity = factor_limited(inverse, 1.0 / numbers[1])
    for k in range(3):
        substitute(inverse, motions[k])

    for i in range(n):
        error[i], tau[i], dq_r[i], ddq_r[i] = tau_0[i], g[i], 0.0, 0.0
        for r in range(m):
            error[i] += J[rows[r], i] * (motions[0, r] + force[r])
            tau[i] += J[rows[r], i] * (motions[1, r] + press[r])
            dq_r[i] += mobility[r, i] * motions[2, r]
            ddq_r[i] += mobility[r, i] * motions[1, r]
        for j in range(n):
            tau[i] += C[i, j] * dq[j]
        tau[i] += error[i]
    if sound:
        integrate(z, law[11], f, rows, numbers)
    return singularity


@numba.njit(cache=True, fastmath=FAST)
def integrate(z, gain, f, rows, numbers):
    """z goes one step on, its force and moment kept within their bounds."""
    m = len(z)
    force, moment = 0.0, 0.0
    for r in range(m):
        for k in range(m):
            z[r] += numbers[2] * gain[r, k] * f[k]
        if rows[r] < 3:
            force += z[r] * z[r]
        else:
            moment += z[r] * z[r]
    force, moment = math.sqrt(force), math.sqrt(moment)
    for r in range(m):
        size, most = (force, numbers[3]) if rows[r] < 3 else (moment, numbers[4])
        if size > most:
            z[r] *= most / size


@numba.njit(cache=True)
def orientation_error(R_r, pose, turn):
    """``2 sign(w) v`` of the quaternion (w, v) of ``R_r R^T``, into ``turn``."""
    E = np.empty((3, 3))
    for r in range(3):
        for c in range(3):
            E[r, c] = R_r[r, 0] * pose[c, 0] + R_r[r, 1] * pose[c, 1] + R_r[r, 2] * pose[c, 2]
    trace = E[0, 0] + E[1, 1] + E[2, 2]
    largest, i = trace, -1
    for k in range(3):
        if E[k, k] > largest:
            largest, i = E[k, k], k
    turn[0], turn[1], turn[2] = E[2, 1] - E[1, 2], E[0, 2] - E[2, 0], E[1, 0] - E[0, 1]
    if i < 0:
        root = math.sqrt(1.0 + trace)
        for k in range(3):
            turn[k] /= root
        return
    sign = 1.0 if turn[i] >= 0.0 else -1.0
    root = math.sqrt(1.0 + 2.0 * E[i, i] - trace)
    for k in range(3):
        turn[k] = sign * (root if k == i else (E[i, k] + E[k, i]) / root)


@numba.njit(cache=True, fastmath=FAST, error_model="numpy")
def factor_limited(A, least):
    """A becomes the factor L of itself with no eigenvalue below ``least``; returns by how much."""
    m = len(A)
    L = A.copy()
    factor_columns(L, 0, m)
    # The trace of A^-1, |L^-1|^2, is no less than the largest of its eigenvalues.
    trace = 0.0
    column = np.empty(m)
    for c in range(m):
        for i in range(c, m):
            total = 1.0 if i == c else 0.0
            for k in range(c, i):
                total -= L[i, k] * column[k]
            column[i] = total / L[i, i]
            trace += column[i] * column[i]
    if trace * least <= 1.0:
        A[:] = L
        return 0.0
    values, U = eigen(A)
    lowest = values[0]
    for k in range(m):
        lowest = min(lowest, values[k])
        lift = least - values[k]
        if lift > 0.0:
            for i in range(m):
                for j in range(m):
                    A[i, j] += lift * U[i, k] * U[j, k]
    factor_columns(A, 0, m)
    return min(1.0, max(0.0, 1.0 - lowest / least))


@numba.njit(cache=True)
def eigen(A):
    """Eigenvalues and eigenvectors (columns) of a small symmetric matrix, by Jacobi's rotations."""
    m = len(A)
    D, U = A.copy(), np.eye(m)
    size = 0.0
    for i in range(m):
        size += D[i, i] * D[i, i]
    for _ in range(30):
        off = 0.0
        for i in range(m):
            for j in range(i):
                off += D[i, j] * D[i, j]
        if not off > 1e-30 * size:
            break
        for p in range(m - 1):
            for q in range(p + 1, m):
                if D[p, q] == 0.0:
                    continue
                theta = (D[q, q] - D[p, p]) / (2.0 * D[p, q])
                t = 1.0 / (abs(theta) + math.sqrt(theta * theta + 1.0))
                t = t if theta >= 0.0 else -t
                c = 1.0 / math.sqrt(t * t + 1.0)
                s = t * c
                for k in range(m):
                    a, b = D[k, p], D[k, q]
                    D[k, p], D[k, q] = c * a - s * b, s * a + c * b
                    a, b = U[k, p], U[k, q]
                    U[k, p], U[k, q] = c * a - s * b, s * a + c * b
                for k in range(m):
                    a, b = D[p, k], D[q, k]
                    D[p, k], D[q, k] = c * a - s * b, s * a + c * b
    return np.diag(D).copy(), U
