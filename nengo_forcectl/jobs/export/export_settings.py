"""`nengo-forcectl arms` and ``export``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro


@dataclass(frozen=True)
class ExportSettings:
    """A controller that a run has trained becomes a folder that runs without the simulator."""

    run: Annotated[Path, tyro.conf.Positional]
    """Folder of a run of `nengo-forcectl reach` without a tool; no other run leaves a
    controller."""

    folder: Annotated[Path, tyro.conf.Positional]
    """Folder that is written; must not exist."""

    controller: str | None = None
    """Name of the controller (consolidation, ...), where the run has several that can be
    exported."""

    replace: bool = False
    """Replace an exported controller that is there."""
