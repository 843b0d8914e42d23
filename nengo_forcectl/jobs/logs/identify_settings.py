"""`nengo-forcectl identify`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from ...support.checks import check, check_whole
from ..job_settings import own_first
from .log_settings import LogSettings


@own_first
@dataclass(frozen=True)
class IdentifySettings(LogSettings):
    """Find links, armature, friction and offsets of an arm from logs of it.

    Raises:
        ConfigurationError: a value that makes no sense.
    """

    logs: Annotated[tuple[Path, ...], tyro.conf.Positional]
    """Logs of one arm with the same load: CSV, .npz, run folders, bags."""

    blocks: int = 5
    """Number of blocks of time; each is predicted by a fit without it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check(self, "logs", len(self.logs) > 0, "one log at least")
        check_whole(self, blocks=2)
