"""The scene of `nengo-forcectl reach`."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

import arms
from arms import Arm

from ...control import OperationalSpace
from ...cycle.learner_start import LearnerStart
from ...errors import ConfigurationError
from ...networks.encoding import Inputs, States
from ...networks.population import PopulationOptions
from ...networks.workspace import (
    follow_relaxed,
    home_posture,
    random_direction,
    random_targets,
    task_axes,
)
from ...paths import MinimumJerk
from ...sim.friction import ViscousFriction
from ...sim.masses import Payload
from ...sim.tools import Tool
from ..scene import REACH_TIME, SAMPLES, TARGETS, Scene, slowed
from .reach_settings import ReachSettings


@dataclass(frozen=True, kw_only=True)
class ReachScene(Scene):
    """The scene of `nengo-forcectl reach`."""

    targets: Float[np.ndarray, "k 3"]  # [m]

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


def reaching_scene(settings: ReachSettings) -> ReachScene:
    """Return the scene of ``nengo-forcectl reach``.

    Raises:
        ArmError: the arm is unknown, or its file is broken.
        ConfigurationError: the arm has no workspace for reaching, or a joint moves no mass.
        RecordError: what the learner is to start with cannot be read.
        NetworkError: it was learned with another model.
    """
    arm = arms.load(settings.arm, tip=settings.tip)
    start = None if settings.start is None else LearnerStart.read(settings.start, arm)
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
