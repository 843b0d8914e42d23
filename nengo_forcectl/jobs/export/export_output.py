"""What ``nengo-forcectl export`` prints."""

from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape

from ..job_output import Printer
from .export_settings import ExportSettings


def _text(settings: ExportSettings, controller: Any) -> RenderableType:
    folder = f"Controller folder: [bold]{escape(str(settings.folder))}[/]"
    return Group(escape(str(controller)), folder)


EXPORT = Printer(_text, str)
