"""The two terms of every least squares for a load: its usual sizes, and what it leaves.

With A the information, b the moment and s the sum of squares of the equations, theta minimises

    s - 2 b^T theta + theta^T A theta + prior sum_k (theta_k - usual_k)^2 / size_k^2
"""

from arms.machine.numba_kernel import kernel

from .layout import body_fields as at

HEAVY, FAR, WIDE = 5.0, 0.1, 0.01  # usual size of mass [kg], first moment [kg m], inertia [kg m^2]


@kernel
def usual_information(k, prior):
    """Return ``prior / size_k^2``."""
    size = HEAVY if k == at.MASS else FAR if k < at.XX else WIDE
    return prior / (size * size)


@kernel
def squares_left(square, information, moment, theta):
    """Return ``s - 2 b^T theta + theta^T A theta``; A is a lower triangle."""
    left = square
    for k in range(at.PARAMETERS):
        left -= 2.0 * theta[k] * moment[k]
        for j in range(k + 1):
            pair = 1.0 if j == k else 2.0
            left += pair * theta[k] * information[k, j] * theta[j]
    return left


@kernel
def add_lack(filtered, theta, lack):
    """Add what a load changes of r, its filtered columns times theta, to ``lack`` (n,)."""
    for i in range(len(lack)):
        for k in range(at.PARAMETERS):
            lack[i] += filtered[i, k] * theta[k]
