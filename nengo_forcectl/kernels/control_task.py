"""The laws of `TaskSpace`, compiled."""

import math

import numpy as np

from .algebra import factor_columns, solve_rows, substitute
from .arm_terms import parts
from .compile import kernel


@kernel
def task_space(
    terms, dq, reference, measured, sound, rows, law, numbers, tau_0, z, room, tau, error, dq_r,
    ddq_r,
):  # fmt: skip
    """The command of `TaskSpace.torque`, into its last four arguments; returns the singularity.

    Args:
        terms: of the arm.
        reference: x, dx, ddx, R by rows, omega, domega, wrench: 30 numbers.
        measured: the wrench of the sensor, zero without one.
        sound: whether to integrate.
        rows: of J.
        law: (m, 12, m): `TaskLaw.matrices`.
        numbers: damping, inertia_max, dt, windup's force and moment.
        tau_0: torque of the secondary tasks.
        z: the integral, which changes.
        room: of at least ``task_room(n, m)`` numbers.
    """
    n, m = len(dq), len(rows)
    pose, J, dJ, M, C, g = parts(terms, n)
    turn, seen, ahead = room[:3], room[3 : 3 + 4 * m], room[3 + 4 * m : 3 + 5 * m]
    rest = room[3 + 5 * m :]
    motions, forces, rest = rest[: 3 * m].reshape(3, m), rest[3 * m : 5 * m], rest[5 * m :]
    mobility, rest = rest[: m * n].reshape(m, n), rest[m * n :]  # J M^-1
    factor, rest = rest[: n * n].reshape(n, n), rest[n * n :]
    inverse, rest = rest[: m * m].reshape(m, m), rest[m * m :]

    for r in range(m):
        if rows[r] > 2:
            orientation_error(reference[9:18], pose, turn)
            break
    for r in range(m):
        row = rows[r]
        if row < 3:
            seen[r] = reference[row] - pose[row, 3]
            motions[2, r], ahead[r] = reference[3 + row], reference[6 + row]
        else:
            seen[r] = turn[row - 3]
            motions[2, r], ahead[r] = reference[15 + row], reference[18 + row]
        dx, back = 0.0, 0.0
        for i in range(n):
            mobility[r, i] = J[row, i]
            dx += J[row, i] * dq[i]
            back += dJ[row, i] * dq[i]
        seen[m + r], seen[2 * m + r] = motions[2, r] - dx, reference[24 + row] + measured[row]
        seen[3 * m + r], motions[1, r] = z[r], -back
    for i in range(n):
        for j in range(i + 1):
            factor[i, j] = M[i, j]
    solve_rows(factor, mobility)

    for r in range(m):
        of = law[r].ravel()
        motion, force = 0.0, 0.0
        for k in range(4 * m):
            motion += of[k] * seen[k]
            force += of[4 * m + k] * seen[k]
        for i in range(n):
            motion -= mobility[r, i] * tau_0[i]
        press, further = 0.0, 0.0
        for k in range(m):
            further += of[8 * m + k] * ahead[k]
            press += of[9 * m + k] * reference[24 + rows[k]] - of[10 * m + k] * measured[rows[k]]
        motions[0, r], motions[1, r] = motion, motions[1, r] + further
        forces[r], forces[m + r] = force, press
        for k in range(r + 1):
            total = numbers[0] * numbers[0] if k == r else 0.0
            for i in range(n):
                total += mobility[r, i] * J[rows[k], i]
            inverse[r, k] = inverse[k, r] = total
    singularity = factor_limited(inverse, 1.0 / numbers[1], rest)
    for k in range(3):
        substitute(inverse, motions[k])

    for i in range(n):
        total = g[i]
        for j in range(n):
            total += C[i, j] * dq[j]
        tau[i], error[i], dq_r[i], ddq_r[i] = total, tau_0[i], 0.0, 0.0
    for r in range(m):
        feedback, feedforward = motions[0, r] + forces[r], motions[1, r] + forces[m + r]
        for i in range(n):
            error[i] += J[rows[r], i] * feedback
            tau[i] += J[rows[r], i] * feedforward
            dq_r[i] += mobility[r, i] * motions[2, r]
            ddq_r[i] += mobility[r, i] * motions[1, r]
    for i in range(n):
        tau[i] += error[i]
    if sound:
        integrate(z, law, seen[2 * m : 3 * m], rows, numbers)
    return singularity


def task_room(n: int, m: int) -> int:
    """Return how many numbers `task_space` needs room for: ``n`` joints, ``m`` rows."""
    return 3 + 10 * m + m * n + n * n + 2 * m * m + m


@kernel
def integrate(z, law, f, rows, numbers):
    """z goes one step on, its force and moment kept within their bounds."""
    m = len(z)
    force, moment = 0.0, 0.0
    for r in range(m):
        for k in range(m):
            z[r] += numbers[2] * law[r, 11, k] * f[k]
        if rows[r] < 3:
            force += z[r] * z[r]
        else:
            moment += z[r] * z[r]
    force, moment = math.sqrt(force), math.sqrt(moment)
    for r in range(m):
        size, most = (force, numbers[3]) if rows[r] < 3 else (moment, numbers[4])
        if size > most:
            z[r] *= most / size


@kernel
def orientation_error(R_r, pose, turn):
    """``2 sign(w) v`` of the quaternion (w, v) of ``R_r R^T``, into ``turn``; R_r by rows."""
    E = np.empty((3, 3))
    for r in range(3):
        a, b, c = R_r[3 * r], R_r[3 * r + 1], R_r[3 * r + 2]
        for k in range(3):
            E[r, k] = a * pose[k, 0] + b * pose[k, 1] + c * pose[k, 2]
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


@kernel
def factor_limited(A, least, room):
    """A becomes the factor L of itself with no eigenvalue below ``least``; returns by how much.

    ``room`` is of at least ``m m + m`` numbers.
    """
    m = len(A)
    L, column = room[: m * m].reshape(m, m), room[m * m : m * m + m]
    for i in range(m):
        for k in range(i + 1):
            L[i, k] = A[i, k]
    factor_columns(L, 0, m)
    # The trace of A^-1, |L^-1|^2, is no less than the largest of its eigenvalues.
    trace = 0.0
    for c in range(m):
        for i in range(c, m):
            total = 1.0 if i == c else 0.0
            for k in range(c, i):
                total -= L[i, k] * column[k]
            column[i] = total * (1.0 / L[i, i])
            trace += column[i] * column[i]
    if trace * least <= 1.0:
        for i in range(m):
            for k in range(i + 1):
                A[i, k] = L[i, k]
        return 0.0
    D, U = eigen(A)
    lowest = D[0, 0]
    for k in range(m):
        lowest = min(lowest, D[k, k])
        lift = least - D[k, k]
        if lift > 0.0:
            for i in range(m):
                for j in range(m):
                    A[i, j] += lift * U[i, k] * U[j, k]
    factor_columns(A, 0, m)
    return min(1.0, max(0.0, 1.0 - lowest / least))


@kernel
def eigen(A):
    """A symmetric matrix made diagonal by Jacobi's rotations, and its eigenvectors (columns)."""
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
    return D, U
