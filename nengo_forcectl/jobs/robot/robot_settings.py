"""`nengo-forcectl run`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from ...errors import ConfigurationError
from ...support.validation import (
    check_choices,
    check_not_negative,
    check_positive,
    check_seed,
    check_whole,
    check_within,
)
from ..job_settings import (
    JobSettings,
    StartSettings,
    ViewSettings,
    check_start,
    names,
    option,
    own_first,
)
from ..rivals import RIVALS, listed

if TYPE_CHECKING:
    from ...robots.real_time import RealTime

ROBOT_RIVALS = {name: each for name, each in RIVALS.items() if not each.network}
SCHEME = "franka://"
ADAPT_TEXT = f"""Controllers to run, in this order:
{listed(ROBOT_RIVALS.values())}"""
LOAD_TEXT = "Mass [kg] at the flange and its centre [m], for the robot and all controllers."


@dataclass(frozen=True, kw_only=True)
class RealTimeSettings:
    """What a command asks of Linux for its control loop."""

    priority: Annotated[int | None, option("1..99", "that of any program")] = None
    """Priority of the control loop under the real-time scheduler SCHED_FIFO."""

    cpus: Annotated[tuple[int, ...] | None, option("INT ...", "any")] = None
    """Numbers of the processors that the control loop may run on."""

    lock_memory: bool = False
    """Keep all memory in RAM."""

    @property
    def linux(self) -> "RealTime":
        """The options of `nengo_forcectl.run` for it."""
        return {"priority": self.priority, "cpus": self.cpus, "lock_memory": self.lock_memory}


@own_first
@dataclass(frozen=True, kw_only=True)
class RunSettings(StartSettings, RealTimeSettings, ViewSettings, JobSettings):
    """A real robot learns to reach targets around its tool.

    Raises:
        ConfigurationError: a value that makes no sense.
    """

    BRIEF: ClassVar = (
        "robot",
        "dry_run",
        "radius",
        "passes",
        "adapt",
        "load",
        "seed",
        "view",
        "out",
    )

    robot: Annotated[str, option(f"{SCHEME}HOST")]
    """Address of the Franka robot to drive."""

    dry_run: bool = False
    """Show the first torques without sending any."""

    radius: float = 0.15
    """Radius of the ball around the tool that holds the targets [m]."""

    reach_time: float = 1.5
    """Time from target to target [s]."""

    passes: int = 2
    """Number of passes over the five targets."""

    adapt: Annotated[tuple[str, ...], option(names(ROBOT_RIVALS), None, ADAPT_TEXT)] = (
        "none",
        "structured",
    )

    payload: float = 0.0
    """Mass at the flange [kg] that `exact` alone knows."""

    load: Annotated[
        tuple[float, float, float, float] | None,
        option("KG X Y Z", "the robot's own setting", LOAD_TEXT),
    ] = None

    realtime: bool = True
    """Require a kernel with real-time scheduling; --no-realtime for a simulator."""

    recover: bool = False
    """Acknowledge an error of the robot first."""

    seed: int = 0
    """Random seed for the targets."""

    @property
    def host(self) -> str:
        """Address of the robot's control."""
        return self.robot.removeprefix(SCHEME)

    def __post_init__(self) -> None:
        if not (self.robot.startswith(SCHEME) and self.host):
            raise ConfigurationError(
                f"robot: is '{self.robot}', needs {SCHEME}HOST, such as {SCHEME}172.16.0.2"
            )
        check_within(self, "radius", 0.02, 0.3, "m")
        check_positive(self, reach_time="s")
        check_not_negative(self, payload="kg")
        check_whole(self, passes=1)
        check_seed(self)
        check_choices(self, "adapt", tuple(ROBOT_RIVALS))
        check_start(self, self.adapt)
