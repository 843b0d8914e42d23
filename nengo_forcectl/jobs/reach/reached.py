"""What counts as reached, and the controller that a run of reaches is about."""

ARRIVED = 2.0  # a target counts as reached up to this distance on arrival [mm]
ROLES = {
    "none": "without learning (none)",
    "exact": "with everything known (exact)",
    "analytic": "with the Jacobian of the bare arm (analytic)",
}
"""What a learner is compared with, in a sentence."""


def main_controller(names: list[str]) -> str:
    """Return the controller that a run is about: the last that learns, or the last."""
    learners = [name for name in names if name not in ROLES]
    adaptive = [name for name in learners if name == "adaptive"]
    return (adaptive or learners or names)[-1]
