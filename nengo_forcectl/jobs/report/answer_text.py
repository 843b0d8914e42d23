"""An answer on the command line."""

from rich import box
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from .answer import Answer, Cell, Grid

STYLES = {"": "", "good": "bold", "bad": "red", "faint": "dim"}
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


def grid_text(grid: Grid) -> Table:
    """Return a table; heads fold where 80 columns are too few, numbers do not."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title=escape(grid.title) or None)
    for column, head in enumerate(grid.heads):
        longest = max(
            (len(_cell(row[column]).text) for row in grid.rows if row[column:]), default=0
        )
        if column == 0:
            table.add_column(escape(head), overflow="fold", no_wrap=longest <= NAME)
        else:
            width = min(longest, LEAST)
            table.add_column(escape(head), justify="right", min_width=width, overflow="fold")
    for row in grid.rows:
        if not row:
            table.add_section()
            continue
        cells = [_cell(each) for each in row]
        table.add_row(*(_styled(cell) for cell in cells))
    return table


def _cell(value: str | Cell) -> Cell:
    return value if isinstance(value, Cell) else Cell(value)


def _styled(cell: Cell) -> str:
    style, text = STYLES[cell.tone], escape(cell.text)
    return f"[{style}]{text}[/]" if style else text
