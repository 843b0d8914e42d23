"""Numbers, vectors, poses and names of a URDF's elements, each checked."""

from __future__ import annotations

from math import copysign, hypot, inf, isfinite, isnan, nan
from xml.etree.ElementTree import Element

from arms.errors import UrdfError
from arms.model.chain import MOVING, Pose, Vector
from arms.model.spatial import snap as nominal
from arms.model.values import LARGEST

_MAX_NAME = 200


def limits_of(element: Element | None, kind: str, what: str) -> tuple[float, float, float, float]:
    """Lower, upper, velocity, effort.

    In a ``<limit>``, positions that it does not state are 0, as the format defines them; a velocity
    or effort that it does not state is infinite.
    """
    if element is None or kind not in MOVING:
        return -inf, inf, inf, inf
    bounded = kind != "continuous"
    lower = _limit(element, "lower", what, 0.0) if bounded else -inf
    upper = _limit(element, "upper", what, 0.0) if bounded else inf
    if lower > upper or lower == inf or upper == -inf:
        raise UrdfError(
            f"{what} has a lower limit {lower:g} above its upper limit {upper:g}, needs one below"
        )
    velocity, effort = (_limit(element, key, what, inf) for key in ("velocity", "effort"))
    for key, value in (("velocity", velocity), ("effort", effort)):
        if value < 0:
            raise UrdfError(f"{what}: <limit {key}={value:g}> is negative, needs 0 or more")
    return lower, upper, velocity, effort


def _limit(element: Element, key: str, what: str, default: float) -> float:
    """A limit, infinite from `LARGEST` on: files write 1e9, 1e16 or inf for what has none."""
    text = element.get(key, "").strip()
    if not text:
        return default
    value = _parsed(text)
    if isnan(value):
        raise UrdfError(f"{what}: <limit {key}={text[:60]!r}> is not a number, needs one")
    return copysign(inf, value) if abs(value) >= LARGEST else value


def direction(axis: Vector, what: str) -> Vector:
    """The unit vector along an axis."""
    length = hypot(*axis)
    if length < 1e-6:
        raise UrdfError(
            f"{what} has the axis {axis}, which is too short for a direction, needs 1e-6"
        )
    if sum(x == 0 for x in axis) == 2:
        return tuple(float((x > 0) - (x < 0)) for x in axis)  # type: ignore[return-value]
    return tuple(x / length for x in axis)  # type: ignore[return-value]


def pose_in(element: Element, what: str, snap: bool) -> Pose:
    """The pose of an element's ``<origin>``, with nominal angles if ``snap``."""
    origin = element.find("origin")
    if origin is None:
        return Pose()
    zero = (0.0, 0.0, 0.0)
    roll, pitch, yaw = vector_in(origin, "rpy", what, zero)
    if snap:
        roll, pitch, yaw = map(nominal, (roll, pitch, yaw))
    return Pose(vector_in(origin, "xyz", what, zero), (roll, pitch, yaw))


def vector_in(element: Element, key: str, what: str, default: Vector) -> Vector:
    """Three numbers of an attribute; the default if it is not there."""
    if element.get(key) is None:
        return default
    x, y, z = floats_in(element, key, what, 3)
    return x, y, z


def floats_in(element: Element, key: str, what: str, count: int) -> list[float]:
    """The ``count`` numbers of an attribute."""
    text = element.get(key, "")
    values = [_float(word, element, key, what) for word in text.split()[: count + 1]]
    if len(values) != count:
        raise UrdfError(f"{what}: <{element.tag} {key}={text[:60]!r}> needs {count} numbers")
    return values


def number_in(element: Element, key: str, what: str, default: float | None = None) -> float:
    """The number of an attribute; the default, if there is one, where it is missing or empty."""
    text = element.get(key)
    if text is None or not text.strip():
        if default is None:
            raise UrdfError(f"{what}: <{element.tag}> lacks {key!r}")
        return default
    return _float(text, element, key, what)


def _float(text: str, element: Element, key: str, what: str) -> float:
    value = _parsed(text)
    if not isfinite(value):
        raise UrdfError(f"{what}: <{element.tag} {key}={text[:60]!r}> is not a finite number")
    if abs(value) > LARGEST:
        raise UrdfError(
            f"{what}: <{element.tag} {key}={text[:60]!r}> is too large, needs at most {LARGEST:g}"
        )
    return value


def _parsed(text: str) -> float:
    """The number, NaN if it is none."""
    try:
        return float(text) if "_" not in text else nan
    except ValueError:
        return nan


def name_of(element: Element, what: str) -> str:
    """An element's name."""
    name = element.get("name", "")
    if not name or len(name) > _MAX_NAME or not name.isprintable():
        raise UrdfError(
            f"a {what} is named {name[:60]!r}; a name is 1 to {_MAX_NAME} printable characters"
        )
    return name
