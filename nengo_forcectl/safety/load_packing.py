"""Packing of the load that a guard looks for while limits act."""

from typing import Any

from arms import Arm

from ..kernels.block import Block
from ..kernels.layout.body_fields import BODY, LOAD, PARAMETERS
from ..kernels.layout.memory_fields import MEMORY
from ..kernels.parts import carry_load, find_load, recall_load, remember_load
from ..kernels.sizes import DELAYS, INTERVALS


def pack_loads(arm: Arm) -> tuple[Block, Block, dict[str, Any]]:
    """Return two blocks, of the load that limits use and of the motion remembered for a stop.

    And the values of the guard's fields that point to them. No load is found yet: it explains
    nothing of the motion.
    """
    load, memory = pack_load(arm), pack_memory(arm)
    return (
        load,
        memory,
        {
            "load": load.address,
            "memory_load": memory.address,
            "find_call": find_load.address,
            "carry_call": carry_load.address,
            "remember_call": remember_load.address,
            "recall_call": recall_load.address,
        },
    )


def pack_load(arm: Arm) -> Block:
    """Return the block of a load that is not found yet."""
    body = Block(BODY, {"n": arm.dof}, {"gravity": arm.gravity_vector})
    values = {"body": body.address, "misfit": 1.0}
    return Block(LOAD, {"n": arm.dof, "s": DELAYS}, values, keeps=body)


def pack_memory(arm: Arm) -> Block:
    """Return the block of a motion that has not begun yet."""
    body = Block(BODY, {"n": arm.dof}, {"gravity": arm.gravity_vector})
    sizes = {"n": arm.dof, "t": INTERVALS, "u": PARAMETERS + arm.dof}
    return Block(MEMORY, sizes, {"body": body.address}, keeps=body)
