"""What the view shows of a job: while it runs, and from its folder."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from ..contract import EndingPath
from ..view.live import View
from ..view.looks import looks_of
from ..view.shown import Shown
from .rivals import RIVALS, TIPS, colour

if TYPE_CHECKING:
    from .contact.contact_scene import ContactScene
    from .reach.reach_scene import ReachScene
    from .robot.robot_scene import RobotScene

POINTS = 800  # of a path


def title_of(verb: str, settings: Mapping[str, Any]) -> tuple[str, str]:
    """Return the title of a run, and what its controllers do not know."""
    if verb == "run":
        return f"run: {settings['robot']}", ""
    return f"{verb}: {FilePath(settings['arm']).name}", (
        f"unknown payload {settings['payload']:g} kg, friction {settings['friction']:g} N m s/rad"
    )


def colours_of(names: Mapping[str, str]) -> dict[str, str]:
    """Return the colours of records, from the controller or the tip of each."""
    return {name: colour(of) for name, of in names.items() if of in RIVALS or of in TIPS}


def points_of(path: EndingPath) -> Float[np.ndarray, "k 3"]:
    """Return positions along a path [m]."""
    return np.array([path.at(time).x for time in np.linspace(0.0, path.end, POINTS)])


def shown_reach(scene: "ReachScene") -> Shown:
    """Return what there is to see of a reaching run."""
    settings = scene.settings
    return Shown(
        *title_of("reach", vars(settings)),
        scene.arm,
        looks_of(scene.arm, settings.arm),
        scene.home,
        np.vstack([scene.targets, scene.unseen]),
        points_of(scene.path),
        colours_of({name: name for name in settings.controllers}),
        scene.period,
        settings.payload,
        settings.friction,
        None if scene.tool is None else np.array(scene.tool.tip),
    )


def shown_contact(
    verb: str, scene: "ContactScene", surface: Any, adapts: Mapping[str, str]
) -> Shown:
    """Return what there is to see of a pressing or wiping run, with a surface in its place."""
    settings = scene.settings
    return Shown(
        *title_of(verb, vars(settings)),
        scene.arm,
        looks_of(scene.arm, settings.arm),
        scene.start,
        np.empty((0, 3)),
        points_of(scene.path) - scene.gap * scene.normal,
        colours_of(adapts),
        scene.period,
        settings.payload,
        settings.friction,
        surface=surface,
    )


def shown_robot(scene: "RobotScene", q: Float[np.ndarray, "n"]) -> Shown:
    """Return what there is to see of a run of a real robot that stands at ``q`` [rad]."""
    return Shown(
        *title_of("run", vars(scene.settings)),
        scene.arm,
        looks_of(scene.arm),
        q,
        scene.targets,
        points_of(scene.path(q)),
        colours_of({name: name for name in scene.settings.adapt}),
        scene.period,
        simulated=False,
    )


def view_of(settings: Any, shown: Any) -> AbstractContextManager[View | None]:
    """Return the view of a run, from a function that makes its scene; none unless it is wanted."""
    return View(shown()) if settings.view else nullcontext()


def by_hand(view: View | None) -> dict[str, Any]:
    """Return the part of a summary about what a person has changed; empty if nothing."""
    if view is None or not view.by_hand:
        return {}
    return {"reproducible": False, "by_hand": view.by_hand}
