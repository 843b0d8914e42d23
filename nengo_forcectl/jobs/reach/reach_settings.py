"""`nengo-forcectl reach`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from ...adaptation.learn_from import LEARN_FROM, LearnFrom
from ...errors import ConfigurationError
from ...networks.encoding import INPUTS, Inputs
from ...networks.neurons import NEURON_TYPES, SPIKING
from ...networks.population import Population, PopulationOptions
from ...sim.tools import LONGEST
from ...support.validation import (
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
    StartSettings,
    ViewSettings,
    check_start,
    names,
    option,
    own_first,
)
from ..rivals import RIVALS, TIPS, listed

CHOICES = "neuron_type", "max_rates", "synapse", "direct"  # settings of neurons
CHOOSERS = "consolidation", "structured"  # of --adapt, whose neurons can be chosen
ANY_TIP = tuple(name for name, each in RIVALS.items() if each.any_tip)

ADAPT_DEFAULT = "none structured; with --jacobian or --tool: exact"
ADAPT_TEXT = f"""Controllers to run, in this order:
{listed(RIVALS.values())}
With --jacobian or --tool: one of {", ".join(ANY_TIP)}."""

INPUTS_TEXT = """What the network of consolidation sees:
q: joint positions.
q-dq: positions and velocities.
q-dq-ref: positions, velocities and the reference's accelerations.
q-ref: positions and the reference's velocities and accelerations; half as accurate."""

NEURON_TEXT = """Neurons of structured or of consolidation, which is then the default of --adapt:
relu: rectified linear, rates.
lif-rate: rates of leaky integrate-and-fire neurons of 100 to 400 Hz.
spiking-relu: integrate-and-fire neurons that spike, behind a synapse of 5 ms.
lif: leaky integrate-and-fire neurons that spike, behind a synapse of 5 ms."""

RATES_TEXT = """Largest firing rate of these neurons [Hz], or the range of their largest rates."""

SYNAPSE_TEXT = """Time constant of the synapse behind these neurons [s]."""

LEARN_TEXT = f"""Error that some laws learn from ({
    ", ".join(name for name, each in RIVALS.items() if each.learns_from)
}):
joint: the whole feedback torque.
task: the part of it that serves the tool.
prediction: what the network lacks, by a momentum observer."""

JACOBIAN_DEFAULT = "none; with --tool: all four"
JACOBIAN_TEXT = f"""Tip Jacobians to compare, one run each:
{listed(TIPS.values())}"""


