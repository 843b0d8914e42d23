"""`nengo-forcectl arms`."""

from dataclasses import dataclass
from typing import Annotated

import tyro

from ..job_settings import option


@dataclass(frozen=True)
class ArmsSettings:
    """List the arms of the catalogue, or describe one."""

    name: Annotated[str | None, tyro.conf.Positional, option("ARM", "list the catalogue")] = None
    """Name of an arm, or path of a URDF or MJCF file."""

    tip: Annotated[str | None, option("NAME", "the last link")] = None
    """Link that carries the tool; in an MJCF, a body or site. Needed where the links branch."""

    json: bool = False
    """Print a list of summaries as JSON, and nothing else, on the standard output."""
