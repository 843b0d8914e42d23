"""Conversion of settings (arms, limits, gains) to plain data, readable as JSON, and back.

A dataclass becomes ``{"type": name, field: value, ...}``, a tuple a list, a small array
``{"array": [...]}``; a large one goes to ``arrays`` under its path, ``{"stored": "law.basis"}``.
Numbers that are not finite become ``{"number": "inf"}``, or "inf" within an array, because JSON
lacks them. Only types of a fixed table are restored.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from arms import Arm, CollisionPairs
from arms.model import capsules, chain

from ..control import LAWS, SECONDARY_TASKS
from ..cycle.structured_design import StructuredDesign
from ..errors import ConfigurationError, RecordError
from ..learning.consolidation import Consolidation
from ..learning.gradient import Gradient
from ..learning.joint_neurons import JointNeurons
from ..learning.structured_columns import Columns
from ..learning.tool_neurons import ToolNeurons
from ..networks.encoding import StateEncoding
from ..networks.neurons import NeuronModel
from ..networks.structured_encoding import JointEncoding, StructuredEncoding, ToolEncoding
from ..networks.structured_population import StructuredPopulation
from ..safety.clearance import Clearance
from ..safety.limits import Limits

SHAPES = capsules.Capsule, capsules.Sphere, capsules.HalfSpace
OTHERS = (
    Limits, StateEncoding, NeuronModel, StructuredEncoding, JointEncoding, JointNeurons,
    ToolNeurons, ToolEncoding, StructuredPopulation, Consolidation, Gradient, Columns,
    StructuredDesign, chain.Chain, chain.Link, chain.Inertia, chain.Joint, chain.Mimic, chain.Pose,
    Clearance, *SHAPES,
)  # fmt: skip
TYPES: dict[str, type] = {kind.__name__: kind for kind in (*LAWS, *SECONDARY_TASKS, *OTHERS)}
LARGE = 64  # smallest size of an array that is stored separately


def plain(value: Any, path: str, arrays: dict[str, np.ndarray], arm: Arm | None = None) -> Any:
    """Return ``value`` as plain data.

    Args:
        path: its path, for messages and as the name of a stored array.
        arrays: receives the stored arrays.
        arm: the only arm that a value may hold.

    Raises:
        ConfigurationError: a value has no plain form.
    """
    if isinstance(value, (bool, np.bool_, str)) or value is None:
        return value if value is None or isinstance(value, str) else bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        number = _number(float(value))
        return {"number": number} if isinstance(number, str) else number
    if isinstance(value, np.ndarray) and value.dtype.kind in "if":
        if value.size > LARGE:
            arrays[path] = value.copy()
            return {"stored": path}
        return {"array": _numbers(np.asarray(value, dtype=float).tolist())}
    if isinstance(value, (tuple, list)):
        return [plain(each, f"{path}.{k}", arrays, arm) for k, each in enumerate(value)]
    if arm is not None and isinstance(value, Arm):
        if value.chain != arm.chain:
            raise ConfigurationError(
                f"{path}: is another arm, {value}, needs the controller's, {arm}"
            )
        return {"arm": arm.name}
    if isinstance(value, CollisionPairs):
        plain(value.arm, f"{path}.arm", arrays, arm)  # is it the controller's?
        parts = tuple(value.shapes.values()), value.standing, value.names
        return {"pairs": plain(parts, path, arrays)}
    if TYPES.get(type(value).__name__) is not type(value):
        raise ConfigurationError(
            f"{path}: no plain form of {value!r}; there is one of {', '.join(TYPES)}"
        )
    data: dict[str, Any] = {"type": type(value).__name__}
    for field in dataclasses.fields(TYPES[data["type"]]):
        name, part = f"{path}.{field.name}", getattr(value, field.name)
        data[field.name] = plain(part, name, arrays, arm)
    return data


def made(data: Any, path: str, arrays: Mapping[str, np.ndarray], arm: Arm | None = None) -> Any:
    """Return the object from which `plain` made ``data``.

    Raises:
        RecordError: the data are not from `plain`.
    """
    if isinstance(data, list):
        return tuple(made(each, f"{path}.{k}", arrays, arm) for k, each in enumerate(data))
    if not isinstance(data, dict):
        return data
    if "stored" in data:
        return stored(arrays, path)
    if "number" in data:
        return float(data["number"])
    if "array" in data:
        return _array(np.array(data["array"], dtype=float), path)
    if list(data) == ["arm"] and arm is not None:
        return arm
    if list(data) == ["pairs"] and arm is not None:
        shapes, standing, names = made(data["pairs"], path, arrays)
        for each in shapes:
            if not isinstance(each, SHAPES):
                raise RecordError(f"{path}: is {each!r:.60}, needs a shape")
        moving = len(shapes) - len(standing)
        return CollisionPairs(arm, shapes[:moving], shapes[moving:], names)
    kind = TYPES.get(str(data.get("type")))
    if kind is None:
        raise RecordError(f"{path}: is of type {data.get('type')!r}, not one of {', '.join(TYPES)}")
    given = {name: part for name, part in data.items() if name != "type"}
    wanted = {field.name for field in dataclasses.fields(kind)}
    if set(given) != wanted:
        raise RecordError(
            f"{path}: {kind.__name__} has the fields {', '.join(sorted(wanted))}, "
            f"not {', '.join(sorted(given))}"
        )
    return kind(**{n: made(part, f"{path}.{n}", arrays, arm) for n, part in given.items()})


def stored(arrays: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    """Return the array of a name; raise `RecordError` if it is missing or holds NaN."""
    if name not in arrays:
        raise RecordError(f"there is no array {name!r}; arrays: {', '.join(sorted(arrays))}")
    return _array(arrays[name], name)


def put(target: np.ndarray, arrays: Mapping[str, np.ndarray], name: str) -> None:
    """Copy the array of a name into another one; raise `RecordError` if the shapes differ."""
    value = stored(arrays, name)
    if value.shape != target.shape:
        raise RecordError(f"array {name!r} has shape {value.shape}, needs {target.shape}")
    target[...] = value


def _array(value: np.ndarray, name: str) -> np.ndarray:
    if value.dtype.kind not in "if" or np.isnan(value).any():
        raise RecordError(f"array {name!r} does not hold numbers alone")
    return value.copy()


def _number(value: float) -> float | str:
    if math.isnan(value):
        raise ConfigurationError("a setting is NaN")
    return value if math.isfinite(value) else ("inf" if value > 0 else "-inf")


def _numbers(values: Any) -> Any:
    return [_numbers(each) for each in values] if isinstance(values, list) else _number(values)
