"""The configuration of a run; its fields are the command line's options and their help."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import tyro

from .adaptation.network import LEARN_FROM, LearnFrom
from .encoding import INPUTS, Inputs
from .exceptions import ConfigurationError
from .sim.tools import LONGEST

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

DISTURBANCES = (
    "none", "payload-0.5", "payload-2", "payload-5", "pick-and-drop", "viscous", "coulomb",
    "wrong-masses", "force-field", "spring", "noise", "quantised", "delay-1ms", "delay-2ms",
    "delay-5ms", "saturation", "500hz",
)  # fmt: skip


@dataclass(frozen=True)
class ArmsSettings:
    """The arms of the catalogue, or one arm in full."""

    name: Annotated[str | None, tyro.conf.Positional] = None
    """Name of an arm, or path of a URDF file; without it, the catalogue."""

    tip: str | None = None
    """Link that carries the tool, where the links of a URDF branch."""

    json: bool = False
    """Print a list of summaries as JSON."""


@dataclass(frozen=True)
class ReachSettings:
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
        if not (math.isfinite(self.tool) and 0 <= self.tool <= LONGEST):
            raise ConfigurationError(
                f"tool: is {self.tool} m, needs a number from 0 to {LONGEST:g}"
            )
        if self.tool > 0 and not self.jacobian:
            object.__setattr__(self, "jacobian", JACOBIANS)
        if self.adapt is None:
            default = ("exact",) if self.jacobian else ("none", "consolidation")
            object.__setattr__(self, "adapt", default)
        for name, unit in (("payload", "kg"), ("friction", "N m s/rad")):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ConfigurationError(f"{name}: is {value} {unit}, needs a number from 0 up")
        for name, least in (("passes", 1), ("neurons", 1), ("seed", 0), ("unseen", 0)):
            value = getattr(self, name)
            if value < least:
                raise ConfigurationError(
                    f"{name}: is {value}, needs a whole number from {least} up"
                )
        if self.freeze_after is not None and not 1 <= self.freeze_after <= self.all_passes:
            raise ConfigurationError(
                f"freeze_after: is {self.freeze_after}, needs a pass from 1 to {self.all_passes}"
            )
        if self.inputs not in INPUTS:
            raise ConfigurationError(
                f"inputs: is {self.inputs!r}, needs one of {', '.join(INPUTS)}"
            )
        if self.learn_from not in LEARN_FROM:
            raise ConfigurationError(
                f"learn_from: is {self.learn_from!r}, needs one of {', '.join(LEARN_FROM)}"
            )
        adapt = self.adapt or ()
        _check_names("adapt", adapt, ADAPT)
        if self.jacobian:
            _check_names("jacobian", self.jacobian, JACOBIANS)
            if len(adapt) != 1 or adapt[0] not in WITH_JACOBIAN:
                raise ConfigurationError(
                    f"adapt: is {' '.join(adapt)}, needs one of {', '.join(WITH_JACOBIAN)} with "
                    "--jacobian or --tool"
                )


ContactAdapt = Literal["none", "observer", "consolidation", "exact"]
CONTACT_ADAPT: tuple[ContactAdapt, ...] = get_args(ContactAdapt)


@dataclass(frozen=True)
class ContactSettings:
    """What pressing and wiping have in common.

    Raises:
        ConfigurationError: a value that makes no sense.
    """

    arm: str = "kuka_iiwa"
    """Name of an arm (kuka_iiwa, panda, planar2, ...), or path of a URDF file."""

    tip: str | None = None
    """Link that carries the tool, where the links of a URDF branch."""

    force: float = 20.0
    """That the tool is to press the surface with [N]."""

    law: Literal["hybrid", "parallel"] = "hybrid"
    """hybrid: force along the surface's normal, motion along the other axes. parallel: both along
    the normal, where the force wins in the end."""

    stiffness: tuple[float, ...] = ()
    """Of the surface, one after the other, which the controller does not know [N/m]. By default
    1e3, 1e4 and 1e5 for a table to press, 500 and 2000 for a peg's spring, 1e4 to wipe."""

    payload: float = 2.0
    """Mass at the tool that the model does not know, beyond the wrist sensor [kg]."""

    friction: float = 0.9
    """Viscous friction of every joint that the model does not know [N m s/rad]."""

    speed: float = 0.02
    """On the way down, until the surface is felt [m/s]."""

    noise: float = 0.0
    """Of the wrist sensor's force, the standard deviation of a reading [N]."""

    adapt: tuple[ContactAdapt, ...] = ("none", "consolidation")
    """Which adaptations run, one after the other; see `nengo-forcectl reach --help`. All are told
    what the wrist sensor feels."""

    neurons: int = 1000
    """Size of the adaptive ensemble."""

    seed: int = 0
    """Of the place of the surface, of the sensor's noise and of the network."""

    out: Path | None = None
    """Folder of the run; must not exist. Without it the next free one in runs/."""

    json: bool = False
    """Print the summary as JSON on the standard output, and nothing else there."""

    def __post_init__(self) -> None:
        for name, unit in (("payload", "kg"), ("friction", "N m s/rad"), ("noise", "N")):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ConfigurationError(f"{name}: is {value} {unit}, needs a number from 0 up")
        # Down to where a touch is felt, up to what the ball's contact and the arm can bear.
        _check_within("force", self.force, 5.0, 100.0, "N")
        _check_within("speed", self.speed, 0.001, 0.1, "m/s")
        if len(set(self.stiffness)) < len(self.stiffness):
            raise ConfigurationError(
                f"stiffness: is {' '.join(map(str, self.stiffness))}, needs each at most once"
            )
        for stiffness in self.stiffness:
            _check_within("stiffness", stiffness, 100.0, 1e6, "N/m")
        if self.neurons < 1 or self.seed < 0:
            name, least = ("neurons", 1) if self.neurons < 1 else ("seed", 0)
            raise ConfigurationError(
                f"{name}: is {getattr(self, name)}, needs a whole number from {least} up"
            )
        if self.law not in ("hybrid", "parallel"):
            raise ConfigurationError(f"law: is {self.law!r}, needs one of hybrid, parallel")
        _check_names("adapt", self.adapt, CONTACT_ADAPT)


