"""`nengo-forcectl payload`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import tyro

from ...errors import ConfigurationError
from ...support.validation import check, check_within, is_number
from ..job_settings import option, own_first
from .log_settings import LogSettings

SCHEME = "franka:"  # a path has one slash of franka://HOST, and none of franka://


@own_first
@dataclass(frozen=True)
class PayloadSettings(LogSettings):
    """Find a payload from two logs, without and with it.

    Raises:
        ConfigurationError: a value that makes no sense.
    """

    BRIEF: ClassVar = ("empty", "loaded", "arm", "columns", "out")

    empty: Annotated[Path, tyro.conf.Positional]
    """Log of any motion of the arm without the payload."""

    loaded: Annotated[Path, tyro.conf.Positional]
    """Log of all joints moving with it for four seconds; franka://HOST moves that robot."""

    gain_error: Annotated[float | None, option("FLOAT", "0.05; 0 for measured torques")] = None
    """Standard deviation of the drive gains, as a share of them."""

    seconds: float = 4.0
    """Duration of a robot's motion [s]."""

    swing: float = 0.3
    """Largest angle of a robot's joints from where they are [rad]."""

    realtime: bool = True
    """Require a kernel with real-time scheduling for a robot; --no-realtime for a simulator."""

    recover: bool = False
    """Acknowledge an error of the robot first."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_within(self, "seconds", 2.0, 60.0, "s")
        check_within(self, "swing", 0.05, 1.0, "rad")
        if _host_in(self.empty) is not None:
            raise ConfigurationError(
                f"empty: is '{self.empty}', needs a log: record one with `run`"
            )
        check(self, "loaded", self.host != "", "a log, or franka://HOST")
        given = self.gain_error
        good = given is None or (is_number(given) and 0.0 <= given < 1.0)
        check(self, "gain_error", good, "a number from 0 to 1")

    @property
    def host(self) -> str | None:
        """Address of the robot that carries the payload; None: there is a log."""
        return _host_in(self.loaded)

    @property
    def share(self) -> float:
        """The standard deviation of the drive gains to use."""
        return self.gain_doubt if self.gain_error is None else self.gain_error


def _host_in(path: Path) -> str | None:
    """Return the host of ``franka://HOST``, of which a path keeps one slash."""
    text = str(path)
    return text.removeprefix(SCHEME).lstrip("/") if text.startswith(SCHEME) else None
