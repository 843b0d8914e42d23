"""The house: each folder imports what stands below it, nothing hides, names are single."""

import ast
import functools
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = "nengo_forcectl"
ROOT = Path(__file__).parent.parent

# From the roof to the ground. What stands in one row may not import each other.
FLOORS = (
    ("__init__", "__main__"), ("cli",), ("jobs",), ("view",), ("logs",), ("policies",),
    ("robots",), ("export",), ("cycle",),
    ("adaptation",), ("kinematics",), ("control",), ("safety",), ("networks",), ("learning",),
    ("nengodl",), ("estimation",), ("paths", "sim"), ("kernels",), ("contract",), ("records",),
    ("support",), ("errors",),
)  # fmt: skip
FLOOR = {name: floor for floor, names in enumerate(FLOORS) for name in names}

HEAVY = {
    "arms.machine.compile": "loads llvmlite",
    "arms.machine.distances": "loads numba",
    "arms.machine.emission": "loads numba",
    "arms.machine.intermediate": "loads numba",
    "arms.machine.invoke": "loads numba",
    "arms.machine.memory": "loads numba",
    "arms.machine.numba_kernel": "loads numba",
    "arms.machine.python_call": "loads llvmlite",
    "distributed": "optional",
    "gymnasium": "optional",
    "joblib": "only jobs that use several processes start them",
    "llvmlite": "only what is not in the cache is compiled",
    "matplotlib": "wanted at the end of a job only",
    "mujoco": "optional",
    "nengo": "a loaded controller does without",
    "numba": "a job that only reads or prints does without",
    "pandas": "optional",
    "pyarrow": "optional",
    "pybullet": "announces itself, and a controller on a robot does without",
    "pylibfranka": "optional",
    "rosbags": "optional",
    "ruckig": "optional",
    "scipy": "only what filters or fits a log loads it",
    "sympy": "equations in the cache do without",
    "threadpoolctl": "only cells limit threads",
    "trimesh": "optional",
    "viser": "optional",
    "websockets": "optional",
}
"""What a function may import, itself or through a module of ours, with the reason."""

# What is not yet as it should be, by file; to become empty.


class Import(NamedTuple):
    """One imported module, and where."""

    file: str  # of the importing module, from the root
    line: int
    module: str  # with its dots
    in_function: bool
    typed: bool  # for the type checker alone
    reason: bool  # whether a comment stands with it


@functools.cache
def sources() -> dict[str, tuple[Path, ast.Module]]:
    """Every module and stub of the package, by its name with dots; a stub's ends in a dot."""
    found = {}
    for file in sorted((ROOT / PACKAGE).rglob("*.py*")):
        if file.suffix in (".py", ".pyi"):
            parts = file.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            name += "." if file.suffix == ".pyi" else ""
            found[name] = file, ast.parse(file.read_text(encoding="utf-8"))
    return found


