"""`nengo-forcectl arms`."""

from dataclasses import dataclass
from typing import Annotated

import tyro


@dataclass(frozen=True)
class ArmsSettings:
    """The arms of the catalogue, or one arm in full."""

    name: Annotated[str | None, tyro.conf.Positional] = None
    """Name of an arm, or path of a URDF file; without it, the catalogue."""

    tip: str | None = None
    """Link that carries the tool, where the links of a URDF branch."""

    json: bool = False
    """Print a list of summaries as JSON."""
