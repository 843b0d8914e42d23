"""The torque that a model lacks, from the motion that a torque has caused."""

import numpy as np
from jaxtyping import Float

from arms import Arm

from .shown import Rows


def missing_torque(arm: Arm, rows: Rows) -> Float[np.ndarray, "k n"]:
    """Return ``tau + J^T f - (M ddq + C dq + g + friction)`` of some cycles [N m].

    f is the wrench that the tool feels, where a sensor measures it: the controller knows it. A
    record that has the column ``unmodelled`` gives it itself.
    """
    if "unmodelled" in rows:
        return rows["unmodelled"]
    lacking = np.empty_like(rows["q"])
    known = arm.friction.viscous.any() or arm.friction.dry.any()
    for k, (q, dq, ddq) in enumerate(zip(rows["q"], rows["dq"], rows["ddq"], strict=True)):
        terms = arm.terms(q, dq)
        need = terms.M @ ddq + terms.C @ dq + terms.g
        need = need + arm.friction_torque(dq) if known else need
        push = terms.J.T @ np.nan_to_num(rows["wrench"][k]) if "wrench" in rows else 0.0
        lacking[k] = rows["tau"][k] + push - need
    return lacking
