"""Operational-space control fused with its arm in numba, timed."""

from __future__ import annotations

import numpy as np
from interleaved import medians

import arms


def controller(name: str) -> None:
    """Operational-space control fused with its arm in numba."""
    import numba

    from arms.machine.invoke import invoke

    arm = arms.load(name)
    n = arm.dof
    kernel = arm.kernel("pose", "J", "dJ", "M", "h")
    pose, J_at, dJ_at, M_at, h_at = (part.start for part in kernel.slices)

    @numba.njit
    def torque(address, q, dq, goal, work, out):
        """tau = M (J+ (a - dJ dq) + N (-k dq)) + h, J+ by Cholesky of J M^-1 J^T (Khatib 1987)."""
        invoke(address, q, dq, work)
        J = work[J_at : J_at + 3 * n].reshape(3, n)
        dJ = work[dJ_at : dJ_at + 3 * n].reshape(3, n)
        M = work[M_at : M_at + n * n].reshape(n, n)
        L = out[: n * n].reshape(n, n)
        for i in range(n):
            for j in range(i + 1):
                total = M[i, j]
                for k in range(j):
                    total -= L[i, k] * L[j, k]
                L[i, j] = np.sqrt(total) if i == j else total / L[j, j]
        X = out[n * n : n * n + 3 * n].reshape(3, n)  # rows: L^-1 J^T
        for r in range(3):
            for i in range(n):
                total = J[r, i]
                for k in range(i):
                    total -= L[i, k] * X[r, k]
                X[r, i] = total / L[i, i]
        A = np.zeros((3, 3))
        force = np.zeros(3)
        for r in range(3):
            v, bias = 0.0, 0.0
            for i in range(n):
                v += J[r, i] * dq[i]
                bias += dJ[r, i] * dq[i]
            drag = 0.0
            for i in range(n):
                drag -= J[r, i] * 10.0 * dq[i]
            x = work[pose + 4 * r + 3]
            force[r] = 196.0 * (goal[r] - x) - 28.0 * v - bias - drag
            for s in range(3):
                for i in range(n):
                    A[r, s] += X[r, i] * X[s, i]
        a = A[0, 0]
        b, c = A[0, 1], A[0, 2]
        d, e, f = A[1, 1], A[1, 2], A[2, 2]
        det = a * (d * f - e * e) - b * (b * f - c * e) + c * (b * e - c * d)
        i01, i02, i12 = c * e - b * f, b * e - c * d, b * c - a * e
        f0 = ((d * f - e * e) * force[0] + i01 * force[1] + i02 * force[2]) / det
        f1 = (i01 * force[0] + (a * f - c * c) * force[1] + i12 * force[2]) / det
        f2 = (i02 * force[0] + i12 * force[1] + (a * d - b * b) * force[2]) / det
        tau = out[n * n + 3 * n : n * n + 4 * n]
        for i in range(n):
            total = J[0, i] * f0 + J[1, i] * f1 + J[2, i] * f2 + work[h_at + i]
            for k in range(n):
                total -= M[i, k] * 10.0 * dq[k]
            tau[i] = total
        return tau[0]

    rng = np.random.default_rng(0)
    q, dq = rng.normal(size=(2, n))
    goal, work, out = np.array([0.4, 0.1, 0.5]), np.empty(kernel.size), np.empty(n * n + 4 * n)
    torque(kernel.address, q, dq, goal, work, out)
    times = medians(
        {"operational space, fused": lambda: torque(kernel.address, q, dq, goal, work, out)}
    )
    print("\ncontroller fused with its arm in numba")
    for what, value in times.items():
        print(f"  {what:42} {value:9.2f} us")
