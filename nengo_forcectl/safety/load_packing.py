"""Packing of the load that a guard looks for while limits act."""

from typing import Any

from arms import Arm

from ..kernels.block import Block
from ..kernels.layout.body_fields import BODY, LOAD
from ..kernels.parts import carry_load, find_load
from ..kernels.sizes import DELAYS


def pack_load(arm: Arm) -> tuple[Block, dict[str, Any]]:
    """Return the load's block, and the values of the guard's fields that point to it.

    No load is found yet: it explains nothing of the motion.
    """
    body = Block(BODY, {"n": arm.dof}, {"gravity": arm.gravity_vector})
    load = Block(
        LOAD, {"n": arm.dof, "s": DELAYS}, {"body": body.address, "misfit": 1.0}, keeps=body
    )
    return load, {
        "load": load.address,
        "find_call": find_load.address,
        "carry_call": carry_load.address,
    }
