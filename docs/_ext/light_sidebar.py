"""Build the sidebar of every page from the titles of pages alone.

It shows nothing else. Sphinx would copy the list of all objects of the API pages for every page,
and then take it out again: a sixth of the time of the documentation.
"""

from typing import Any

from sphinx import addnodes

EARLY = 400  # the theme builds the sidebar at 500
_titles: dict[str, Any] = {}  # the contents of each page, without its sections and objects


def _use_titles(app: Any, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    whole = context.get("toctree")
    if whole is None:
        return

    def toctree(**options: Any) -> str:
        if not options.get("titles_only"):
            return whole(**options)
        contents, app.env.tocs = app.env.tocs, _titles_of(app.env.tocs)
        try:
            return whole(**options)
        finally:
            app.env.tocs = contents

    context["toctree"] = toctree


def _titles_of(contents: dict[str, Any]) -> dict[str, Any]:
    """Return the contents of all pages; of those that list no other pages, the title alone."""
    for page in contents.keys() - _titles.keys():
        title = contents[page].deepcopy()
        if not any(title.findall(addnodes.toctree)):
            for entry in title.children:
                del entry[1:]
        _titles[page] = title
    return _titles


def setup(app: Any) -> dict[str, Any]:
    """Connect what this file adds."""
    app.connect("html-page-context", _use_titles, priority=EARLY)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
