"""The job of `nengo-forcectl doctor`: look at installation and machine, and measure."""

from collections.abc import Callable, Iterator

from ..job import Watch, unwatched
from .doctor_settings import DoctorSettings
from .finding import Finding
from .installation import compiled_code, engines, versions
from .machine import machine
from .measurements import bridge, clock

PARTS: tuple[Callable[[], Iterator[Finding]], ...] = (
    versions, engines, compiled_code, machine, clock, bridge,
)  # fmt: skip


def run_doctor(settings: DoctorSettings, watch: Watch = unwatched) -> list[Finding]:
    """Return what was found, topic by topic. It takes a few seconds and changes nothing."""
    found: list[Finding] = []
    for count, part in enumerate(PARTS, 1):
        found += part()
        watch("looking", count, len(PARTS), found[-1].topic)
    return found
