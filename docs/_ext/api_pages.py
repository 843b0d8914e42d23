"""Write the API pages from ``__all__``, so that they follow the code.

Each public package has a page. An object that several packages export is described on the page of
the one that defines it; the other pages link there.
"""

import ast
import importlib
import inspect
import itertools
import pkgutil
import sys
import textwrap
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

IN_PARTS = ("arms.Arm",)
"""Classes that are stated in parts, by base classes that are not public: one page has all."""


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
    index = folder / "index.rst"
    _write(index, _index(modules))
    for page in {*folder.glob("*.rst")} - {index, *pages}:
        page.unlink()  # of a module that is gone
    return pages


def _index(modules: list[ModuleType]) -> list[str]:
    rows = [f"   * - :doc:`{m.__name__}`\n     - {_first_line(m)}" for m in modules]
    table = [".. list-table::", "   :widths: 35 65", "", *rows, ""]
    toctree = [".. toctree::", "   :hidden:", "", *(f"   {m.__name__}" for m in modules)]
    return ["API", "===", "", INTRODUCTION, "", *table, *toctree]


def _page(module: ModuleType, modules: list[ModuleType]) -> list[str]:
    here: dict[str, list[str]] = {}  # by the file that defines the names
    elsewhere: list[str] = []
    for name in module.__all__:
        value = getattr(module, name)
        same = [m for m in modules if name in m.__all__ and getattr(m, name) is value]
        owner = home(name, same)
        if owner is module:
            source = _source(module, name, value)
            here.setdefault(source.__name__, []).extend(_description(module, name, value))
        else:
            text = _first_line(value)
            elsewhere.append(f"- :py:obj:`~{owner.__name__}.{name}`{text and f': {text}'}")
    lines = [module.__name__, "=" * len(module.__name__), "", *_introduction(module.__name__)]
    if elsewhere:
        lines += ["Described on other pages:", "", *elsewhere, ""]
    for source, descriptions in here.items():
        several = len((sys.modules[source].__doc__ or "").strip().splitlines()) > 1
        if source != module.__name__ and several:
            lines += [f".. rubric:: {source.rpartition('.')[2]}.py", ""]
            lines += _introduction(source, "   :no-index:")
        lines += descriptions
    return lines


def _introduction(module: str, *options: str) -> list[str]:
    return [f".. automodule:: {module}", "   :no-members:", *options, ""]


def _source(module: ModuleType, name: str, value: Any) -> ModuleType:
    """Return the module that defines a name which ``module`` exports."""
    if inspect.isclass(value) or inspect.isfunction(value):
        return importlib.import_module(value.__module__)
    for path in (Path(module.__file__ or ""), Path(module.__file__ or "").with_suffix(".pyi")):
        tree = ast.parse(path.read_text(encoding="utf-8")) if path.exists() else ast.Module([], [])
        for node in tree.body:
            if isinstance(node, ast.ImportFrom) and name in {
                a.asname or a.name for a in node.names
            }:
                relative = "." * node.level + (node.module or "")
                source = importlib.import_module(relative, module.__package__)
                return _source(source, name, value)
    return module


def _description(module: ModuleType, name: str, value: Any) -> list[str]:
    path = f"{module.__name__}.{name}"
    if inspect.isclass(value):
        kind = "autoexception" if issubclass(value, BaseException) else "autoclass"
        inherited = ["   :inherited-members:"] if path in IN_PARTS else []
        return [f".. {kind}:: {path}", "   :members:", *inherited, "   :show-inheritance:", ""]
    if inspect.isfunction(value):
        return [f".. autofunction:: {path}", ""]
    text, short = _data(_source(module, name, value), name)
    options = [f"   :value: {short}"] if short and not text else []
    here = f".. py:currentmodule:: {module.__name__}"
    return [
        here,
        "",
        f".. py:data:: {name}",
        *options,
        "",
        *textwrap.indent(text, "   ").splitlines(),
        "",
    ]


def _data(module: ModuleType, name: str) -> tuple[str, str]:
    """Return the string that follows the assignment of a name in a module, and what is assigned."""
    body = ast.parse(inspect.getsource(module)).body
    for node, after in itertools.pairwise([*body, ast.Pass()]):
        targets = getattr(node, "targets", [getattr(node, "target", None)])
        if name in {ast.unparse(target) for target in targets if target is not None}:
            said = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
            text = inspect.cleandoc(str(after.value.value)) if said else ""
            return text.replace("|", r"\|"), ast.unparse(node.value)
    return "", ""


def _first_line(value: Any) -> str:
    documented = inspect.ismodule(value) or inspect.isclass(value) or inspect.isfunction(value)
    text = inspect.getdoc(value) if documented else None
    return text.splitlines()[0].rstrip(":") if text else ""


def _write(page: Path, lines: list[str]) -> None:
    """Write a page that has changed; Sphinx does not build the others again."""
    text = "\n".join(lines) + "\n"
    if not page.exists() or page.read_text(encoding="utf-8") != text:
        page.write_text(text, encoding="utf-8")


def _forget_options(kind: type) -> None:
    """Replace ``Annotated[int, ...]`` by ``int``: the rest is for the command line."""
    for owner in (kind, kind.__init__):
        annotations = getattr(owner, "__annotations__", {})
        for name, annotation in annotations.items():
            if hasattr(annotation, "__metadata__"):
                annotations[name] = annotation.__origin__


def _write_all(app: Any) -> None:
    write_pages(Path(app.srcdir) / "api")
    for module in public_modules():
        for name in module.__all__:
            value = getattr(module, name)
            for kind in value.__mro__[:-1] if inspect.isclass(value) else ():
                _forget_options(kind)


def setup(app: Any) -> dict[str, bool]:
    """Write the pages before Sphinx reads any."""
    app.connect("builder-inited", _write_all)
    return {"parallel_read_safe": True}
