"""`nengo-forcectl show`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from ..job_settings import option


@dataclass(frozen=True)
class ShowSettings:
    """Replay a run's record in a browser or one file."""

    run: Annotated[Path, tyro.conf.Positional]
    """Folder of a run of `nengo-forcectl reach`, `press`, `wipe` or `run`."""

    html: Annotated[Path | None, option("FILE", "serve a page on this machine until Ctrl-C")] = None
    """Write one file that plays without a server or network; must not exist."""
