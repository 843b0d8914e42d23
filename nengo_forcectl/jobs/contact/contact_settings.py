"""`nengo-forcectl press` and ``wipe``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from ...support.checks import (
    Arguments,
    Settings,
    check,
    check_choice,
    check_choices,
    check_not_negative,
    check_whole,
    check_within,
)

ContactAdapt = Literal["none", "observer", "consolidation", "exact"]
CONTACT_ADAPT: tuple[ContactAdapt, ...] = get_args(ContactAdapt)


@dataclass(frozen=True)
class ContactSettings(Settings):
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
        check_not_negative(self, payload="kg", friction="N m s/rad", noise="N")
        # Down to where a touch is felt, up to what the ball's contact and the arm can bear.
        check_within(self, "force", 5.0, 100.0, "N")
        check_within(self, "speed", 0.001, 0.1, "m/s")
        different = len(set(self.stiffness)) == len(self.stiffness)
        check(self, "stiffness", different, "each at most once", "N/m")
        for stiffness in self.stiffness:
            check_within(Arguments("", stiffness=stiffness), "stiffness", 100.0, 1e6, "N/m")
        check_whole(self, neurons=1, seed=0)
        check_choice(self, "law", ("hybrid", "parallel"))
        check_choices(self, "adapt", CONTACT_ADAPT)


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
        check_choice(self, "surface", ("table", "peg"))
        if not self.stiffness:
            default = (1e3, 1e4, 1e5) if self.surface == "table" else (500.0, 2000.0)
            object.__setattr__(self, "stiffness", default)
        super().__post_init__()
        check_within(self, "hold", 1.0, 60.0, "s")


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
        check_within(self, "mu", 0.0, 1.0)
        check_within(self, "radius", 0.005, 0.2, "m")
        check_within(self, "lap", 1.0, 60.0, "s")
        check_within(self, "laps", 1, 100)
