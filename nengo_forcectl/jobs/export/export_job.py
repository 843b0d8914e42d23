"""The job of `nengo-forcectl export`: write a run's trained controller to a folder."""

from ...export.controller import LoadedController, export_run
from ..job import Watch, unwatched
from .export_settings import ExportSettings


def run_export(settings: ExportSettings, watch: Watch = unwatched) -> LoadedController:
    """Write the folder and return its controller.

    Raises:
        ConfigurationError: the run has no such controller, or the library cannot have the folder's
            name.
        RecordError: the run cannot be read, holds no such controller, or the folder exists.
    """
    return export_run(
        settings.run, settings.folder, settings.controller, replace=settings.replace, c=settings.c
    )
