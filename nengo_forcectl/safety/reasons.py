"""The reasons for a controlled stop in words, from the blocks of a guard."""

import numpy as np

from ..kernels.block import Block
from ..kernels.layout import BY_DQ


def describe_doubt(guard: Block, inputs: Block) -> str:
    """Describe what in a state is not finite or not credible."""
    q, dq = inputs["q"], inputs["dq"]
    fastest = float(guard["dq_most"])
    for joint in range(len(q)):
        least, most = guard["q_least"][joint], guard["q_most"][joint]
        if not least < q[joint] < most:
            return f"q[{joint}] is {q[joint]:.4g}, credible from {least:.4g} to {most:.4g}"
        if not abs(dq[joint]) < fastest:
            return f"dq[{joint}] is {dq[joint]:.4g}, credible up to {fastest:.4g}"
    return "is not credible"


def describe_contradiction(guard: Block) -> str:
    """Describe the joint whose q and dq contradict each other."""
    from ..kernels.compare_sensors import WINDOW  # numba takes a second to load

    joint, by_dq = int(guard["liar"]), guard["fallback"] == BY_DQ
    name = "q" if by_dq else "dq"
    given, expected = guard[name][joint], guard[f"believed_{name}"][joint]
    return (
        f"{name}[{joint}] is {given:.4g}, by the model {expected:.4g}; the change of q "
        f"contradicts dq by {1e3 * guard['drift'][joint]:.3g} mrad in {1e3 * WINDOW:g} ms"
    )


def describe_push(guard: Block) -> str:
    """Describe a wrench that contradicts the motors' torques."""
    shown = float(np.linalg.norm((guard["felt"] - guard["before"])[:3]))
    return f"shows a push of {shown:.3g} N, by the torques it is {shown + guard['hidden']:.3g} N"
