"""How far a posture's damping goes where two joints turn about almost the same axis.

Each joint is damped by its own inertia, ``d_i = 2 sqrt(k_i M_ii)``. Two joints about one axis that
turn against each other move hardly any mass: the rate of that motion is the larger eigenvalue of

    [M_ii M_ij]^-1 [d_i  0 ]
    [M_ij M_jj]    [ 0  d_j]

A sampled damping of a rate beyond two in a cycle throws the arm.
"""

import math

from arms.machine.numba_kernel import kernel

FASTEST = 1300.0  # rate of a pair [1/s], two thirds of what is stable at 1 kHz


@kernel
def damped_share(M, d, i):
    """Return the share of its damping that joint i may have: 1, or less in a pair that is light.

    Args:
        M: (n, n).
        d: (n,), damping of each joint [N m s/rad].
        i: the joint.
    """
    share = 1.0
    for j in range(len(d)):
        if j != i:
            det = M[i, i] * M[j, j] - M[i, j] * M[i, j]
            both = d[i] * M[j, j] + d[j] * M[i, i]  # det times the sum of both rates
            if both > FASTEST * det:
                root = math.sqrt(max(both * both - 4.0 * d[i] * d[j] * det, 0.0))
                share = min(share, 2.0 * FASTEST * det / (both + root))
    return share