@dataclass(frozen=True)
class PressSettings(ContactSettings):
    """An arm with an unknown payload comes down on a surface and presses, in PyBullet.

    Raises:
        ConfigurationError: a value that makes no sense.
    """

    surface: Literal["table", "peg"] = "table"
    """table: gives way, 1e3 N/m as foam, 1e4 as wood, 1e5 as metal. peg: in a guide, pushed out by
    a preload of 5 N and a spring, with a hard head."""

    hold: float = 2.0
    """How long it presses, after a second in which the force may settle [s]."""

    def __post_init__(self) -> None:
        if self.surface not in ("table", "peg"):
            raise ConfigurationError(f"surface: is {self.surface!r}, needs one of table, peg")
        if not self.stiffness:
            default = (1e3, 1e4, 1e5) if self.surface == "table" else (500.0, 2000.0)
            object.__setattr__(self, "stiffness", default)
        super().__post_init__()
        _check_within("hold", self.hold, 1.0, 60.0, "s")


@dataclass(frozen=True)
class WipeSettings(ContactSettings):
    """An arm with an unknown payload wipes circles on a surface at constant force, in PyBullet.

    Raises:
        ConfigurationError: a value that makes no sense.
    """

    mu: float = 0.3
    """Coulomb friction between tool and surface."""

    radius: float = 0.06
    """Of the circles [m]; an arm that moves in a plane goes to and fro over twice of it."""

    laps: int = 2
    """How many circles."""

    lap: float = 5.0
    """How long one takes on average; the tool speeds up and slows down by minimum jerk [s]."""

    def __post_init__(self) -> None:
        if not self.stiffness:
            object.__setattr__(self, "stiffness", (1e4,))
        super().__post_init__()
        _check_within("mu", self.mu, 0.0, 1.0, "")
        _check_within("radius", self.radius, 0.005, 0.2, "m")
        _check_within("lap", self.lap, 1.0, 60.0, "s")
        _check_within("laps", self.laps, 1, 100, "")


@dataclass(frozen=True)
class JacobianSettings:
    """A network learns an arm's kinematics; its Jacobian is held against the arm's own.

    Raises:
        ConfigurationError: a value that makes no sense.
    """

    arm: str = "planar3"
    """Name of an arm (kuka_iiwa, planar2, planar3, ...), or path of a URDF file."""

    tip: str | None = None
    """Link that carries the tool, where the links of a URDF branch."""

    task: Literal["position", "pose"] = "position"
    """What the network learns of the tool: its position, or position and orientation."""

    train: Literal["positions", "sobolev", "online"] = "sobolev"
    """positions: least squares on the tool's poses. sobolev: on poses and the arm's J together.
    online: recursive least squares while the arm moves in PyBullet, first motor babbling, then
    reaching with the J learned so far."""

    neurons: int = 1000
    """Size of the hidden layer."""

    samples: int = 5000
    """Configurations to learn from; online, one every 10 ms."""

    epochs: int = 5
    """In how many parts the samples come; after each the network is solved for and measured."""

    half_range: float | None = None
    """Region that is learned, to either side of a working posture [rad], within the limits. By
    default 0.6 for arms of more than three joints, all that the joints can for others."""

    test: int = 5000
    """Configurations that the two Jacobians are compared at; none was trained on."""

    seed: int = 0
    """Of the network and of all configurations."""

    weights: bool = False
    """Also check dF/dw by autodiff, closed form and finite differences, and J M^-1 dF/dw against
    PyBullet, of an adaptive network on this arm."""

    out: Path | None = None
    """Folder of the run; must not exist. Without it the next free runs/jacobian-NNN."""

    json: bool = False
    """Print the summary as JSON on the standard output, and nothing else there."""

    def __post_init__(self) -> None:
        for name, least in (("neurons", 1), ("test", 10), ("seed", 0), ("epochs", 1)):
            value = getattr(self, name)
            if value < least:
                raise ConfigurationError(
                    f"{name}: is {value}, needs a whole number from {least} up"
                )


