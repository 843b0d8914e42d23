"""HTML of a report's parts; every text is escaped here, and nowhere else is HTML written."""

import base64
from collections.abc import Iterable
from html import escape as _escape

from .answer import Cell, Grid


def escape(text: str) -> str:
    """Return a text as HTML; a sign of percent stays with its number."""
    return _escape(text).replace(" %", "&nbsp;%")


def heading(text: str, level: int = 2) -> str:
    """Return a heading."""
    return f"<h{level}>{escape(text)}</h{level}>"


def paragraph(text: str, kind: str = "") -> str:
    """Return a paragraph of a kind that the page's style knows; nothing for no text."""
    return f"<p{_kind(kind)}>{escape(text)}</p>" if text else ""


def bullets(lines: Iterable[str]) -> str:
    """Return a list."""
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"


def command(text: str) -> str:
    """Return a command to copy; a long one breaks into lines, but not within an option."""
    words = [_escape(word) for word in text.split(" ")]
    marked = [f"<span>{word}</span>" if word.startswith("--") else word for word in words]
    return f"<pre>{' '.join(marked)}</pre>"


def table(grid: Grid) -> str:
    """Return a table in a box of its own, which scrolls where the page is narrow."""
    caption = f"<caption>{escape(grid.title)}</caption>" if grid.title else ""
    heads = "".join(f'<th scope="col">{escape(" ".join(head.split()))}</th>' for head in grid.heads)
    top = f"<thead><tr>{heads}</tr></thead>" if any(grid.heads) else ""
    rows, line = [], False
    for row in grid.rows:
        if row:
            rows.append(f"<tr{_kind('line' if line else '')}>{_cells(row, len(grid.heads))}</tr>")
        line = not row
    body = f"<table>{caption}{top}<tbody>{''.join(rows)}</tbody></table>"
    return f'<div class="scroll">{body}</div>{paragraph(grid.note, "small")}'


def pairs(rows: Iterable[tuple[str, str]]) -> str:
    """Return names and what belongs to each, as a table without a head."""
    lines = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(text)}</td></tr>'
        for name, text in rows
    )
    return f'<div class="scroll"><table class="pairs"><tbody>{lines}</tbody></table></div>'


def picture(png: bytes, caption: str) -> str:
    """Return a figure with the picture itself inside."""
    data, text = base64.b64encode(png).decode(), escape(caption)
    return (
        f'<figure><img alt="{text}" src="data:image/png;base64,{data}">'
        f"<figcaption>{text}</figcaption></figure>"
    )


def _cells(row: tuple[str | Cell, ...], columns: int) -> str:
    cells = [each if isinstance(each, Cell) else Cell(each) for each in row]
    first, *others = cells
    head = f'<th scope="row"{_kind(first.tone)}>{escape(first.text)}</th>'
    blank = ["<td></td>"] * (columns - len(cells))
    return head + "".join(
        [*(f"<td{_kind(each.tone)}>{escape(each.text)}</td>" for each in others), *blank]
    )


def _kind(kind: str) -> str:
    return f' class="{kind}"' if kind else ""
