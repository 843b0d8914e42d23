"""What ``nengo-forcectl show`` prints."""

from typing import Any

from rich.console import RenderableType
from rich.markup import escape

from ..job_output import Printer
from .show_settings import ShowSettings


def _text(settings: ShowSettings, file: Any) -> RenderableType:
    if file is None:
        return "The page is closed."
    return f"Page: [bold]{escape(str(file))}[/] ({file.stat().st_size / 1e6:.1f} MB)"


SHOW = Printer(_text, str)
"""Display of `run_show`."""
