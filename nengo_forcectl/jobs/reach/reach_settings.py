"""`nengo-forcectl reach`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from ...adaptation.network_adaptation import LEARN_FROM, LearnFrom
from ...errors import ConfigurationError
from ...networks.encoding import INPUTS, Inputs
from ...sim.tools import LONGEST
from ...support.checks import (
    Settings,
    check_choice,
    check_choices,
    check_not_negative,
    check_whole,
    check_within,
)

Adapt = Literal[
    "none",
    "integral",
    "observer",
    "slotine-li",
    "pes",
    "pes-spiking",
    "gradient",
    "multilayer",
    "gauss-newton",
    "kalman",
    "composite",
    "keras",
    "consolidation",
    "exact",
]
ADAPT: tuple[Adapt, ...] = get_args(Adapt)

Jacobian = Literal["analytic", "learned", "adaptive", "exact"]
JACOBIANS: tuple[Jacobian, ...] = get_args(Jacobian)
WITH_JACOBIAN = ("none", "integral", "observer", "consolidation", "exact")
"""The dynamics' adaptations that work with any Jacobian."""


@dataclass(frozen=True)
class ReachSettings(Settings):
    """An arm with an unknown payload and friction learns to reach, in PyBullet.

    Raises:
        ConfigurationError: a value that makes no sense.
    """

    arm: str = "kuka_iiwa"
    """Name of an arm (kuka_iiwa, planar2, planar3, ...), or path of a URDF file."""

    tip: str | None = None
    """Link that carries the tool, where the links of a URDF branch."""

    payload: float = 2.0
    """Mass at the tool that the model does not know [kg]."""

    friction: float = 0.9
    """Viscous friction of every joint that the model does not know [N m s/rad]."""

    passes: int = 6
    """How many times the five targets are visited."""

    freeze_after: int | None = None
    """Pass after which nothing learns any more: what remains is what was learned."""

    unseen: int = 0
    """Passes added at the end, each over five targets that were never visited before."""

    inputs: Inputs = "q-dq-ref"
    """What the consolidating network sees: positions q; q and velocities dq; q, dq and the
    accelerations that the reference asks for; or q and the reference's velocities and
    accelerations, which is half as accurate and closes no loop over the velocities."""

    neurons: int = 1000
    """Size of the adaptive ensemble."""

    seed: int = 0
    """Of the targets and of the network."""

    tool: float = 0.0
    """Length of a tool whose tip is to reach, and which the kinematics do not know [m]. The seed
    draws its direction. It has no mass, and the payload is at the arm's flange. An ideal camera
    sees the tip."""

    jacobian: tuple[Jacobian, ...] = ()
    """Which Jacobians of the tip the controller goes by, one after the other; with a tool all, by
    default. analytic: the model's of the bare arm. learned: of a network that learned the bare
    arm's kinematics beforehand. adaptive: the same, adapting to the tool as the arm works. exact:
    the model's with the tool, the bound."""

    adapt: tuple[Adapt, ...] | None = None
    """Which controllers run, in this order; by default none and consolidation. With --jacobian one
    of none, integral, observer, consolidation or exact, which all Jacobians share, by default
    exact: then what goes wrong is the kinematics' fault. none: the model alone. integral: with
    integral action. observer: with a momentum disturbance observer. slotine-li: with the arm's
    regressor, adaptive control. With the network: pes, Nengo's own rule and simulator;
    pes-spiking, the same with spiking LIF neurons behind a synapse of 5 ms; gradient, gradient law;
    multilayer, the same on decoders, encoders and biases; gauss-newton, on what acceleration the
    tool lacks; kalman, recursive least squares on what an observer says that the
    network lacks; composite, gradient law on both that and the feedback; keras, Adam.
    consolidation: with a network in two time scales, an observer that supplies at once and least
    squares that learns. exact: knows payload and friction, the bound."""

    learn_from: LearnFrom = "joint"
    """What the gradient-type laws (pes, pes-spiking, gradient, multilayer, keras) learn from.
    joint: all of the feedback. task: its part that serves the tool alone. prediction: what a
    momentum observer says that the network lacks. The other laws have their own signal: gauss-
    newton the tool's acceleration error, kalman the prediction error, composite both joint and
    prediction, consolidation the observer's torque."""

    out: Path | None = None
    """Folder of the run; must not exist. Without it the next free runs/reach-NNN."""

    json: bool = False
    """Print the summary as JSON on the standard output, and nothing else there."""

    @property
    def all_passes(self) -> int:
        """Passes over trained and over unseen targets."""
        return self.passes + self.unseen

    @property
    def controllers(self) -> tuple[str, ...]:
        """The names of what runs, one after the other: of Jacobians, if there are, or ``adapt``."""
        return self.jacobian or self.adapt or ()

    def __post_init__(self) -> None:
        check_within(self, "tool", 0.0, LONGEST, "m")
        if self.tool > 0 and not self.jacobian:
            object.__setattr__(self, "jacobian", JACOBIANS)
        if self.adapt is None:
            default = ("exact",) if self.jacobian else ("none", "consolidation")
            object.__setattr__(self, "adapt", default)
        check_not_negative(self, payload="kg", friction="N m s/rad")
        check_whole(self, passes=1, neurons=1, seed=0, unseen=0)
        if self.freeze_after is not None and not 1 <= self.freeze_after <= self.all_passes:
            raise ConfigurationError(
                f"freeze_after: is {self.freeze_after}, needs a pass from 1 to {self.all_passes}"
            )
        check_choice(self, "inputs", INPUTS)
        check_choice(self, "learn_from", LEARN_FROM)
        adapt = self.adapt or ()
        check_choices(self, "adapt", ADAPT)
        if self.jacobian:
            check_choices(self, "jacobian", JACOBIANS)
            if len(adapt) != 1 or adapt[0] not in WITH_JACOBIAN:
                raise ConfigurationError(
                    f"adapt: is {' '.join(adapt)}, needs one of {', '.join(WITH_JACOBIAN)} with "
                    "--jacobian or --tool"
                )


def pass_name(settings: Mapping[str, Any], number: int) -> str:
    """Return what a pass is called: its number, whether its targets are unseen, learning off."""
    passes, freeze = settings["passes"], settings["freeze_after"]
    name = f"pass {number}" if number <= passes else f"unseen {number - passes}"
    return name if freeze is None or number <= freeze else f"{name}, off"
