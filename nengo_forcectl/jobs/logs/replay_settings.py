"""`nengo-forcectl replay`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import tyro

from ...support.validation import check, is_number
from ..job_settings import option, own_first
from .log_settings import LogSettings

FREEZE_TEXT = (
    "End of learning: up to 1, a share of the log; above 1, a time [s]. The rest is predicted "
    "with what was learned."
)


@own_first
@dataclass(frozen=True)
class ReplaySettings(LogSettings):
    """Pass a log through the learner of the control loop.

    Raises:
        ConfigurationError: a value that makes no sense.
    """

    BRIEF: ClassVar = ("log", "freeze_after", "then", "arm", "columns", "out")

    log: Annotated[Path, tyro.conf.Positional]
    """Log of an arm: CSV, .npz, a run folder, a bag."""

    freeze_after: Annotated[float | None, option("FLOAT", "learning stays on", FREEZE_TEXT)] = None

    then: Annotated[Path | None, option("LOG", "none")] = None
    """Second log of the same arm; its load may differ."""

    learn_then: bool = True
    """Learn from the second log, too."""

    same_load: bool = False
    """The second log has the load of the first."""

    def __post_init__(self) -> None:
        super().__post_init__()
        after = self.freeze_after
        check(
            self, "freeze_after", after is None or (is_number(after) and after > 0),
            "a number above 0",
        )  # fmt: skip
