"""``nengo-forcectl press``: land on a surface of unknown stiffness and press it."""

import numpy as np
from jaxtyping import Float

from arms import Arm

from ...paths import CurvePath, Line, MinimumJerkProfile, Slerp
from ...sim.surfaces import Peg, Surface, Table
from ..job import Watch, unwatched
from ..report.notices import Notices
from ..run_folder import Run
from ..scene import DT
from .contact_job import force_figures, run_contacts
from .contact_scene import ContactScene, contact_scene
from .contact_settings import PressSettings

DAMPING = 0.1  # of a table, as a share of the critical damping of 1 kg on it
SETTLE = 1.0  # time from landing to the evaluation [s]
STEADY = slice(-round(0.5 / DT), None)  # cycles in which the force counts as steady


def run_press(settings: PressSettings, watch: Watch = unwatched) -> Run:
    """Press with every adaptation on every surface of the settings; see `run_contacts`.

    Raises:
        ArmError: the arm is unknown, or its file is broken.
        ConfigurationError: the arm cannot do it.
        RecordError: the run folder exists or cannot be written.
    """

    def stay(arm: Arm, pose: Float[np.ndarray, "4 4"]) -> CurvePath:
        x, R = pose[:3, 3], pose[:3, :3]
        return CurvePath(Line(x, x), MinimumJerkProfile(settings.hold), Slerp(R, R))

    with Notices() as notices:
        scene = contact_scene(settings, stay, SETTLE)
        return run_contacts(
            "press",
            scene,
            lambda stiffness: surface(scene, settings, stiffness),
            lambda record: force_figures(record, settings.force, STEADY),
            notices,
            watch,
        )


def surface(scene: ContactScene, settings: PressSettings, stiffness: float) -> Surface:
    """Return the surface to press."""
    x, y, z = scene.normal.tolist()
    if settings.surface == "peg":
        return Peg(scene.surface_point, stiffness, normal=(x, y, z))
    return table(scene, stiffness, mu=0.3)


def table(scene: ContactScene, stiffness: float, mu: float) -> Table:
    """Return a table under the tool."""
    x, y, z = scene.normal.tolist()
    damping = DAMPING * 2.0 * float(np.sqrt(stiffness))
    return Table(scene.surface_point, stiffness, damping, mu, (x, y, z))
