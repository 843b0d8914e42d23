"""Let a docstring name an object by the end of its path: `Safe`, `Log.error`.

A public object becomes a link. The name of anything else in the package stays as it is; a name that
does not occur in the code at all is an error.
"""

import ast
from functools import cache
from pathlib import Path
from typing import Any

from sphinx.util.nodes import make_refnode

import arms
import nengo_forcectl


@cache
def names_in_code() -> frozenset[str]:
    """Return every name that the code of the packages defines: modules, classes, fields, ..."""
    names: set[str] = set()
    for package in (arms, nengo_forcectl):
        for path in Path(package.__path__[0]).rglob("*.py"):
            names |= {path.stem, path.parent.name}
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                    names.add(node.name)
                elif isinstance(node, ast.arg):
                    names.add(node.arg)
                elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    names.add(node.id)
    return frozenset(names)


def _resolve(app: Any, env: Any, node: Any, content: Any) -> Any:
    """Return a link to the public object whose path ends with the target, or plain text."""
    if node.get("refdomain") != "py":
        return None
    target = node["reftarget"]
    known = {n: entry for n, entry in env.domains["py"].objects.items() if not entry.aliased}
    for end in _ends(target):
        found = [name for name in known if f".{name}".endswith(f".{end}")]
        if found and (len(found) == 1 or _full(target) or "." in end or end[0].isupper()):
            name = min(found, key=lambda n: (n.count("."), n))
            entry = known[name]
            return make_refnode(
                app.builder, node["refdoc"], entry.docname, entry.node_id, content, name
            )
    inside = not _full(target) and set(target.split(".")) <= names_in_code()
    return content if inside else None


def _full(target: str) -> bool:
    return target.startswith(("nengo_forcectl.", "arms."))


def _ends(target: str) -> list[str]:
    """Return the target; of a full path, its shorter and shorter ends, too."""
    parts = target.split(".")
    return [".".join(parts[n:]) for n in range(len(parts) if _full(target) else 1)]


def setup(app: Any) -> dict[str, bool]:
    """Resolve what Sphinx's own search by full path does not find."""
    app.connect("missing-reference", _resolve)
    return {"parallel_read_safe": True}
