"""The environments' names for ``gymnasium.make``."""

import gymnasium  # pyright: ignore[reportMissingImports]  # optional

STEPS = 100  # of an episode
ENVIRONMENTS = {
    "nengo_forcectl/Reach-v0": "nengo_forcectl.policies:ReachEnvironment",
    "nengo_forcectl/Press-v0": "nengo_forcectl.policies:PressEnvironment",
}


def register_environments() -> None:
    """Make the environments known to Gymnasium; where the package is installed, they are already.

    Calling it again does nothing. An episode is cut after 100 steps.
    """
    for name, place in ENVIRONMENTS.items():
        if name not in gymnasium.registry:
            gymnasium.register(name, entry_point=place, max_episode_steps=STEPS)
