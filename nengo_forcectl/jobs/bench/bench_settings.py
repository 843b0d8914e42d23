"""`nengo-forcectl bench adaptation`."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from ...errors import ConfigurationError
from ...networks.encoding import INPUTS, Inputs
from ...support.validation import MOST_SEED, check_choice, check_choices, check_whole
from ..job_settings import EngineSettings, WorkerSettings, names, option, own_first
from ..rivals import RIVALS

DISTURBANCES = (
    "none", "payload-0.5", "payload-2", "payload-5", "pick-and-drop", "viscous", "uneven",
    "coulomb", "wrong-masses", "force-field", "spring", "bump", "noise", "quantised",
    "delay-1ms", "delay-2ms", "delay-5ms", "saturation", "500hz", "rotors-0.03", "rotors-0.1",
    "rotors-0.3",
    "elastic-motor", "elastic-link", "backlash", "motor-lag", "motor-delay", "motor-error",
    "ripple", "stribeck", "encoders", "jitter", "lost-cycles", "off-centre", "tilted",
    "wrong-lengths", "mild",
)  # fmt: skip


ADAPT_TEXT = """Controllers to run, in this order; see `nengo-forcectl reach --help-all`.
exact does not run with coulomb and stribeck: friction at rest is not a function of the state.
It does not know the motors' errors."""
DISTURBANCES_TEXT = """Disturbances, one run each, scaled to the mass and size of each arm.
Those of sensors and time (noise to delay-5ms, 500hz, motor-lag, motor-delay, encoders, jitter, \
lost-cycles) include a payload of 2 kg and viscous friction."""


@own_first
@dataclass(frozen=True)
class BenchSettings(EngineSettings, WorkerSettings):
    """Run all combinations of arm, disturbance, controller.

    Raises:
        ConfigurationError: a value that makes no sense.
    """

    BRIEF: ClassVar = ("arms", "disturbances", "adapt", "seeds", "passes", "jobs", "out")

    arms: Annotated[tuple[str, ...], option("STR ...")] = ("kuka_iiwa",)
    """Names of arms (see `nengo-forcectl arms`), or paths of URDF or MJCF files."""

    disturbances: Annotated[
        tuple[str, ...], option(names(DISTURBANCES), "all", DISTURBANCES_TEXT)
    ] = DISTURBANCES

    adapt: Annotated[tuple[str, ...], option(names(RIVALS), None, ADAPT_TEXT)] = (
        "none", "integral", "observer", "slotine-li", "consolidation", "structured", "exact",
    )  # fmt: skip

    seeds: Annotated[tuple[int, ...], option("INT ...")] = (1,)
    """Random seeds; a single number is their count, starting at seed 0."""

    passes: int = 3
    """Number of passes over the five targets."""

    inputs: Annotated[Inputs, option(f"{{{','.join(INPUTS)}}}")] = "q-dq-ref"
    """What the network of consolidation sees; see `nengo-forcectl reach --help-all`."""

    neurons: int = 1000
    """Number of neurons of the networks but that of structured, which has its own."""

    tip: Annotated[str | None, option("NAME", "the last link")] = None
    """Link that carries the tool, of every arm; in an MJCF, a body or site."""

    @property
    def all_seeds(self) -> tuple[int, ...]:
        """The seeds themselves."""
        return tuple(range(self.seeds[0])) if len(self.seeds) == 1 else self.seeds

    def __post_init__(self) -> None:
        EngineSettings.__post_init__(self)
        WorkerSettings.__post_init__(self)
        check_whole(self, passes=1, neurons=1)
        least = 1 if len(self.seeds) == 1 else 0
        good = bool(self.seeds) and least <= min(self.seeds) <= max(self.seeds) <= MOST_SEED
        if not good or len(set(self.seeds)) < len(self.seeds):
            raise ConfigurationError(
                f"seeds: is {' '.join(map(str, self.seeds)) or 'empty'}, needs a count from 1 "
                f"up, or several different seeds from 0 to {MOST_SEED}"
            )
        if not self.arms or len(set(self.arms)) < len(self.arms):
            raise ConfigurationError(
                f"arms: is {' '.join(self.arms) or 'empty'}, needs some arms, each at most once"
            )
        check_choices(self, "disturbances", DISTURBANCES)
        check_choices(self, "adapt", tuple(RIVALS))
        check_choice(self, "inputs", INPUTS)
