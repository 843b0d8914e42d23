"""`nengo-forcectl payload`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import tyro

from ...support.checks import check, is_number
from ..job_settings import option, own_first
from .log_settings import LogSettings


@own_first
@dataclass(frozen=True)
class PayloadSettings(LogSettings):
    """Find a payload from a log without and a log with it.

    Raises:
        ConfigurationError: a value that makes no sense.
    """

    BRIEF: ClassVar = ("empty", "loaded", "arm", "columns", "out")

    empty: Annotated[Path, tyro.conf.Positional]
    """Log of the arm without the payload, of any motion."""

    loaded: Annotated[Path, tyro.conf.Positional]
    """Log of the arm with it; four seconds of motion of all joints are enough."""

    gain_error: Annotated[float | None, option("FLOAT", "0.05; 0 for measured torques")] = None
    """Standard deviation of the drive gains, as a share of them."""

    def __post_init__(self) -> None:
        super().__post_init__()
        given = self.gain_error
        good = given is None or (is_number(given) and 0.0 <= given < 1.0)
        check(self, "gain_error", good, "a number from 0 to 1")

    @property
    def share(self) -> float:
        """The standard deviation of the drive gains to use."""
        if self.gain_error is not None:
            return self.gain_error
        return 0.05 if len(self.gains) else 0.0
