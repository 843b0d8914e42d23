"""The common scene of a run's controllers: the arm, its disturbances and the path."""

import math
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float

import arms
from arms import Arm

from ..contract import Cycle, Kinematics
from ..control import OperationalSpace
from ..cycle.learner_start import LearnerStart
from ..errors import ConfigurationError
from ..kinematics.training import learn_kinematics
from ..kinematics.unknown_tip import LearnedPose
from ..networks.encoding import Inputs, States
from ..networks.population import PopulationOptions
from ..networks.workspace import (
    follow_relaxed,
    home_posture,
    random_direction,
    random_targets,
    task_axes,
)
from ..paths import MinimumJerk
from ..safety.guard import Safe
from ..safety.limits import Limits
from ..sim.disturbances import Disturbance
from ..sim.friction import ViscousFriction
from ..sim.masses import Payload
from ..sim.sensing import Sensors
from ..sim.tools import Tool
from .reach.reach_settings import ReachSettings
from .rivals import RIVALS, TIPS

DT = 1e-3  # control period [s]
TARGETS = 5  # a pass
REACH_TIME = 1.2  # time from target to target [s], unless the joints are too slow for it
SPEED_SHARE = 0.8  # share of a joint's top speed that a path asks for after it is slowed down
SAMPLES = 60  # of a reach, to find the joints' speeds


def slowed(duration: float, share: float) -> float:
    """Return a path's duration [s], longer if it asks for more than a joint's top speed.

    Args:
        duration: duration for which the share holds [s].
        share: largest share of a joint's top speed. From 1 on the path becomes so slow that it asks
            for SPEED_SHARE: the joints need the rest to correct errors.
    """
    if share <= 1.0:
        return duration
    return math.ceil(duration * share / SPEED_SHARE / 0.01) * 0.01  # whole control periods


@dataclass(frozen=True, kw_only=True)
class Scene:
    """The scene for which a controller of `RIVALS` is built."""

    settings: Any  # settings of the command: ``seed``, ``neurons`` and, in `reach`, ``learn_from``
    arm: Arm  # the model
    home: Float[np.ndarray, "n"]  # [rad]
    disturbances: tuple[Disturbance, ...] = ()  # unknown to the model
    sensors: Sensors | None = None
    period: float = DT  # control period [s]
    dt: float = DT  # simulation step [s]
    kinematics: Kinematics | None = None  # of the tip; None: the model's
    known: LearnerStart | None = None  # what a structured learner knows at first

    @property
    def inputs(self) -> Inputs:
        """Inputs of a consolidating network."""
        return "q-dq-ref"

    @property
    def population(self) -> PopulationOptions:
        """Neurons of a consolidating network."""
        return {}

    @property
    def robust(self) -> bool:
        """Whether a learner may choose the posture's stiffness and the assumed load."""
        return False

    @property
    def limits(self) -> Limits | None:
        """Limits of the arm; None: those of its model."""
        return None

    def law(self) -> Any:
        """Return a new control law for one controller, because it may hold an integral."""
        raise NotImplementedError

    def rival(self, name: str) -> AbstractContextManager[Cycle]:
        """Open the control cycle called ``name``; the context closes it."""
        return RIVALS[name].make(self)

    @contextmanager
    def cycle(self, name: str) -> Iterator[Safe]:
        """Open the control cycle called ``name``, within the arm's limits."""
        with self.rival(name) as cycle:
            safe = isinstance(cycle, Safe)
            yield cycle if safe else Safe(cycle, self.arm, self.limits, self.period)


