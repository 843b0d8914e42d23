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
from ...networks.workspace import follow_relaxed, posture_at, random_targets, task_axes
from ...sim.friction import ViscousFriction
from ...sim.masses import Payload
from ...sim.surfaces import TIP
from ..scene import DT, Scene
from .contact_place import keeps_orientation, reaches_path, upward, working_posture
from .contact_settings import ContactSettings

GAP = (0.01, 0.03)  # range of the initial distance from tip to surface, drawn by the seed [m]
SLACK = 0.3  # extra time for the descent [s]
# Tuned on the iiwa with 2 kg on 1e3 to 1e5 N/m, with an observer. hybrid: kd 100 to 500 and ki 1 to
# 5; more of either overshoots on soft ground, and kf 0.3 to 1.5 makes little difference. parallel:
# kv 28 to 60, kf 0.5 to 2, ki 3 to 10, mass 5 and 10 (the model's errors change the force in
# proportion to it); with its defaults it overshoots by 16 %.
GAINS = {
    "hybrid": {"kf": 0.5, "ki": 2.0, "kd": 120.0, "kp": 196.0, "kv": 28.0},
    "parallel": {"kf": 1.0, "ki": 3.0, "kv": 50.0, "mass": 5.0},
}
LAWS = {"hybrid": HybridForce, "parallel": ParallelForce}
HEAVY = 1.1  # least inertia for which kp and kv of hybrid are enough, the iiwa's [kg]


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
        return LAWS[law](self.home, self.rows, axes=(upward(self.arm),), dt=DT, **self.gains)

    @property
    def gains(self) -> dict[str, float]:
        """Gains of the law.

        ``kp`` and ``kv`` of `HybridForce` multiply the arm's inertia. Payload and friction that
        the model does not know move a light tool the more, and weigh on it the more. So a tool
        whose inertia falls below HEAVY in some direction gets as much more of both: the stiffness
        and the damping [N/m, N s/m] of one that is as heavy.
        """
        gains = GAINS[self.settings.law]
        if self.settings.law != "hybrid":
            return gains
        share = max(1.0, HEAVY / self.inertia)
        return gains | {name: share * gains[name] for name in ("kp", "kv")}

    @property
    def inertia(self) -> float:
        """Least inertia of the tool at home, along any direction in which it moves [kg]."""
        J = self.arm.jacobian(self.home)[list(task_axes(self.arm))]
        mobility = J @ np.linalg.solve(self.arm.mass_matrix(self.home), J.T)
        return float(1.0 / np.linalg.eigvalsh(mobility)[-1])


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
        if holds and not keeps_orientation(arm, start):
            continue
        if reaches_path(arm, start, scene.path, scene.gap * scene.normal, scene.rows):
            return scene
    raise ConfigurationError(
        f"arm '{arm.name}': no reachable position for a surface found; try a smaller path"
    )
