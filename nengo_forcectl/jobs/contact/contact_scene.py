"""The scene of pressing and wiping: the arm above a surface, and its force law."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

import arms
from arms import Arm

from ...contract import EndingPath
from ...control import HybridForce, ParallelForce
from ...cycle.landing import Descent
from ...errors import ConfigurationError
from ...networks.workspace import (
    follow_relaxed,
    home_posture,
    posture_at,
    random_targets,
    task_axes,
)
from ...sim.friction import ViscousFriction
from ...sim.masses import Payload
from ...sim.surfaces import TIP
from ..scene import DT, Scene
from .contact_settings import ContactSettings

GAP = (0.01, 0.03)  # range of the initial distance from tip to surface, drawn by the seed [m]
SLACK = 0.3  # extra time for the descent [s]
# Tuned on the iiwa with 2 kg on 1e3 to 1e5 N/m, with an observer. hybrid: kd 100 to 500 and ki 1 to
# 5; more of either overshoots on soft ground, and kf 0.3 to 1.5 makes little difference. parallel:
# kv 28 to 60, kf 0.5 to 2, ki 3 to 10, mass 5 and 10 (the model's errors change the force in
# proportion to it); with its defaults it overshoots by 16 %.
GAINS = {
    "hybrid": {"kf": 0.5, "ki": 2.0, "kd": 120.0},
    "parallel": {"kf": 1.0, "ki": 3.0, "kv": 50.0, "mass": 5.0},
}
LAWS = {"hybrid": HybridForce, "parallel": ParallelForce}


@dataclass(frozen=True, kw_only=True)
class ContactScene(Scene):
    """The scene of pressing and wiping.

    The arm starts at rest above the surface with its tip at ``pose``, where the wrist sensor is
    tared. The force is controlled along ``normal``, the base axis that points up. Motion is
    controlled along the other axes in which the arm can move its tool, and the tool's orientation
    if possible.
    """

    start: Float[np.ndarray, "n"]  # [rad]
    path: EndingPath  # along the surface, at the initial height of the tip
    gap: float  # initial distance from tip to surface [m]
    settle: float  # time from landing to the path's start [s]

    @cached_property
    def pose(self) -> Float[np.ndarray, "4 4"]:
        """Pose of the tip at the start."""
        return self.arm.pose(self.start)

    @cached_property
    def normal(self) -> Float[np.ndarray, "3"]:
        """Unit vector out of the surface."""
        normal = np.zeros(3)
        normal[upward(self.arm)] = 1.0
        return normal

    @property
    def surface_point(self) -> tuple[float, float, float]:
        """Contact point of a straight descent [m]."""
        x, y, z = (self.pose[:3, 3] - (self.gap + TIP) * self.normal).tolist()
        return x, y, z

    @property
    def descent(self) -> Descent:
        """Settings of the descent."""
        return Descent(self.settings.force, speed=self.settings.speed, settle=self.settle)

    @property
    def cycles(self) -> int:
        """Control cycles of a run."""
        descent = self.descent
        down = descent.hover + descent.start + self.gap / descent.speed + SLACK
        return round((down + descent.settle + self.path.end) / DT)

    @property
    def rows(self) -> tuple[int, ...]:
        """The rows of J that the law controls."""
        rows = task_axes(self.arm)
        return (*rows, 3, 4, 5) if keeps_orientation(self.arm, self.home) else rows

    @cached_property
    def speed_share(self) -> float:
        """Largest share of a joint's top speed that the path asks for."""
        motion = follow_relaxed(self.arm, self.start, self.path, 0.02, self.rows)
        return float((np.abs(motion.dq) / self.arm.dq_max).max())

    def law(self) -> HybridForce | ParallelForce:
        """Return a new control law for one run, because its integral is memory."""
        law = self.settings.law
        return LAWS[law](self.home, self.rows, axes=(upward(self.arm),), dt=DT, **GAINS[law])


def contact_scene(
    settings: ContactSettings,
    path: Callable[[Arm, Float[np.ndarray, "4 4"]], EndingPath],
    settle: float,
) -> ContactScene:
    """Return a scene; the seed draws the tool's initial position and height above the surface.

    Args:
        settings: settings of the command.
        path: function from the arm and the tool's initial pose to the path.
        settle: time from landing to the path's start [s].

    Raises:
        ArmError: the arm is unknown, or its file is broken.
        ConfigurationError: the arm cannot do it.
    """
    arm = arms.load(settings.arm, tip=settings.tip)
    upward(arm)
    home, axes = working_posture(arm), list(task_axes(arm))
    holds = keeps_orientation(arm, home)
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
        if holds and not keeps_orientation(arm, start):
            continue
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


def working_posture(arm: Arm) -> Float[np.ndarray, "n"]:
    """Return a posture [rad] to press from, one around which the tool's orientation can be held.

    An arm that cannot hold it in any posture presses from its `home_posture`.
    """
    home = home_posture(arm)
    if arm.dof < 6 or keeps_orientation(arm, home):
        return home
    turning = home_posture(arm, turns=True)
    return turning if keeps_orientation(arm, turning) else home


def keeps_orientation(arm: Arm, home: Float[np.ndarray, "n"]) -> bool:
    """Whether position and orientation of the tool can both be controlled around ``home``."""
    J = arm.jacobian(home)
    return arm.dof >= 6 and float(np.linalg.svd(J, compute_uv=False)[5]) > 0.05
