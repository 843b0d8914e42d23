"""What ``nengo-forcectl export`` prints."""

from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape

from ..job_output import Printer
from .export_settings import ExportSettings


def _text(settings: ExportSettings, controller: Any) -> RenderableType:
    folder = f"Controller folder: [bold]{escape(str(settings.folder))}[/]"
    lines = [escape(str(controller)), folder]
    if settings.c:
        headers = ", ".join(str(path) for path in settings.folder.glob("*.h"))
        lines.append(f"C library: [bold]{escape(headers)}[/]")
    return Group(*lines)


EXPORT = Printer(_text, str)