@dataclass(frozen=True)
class BenchSettings:
    """Arms, what disturbs them, and controllers, each with each, in parallel.

    Raises:
        ConfigurationError: a value that makes no sense.
    """

    arms: tuple[str, ...] = ("kuka_iiwa",)
    """Names of arms, or paths of URDF files."""

    disturbances: tuple[str, ...] = DISTURBANCES
    """Names of what disturbs the arms. The amounts are those for the KUKA iiwa; other arms have
    theirs in proportion to their mass and size. noise, quantised, the delays and 500hz have a
    payload of 2 kg and viscous friction with it."""

    adapt: tuple[Adapt, ...] = (
        "none", "integral", "observer", "slotine-li", "consolidation", "exact",
    )  # fmt: skip
    """Which controllers run, in this order; see `nengo-forcectl reach --help`. exact knows the arm
    and the forces at every instant, not the sensors' faults; with coulomb it does not run, for dry
    friction at rest is no function of the state."""

    seeds: tuple[int, ...] = (1,)
    """One number: so many seeds, from 0 up. Several: these seeds. Of the targets, of the networks,
    and of the disturbances."""

    passes: int = 3
    """How many times the five targets are visited."""

    inputs: Inputs = "q-dq-ref"
    """What the consolidating network sees; see `nengo-forcectl reach --help`."""

    neurons: int = 1000
    """Size of the adaptive ensemble."""

    jobs: int | None = None
    """How many processes run at once; by default as many as there are processor cores."""

    out: Path | None = None
    """Folder of the results; must not exist. Without it the next free runs/bench-NNN."""

    json: bool = False
    """Print the results as JSON on the standard output, and nothing else there."""

    @property
    def all_seeds(self) -> tuple[int, ...]:
        """The seeds themselves."""
        return tuple(range(self.seeds[0])) if len(self.seeds) == 1 else self.seeds

    def __post_init__(self) -> None:
        for name in ("passes", "neurons", "jobs"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ConfigurationError(f"{name}: is {value}, needs a whole number from 1 up")
        least = 1 if len(self.seeds) == 1 else 0
        if not self.seeds or min(self.seeds) < least or len(set(self.seeds)) < len(self.seeds):
            raise ConfigurationError(
                f"seeds: is {' '.join(map(str, self.seeds)) or 'empty'}, needs their number, from "
                "1 up, or several different ones from 0 up"
            )
        if not self.arms or len(set(self.arms)) < len(self.arms):
            raise ConfigurationError(
                f"arms: is {' '.join(self.arms) or 'empty'}, needs some arms, each at most once"
            )
        _check_names("disturbances", self.disturbances, DISTURBANCES)
        _check_names("adapt", self.adapt, ADAPT)


@dataclass(frozen=True)
class ExportSettings:
    """A controller that a run has trained becomes a folder that runs without the simulator."""

    run: Annotated[Path, tyro.conf.Positional]
    """Folder of a run of `nengo-forcectl reach`."""

    folder: Annotated[Path, tyro.conf.Positional]
    """Folder that is written; must not exist."""

    controller: str | None = None
    """Name of the controller (consolidation, ...), where the run has several that can be
    exported."""

    replace: bool = False
    """Replace an exported controller that is there."""


def _check_within(field: str, value: float, least: float, most: float, unit: str) -> None:
    if not least <= value <= most:
        given = " ".join(part for part in (str(value), unit) if part)
        raise ConfigurationError(f"{field}: is {given}, needs a number from {least:g} to {most:g}")


def _check_names(field: str, names: tuple[str, ...], valid: tuple[str, ...]) -> None:
    unknown = [name for name in names if name not in valid]
    if unknown or not names or len(set(names)) < len(names):
        raise ConfigurationError(
            f"{field}: is {' '.join(names) or 'empty'}, needs some of {', '.join(valid)}, "
            "each at most once"
        )


def pass_name(settings: Mapping[str, Any], number: int) -> str:
    """Return what a pass is called: its number, whether its targets are unseen, learning off."""
    passes, freeze = settings["passes"], settings["freeze_after"]
    name = f"pass {number}" if number <= passes else f"unseen {number - passes}"
    return name if freeze is None or number <= freeze else f"{name}, off"
