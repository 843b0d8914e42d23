"""`nengo-forcectl export`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from ..job_settings import option


@dataclass(frozen=True)
class ExportSettings:
    """Write a controller that runs without the simulator."""

    run: Annotated[Path, tyro.conf.Positional]
    """Folder of a run of `nengo-forcectl reach` without a tool."""

    folder: Annotated[Path, tyro.conf.Positional]
    """Folder to write; must not exist."""

    controller: Annotated[str | None, option("NAME", "the run's only one")] = None
    """Name of the controller (structured, consolidation, ...)."""

    c: bool = False
    """Add a C library for x86-64 and AArch64, named after the folder."""

    replace: bool = False
    """Replace the exported controller in the folder."""
