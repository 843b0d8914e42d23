"""An arm's block: its sizes and the addresses of its compiled equations."""

from typing import Any

from .block import Block
from .layout.arm_fields import ARM, ARM_G, ARM_POSE


def arm_block(arm: Any, *, friction: bool = False) -> Block:
    """Return a block for an `Arm`; it keeps the arm's kernels alive.

    Args:
        arm: the model.
        friction: whether a control law uses the block, which feeds the model's friction forward.
    """
    terms = arm.kernel(*(field.name for field in ARM.fields[ARM_POSE : ARM_G + 1]))
    known = friction_kernel(arm) if friction else None
    values = {
        "dof": arm.dof,
        "kernel": terms.address,
        "tau_max": arm.tau_max,
        "friction_kernel": 0 if known is None else known.address,
    }
    return Block(ARM, {"n": arm.dof}, values, keeps=(terms, known))


def friction_kernel(arm: Any) -> Any:
    """Return the kernel of the friction that an `Arm` knows, or None if it knows none."""
    knows = any(part.any() for part in arm.friction)
    return arm.kernel("friction") if knows else None
