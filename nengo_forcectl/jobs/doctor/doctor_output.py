"""What ``nengo-forcectl doctor`` prints: a table, and the advice below it."""

from collections.abc import Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from ..job_output import Printer
from .doctor_settings import DoctorSettings
from .finding import Finding


def _text(settings: DoctorSettings, found: Sequence[Finding]) -> RenderableType:
    table = Table("topic", "what", "found", box=SIMPLE_HEAD, pad_edge=False)
    before = ""
    for each in found:
        table.add_row(
            "" if each.topic == before else each.topic, escape(each.name), escape(each.value)
        )
        before = each.topic
    advice = [
        f"[bold]{escape(each.name)}[/]: {escape(each.advice)}" for each in found if each.advice
    ]
    return Group(table, *advice)


def _data(found: Sequence[Finding]) -> list[dict[str, Any]]:
    return [each._asdict() for each in found]


DOCTOR = Printer(_text, _data)
