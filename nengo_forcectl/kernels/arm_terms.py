"""`arms.Terms`, as a kernel writes them."""

from arms.machine.invoke import invoke

from .access import span, vector, whole
from .compile import kernel
from .layout import ARM_G, ARM_KERNEL, ARM_POSE, INPUT_DQ, INPUT_Q


@kernel
def compute_terms(arm, inputs):
    """Write the arm's terms at the state in ``inputs``."""
    q, dq = vector(inputs, INPUT_Q), vector(inputs, INPUT_DQ)
    invoke(whole(arm, ARM_KERNEL), q, dq, span(arm, ARM_POSE, ARM_G))  # pyright: ignore[reportCallIssue]


@kernel
def parts(terms, n):
    """pose, J, dJ, M, C, g of what a kernel of these wrote."""
    a, b = 16 + 6 * n, 16 + 12 * n
    c, d = b + n * n, b + 2 * n * n
    return (
        terms[:16].reshape(4, 4), terms[16:a].reshape(6, n), terms[a:b].reshape(6, n),
        terms[b:c].reshape(n, n), terms[c:d].reshape(n, n), terms[d:],
    )  # fmt: skip
