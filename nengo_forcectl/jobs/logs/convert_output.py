"""What ``nengo-forcectl convert`` prints."""

from rich.markup import escape

from ..job_output import Printer

CONVERT = Printer(lambda settings, path: f"Wrote [bold]{escape(str(path))}[/]", str)
