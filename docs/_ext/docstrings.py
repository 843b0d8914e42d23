"""Read the docstrings of this code base as they are written.

- The comment beside a dataclass field, which has its unit, is shown on the API page.
- An indented block after a blank line is an equation, and stays as it is.
- ``|w|`` is a norm, and ``(n, *shape)`` a shape: no markup.
"""

import ast
import inspect
import re
import textwrap
from typing import Any

import sphinx.pycode.ast

SIGNS = re.compile(r"\||(?<=, )\*(?=\w)")
TOOLS = re.compile(r"#\s*(fmt|noqa|pyright|type):")
LITERAL = re.compile(r"(``.*?``)")


def field_comments(kind: type) -> dict[str, str]:
    """Return the comment of every annotated field of a class, by name.

    A comment stands at the end of the field's line, or on the lines above it.
    """
    try:
        lines = textwrap.dedent(inspect.getsource(kind)).splitlines()
    except (OSError, TypeError):
        return {}
    (node,) = ast.parse("\n".join(lines)).body
    fields = [
        field
        for field in getattr(node, "body", [])
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
    ]
    comments = {ast.unparse(field.target): _comment(field, lines) for field in fields}
    return {name: text for name, text in comments.items() if text and not name.startswith("_")}


def _comment(field: ast.AnnAssign, lines: list[str]) -> str:
    last = (field.end_lineno or field.lineno) - 1
    after = lines[last][field.end_col_offset or 0 :].strip()
    if after.startswith("#") and not TOOLS.search(after):
        return after.lstrip("# ")
    above, line = [], field.lineno - 2
    while line >= 0 and lines[line].strip().startswith("#"):
        above.insert(0, lines[line].strip().lstrip("# "))
        line -= 1
    return " ".join(above)


def mark_equations(lines: list[str]) -> list[str]:
    """Return the lines, with ``::`` before each indented block that follows a blank line."""
    marked: list[str] = []
    for number, line in enumerate(lines):
        before = marked[-2] if len(marked) > 1 else ""
        starts = line.startswith("    ") and number > 1 and not lines[number - 1].strip()
        if starts and before and not before.startswith(" ") and not before.endswith("::"):
            marked += ["::", ""]
        marked.append(line)
    return marked


def escape_signs(line: str) -> str:
    """Return the line with ``|w|`` and ``(n, *shape)`` outside literals escaped."""
    parts = LITERAL.split(line)
    return "".join(p if p.startswith("``") else SIGNS.sub(r"\\\g<0>", p) for p in parts)


def _before_napoleon(
    app: Any, what: str, name: str, value: Any, options: Any, lines: list[str]
) -> None:
    marked = mark_equations(lines)
    literal = False  # whether an indented line is one of a literal block
    for number, line in enumerate(marked):
        literal = literal and (line.startswith(" ") or not line)
        if not literal:
            marked[number] = escape_signs(line)
        literal = literal or line.endswith("::")
        if line == "Returns:":
            marked[number] = ":returns:"  # else napoleon takes "a: b" below for a type
    if what in ("attribute", "data", "property"):
        marked[:0] = ["..", ""]  # else napoleon takes "a: b" in the first line for a type
    lines[:] = marked


def _after_napoleon(
    app: Any, what: str, name: str, value: Any, options: Any, lines: list[str]
) -> None:
    if what == "class" and inspect.isclass(value):
        comments = field_comments(value)
        lines += ["", "**Fields**", ""] if comments else []
        lines += [*(f"- **{field}**: {escape_signs(c)}" for field, c in comments.items()), ""]


def _skip_aliases(
    app: Any, what: str, name: str, value: Any, skip: bool, options: Any
) -> bool | None:
    """Skip "Alias for field number 0": the fields of a named tuple are in its description."""
    return True if type(value).__name__ == "_tuplegetter" else None


def setup(app: Any) -> dict[str, bool]:
    """Stand before and after napoleon, whose priority is 500."""
    # Without this Sphinx finds no docstring of a field in a file with an f-string in an annotation.
    sphinx.pycode.ast._UnparseVisitor.generic_visit = lambda self, node: ast.unparse(node)
    app.connect("autodoc-process-docstring", _before_napoleon, priority=400)
    app.connect("autodoc-process-docstring", _after_napoleon, priority=600)
    app.connect("autodoc-skip-member", _skip_aliases)
    return {"parallel_read_safe": True}
