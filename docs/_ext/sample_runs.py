"""Run the samples of the tutorials, and show below each what it prints.

The samples of a page run in one session of their own, in ``docs/_figures/<page>``. Figures that
they save there are the page's pictures, so no picture is older than the code that draws it. A page
runs again when it, or the code of the packages, has changed. A sample that fails fails the build.
"""

import builtins
import contextlib
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from samples import FENCE  # tests/samples.py

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = "tutorials"
OUTPUTS = "outputs.json"


def run_samples(page: Path) -> list[str]:
    """Run the samples of a page in this process; return what each of them prints."""
    text, outputs = page.read_text(encoding="utf-8"), []
    names: dict[str, Any] = {"__name__": "__main__"}
    for fence in FENCE.finditer(text):
        line = text.count("\n", 0, fence.start("code"))
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile("\n" * line + fence["code"], str(page), "exec"), names)
        outputs.append(printed.getvalue())
    return outputs


def refuse_warnings(project: Path) -> None:
    """Make warnings errors but for those that the tests allow."""
    settings = tomllib.loads(project.read_text(encoding="utf-8"))
    for line in settings["tool"]["pytest"]["ini_options"]["filterwarnings"]:
        action, message, category, *_ = (*line.split(":"), "", "Warning")
        warnings.filterwarnings(action, message, getattr(builtins, category or "Warning"))


def insert_outputs(text: str, outputs: list[str]) -> str:
    """Return the text of a page with what each sample printed below it."""
    parts, end = [], 0
    for fence, output in zip(FENCE.finditer(text), outputs, strict=True):
        parts.append(text[end : fence.end()])
        parts.append(f"\n\n```text\n{output.rstrip()}\n```" if output.strip() else "")
        end = fence.end()
    return "".join([*parts, text[end:]])


def _version(page: Path) -> str:
    """Return a digest of a page and of all that its samples call."""
    root = page.parents[2]
    digest = hashlib.sha256(page.read_bytes())
    for package in ("arms", "nengo_forcectl"):
        for path in sorted((root / package).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _run(page: Path, folder: Path) -> None:
    version, outputs = _version(page), folder / OUTPUTS
    if outputs.exists() and json.loads(outputs.read_text(encoding="utf-8"))["version"] == version:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    command = [sys.executable, __file__, str(page), version]
    paths = [str(page.parents[2]), *sys.path]
    environment = {**os.environ, "MPLBACKEND": "agg", "PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"a sample of {page} fails:\n{done.stderr}")


def _run_all(app: Any) -> None:
    """Run the pages: the first alone, because it compiles what all of them use."""
    source = Path(app.srcdir)
    figures = source / "_figures"
    texts = {page: page.read_text(encoding="utf-8") for page in (source / FOLDER).glob("*.md")}
    pages = sorted(page for page, text in texts.items() if FENCE.search(text))
    for page in pages[:1]:
        _run(page, figures / page.stem)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda page: _run(page, figures / page.stem), pages[1:]))


def _show(app: Any, name: str, source: list[str]) -> None:
    folder, _, stem = name.rpartition("/")
    outputs = Path(app.srcdir) / "_figures" / stem / OUTPUTS
    if folder == FOLDER and outputs.exists():
        saved = json.loads(outputs.read_text(encoding="utf-8"))
        source[0] = insert_outputs(source[0], saved["outputs"])


def setup(app: Any) -> dict[str, bool]:
    """Run the samples before Sphinx reads any page."""
    app.connect("builder-inited", _run_all)
    app.connect("source-read", _show)
    return {"parallel_read_safe": True}


if __name__ == "__main__":
    refuse_warnings(Path(sys.argv[1]).parents[2] / "pyproject.toml")
    printed = run_samples(Path(sys.argv[1]))
    saved = {"version": sys.argv[2], "outputs": printed}
    Path(OUTPUTS).write_text(json.dumps(saved), encoding="utf-8")
