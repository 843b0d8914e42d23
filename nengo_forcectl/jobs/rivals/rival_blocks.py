"""The common parts of the controllers of a comparison."""

from typing import TYPE_CHECKING

from ... import cycle

if TYPE_CHECKING:
    from arms import Arm

    from ...contract import Adaptation
    from ..scene import Scene

# Tuned on the job of `nengo-forcectl reach`, with exact sensors and with noisy ones (1e-4 rad, 3e-3
# rad/s, 2 ms delay), 5 to 2,000, seeds 0 to 2: with exact sensors more is always better; noisy ones
# work best at 100 to 200, and shake at 400.
OBSERVER_GAIN = 100.0  # [1/s]


def blocks(scene: "Scene", adaptation: "Adaptation", model: "Arm | None" = None) -> "cycle.Blocks":
    """Return the block diagram with an adaptation; by default around the scene's model."""
    model = scene.arm if model is None else model
    return cycle.Blocks(model, scene.law(), adaptation, kinematics=scene.kinematics)
