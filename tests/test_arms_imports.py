"""Every import in ``arms`` goes down: also those in functions and under TYPE_CHECKING."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import arms

PACKAGE = Path(arms.__file__).parent
# From the top down. A name is a folder or a module; it may import itself and what stands below.
FLOORS = (
    *(
        "__init__",
        "figures",
        "sources",
        "collision",
        "arm",
        "mechanics",
        "compiled",
        "base_parameters",
        "inverse",
        "catalog",
    ),
    *("equations", "machine", "model", "errors"),
)
FORBIDDEN = ("nengo_forcectl",)
# What may be imported inside a function, because it must not load with the module.
LAZY = {
    "arm": {"arms.equations.symbolic"},  # Sympy
    "compiled": {"arms.equations.derive"},  # Sympy
    "machine.kernel": {"arms.machine.compile", "arms.machine.python_entry"},  # llvmlite
    "machine.object_files": {
        *("arms.machine.compile", "arms.machine.python_call"),  # llvmlite
        *(
            "arms.machine.emission",
            "arms.machine.intermediate",
            "arms.machine.numba_kernel",
        ),  # numba
    },
    "machine.routine": {"arms.machine.compile", "arms.machine.translate"},
}
# Imports by a computed name, which is the caller's.
GIVEN = {
    "catalog.descriptions": "resolve_name",  # a module of robot_descriptions
    "machine.object_files": "resolve_name",  # a part's module
}
SOURCES = sorted(PACKAGE.rglob("*.py"))


def name_of(source, package=PACKAGE):
    """Dotted name of a module within its package."""
    return ".".join(source.relative_to(package).with_suffix("").parts)


def imports_of(text, module, package="arms"):
    """Every imported module as (line, absolute name, is it inside a function?)."""
    tree = ast.parse(text)
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    inside = {id(node) for function in functions for node in ast.walk(function)}
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parents = [package, *module.split(".")][: -node.level or None]
            base = ".".join([*parents, *filter(None, [node.module])]) if node.level else node.module
            names = [f"{base}.{alias.name}" for alias in node.names]
        elif (
            isinstance(node, ast.Call)
            and getattr(node.func, "id", getattr(node.func, "attr", ""))
            in {"import_module", "__import__", "resolve_name"} - {GIVEN.get(module)}
            and not (node.args and isinstance(node.args[0], ast.Constant))
        ):
            names = [f"{package}.a_computed_name"]
        for name in names:
            yield node.lineno, name, id(node) in inside


def module_in(name):
    """The module of the package that an absolute name belongs to; None outside the package."""
    parts = name.split(".")
    if parts[0] != PACKAGE.name:
        return None
    for end in range(len(parts), 1, -1):
        path = PACKAGE.joinpath(*parts[1:end])
        if path.with_suffix(".py").is_file():
            return ".".join(parts[1:end])
        if path.is_dir():
            return ".".join([*parts[1:end], "__init__"])
    return "__init__"


def refused(text, module):
    """The imports of a module that go up, or to a package above this one."""
    own = FLOORS.index(module.split(".")[0])
    for line, name, _ in imports_of(text, module):
        target = module_in(name)
        if name.split(".")[0] in FORBIDDEN:
            yield f"{module}:{line} imports {name}"
        elif target is not None and FLOORS.index(target.split(".")[0]) < own:
            yield f"{module}:{line} goes up to {name}"


@pytest.mark.parametrize("source", SOURCES, ids=name_of)
def test_no_import_goes_up(source):
    """Each module imports its own floor and lower ones, and nothing of nengo_forcectl."""
    assert not list(refused(source.read_text(), name_of(source)))


@pytest.mark.parametrize("source", SOURCES, ids=name_of)
def test_imports_inside_functions_have_a_reason(source):
    """Only those that load Sympy, llvmlite or numba."""
    allowed = LAZY.get(name_of(source), set())
    for line, name, inside in imports_of(source.read_text(), name_of(source)):
        assert not inside or name.rpartition(".")[0] in allowed, f"line {line}: {name}"


def test_the_modules_form_no_ring():
    """Not even within a floor."""
    graph = {
        name_of(source): {
            target
            for _, name, _ in imports_of(source.read_text(), name_of(source))
            if (target := module_in(name)) is not None
        }
        for source in SOURCES
    }
    assert len(list(TopologicalSorter(graph).static_order())) == len(SOURCES)


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("model.bodies", "from arms.equations.program import Program"),
        ("machine.kernel", "def f():\n    from arms.equations.derive import derive"),
        ("inverse", "if TYPE_CHECKING:\n    from arms.arm import Arm"),
        ("machine.steps", "import arms.equations"),
        ("machine.steps", "from ..equations import derive"),
        ("machine.steps", "from .. import arm"),
        ("errors", "from nengo_forcectl.errors import ForcectlError"),
        ("catalog.kuka", "from arms import load"),
        ("arm", "import_module(f'arms.{name}')"),
        ("arm", "resolve_name(f'arms.{name}')"),
        ("machine.object_files", "import_module(f'arms.{name}')"),
    ],
)
def test_an_import_that_goes_up_is_found(module, text):
    """Plain, lazy, typed, relative, and by a computed name."""
    assert len(list(refused(text, module))) == 1


def test_the_arms_need_four_packages():
    """NumPy, llvmlite, Sympy (with mpmath) and defusedxml: an arm that is used loads no other."""
    code = """
import sys
before = set(sys.modules)
import arms
assert arms.load("planar1").terms([0.1], [0.2]).M[0, 0] > 0
arms.load("kuka_iiwa")
for name in set(sys.modules) - before:
    if "site-packages" in str(getattr(sys.modules[name], "__file__", "")):
        print(name.partition(".")[0])
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    used = set(done.stdout.split()) - {"arms"}  # where it is installed
    assert used <= {"numpy", "llvmlite", "sympy", "mpmath", "defusedxml"}
