"""An arm's terms at the present state, written to its block."""

from arms.machine.invoke import invoke
from arms.machine.numba_kernel import kernel

from .access import span, vector, whole
from .layout.arm_fields import ARM_G, ARM_KERNEL, ARM_POSE, INPUT_DQ, INPUT_Q


@kernel
def compute_terms(arm, inputs):
    """Compute pose, J, dJ, M, C and g at the input's q and dq."""
    q, dq = vector(inputs, INPUT_Q), vector(inputs, INPUT_DQ)
    invoke(whole(arm, ARM_KERNEL), q, dq, span(arm, ARM_POSE, ARM_G))  # pyright: ignore[reportCallIssue]
