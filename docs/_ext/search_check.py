"""Fail a build whose search or inventory lacks a public name.

``objects.inv`` is what other projects link by, ``searchindex.js`` what the search box looks into.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from api_pages import public_modules
from sphinx.errors import ExtensionError
from sphinx.util.inventory import InventoryFile


def names_in_inventory(file: Path) -> set[str]:
    """Return the full name of every Python object in an inventory."""
    inventory = InventoryFile.loads(file.read_bytes(), uri="")
    kinds = (kind for kind in inventory.data if kind.startswith("py:"))
    return {name for kind in kinds for name in inventory.data[kind]}


def names_in_search(file: Path) -> set[str]:
    """Return the full name of every object in the index of the search."""
    text = file.read_text(encoding="utf-8")
    index = json.loads(text[text.index("(") + 1 : text.rindex(")")])
    return {f"{prefix}.{entry[4]}" for prefix, found in index["objects"].items() for entry in found}


def missing_names(found: Iterable[str]) -> list[str]:
    """Return the public names that are not among the full names found.

    A name that several packages export is described on the page of one of them.
    """
    ends = {name.rpartition(".")[2] for name in found}
    public = {(m.__name__, name) for m in public_modules() for name in m.__all__}
    return sorted(f"{module}.{name}" for module, name in public if name not in ends)


def _check(app: Any, exception: Exception | None) -> None:
    if exception is not None or app.builder.name != "html":
        return
    folder = Path(app.outdir)
    for file, names in (("objects.inv", names_in_inventory), ("searchindex.js", names_in_search)):
        missing = missing_names(names(folder / file))
        if missing:
            raise ExtensionError(f"{file} lacks public names: {', '.join(missing)}")


def setup(app: Any) -> dict[str, bool]:
    """Look at what was written; after Sphinx, whose own handlers write the inventory."""
    app.connect("build-finished", _check, priority=900)
    return {"parallel_read_safe": True}