@own_first
@dataclass(frozen=True)
class ReachSettings(StartSettings, SceneSettings, ViewSettings, JobSettings):
    """A simulated arm learns to reach with an unknown load.

    Raises:
        ConfigurationError: a value that makes no sense.
    """

    BRIEF: ClassVar = ("payload", "friction", "passes", "adapt", "arm", "seed", "view", "out")

    payload: float = 2.0
    """Mass at the tool [kg] that the model does not know."""

    friction: float = 0.9
    """Viscous friction of every joint [N m s/rad] that the model does not know."""

    passes: int = 6
    """Number of passes over the five targets."""

    unseen: int = 0
    """Number of extra passes at the end, each over five new targets."""

    freeze_after: Annotated[int | None, option("INT", "learning stays on")] = None
    """Pass after which learning is off: the error then shows what was learned."""

    adapt: Annotated[tuple[str, ...] | None, option(names(RIVALS), ADAPT_DEFAULT, ADAPT_TEXT)] = (
        None
    )

    inputs: Annotated[Inputs, option(f"{{{','.join(INPUTS)}}}", None, INPUTS_TEXT)] = "q-dq-ref"

    learn_from: Annotated[LearnFrom, option(f"{{{','.join(LEARN_FROM)}}}", None, LEARN_TEXT)] = (
        "joint"
    )

    neurons: int = 1000
    """Number of neurons of the networks but that of structured, which has its own."""

    neuron_type: Annotated[str, option(f"{{{','.join(NEURON_TYPES)}}}", None, NEURON_TEXT)] = "relu"

    max_rates: Annotated[
        tuple[float, ...] | None, option("HZ [HZ]", "100 to 400; relu: 1", RATES_TEXT)
    ] = None

    synapse: Annotated[float | None, option("S", "0.005 with spikes, else 0", SYNAPSE_TEXT)] = None

    direct: bool = True
    """Give consolidation a direct path from state to torque, which carries most of the torque."""

    energy: bool = False
    """Print the energy of a control cycle on a neuromorphic chip, estimated from spike counts."""

    tool: float = 0.0
    """Length [m] of a massless tool that the kinematics do not know; a camera sees its tip."""

    jacobian: Annotated[tuple[str, ...], option(names(TIPS), JACOBIAN_DEFAULT, JACOBIAN_TEXT)] = ()

    @property
    def all_passes(self) -> int:
        """Passes over trained and over unseen targets."""
        return self.passes + self.unseen

    @property
    def population(self) -> PopulationOptions:
        """Neurons of a consolidating network, as `consolidating_cycle` takes them."""
        rates: Any = self.max_rates
        return {
            "neuron_type": self.neuron_type,
            "max_rates": rates * 2 if rates is not None and len(rates) == 1 else rates,
            "synapse": self.synapse,
            "direct": self.direct,
        }

    @property
    def controllers(self) -> tuple[str, ...]:
        """Names of the controllers to run, in order: Jacobians, if any, or ``adapt``."""
        return self.jacobian or self.adapt or ()

    def __post_init__(self) -> None:
        super().__post_init__()
        check_within(self, "tool", 0.0, LONGEST, "m")
        if self.tool > 0 and not self.jacobian:
            object.__setattr__(self, "jacobian", tuple(TIPS))
        if self.adapt is None:
            learner = "consolidation" if any(map(self._chosen, CHOICES)) else "structured"
            default = ("exact",) if self.jacobian else ("none", learner)
            object.__setattr__(self, "adapt", default)
        check_not_negative(self, payload="kg", friction="N m s/rad")
        check_whole(self, passes=1, neurons=1, unseen=0)
        freeze, most = self.freeze_after, self.all_passes
        good = freeze is None or 1 <= freeze <= most
        check(self, "freeze_after", good, f"a pass from 1 to {most}")
        check_start(self, self.controllers)
        check_choice(self, "inputs", INPUTS)
        check_choice(self, "learn_from", LEARN_FROM)
        check_choice(self, "neuron_type", NEURON_TYPES)
        check_choices(self, "adapt", tuple(RIVALS))
        self._check_neurons()
        if self.jacobian:
            check_choices(self, "jacobian", tuple(TIPS))
            adapt = self.adapt or ()
            if len(adapt) != 1 or adapt[0] not in ANY_TIP:
                raise ConfigurationError(
                    f"adapt: is {' '.join(adapt)}, needs one of {', '.join(ANY_TIP)} with "
                    "--jacobian or --tool"
                )

    def _chosen(self, name: str) -> bool:
        """Return whether a setting is not the default."""
        return getattr(self, name) != getattr(type(self), name)

    def _check_neurons(self) -> None:
        """Refuse neurons that no controller has, and an energy that nothing spends."""
        adapt = self.adapt or ()
        for name in CHOICES:
            having = CHOOSERS[:1] if name == "direct" else CHOOSERS
            fits = not self._chosen(name) or any(each in adapt for each in having)
            check(self, name, fits, f"--adapt {' or '.join(having)}")
        Population(**self.population)
        spends = self.neuron_type in SPIKING and not self.jacobian
        needs = f"--neuron-type {' or '.join(SPIKING)}, and neither --jacobian nor --tool"
        check(self, "energy", not self.energy or spends, needs)


def pass_name(settings: Mapping[str, Any], number: int) -> str:
    """Return the name of a pass: its number, and whether targets are unseen or learning is off."""
    passes, freeze = settings["passes"], settings["freeze_after"]
    name = f"pass {number}" if number <= passes else f"unseen {number - passes}"
    return name if freeze is None or number <= freeze else f"{name}, off"