def imports(name: str) -> Iterator[Import]:
    """All imports of a module, wherever they stand."""
    file, tree = sources()[name]
    lines = file.read_text(encoding="utf-8").splitlines()
    package = name.rstrip(".").split(".")
    package = package if file.stem == "__init__" else package[:-1]

    def walk(node: ast.AST, in_function: bool, typed: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            inside = in_function or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
            lazy = typed or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
            if isinstance(child, (ast.Import, ast.ImportFrom)):
                text = lines[child.lineno - 2 : child.end_lineno]
                reason = any("#" in line for line in text)
                path = str(file.relative_to(ROOT))
                for module in dict.fromkeys(_modules(child, package)):
                    yield Import(path, child.lineno, module, inside, lazy, reason)
            yield from walk(child, inside, lazy)

    yield from walk(tree, False, False)


def _modules(node: ast.Import | ast.ImportFrom, package: list[str]) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    base = package[: len(package) - node.level + 1] if node.level else []
    start = ".".join([*base, *(node.module or "").split(".")]).strip(".")
    each = [f"{start}.{alias.name}" for alias in node.names]
    return [module if module in sources() else start for module in each]


def every() -> list[Import]:
    """All imports of all modules."""
    return [each for name in sources() for each in imports(name)]


def floor_of(module: str) -> int | None:
    """The floor on which a module of ours stands; None for modules of others."""
    parts = module.split(".")
    if parts[0] != PACKAGE:
        return None
    return FLOOR[parts[1] if len(parts) > 1 else "__init__"]


@functools.cache
def heavy(module: str) -> bool:
    """Whether importing a module imports one of `HEAVY`, directly or through others."""
    todo, seen = [module], set()
    while todo:
        name = todo.pop()
        if name in HEAVY or name.partition(".")[0] in HEAVY:
            return True
        if name in seen or name not in sources():
            continue
        seen.add(name)
        todo += [each.module for each in imports(name) if not (each.in_function or each.typed)]
    return False


def test_every_folder_has_a_floor():
    """A new folder is given its place here first."""
    for name in sources():
        assert floor_of(name.rstrip(".")) is not None


def test_no_import_goes_up():
    """Those in functions and those for the type checker are no exception."""
    wrong = []
    for each in every():
        parts = Path(each.file).with_suffix("").parts
        own, other = FLOOR[parts[1]], floor_of(each.module)
        same = len(parts) > 2 and each.module.split(".")[:2] == list(parts[:2])
        if other is not None and not same and other <= own:
            wrong.append(f"{each.file}:{each.line} imports {each.module}")
    assert not wrong, "\n".join(wrong)


def test_kernels_import_nothing_but_arithmetic():
    """A kernel is to be compiled into a C library: NumPy, numba, and the arms' entries."""
    allowed = {"numpy", "numba", "llvmlite", "jaxtyping", "arms", *sys.stdlib_module_names}
    wrong = []
    for each in every():
        own = each.module.startswith(f"{PACKAGE}.kernels.")
        light = own or each.module.partition(".")[0] in allowed
        if "/kernels/" in each.file and not light:
            wrong.append(f"{each.file}:{each.line} imports {each.module}")
    assert not wrong, "\n".join(wrong)


def test_the_arms_know_nothing_above_them():
    """They can live alone."""
    for file in (ROOT / "arms").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                assert PACKAGE not in ast.unparse(node), f"{file}:{node.lineno}"


def test_imports_in_functions_are_of_heavy_packages_and_say_why():
    """All others stand at the top; a comment beside or above each gives the reason."""
    wrong = []
    for each in every():
        if not each.in_function:
            continue
        if not heavy(each.module):
            wrong.append(f"{each.file}:{each.line} imports {each.module}, which is light")
        elif not each.reason:
            wrong.append(f"{each.file}:{each.line} imports {each.module} without a reason")
    assert not wrong, "\n".join(wrong)


def test_no_two_modules_have_one_name():
    """Nor is one called after nothing."""
    files = {file for file, _ in sources().values() if file.suffix == ".py"}
    count = Counter(file.stem for file in files if not file.stem.startswith("__"))
    assert {name for name, times in count.items() if times > 1} == set()
    assert {"run", "checks", "others", "utils", "helpers", "misc"} & set(count) == set()


def test_the_top_level_is_small():
    """At most 6 modules and 19 packages."""
    top = ROOT / PACKAGE
    modules = list(top.glob("*.py"))
    packages = [path for path in top.iterdir() if path.is_dir() and path.name != "__pycache__"]
    assert len(modules) <= 6, modules
    assert len(packages) <= 19, packages


def functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    """Every function and method, and its place."""
    for file, tree in sources().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                yield f"{file.relative_to(ROOT)}:{node.lineno} {node.name}", node


def test_no_function_takes_more_than_ten_arguments():
    """``self`` and ``cls`` are not counted."""
    wrong = []
    for place, node in functions():
        given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        names = [argument.arg for argument in given if argument.arg not in ("self", "cls")]
        if len(names) > 10:
            wrong.append(f"{place}: {len(names)}")
    assert not wrong, "\n".join(wrong)


BLOCKS = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.Match)


def depth(node: ast.AST) -> int:
    """How deep blocks are nested below a node; an ``elif`` is as deep as its ``if``."""
    deepest = 0
    for child in ast.iter_child_nodes(node):
        elif_ = isinstance(node, ast.If) and isinstance(child, ast.If) and node.orelse == [child]
        own = isinstance(child, BLOCKS) and not elif_
        deepest = max(deepest, depth(child) + own)
    return deepest


def test_nothing_is_nested_deeper_than_four():
    """Blocks within blocks of one function."""
    wrong = [f"{place}: {depth(node)}" for place, node in functions() if depth(node) > 4]
    assert not wrong, "\n".join(wrong)


CASES = [("if a:\n  b\nelif c:\n  d", 1), ("for a in b:\n  if c:\n    d", 2)]


@pytest.mark.parametrize(("text", "wanted"), CASES)
def test_depth_is_counted(text, wanted):
    """The measure itself."""
    assert depth(ast.parse(text)) == wanted


@functools.cache
def names_in(module: str) -> set[str]:
    """What a module of ours has at its top: what it defines or imports, and its submodules."""
    found = {name.rpartition(".")[2] for name in sources() if name.rpartition(".")[0] == module}
    for part in (module, f"{module}."):
        for node in ast.walk(sources()[part][1]) if part in sources() else ():
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                found.add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.add(node.id)
            elif isinstance(node, ast.alias):
                found.add(node.asname or node.name)
    return found


def test_what_a_script_imports_is_there():
    """Every name that a script or an example takes from a module of ours."""
    files = [
        file for each in ("scripts", "examples") for file in sorted((ROOT / each).rglob("*.py"))
    ]
    taken = [
        (file.name, node.module, alias.name)
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith(f"{PACKAGE}.")
        for alias in node.names
    ]
    assert len(taken) > 100
    assert [each for each in taken if each[2] not in names_in(each[1])] == []
