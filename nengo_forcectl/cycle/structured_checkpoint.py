"""What a checkpoint of a `StructuredLearner` holds, and which of its numbers are whole."""

import numpy as np

from ..kernels.block import Block, Layout
from ..kernels.layout.learner_fields import NO_JOB

# What is in no checkpoint: it never changes, or every cycle writes it before it is read.
OTHERS = (
    "dt", "loop", "dq_max", "gain_start", "gain_top", "k_null", "home_V", "home_M", "loud",
    "bump_keep", "quiet", "jump", "recent_share", "usual_share",
    "M", "C", "g", "new_M", "new_C", "new_g", "carried", "ddq", "factor", "dg", "regressor",
    "chosen", "tool_encoders", "tool_bias", "tool_active", "q_half", "dq_half", "ddq_half", "one",
    "added", "doubt", "viscous", "dry", "push", "waits", "neuron_torque", "neuron_force",
)  # fmt: skip
OTHERS_OF_LAW = (
    "alone", "wake", "share", "floor", "spread", "delayed", "size", "group", "most", "positive",
    "field", "frozen", "reach", "home", "changes", "changed", "precision",
)  # fmt: skip
OTHERS_OF_RIPPLE = "least", "quiet", "most", "frozen", "fed", "taken", "lacking"
OTHERS_OF_PRESLIDING = "distance", "start", "doubt", "dt", "passed", "keep", "apart"
OTHERS_OF_NEURONS = "frozen", "encoders", "bias", "size", "wake", "fed", "active", "column"
COUNTS = (
    "structured.changes", "structured.backed_off", "least_squares.filled", "least_squares.rounds",
    "least_squares.cycle", "least_squares.since", "least_squares.repaired",
    "least_squares.job", "least_squares.solved", "least_squares.chosen", "least_squares.row",
    "least_squares.alone_until", "least_squares.left", "neurons.awake", "ripple.visit",
)  # fmt: skip
"""Numbers of a checkpoint that are whole."""
MOST = 2**53  # of a count


def memory_of(
    name: str, block: Block, layout: Layout, others: tuple[str, ...]
) -> dict[str, np.ndarray]:
    """Return what a checkpoint saves of a block: all numbers but ``others`` and addresses."""
    own = [field.name for field in layout.fields if not (field.whole and not field.shape)]
    return {f"{name}.{each}": block[each] for each in own if each not in others}


def ranges_of(sums: Block) -> dict[str, tuple[int, int]]:
    """Return least and largest value of each whole number of a checkpoint.

    Args:
        sums: block of the regression.
    """
    (delays, p), n = sums["trials"].shape, len(sums["y"])
    # Kernels find places by these: see `kernels.solve_regression`.
    places = {
        "least_squares.job": (int(NO_JOB), n + 5 * p + delays + 3),
        "least_squares.solved": (int(sums["core"]), p),
        "least_squares.chosen": (0, delays - 1),
        "least_squares.left": (0, p),
        "neurons.awake": (0, 1),
    }
    return {name: places.get(name, (0, MOST)) for name in COUNTS}
