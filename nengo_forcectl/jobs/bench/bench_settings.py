"""`nengo-forcectl bench adaptation`."""

from dataclasses import dataclass
from pathlib import Path

from ...errors import ConfigurationError
from ...networks.encoding import Inputs
from ...support.checks import Settings, check_choices, check_whole
from ..reach.reach_settings import ADAPT, Adapt

DISTURBANCES = (
    "none", "payload-0.5", "payload-2", "payload-5", "pick-and-drop", "viscous", "coulomb",
    "wrong-masses", "force-field", "spring", "noise", "quantised", "delay-1ms", "delay-2ms",
    "delay-5ms", "saturation", "500hz",
)  # fmt: skip


@dataclass(frozen=True)
class BenchSettings(Settings):
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
        check_whole(self, passes=1, neurons=1, jobs=1)
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
        check_choices(self, "disturbances", DISTURBANCES)
        check_choices(self, "adapt", ADAPT)
