"""How the documentation is built: ``sphinx-build -W -n docs build/docs``."""

import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "_ext"))
sys.path.insert(1, str(Path(__file__).parent.parent / "tests"))  # samples.py

project = "nengo_forcectl"
author = "The nengo_forcectl team"
project_copyright = "The nengo_forcectl team, GPL-2.0-only"
release = version = metadata.version("nengo-forcectl")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "api_pages",
    "docstrings",
    "light_sidebar",
    "sample_runs",
    "search_check",
    "short_names",
]
exclude_patterns = ["_ext"]
default_role = "py:obj"  # `Name` in a docstring is a link
nitpicky = True
# Nothing is fetched while the pages are built, so what other packages define stays without a link.
nitpick_ignore_regex = [
    (r"py:(class|data|obj)", r"(?!nengo_forcectl\.|arms\.).*[.'\[ ].*"),
    (r"py:class", r".*"),
    (r"py:obj", r".*\.T"),  # a type variable
]

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
maximum_signature_line_length = 88

html_theme = "furo"
html_title = f"nengo_forcectl {version}"
html_copy_source = False
html_static_path = ["_static"]
html_css_files = ["wide.css"]
html_theme_options = {
    "light_css_variables": {"code-font-size": "0.8rem"},
    "dark_css_variables": {"code-font-size": "0.8rem"},
}


def _join_ranges(app: Any, name: str, source: list[str]) -> None:
    """Keep "0.41 to 0.43" in one line of a table."""
    lines = source[0].split("\n")
    for number, line in enumerate(lines):
        if line.startswith("|"):
            lines[number] = re.sub(r"(?<=\d) to (?=\d)", "\u00a0to\u00a0", line)
    source[0] = "\n".join(lines)


def setup(app: Any) -> None:
    """Connect what this file adds."""
    app.connect("source-read", _join_ranges)
