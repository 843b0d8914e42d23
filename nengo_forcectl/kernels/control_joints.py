"""The laws of `JointSpace`, compiled."""

from .compile import kernel


@kernel
def joint_space(M, C, g, q, dq, q_r, dq_r, ddq_r, law, numbers, room, tau):
    """The torque of a `JointLaw`, into ``tau``.

    Args:
        q_r, dq_r, ddq_r: the reference.
        law: (n, 6, n): `JointLaw.matrices`.
        numbers: follow, coriolis, robust, boundary.
        room: of at least 4 n numbers.
    """
    n = len(q)
    seen, a, v = room[: 2 * n], room[2 * n : 3 * n], room[3 * n : 4 * n]
    for i in range(n):
        seen[i] = q_r[i] - q[i]
        seen[n + i] = dq_r[i] - dq[i]
    for i in range(n):
        rows = law[i].ravel()
        faster, s, force = 0.0, 0.0, 0.0
        for j in range(2 * n):
            faster += rows[j] * seen[j]
            s += rows[2 * n + j] * seen[j]
            force += rows[4 * n + j] * seen[j]
        a[i], v[i] = numbers[0] * ddq_r[i] + faster, numbers[1] * dq[i] + s
        tau[i] = g[i] + force + numbers[2] * min(max(s / numbers[3], -1.0), 1.0)
    for i in range(n):
        total = 0.0
        for j in range(n):
            total += M[i, j] * a[j] + C[i, j] * v[j]
        tau[i] += total
