"""The scene of pressing and wiping: the arm above a surface, and the law that presses it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

import arms
from arms import Arm

from ...contract import EndingPath
from ...control import HybridForce, ParallelForce
from ...cycle.landing import Descent
from ...errors import ConfigurationError
from ...networks.workspace import home_posture, posture_at, random_targets, task_axes
from ...sim.friction import ViscousFriction
from ...sim.masses import Payload
from ...sim.surfaces import TIP
from ..scene import DT, Scene
from .contact_settings import ContactSettings

GAP = (0.01, 0.03)  # from the tip to the surface at the start, drawn by the seed [m]
SLACK = 0.3  # that a run may take longer to come down than it should [s]
# Searched on the iiwa with 2 kg on 1e3 to 1e5 N/m, with an observer. hybrid: kd 100 to 500 and ki 1
# to 5, where more of either overshoots on soft ground; kf 0.3 to 1.5 makes little difference.
# parallel: kv 28 to 60, kf 0.5 to 2, ki 3 to 10, mass 5 and 10 (what the model lacks moves the
# force in proportion to it); with its defaults it overshoots by 16 %.
GAINS = {
    "hybrid": {"kf": 0.5, "ki": 2.0, "kd": 120.0},
    "parallel": {"kf": 1.0, "ki": 3.0, "kv": 50.0, "mass": 5.0},
}
LAWS = {"hybrid": HybridForce, "parallel": ParallelForce}


@dataclass(frozen=True, kw_only=True)
class ContactScene(Scene):
    """The scene of pressing and wiping.

    The arm starts above the surface with its tip at ``pose`` and at rest, which is where the wrist
    sensor is tared. The force is controlled along ``normal``, the base axis that points up; motion
    along the others that the arm can move its tool in, and the tool's orientation if the arm can
    keep it.
    """

    start: Float[np.ndarray, "n"]  # [rad]
    path: EndingPath  # on the surface, as high as the tip is at the start
    gap: float  # from the tip to the surface at the start [m]
    settle: float  # from landing to the path's start [s]

    @property
    def pose(self) -> Float[np.ndarray, "4 4"]:
        """Pose of the tip at the start."""
        return self.arm.pose(self.start)

    @property
    def normal(self) -> Float[np.ndarray, "3"]:
        """Unit vector out of the surface."""
        normal = np.zeros(3)
        normal[upward(self.arm)] = 1.0
        return normal

    @property
    def surface_point(self) -> tuple[float, float, float]:
        """Where the tip will touch, if it comes straight down [m]."""
        x, y, z = (self.pose[:3, 3] - (self.gap + TIP) * self.normal).tolist()
        return x, y, z

    @property
    def descent(self) -> Descent:
        """How the tool comes down."""
        x, y, z = self.normal.tolist()
        settings = self.settings
        return Descent(settings.force, (x, y, z), speed=settings.speed, settle=self.settle)

    @property
    def cycles(self) -> int:
        """Control cycles of a run."""
        descent = self.descent
        down = descent.hover + descent.start + self.gap / descent.speed + SLACK
        return round((down + descent.settle + self.path.end) / DT)

    def law(self) -> HybridForce | ParallelForce:
        """Return a control law of its own for a run: it remembers an integral."""
        rows = task_axes(self.arm)
        if keeps_orientation(self.arm, self.home):
            rows = (*rows, 3, 4, 5)
        law = self.settings.law
        return LAWS[law](self.home, rows, axes=(upward(self.arm),), dt=DT, **GAINS[law])


def contact_scene(
    settings: ContactSettings,
    path: Callable[[Arm, Float[np.ndarray, "4 4"]], EndingPath],
    settle: float,
) -> ContactScene:
    """Make a scene; the seed draws where the tool starts, and how high above the surface.

    Args:
        settings: of the command.
        path: makes the path from the arm and the tool's pose at the start.
        settle: from landing to the path's start [s].

    Raises:
        ArmError: the arm is unknown, or its file is broken.
        ConfigurationError: the arm cannot do it.
    """
    arm = arms.load(settings.arm, tip=settings.tip)
    upward(arm)
    home, axes = home_posture(arm), list(task_axes(arm))
    rng = np.random.default_rng([settings.seed, 6])
    for target in random_targets(arm, home, 20, rng):
        start = posture_at(arm, home, target, axes)
        if start is None:
            continue
        scene = ContactScene(
            settings=settings,
            arm=arm,
            home=home,
            disturbances=(Payload(settings.payload), ViscousFriction(settings.friction)),
            start=start,
            path=path(arm, arm.pose(start)),
            gap=float(rng.uniform(*GAP)),
            settle=settle,
        )
        down = (scene.gap + 0.02) * scene.normal
        points = [scene.path.at(time).x - down for time in np.linspace(0.0, scene.path.end, 33)]
        if all(posture_at(arm, start, x, axes) is not None for x in points):
            return scene
    raise ConfigurationError(
        f"arm '{arm.name}': no reachable position for a surface found; try a smaller path"
    )


def upward(arm: Arm) -> int:
    """Return the base axis (0, 1, 2) that points up.

    Raises:
        ConfigurationError: gravity is not along a base axis, or the tool cannot move along it.
    """
    gravity = np.asarray(arm.gravity_vector, dtype=float)
    axis = int(np.argmin(gravity))
    if not (gravity[axis] < 0 and np.allclose(np.delete(gravity, axis), 0.0)):
        raise ConfigurationError(
            f"arm '{arm.name}': gravity is {gravity.tolist()}, needs one along an axis, downwards"
        )
    if axis not in task_axes(arm) or arm.dof < 2:
        raise ConfigurationError(
            f"arm '{arm.name}': its tool cannot keep its place and move up and down; planar2, ur5 "
            "and kuka_iiwa can"
        )
    return axis


def keeps_orientation(arm: Arm, home: Float[np.ndarray, "n"]) -> bool:
    """Whether position and orientation of the tool can both be controlled around ``home``."""
    J = arm.jacobian(home)
    return arm.dof >= 6 and float(np.linalg.svd(J, compute_uv=False)[5]) > 0.05
