"""Kernels and their shells know every place in a block by its name."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import nengo_forcectl

PACKAGE = Path(nengo_forcectl.__path__[0])
LAYOUT = PACKAGE / "kernels" / "layout"
READERS = {"vector": 1, "wholes": 1, "matrix": 2, "cube": 3}
"""Functions of `access` that return a field, and the number of its axes."""

Shape = tuple[str, ...]


def shapes() -> Iterator[tuple[str, str, Shape]]:
    """Every field: the constant of its place, its name, its shape."""
    for file in LAYOUT.glob("*_fields.py"):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and ".add(" in ast.unparse(node.value):
                assert isinstance(node.targets[0], ast.Name)
                assert isinstance(node.value, ast.Call)
                name, *shape = [ast.literal_eval(each) for each in node.value.args]
                yield node.targets[0].id, name, tuple(shape[0].split()) if shape else ()


FIELDS = {constant: shape for constant, _, shape in shapes()}
NAMED: dict[str, set[Shape]] = {}
for _, own_name, own_shape in shapes():
    NAMED.setdefault(own_name, set()).add(own_shape)


def of_space(shape: Shape, axis: int) -> bool:
    """Whether a number is a direction there: of a vector, a twist, a wrench or a pose."""
    return shape[axis] in ("3", "6") or shape == ("4", "4")


def numbers(index: ast.expr) -> bool:
    """Whether an index or a bound of it is a number itself, not a name."""
    if isinstance(index, ast.Slice):
        return any(numbers(each) for each in (index.lower, index.upper) if each is not None)
    if isinstance(index, ast.UnaryOp):
        return numbers(index.operand)
    return isinstance(index, ast.Constant) and isinstance(index.value, int)


def indices(node: ast.Subscript) -> list[ast.expr]:
    """One index per axis."""
    return list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]


class Places(ast.NodeVisitor):
    """Collects subscripts of fields by a number that stands for a place."""

    def __init__(self) -> None:
        self.known: dict[str, Shape] = {}
        self.wrong: list[str] = []

    def shape(self, node: ast.expr) -> Shape | None:
        """The shape of a field, or of a part of one; None for anything else."""
        if isinstance(node, ast.Name):
            return self.known.get(node.id)
        if isinstance(node, ast.Subscript):
            return self._part(node)
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            return None
        axes = READERS.get(node.func.id)
        if axes is None or len(node.args) < 2:
            return None
        shape = FIELDS.get(ast.unparse(node.args[1]).rpartition(".")[2])
        return shape if shape is not None and len(shape) == axes else None

    def _part(self, node: ast.Subscript) -> Shape | None:
        """The shape of what a subscript leaves."""
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            found = NAMED.get(node.slice.value, set())  # a block in Python
            return next(iter(found)) if len(found) == 1 else None
        shape = self.shape(node.value)
        if shape is None or any(isinstance(each, ast.Slice) for each in indices(node)):
            return None
        return shape[len(indices(node)) :] or None

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Names are those of one function."""
        self.known = {}
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        """Remember which name is which field."""
        self.generic_visit(node)
        (target,) = node.targets[:1]
        pairs = [(target, node.value)]
        if isinstance(target, ast.Tuple):
            values = node.value.elts if isinstance(node.value, ast.Tuple) else []
            pairs = list(zip(target.elts, values, strict=False))
        for each, value in pairs:
            if isinstance(each, ast.Name):
                shape = self.shape(value)
                self.known.pop(each.id, None)
                if shape is not None:
                    self.known[each.id] = shape

    def visit_Subscript(self, node: ast.Subscript) -> None:
        """Refuse a number where the axis is not of space."""
        shape = self.shape(node.value)
        if shape is not None:
            for axis, index in enumerate(indices(node)[: len(shape)]):
                if numbers(index) and not of_space(shape, axis):
                    self.wrong.append(f"{node.lineno}: {ast.unparse(node)}, of {' '.join(shape)}")
        self.generic_visit(node)


def wrong_places(text: str) -> list[str]:
    """Line and text of every subscript of a field by a number that stands for a place."""
    places = Places()
    places.visit(ast.parse(text))
    return places.wrong


def test_no_number_stands_for_a_place():
    """A wrong number is a silently wrong torque. Numbers are for axes of space, 3 or 6 long."""
    wrong = []
    for file in sorted(PACKAGE.rglob("*.py")):
        if file.relative_to(PACKAGE).parts[0] not in ("jobs", "view", "logs", "nengodl", "sim"):
            name = file.relative_to(PACKAGE)
            wrong += [f"{name}:{each}" for each in wrong_places(file.read_text(encoding="utf-8"))]
    assert not wrong, "\n".join(wrong)


REFUSED = [
    "box = matrix(guard, at.GUARD_BOX, 3)\nbox[0, axis]",
    "q, box = vector(guard, GUARD_Q), matrix(guard, GUARD_BOX, 3)\nbox[1, 2]",
    "vector(watch, WATCH_EVENTS)[7]",
    "vector(watch, WATCH_EVENTS)[7:]",
    "self._watch['events'][-1]",
    "row = matrix(law, YIELD_MOVING, 6)\nrow[0]",
]
ALLOWED = [
    "box = matrix(guard, at.GUARD_BOX, 3)\nbox[at.BOX_LOWER, 2]",
    "pose = matrix(arm, ARM_POSE, 4)\npose[axis, 3]",
    "J = matrix(arm, ARM_J, n)\nJ[3, i]",
    "lacks = matrix(load, LOAD_LACKS, n)\nlacks[s + 1, i]",
    "row = matrix(law, YIELD_MOVING, 6)[MOVES]\nrow[3:]",
    "box = matrix(guard, at.GUARD_BOX, 3)\nbox = other\nbox[0]",
]


@pytest.mark.parametrize("text", REFUSED)
def test_a_number_for_a_place_is_seen(text):
    """The scan itself."""
    assert len(wrong_places(text)) == 1


@pytest.mark.parametrize("text", ALLOWED)
def test_names_and_directions_pass(text):
    """It gives no false alarm."""
    assert wrong_places(text) == []
