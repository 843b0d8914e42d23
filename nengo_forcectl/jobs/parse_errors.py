"""What tyro says of wrong arguments, in a box of several lines, as one line."""

import io
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr

from ..errors import ConfigurationError

FRAME, RULE = "│|╭╮╰╯+ ", "─-"  # of Unicode, or of ASCII
DETAILS = "Got errors:"  # of each type that an option may have
GUESS, USE, HELP = "Perhaps you meant:", "Argument helptext:", "For full helptext,"


@contextmanager
def one_line() -> Iterator[None]:
    """Parse inside.

    Raises:
        ConfigurationError: the arguments are wrong; says how in one line.
    """
    said = io.StringIO()
    try:
        with redirect_stderr(said):
            yield
    except SystemExit as end:
        if not end.code:  # help was asked for
            raise
        raise ConfigurationError(summarized(said.getvalue())) from None


def summarized(box: str) -> str:
    """Return the first paragraph of a box, and in short what follows it."""
    paragraphs: list[list[str]] = [[]]
    _, *lines = box.splitlines() or [""]  # the first one is the title
    for line in lines:
        text = line.strip(FRAME)
        if not text.strip(RULE):
            paragraphs.append([])
        else:
            paragraphs[-1].append(text)
    first, *others = [each for each in paragraphs if each] or [[box.strip()]]
    parts = [" ".join(first).rstrip(".")]
    for heading, *lines in others:
        if heading == DETAILS:
            continue
        if heading == GUESS and lines:
            parts.append(f"did you mean {lines[0]}?")
        elif heading == USE and lines:
            parts.append(f"needs {lines[0]}")
        elif heading.startswith(HELP):
            command = " ".join((heading, *lines)).removeprefix(HELP).split()[1:]
            parts.append(f"see {' '.join(command)}")
        else:
            parts.append(" ".join((heading, *lines)))
    return "; ".join(parts)
