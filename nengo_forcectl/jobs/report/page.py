"""The page of a report: one HTML file that needs no other file, no network and no script."""

import shlex
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, NamedTuple

from . import html_parts as part
from .answer import Answer, Grid
from .page_style import STYLE


class Picture(NamedTuple):
    """A drawn figure."""

    png: bytes
    caption: str


class PageContent(NamedTuple):
    """What a page tells of a run."""

    title: str
    answer: Answer
    summary: Mapping[str, Any]
    """With the keys of `summary_of_settings`, and ``warnings``."""
    limits: list[str] | None
    """What the limits did; None for a run without them."""


def report_page(
    content: PageContent, pictures: Iterable[Picture], files: Iterable[tuple[str, str]], place: str
) -> str:
    """Return the page.

    Args:
        content: what the run was and found.
        pictures: figures, in order.
        files: name and description of each file of the run folder.
        place: path of the run folder.
    """
    answer = content.answer
    drawn = [part.picture(*each) for each in pictures]
    body = [
        part.heading(content.title, 1),
        part.paragraph(answer.failure, "failure"),
        part.paragraph(answer.sentence, "answer"),
        *map(_answer_part, answer.parts),
        *([part.heading("Figures"), *drawn] if drawn else []),
        *_limits(content.limits),
        part.heading("Warnings"),
        _warnings(content.summary),
        part.heading("What was asked"),
        *_asked(content.summary, place),
        part.heading("Where the data are"),
        part.paragraph(f"In the folder {place}:"),
        part.pairs(files),
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(content.title)}</title><style>{STYLE}</style></head>\n"
        f"<body>\n{chr(10).join(line for line in body if line)}\n</body></html>\n"
    )


def _answer_part(each: str | Grid | tuple[str, ...]) -> str:
    if isinstance(each, Grid):
        return part.table(each)
    return part.paragraph(each) if isinstance(each, str) else part.bullets(each)


def _limits(lines: list[str] | None) -> list[str]:
    if lines is None:
        return []
    return [part.heading("What the limits did"), part.bullets(lines or ["No cycle was run."])]


def _warnings(summary: Mapping[str, Any]) -> str:
    lines = summary.get("warnings", [])
    return part.bullets(lines) if lines else part.paragraph("None.")


def _asked(summary: Mapping[str, Any], place: str) -> list[str]:
    settings = {name: _text(value) for name, value in summary["settings"].items() if name != "json"}
    versions = ", ".join(f"{name} {version}" for name, version in summary["versions"].items())
    seed = f"; seed {summary['seed']}" if "seed" in summary else ""
    return [
        part.paragraph("This command repeats the run:"),
        part.command(summary["command"]),
        part.paragraph("So does this one, which takes the settings from the folder:"),
        part.command(f"nengo-forcectl --config {shlex.quote(f'{place}/run.toml')}"),
        part.paragraph("All settings:"),
        part.pairs(settings.items()),
        part.paragraph(f"Versions: {versions}{seed}.", "small"),
    ]


def _text(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return " ".join(map(_text, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else f"{value:.10g}" if isinstance(value, float) else str(value)
