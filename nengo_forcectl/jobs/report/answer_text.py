"""An answer on the command line."""

from dataclasses import replace

from rich import box
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from .answer import Answer, Cell, Grid

STYLES = {"": "", "good": "bold", "bad": "red", "faint": "dim"}
WIDTH = 79  # characters of a line, of 80, that columns may fill with the gaps after them
GAP = 2
LEAST = 10  # characters to which a column's width follows its cells; longer cells may fold
NAME = 24  # characters up to which a name in the first column is not folded


def answer_text(answer: Answer) -> list[RenderableType]:
    """Return what to print, in order."""
    failure = [f"[red]{escape(answer.failure)}[/]"] if answer.failure else []
    return [*failure, escape(answer.sentence), *(_part(part) for part in answer.parts)]


def _part(part: str | Grid | tuple[str, ...]) -> RenderableType:
    if isinstance(part, Grid):
        return grid_text(part)
    return escape(part if isinstance(part, str) else "\n".join(part))


def grid_text(grid: Grid) -> RenderableType:
    """Return a table; in parts, one below the other, where 80 columns are too few."""
    return Group(*(_table(part) for part in _parts(grid)))


def _table(grid: Grid) -> Table:
    """Return a table; heads fold between their words, numbers do not."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title=escape(grid.title) or None)
    for column, head in enumerate(grid.heads):
        if column == 0:
            no_wrap = _longest(grid, column) <= NAME
            table.add_column(escape(head), overflow="fold", no_wrap=no_wrap)
        else:
            width = _width(grid, column)
            table.add_column(escape(head), justify="right", min_width=width, overflow="fold")
    for row in grid.rows:
        if not row:
            table.add_section()
            continue
        cells = [_cell(each) for each in row]
        table.add_row(*(_styled(cell) for cell in cells))
    return table


def _parts(grid: Grid) -> list[Grid]:
    """Return a table in parts of at most `WIDTH` characters, each with the first column."""
    first, *widths = (_width(grid, column) + GAP for column in range(len(grid.heads)))
    parts, room = [[0]], WIDTH - first
    for column, width in enumerate(widths, start=1):
        if width > room and len(parts[-1]) > 1:
            parts.append([0])
            room = WIDTH - first
        parts[-1].append(column)
        room -= width
    titles = [grid.title] + [""] * (len(parts) - 1)
    return [_columns(grid, part, title) for part, title in zip(parts, titles, strict=True)]


def _width(grid: Grid, column: int) -> int:
    """Return the least width of a column: of its head's words, and of cells of up to `LEAST`."""
    words = [len(word) for word in grid.heads[column].split()]
    return max([min(_longest(grid, column), LEAST if column else NAME), *words])


def _longest(grid: Grid, column: int) -> int:
    return max((len(_cell(row[column]).text) for row in grid.rows if row[column:]), default=0)


def _columns(grid: Grid, columns: list[int], title: str) -> Grid:
    rows = tuple(tuple(row[each] for each in columns if row[each:]) for row in grid.rows)
    heads = tuple(grid.heads[each] for each in columns)
    return replace(grid, heads=heads, rows=rows, title=title)


def _cell(value: str | Cell) -> Cell:
    return value if isinstance(value, Cell) else Cell(value)


def _styled(cell: Cell) -> str:
    style, text = STYLES[cell.tone], escape(cell.text)
    return f"[{style}]{text}[/]" if style else text
