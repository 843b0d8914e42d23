"""An arm's block: its sizes and the addresses of its compiled equations."""

from typing import Any

from .block import Block
from .layout import ARM, ARM_G, ARM_POSE


def arm_block(arm: Any) -> Block:
    """Return a block for an `Arm`; it keeps the kernel of the arm's terms alive."""
    terms = arm.kernel(*(field.name for field in ARM.fields[ARM_POSE : ARM_G + 1]))
    values = {"dof": arm.dof, "kernel": terms.address, "tau_max": arm.tau_max}
    return Block(ARM, {"n": arm.dof}, values, keeps=terms)