@dataclass(frozen=True, kw_only=True)
class ReachScene(Scene):
    """The scene of `nengo-forcectl reach`."""

    targets: Float[np.ndarray, "k 3"]  # [m]
    tool: Tool | None = None  # one of the disturbances

    @property
    def inputs(self) -> Inputs:
        """Inputs of a consolidating network."""
        return self.settings.inputs

    @property
    def population(self) -> PopulationOptions:
        """Neurons of a consolidating network."""
        return self.settings.population

    @property
    def robust(self) -> bool:
        """Return True: the task leaves the posture to the learner."""
        return True

    def law(self) -> OperationalSpace:
        """Return the common law of all controllers."""
        return OperationalSpace(self.home, task_axes(self.arm))

    @cached_property
    def fitted(self) -> Arm:
        """The arm with the tool, if any; its tool frame does the reaching."""
        return self.arm if self.tool is None else self.tool.real(self.arm)

    @cached_property
    def learned_pose(self) -> LearnedPose:
        """The pose of the bare arm, learned by a network."""
        settings = self.settings
        return LearnedPose(
            learn_kinematics(
                self.arm, neurons=settings.neurons, seed=settings.seed, orientation=True
            )
        )

    @cached_property
    def unseen(self) -> Float[np.ndarray, "k 3"]:
        """Targets of the extra passes, not used in training [m]."""
        count, rng = TARGETS * self.settings.unseen, np.random.default_rng([self.settings.seed, 2])
        return random_targets(self.fitted, self.home, count, rng) if count else np.empty((0, 3))

    @cached_property
    def path(self) -> MinimumJerk:
        """The path from home through all passes over the targets, then over the unseen ones."""
        start = self.fitted.pose(self.home)[:3, 3]
        points = [start, *[self.targets] * self.settings.passes, self.unseen]
        return MinimumJerk(np.vstack(points), self.reach_time)

    @cached_property
    def motion(self) -> States:
        """The joints' states on two passes and the unseen targets, by kinematics alone."""
        start = self.fitted.pose(self.home)[:3, 3]
        points = np.vstack([start, self.targets, self.targets, self.unseen])
        return follow_relaxed(
            self.fitted, self.home, MinimumJerk(points, REACH_TIME), REACH_TIME / SAMPLES
        )

    @cached_property
    def speed_share(self) -> float:
        """Largest share of a joint's top speed that reaches of REACH_TIME ask for."""
        still = np.flatnonzero(self.arm.dq_max == 0)
        if still.size:
            raise ConfigurationError(
                f"arm: joint '{self.arm.joint_names[still[0]]}' has a top speed of 0, needs a "
                "number above 0"
            )
        return float((np.abs(self.motion.dq) / self.arm.dq_max).max())

    @cached_property
    def reach_time(self) -> float:
        """Time from target to target [s]: REACH_TIME, or longer for joints that are too slow."""
        return slowed(REACH_TIME, self.speed_share)

    @property
    def holding_effort(self) -> Float[np.ndarray, "n"]:
        """Largest torque that holds arm and payload at rest on the path, over ``tau_max``."""
        arm, effort = self.fitted, np.zeros(self.arm.dof)
        mass = sum(each.mass for each in self.disturbances if isinstance(each, Payload))
        weight = mass * np.asarray(arm.gravity_vector, dtype=float)  # [N]
        for q in self.motion.q[::10]:
            holding = arm.gravity(q) - arm.jacobian(q)[:3].T @ weight
            effort = np.maximum(effort, np.abs(holding) / arm.tau_max)
        return effort

    @property
    def remarks(self) -> list[str]:
        """What the arm's speeds and motors do not allow, one line each."""
        remarks = []
        if self.reach_time > REACH_TIME:
            remarks.append(
                f"arm '{self.arm.name}': reaches of {REACH_TIME:g} s ask for "
                f"{self.speed_share:.2g} times a joint's top speed; they take "
                f"{self.reach_time:.3g} s each"
            )
        effort = self.holding_effort
        if effort.max() > 1.0:
            joint = self.arm.joint_names[int(effort.argmax())]
            remarks.append(
                f"arm '{self.arm.name}': joint '{joint}' needs {effort.max():.2g} times its "
                "torque to hold the payload; the arm cannot carry it"
            )
        return remarks

    @property
    def cycles(self) -> int:
        """Control cycles of the whole run."""
        return round(self.path.end / self.period)

    @property
    def cycles_per_pass(self) -> int:
        """Control cycles of one pass through the targets."""
        return self.cycles // self.settings.all_passes

    def rival(self, name: str) -> AbstractContextManager[Cycle]:
        """Open the control cycle called ``name``: a controller or, with a tool, a tip."""
        if self.tool is None:
            return super().rival(name)
        (dynamics,) = self.settings.adapt
        return RIVALS[dynamics].make(replace(self, kinematics=TIPS[name].make(self)))


def gains() -> dict[str, float]:
    """Return every gain of the control law, the controllers and the tips, for a summary."""
    found = {name: getattr(OperationalSpace, name) for name in ("kp", "kv", "k_null", "damping")}
    for each in (*RIVALS.values(), *TIPS.values()):
        found |= each.gains()
    return found


def reaching_scene(settings: ReachSettings) -> ReachScene:
    """Return the scene of ``nengo-forcectl reach``.

    Raises:
        ArmError: the arm is unknown, or its file is broken.
        ConfigurationError: the arm has no workspace for reaching, or a joint moves no mass.
        RecordError: what the learner is to start with cannot be read.
    """
    start = None if settings.start is None else LearnerStart.read(settings.start)
    arm = arms.load(settings.arm, tip=settings.tip)
    home = home_posture(arm)
    _check_mass(arm, home)
    disturbances = (Payload(settings.payload), ViscousFriction(settings.friction))
    tool = None
    if settings.jacobian:
        direction = random_direction(arm, home, np.random.default_rng([settings.seed, 4]))
        tool = Tool(settings.tool * direction)
    fitted = arm if tool is None else tool.real(arm)
    return ReachScene(
        settings=settings,
        arm=arm,
        home=home,
        targets=random_targets(fitted, home, TARGETS, np.random.default_rng(settings.seed)),
        disturbances=disturbances if tool is None else (*disturbances, tool),
        tool=tool,
        known=start,
    )


def _check_mass(arm: Arm, q: Float[np.ndarray, "n"]) -> None:
    inertias, motions = np.linalg.eigh(arm.mass_matrix(q))
    if inertias[0] <= 1e-12 * inertias[-1]:
        joint = arm.joint_names[int(np.argmax(np.abs(motions[:, 0])))]
        raise ConfigurationError(
            f"arm '{arm.name}': joint '{joint}' moves nothing that has a mass; "
            "give a link behind it an <inertial>"
        )
