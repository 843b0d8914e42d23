"""`nengo-forcectl identify`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import tyro

from ...support.validation import check, check_positive, check_seed, check_whole, is_number
from ..job_settings import option, own_first
from .log_settings import LogSettings


@own_first
@dataclass(frozen=True)
class IdentifySettings(LogSettings):
    """Find an arm's links and friction from logs of it.

    Raises:
        ConfigurationError: a value that makes no sense.
    """

    BRIEF: ClassVar = ("logs", "excite", "arm", "columns", "seed", "out")

    logs: Annotated[tuple[Path, ...], tyro.conf.Positional, option("[LOG ...]", "none")] = ()
    """Logs of one arm with the same load: CSV, .npz, run folders, bags."""

    blocks: int = 5
    """Number of blocks of time; each is predicted by a fit without it."""

    loaded: Annotated[Path | None, option("LOG", "gains are right")] = None
    """Log with a payload of known mass, from which errors of the drive gains are found first."""

    mass: Annotated[float | None, option("FLOAT", "none")] = None
    """Mass of that payload [kg]."""

    excite: bool = False
    """Read no logs; write excite.csv, a motion that reveals the arm's parameters."""

    seconds: float = 20.0
    """Length of that motion [s]."""

    box: Annotated[
        tuple[float, float, float, float, float, float] | None, option("X Y Z X Y Z", "none")
    ] = None
    """Lower and upper corner of a box that the tool must not leave in that motion [m]."""

    seed: int = 0
    """Random seed of the motion."""

    def __post_init__(self) -> None:
        super().__post_init__()
        needs = "none with --excite" if self.excite else "one log at least, or --excite"
        check(self, "logs", (len(self.logs) > 0) != self.excite, needs)
        check_positive(self, seconds="s")
        if self.loaded is not None or self.mass is not None:
            known = self.mass is not None and is_number(self.mass) and self.mass > 0.0
            good = known and self.loaded is not None
            check(self, "mass", good, "a number above 0 together with --loaded LOG", "kg")
        check_whole(self, blocks=2)
        check_seed(self)
