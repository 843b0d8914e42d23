"""`nengo-forcectl convert`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from ..job_settings import option


@dataclass(frozen=True)
class ConvertSettings:
    """Write a record or a log as CSV, Parquet or MCAP."""

    source: Annotated[Path, tyro.conf.Positional, option("RUN_OR_FILE")]
    """Run folder with one record, record (.npz, .rows), or log of another kind."""

    out: Annotated[Path, tyro.conf.Positional, option("OUT.{csv,parquet,mcap}")]
    """File to write; must not exist."""
