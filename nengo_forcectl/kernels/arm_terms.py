"""An arm's terms at the present state, written to its block."""

from arms.machine.invoke import invoke

from .access import span, vector, whole
from .compile import kernel
from .layout.arm_fields import ARM_G, ARM_KERNEL, ARM_POSE, INPUT_DQ, INPUT_Q


@kernel
def compute_terms(arm, inputs):
    """Compute pose, J, dJ, M, C and g at the input's q and dq."""
    q, dq = vector(inputs, INPUT_Q), vector(inputs, INPUT_DQ)
    invoke(whole(arm, ARM_KERNEL), q, dq, span(arm, ARM_POSE, ARM_G))  # pyright: ignore[reportCallIssue]


@kernel
def parts(terms, n):
    """Return pose, J, dJ, M, C, g from the output of their kernel."""
    a, b = 16 + 6 * n, 16 + 12 * n
    c, d = b + n * n, b + 2 * n * n
    return (
        terms[:16].reshape(4, 4), terms[16:a].reshape(6, n), terms[a:b].reshape(6, n),
        terms[b:c].reshape(n, n), terms[c:d].reshape(n, n), terms[d:],
    )  # fmt: skip
