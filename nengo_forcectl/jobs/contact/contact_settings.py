"""`nengo-forcectl press` and ``wipe``."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from ...support.validation import (
    Arguments,
    check,
    check_choice,
    check_choices,
    check_not_negative,
    check_whole,
    check_within,
)
from ..job_settings import (
    JobSettings,
    SceneSettings,
    ViewSettings,
    names,
    option,
    own_first,
)
from ..rivals import RIVALS, listed

CONTACT_RIVALS = {name: each for name, each in RIVALS.items() if each.contact}
ADAPT_TEXT = f"""Adaptations to run, in this order; all know the contact force:
{listed(CONTACT_RIVALS.values())}"""
LAW_TEXT = """How the force is controlled:
hybrid: force along the surface's normal, motion along the other axes.
parallel: force and motion along the normal; the force wins in the end."""
SURFACE_TEXT = """What is pressed:
table: gives way; 1e3 N/m is like foam, 1e4 like wood, 1e5 like metal.
peg: slides in a guide, against a spring with a preload of 5 N; hard head."""


LIMITS = {"overshoot_percent": 15.0, "last_bounce_s": 0.3, "error_percent": 2.0}
"""Bounds of a good run; see `contact_job.force_figures`."""


def stiffness_option(default: str) -> Any:
    """Return how the help shows the stiffness; its default depends on the command."""
    return option(
        "FLOAT ...",
        default,
        "Stiffness of the surface [N/m]; unknown to the controller. One run each.",
    )


@own_first
@dataclass(frozen=True)
class ContactSettings(SceneSettings, ViewSettings, JobSettings):
    """What pressing and wiping have in common.

    Raises:
        ConfigurationError: a value that makes no sense.
    """

    BRIEF: ClassVar = (
        "force",
        "stiffness",
        "payload",
        "surface",
        "adapt",
        "arm",
        "seed",
        "view",
        "out",
    )

    force: float = 20.0
    """Contact force [N]."""

    law: Annotated[Literal["hybrid", "parallel"], option("{hybrid,parallel}", None, LAW_TEXT)] = (
        "hybrid"
    )

    stiffness: Annotated[tuple[float, ...], stiffness_option("")] = ()

    payload: float = 2.0
    """Mass beyond the wrist sensor [kg] that the model does not know."""

    friction: float = 0.9
    """Viscous friction of every joint [N m s/rad] that the model does not know."""

    speed: float = 0.02
    """Speed of the descent [m/s], until the surface is felt."""

    noise: float = 0.0
    """Standard deviation of the force that the wrist sensor reads [N]."""

    adapt: Annotated[tuple[str, ...], option(names(CONTACT_RIVALS), None, ADAPT_TEXT)] = (
        "none",
        "consolidation",
    )

    neurons: int = 1000
    """Number of neurons of the networks but that of structured, which has its own."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_not_negative(self, payload="kg", friction="N m s/rad", noise="N")
        # From the least detectable contact to the limits of the ball's contact and the arm.
        check_within(self, "force", 5.0, 100.0, "N")
        check_within(self, "speed", 0.001, 0.1, "m/s")
        different = len(set(self.stiffness)) == len(self.stiffness)
        check(self, "stiffness", different, "each at most once", "N/m")
        for stiffness in self.stiffness:
            check_within(Arguments("", stiffness=stiffness), "stiffness", 100.0, 1e6, "N/m")
        check_whole(self, neurons=1)
        check_choice(self, "law", ("hybrid", "parallel"))
        check_choices(self, "adapt", tuple(CONTACT_RIVALS))


@own_first
@dataclass(frozen=True)
class PressSettings(ContactSettings):
    """A simulated arm presses on an unknown surface.

    Raises:
        ConfigurationError: a value that makes no sense.
    """

    stiffness: Annotated[
        tuple[float, ...], stiffness_option("1e3 1e4 1e5; with --surface peg: 500 2000")
    ] = ()

    surface: Annotated[Literal["table", "peg"], option("{table,peg}", None, SURFACE_TEXT)] = "table"

    hold: float = 2.0
    """Duration of the contact [s], after one second in which the force settles."""

    def __post_init__(self) -> None:
        check_choice(self, "surface", ("table", "peg"))
        if not self.stiffness:
            default = (1e3, 1e4, 1e5) if self.surface == "table" else (500.0, 2000.0)
            object.__setattr__(self, "stiffness", default)
        super().__post_init__()
        check_within(self, "hold", 1.0, 60.0, "s")


@own_first
@dataclass(frozen=True)
class WipeSettings(ContactSettings):
    """A simulated arm wipes circles at constant force.

    Raises:
        ConfigurationError: a value that makes no sense.
    """

    stiffness: Annotated[tuple[float, ...], stiffness_option("1e4")] = ()

    mu: float = 0.3
    """Coefficient of Coulomb friction between tool and surface."""

    radius: float = 0.06
    """Radius of the circles [m]; an arm in a plane moves to and fro over twice that."""

    laps: int = 2
    """Number of circles."""

    lap: float = 5.0
    """Mean duration of a circle [s]; the tool starts and ends at rest."""

    def __post_init__(self) -> None:
        if not self.stiffness:
            object.__setattr__(self, "stiffness", (1e4,))
        super().__post_init__()
        check_within(self, "mu", 0.0, 1.0)
        check_within(self, "radius", 0.005, 0.2, "m")
        check_within(self, "lap", 1.0, 60.0, "s")
        check_within(self, "laps", 1, 100)


def stiffness_text(stiffness: float) -> str:
    """Return a stiffness with its digits in groups."""
    return f"{stiffness:,.10g}"
