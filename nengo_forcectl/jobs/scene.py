"""What a reaching run is made of: the arm, its path, what disturbs it, and the controllers."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Float

import arms
from arms import Arm

from ..contract import Kinematics
from ..errors import ConfigurationError
from ..kinematics.training import learn_kinematics
from ..kinematics.unknown_tip import LearnedPose
from ..networks.workspace import home_posture, random_direction, random_targets
from ..paths import MinimumJerk
from ..safety.guard import Safe
from ..sim.disturbances import Disturbance
from ..sim.friction import ViscousFriction
from ..sim.masses import Payload
from ..sim.sensing import Sensors
from ..sim.tools import Tool
from .reach.reach_settings import ReachSettings
from .rivals import DT, RIVALS, TIPS

TARGETS = 5  # a pass
REACH_TIME = 1.2  # from target to target [s]


@dataclass(frozen=True)
class Scene:
    """What all controllers of a run have in common."""

    settings: ReachSettings
    arm: Arm  # as the model has it
    home: Float[np.ndarray, "n"]  # [rad]
    targets: Float[np.ndarray, "k 3"]  # [m]
    disturbances: tuple[Disturbance, ...]
    sensors: Sensors | None = None
    period: float = DT  # of a control cycle [s]
    tool: Tool | None = None  # one of the disturbances
    kinematics: Kinematics | None = None  # the controller's, of the tip, if not the model's

    @cached_property
    def fitted(self) -> Arm:
        """The arm with the tool, if there is one: its tool frame is what reaches."""
        return self.arm if self.tool is None else self.tool.real(self.arm)

    @cached_property
    def learned_pose(self) -> LearnedPose:
        """The pose of the bare arm, as a network has learned it."""
        settings = self.settings
        return LearnedPose(
            learn_kinematics(
                self.arm, neurons=settings.neurons, seed=settings.seed, orientation=True
            )
        )

    @cached_property
    def unseen(self) -> Float[np.ndarray, "k 3"]:
        """Targets of the passes that are no training [m]."""
        count, rng = TARGETS * self.settings.unseen, np.random.default_rng([self.settings.seed, 2])
        return random_targets(self.fitted, self.home, count, rng) if count else np.empty((0, 3))

    @cached_property
    def path(self) -> MinimumJerk:
        """From home through the targets, as many passes as the settings say, then the unseen."""
        start = self.fitted.pose(self.home)[:3, 3]
        points = [start, *[self.targets] * self.settings.passes, self.unseen]
        return MinimumJerk(np.vstack(points), REACH_TIME)

    @property
    def cycles(self) -> int:
        """Control cycles of the whole run."""
        return round(self.path.end / self.period)

    @property
    def cycles_per_pass(self) -> int:
        """Control cycles of one pass through the targets."""
        return self.cycles // self.settings.all_passes

    @contextmanager
    def cycle(self, name: str) -> Iterator[Safe]:
        """Give the control cycle that goes by ``name``, within the arm's limits.

        The context closes what it opened.
        """
        if self.tool is None:
            made = RIVALS[name](self)
        else:
            (dynamics,) = self.settings.adapt or ("exact",)
            made = RIVALS[dynamics](replace(self, kinematics=TIPS[name](self)))
        with made as cycle:
            yield cycle if isinstance(cycle, Safe) else Safe(cycle, self.arm, dt=self.period)


def reaching_scene(settings: ReachSettings) -> Scene:
    """Make the scene of ``nengo-forcectl reach``.

    Raises:
        ArmError: the arm is unknown, or its file is broken.
        ConfigurationError: the arm has no workspace to reach in, or a joint nothing to move.
    """
    arm = arms.load(settings.arm, tip=settings.tip)
    home = home_posture(arm)
    _check_mass(arm, home)
    disturbances = (Payload(settings.payload), ViscousFriction(settings.friction))
    tool = None
    if settings.jacobian:
        direction = random_direction(arm, home, np.random.default_rng([settings.seed, 4]))
        tool = Tool(settings.tool * direction)
    fitted = arm if tool is None else tool.real(arm)
    return Scene(
        settings=settings,
        arm=arm,
        home=home,
        targets=random_targets(fitted, home, TARGETS, np.random.default_rng(settings.seed)),
        disturbances=disturbances if tool is None else (*disturbances, tool),
        tool=tool,
    )


def _check_mass(arm: Arm, q: Float[np.ndarray, "n"]) -> None:
    inertias, motions = np.linalg.eigh(arm.mass_matrix(q))
    if inertias[0] <= 1e-12 * inertias[-1]:
        joint = arm.joint_names[int(np.argmax(np.abs(motions[:, 0])))]
        raise ConfigurationError(
            f"arm '{arm.name}': joint '{joint}' moves nothing that has a mass; "
            "give a link behind it an <inertial>"
        )
