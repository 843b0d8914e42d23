"""The job of `nengo-forcectl convert`."""

from pathlib import Path

from ...logs.log_convert import convert_log
from ..job import Watch, unwatched
from .convert_settings import ConvertSettings


def run_convert(settings: ConvertSettings, watch: Watch = unwatched) -> Path:
    """Write the file, and return its path.

    Raises:
        RecordError: see `convert_log`.
    """
    return convert_log(settings.source, settings.out)
