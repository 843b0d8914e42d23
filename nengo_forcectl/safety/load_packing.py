"""Packing of the load that a guard looks for while limits act."""

from typing import Any

from arms import Arm

from ..kernels.block import Block
from ..kernels.layout.body_fields import BODY, LOAD


def pack_load(arm: Arm) -> tuple[Block, dict[str, Any]]:
    """Return the load's block, and the values of the guard's fields that point to it.

    No load is found yet: it explains nothing of the motion.
    """
    # numba takes a second to load
    from ..kernels.compile import address_of
    from ..kernels.find_load import carry_load, find_load  # as above
    from ..kernels.fit_load import DELAYS  # as above

    body = Block(BODY, {"n": arm.dof}, {"gravity": arm.gravity_vector})
    load = Block(
        LOAD, {"n": arm.dof, "s": DELAYS}, {"body": body.address, "misfit": 1.0}, keeps=body
    )
    return load, {
        "load": load.address,
        "find_call": address_of(find_load),
        "carry_call": address_of(carry_load),
    }
