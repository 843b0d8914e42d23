"""Write the API pages from ``__all__``, so that they follow the code.

Each public package has a page. An object that several packages export is described on the page of
the one that defines it; the other pages link there.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import arms
import nengo_forcectl

INTRODUCTION = (
    "The names that most programs use are in ``nengo_forcectl``; the rest is one level down, by "
    "topic. Importing a package loads neither TensorFlow nor PyBullet until something needs it."
)


def public_modules() -> list[ModuleType]:
    """Return ``nengo_forcectl``, every module directly below it that has ``__all__``, and arms."""
    below = pkgutil.iter_modules(nengo_forcectl.__path__, "nengo_forcectl.")
    names = sorted(module.name for module in below if not module.name.endswith("__main__"))
    modules = [importlib.import_module(name) for name in names]
    return [nengo_forcectl, *(m for m in modules if hasattr(m, "__all__")), arms]


def home(name: str, modules: Iterable[ModuleType]) -> ModuleType:
    """Return the module among ``modules``, all of which export ``name``, that describes it."""
    exporting = list(modules)
    defined = getattr(getattr(exporting[0], name), "__module__", "")
    inside = [m for m in exporting if f"{defined}.".startswith(f"{m.__name__}.")]
    return max(inside or exporting, key=lambda m: len(m.__name__))


def write_pages(folder: Path) -> list[Path]:
    """Write an index and one page for each public module; return the paths of the pages."""
    folder.mkdir(parents=True, exist_ok=True)
    modules = public_modules()
    pages = [folder / f"{module.__name__}.rst" for module in modules]
    for module, page in zip(modules, pages, strict=True):
        _write(page, _page(module, modules))
    _write(folder / "index.rst", _index(modules))
    return pages


def _index(modules: list[ModuleType]) -> list[str]:
    rows = [f"   * - :doc:`{m.__name__}`\n     - {_first_line(m)}" for m in modules]
    table = [".. list-table::", "   :widths: 35 65", "", *rows, ""]
    toctree = [".. toctree::", "   :hidden:", "", *(f"   {m.__name__}" for m in modules)]
    return ["API", "===", "", INTRODUCTION, "", *table, *toctree]


def _page(module: ModuleType, modules: list[ModuleType]) -> list[str]:
    here: list[str] = []
    elsewhere: list[str] = []
    for name in module.__all__:
        value = getattr(module, name)
        same = [m for m in modules if name in m.__all__ and getattr(m, name) is value]
        owner = home(name, same)
        if owner is module:
            here += _description(module.__name__, name, value)
        else:
            text = _first_line(value)
            elsewhere.append(f"- :py:obj:`~{owner.__name__}.{name}`{text and f': {text}'}")
    title = [module.__name__, "=" * len(module.__name__), ""]
    introduction = [f".. automodule:: {module.__name__}", "   :no-members:", ""]
    links = ["Described on other pages:", "", *elsewhere, ""] if elsewhere else []
    return [*title, *introduction, *links, *here]


def _description(module: str, name: str, value: Any) -> list[str]:
    if inspect.isclass(value):
        options = ["   :members:", "   :show-inheritance:"]
        kind = "autoexception" if issubclass(value, BaseException) else "autoclass"
    elif callable(value) and hasattr(value, "__code__"):
        options, kind = [], "autofunction"
    else:
        options, kind = ["   :no-value:"], "autodata"
    return [f".. {kind}:: {module}.{name}", *options, ""]


def _first_line(value: Any) -> str:
    documented = inspect.ismodule(value) or inspect.isclass(value) or inspect.isfunction(value)
    text = inspect.getdoc(value) if documented else None
    return text.splitlines()[0].rstrip(":") if text else ""


def _write(page: Path, lines: list[str]) -> None:
    """Write a page that has changed; Sphinx does not build the others again."""
    text = "\n".join(lines) + "\n"
    if not page.exists() or page.read_text(encoding="utf-8") != text:
        page.write_text(text, encoding="utf-8")


def _write_all(app: Any) -> None:
    write_pages(Path(app.srcdir) / "api")


def setup(app: Any) -> dict[str, bool]:
    """Write the pages before Sphinx reads any."""
    app.connect("builder-inited", _write_all)
    return {"parallel_read_safe": True}
