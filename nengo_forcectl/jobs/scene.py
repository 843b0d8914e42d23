"""The common scene of a run's controllers: the arm, its disturbances and the path."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..contract import Kinematics
from ..cycle.learner_start import LearnerStart
from ..kinematics.training import learn_kinematics
from ..kinematics.unknown_tip import LearnedPose
from ..networks.encoding import Inputs
from ..networks.population import PopulationOptions
from ..safety.limits import Limits
from ..sim.disturbances import Disturbance
from ..sim.sensing import Sensors
from ..sim.tools import Tool

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
    tool: Tool | None = None  # one of the disturbances; its tip is then learned
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
