"""``nengo-forcectl wipe``: land on a surface and wipe it along a path at constant force."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from arms import Arm

from ...contract import EndingPath
from ...errors import ConfigurationError
from ...networks.workspace import task_axes
from ...paths import Circle, CurvePath, MinimumJerk, MinimumJerkProfile, Slerp
from ..job import Watch, unwatched
from ..report.notices import Notices
from ..run_folder import Run
from ..scene import slowed
from .contact_job import force_figures, run_contacts
from .contact_place import upward
from .contact_scene import ContactScene, contact_scene
from .contact_settings import WipeSettings
from .press import table
from .wiped import path_error, wiping_time

SETTLE = 2.0  # time from landing to the first motion; soft ground settles in 1.6 s [s]


def run_wipe(settings: WipeSettings, watch: Watch = unwatched) -> Run:
    """Wipe with every adaptation on every surface of the settings; see `run_contacts`.

    Raises:
        ArmError: the arm is unknown, or its file is broken.
        ConfigurationError: the arm cannot do it.
        RecordError: the run folder exists or cannot be written.
    """
    with Notices() as notices:
        scene = _wiping_scene(settings, notices)

        def figures(record: Mapping[str, np.ndarray]) -> dict[str, float | None]:
            wiped = wiping_time(record, scene.normal) if record else slice(0)
            found = force_figures(record, settings.force, wiped)
            away = 1e3 * path_error(record, scene.normal)[wiped] if record else np.empty(0)
            return found | {
                "path_mm": float(away.max()) if away.size else None,
                "path_rms_mm": float(np.sqrt(np.mean(away**2))) if away.size else None,
            }

        return run_contacts(
            "wipe",
            scene,
            lambda stiffness: table(scene, stiffness, settings.mu),
            figures,
            notices,
            watch,
        )


def _wiping_scene(settings: WipeSettings, notices: Notices) -> ContactScene:
    """Return the scene, with slower circles where the joints are too slow for those asked for."""
    scene = contact_scene(settings, lambda arm, pose: wiping(arm, pose, settings), SETTLE)
    if scene.speed_share <= 1.0:
        return scene
    slower = replace(settings, lap=slowed(settings.lap, scene.speed_share))
    notices.remark(
        f"arm '{scene.arm.name}': circles of {settings.lap:g} s ask for "
        f"{scene.speed_share:.2g} times a joint's top speed; they take {slower.lap:.3g} s each"
    )
    return contact_scene(slower, lambda arm, pose: wiping(arm, pose, slower), SETTLE)


def wiping(arm: Arm, pose: Float[np.ndarray, "4 4"], settings: WipeSettings) -> EndingPath:
    """Return circles from the pose on; a line to and fro if the tool moves in a vertical plane.

    Their acceleration is continuous: a jump would make the learned torque jump as well, and with it
    the force on hard ground.

    Raises:
        ConfigurationError: the tool moves up and down alone.
    """
    x, R = pose[:3, 3], pose[:3, :3]
    up = upward(arm)
    level = [axis for axis in task_axes(arm) if axis != up]
    if not level:
        raise ConfigurationError(
            f"arm '{arm.name}': its tool moves only up and down, needs a direction along a surface"
        )
    along, *across = level
    opposite = x.copy()
    opposite[along] -= 2.0 * settings.radius
    if not across:
        return MinimumJerk(np.array([x, *[opposite, x] * settings.laps]), 0.5 * settings.lap)
    circles = Circle(0.5 * (x + opposite), x, np.eye(3)[up], float(settings.laps))
    return CurvePath(circles, MinimumJerkProfile(settings.laps * settings.lap), Slerp(R, R))
