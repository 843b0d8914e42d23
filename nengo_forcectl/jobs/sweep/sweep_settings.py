"""`nengo-forcectl sweep`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from ..job_settings import WorkerSettings, option, own_first


@own_first
@dataclass(frozen=True, kw_only=True)
class SweepSettings(WorkerSettings):
    """Run a job with all combinations of some settings.

    Raises:
        ConfigurationError: a value that makes no sense.
    """

    file: Annotated[Path, tyro.conf.Positional, option("FILE")]
    """TOML file: job = "reach"; [settings] of all cells; [sweep] with lists of values."""
