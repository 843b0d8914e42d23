"""Opening the controllers of a comparison."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

from ...contract import Cycle
from ...control import OperationalSpace
from ...safety.guard import Safe
from ..scene import Scene
from . import RIVALS, TIPS


def open_rival(scene: Scene, name: str) -> AbstractContextManager[Cycle]:
    """Open the control cycle called ``name``: a controller or, with a tool, a tip."""
    if scene.tool is None:
        return RIVALS[name].make(scene)
    (dynamics,) = scene.settings.adapt
    return RIVALS[dynamics].make(replace(scene, kinematics=TIPS[name].make(scene)))


@contextmanager
def open_cycle(scene: Scene, name: str) -> Iterator[Safe]:
    """Open the control cycle called ``name``, within the arm's limits; see `open_rival`."""
    with open_rival(scene, name) as cycle:
        safe = isinstance(cycle, Safe)
        yield cycle if safe else Safe(cycle, scene.arm, scene.limits, scene.period)


def gains() -> dict[str, float]:
    """Return every gain of the control law, the controllers and the tips, for a summary."""
    found = {name: getattr(OperationalSpace, name) for name in ("kp", "kv", "k_null", "damping")}
    for each in (*RIVALS.values(), *TIPS.values()):
        found |= each.gains()
    return found
