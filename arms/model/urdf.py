"""URDF to ``Chain``: a strict reader of the mechanical part of the format.

A URDF is untrusted input. Document types and entities are refused, every number must be finite,
every name printable, the links must form one tree. Names do not enter generated code.

URDF has no rotor inertia. It is read from Drake's extension, ``<drake:rotor_inertia>`` and
``<drake:gear_ratio>`` in a ``<transmission>``, whose prefix the file must declare. Friction is read
from a ``<friction viscous dry>`` beside them, which ``urdf_text`` writes. ``<dynamics>`` is not
read: many files hold a damping there that only keeps a simulator stable (10 N m s/rad in some), and
a controller would send it to the motors. ``Arm.with_friction`` takes it over.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from math import copysign, hypot, inf, isfinite
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from arms.errors import UrdfError
from arms.model.chain import KINDS, MOVING, Chain, Inertia, Joint, Link, Mimic, Pose, Vector, Visual
from arms.model.spatial import is_physical, turned_moments
from arms.model.tree import select

_MAX_BYTES = 20_000_000
_MAX_NAME = 200


def read_urdf(
    path: str | Path,
    *,
    base: str | None = None,
    tip: str | None = None,
    locked: Mapping[str, float] | None = None,
) -> Chain:
    """Read the chain from ``base`` (default: the root link) to ``tip`` (default: the only leaf).

    ``locked`` makes joints rigid, by name, at positions [rad or m].

    Raises:
        UrdfError: The file cannot be read, is not a URDF, or its links are not one tree.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise UrdfError(f"URDF {str(path)!r} cannot be read: {error.strerror or error}") from None
    if len(data) > _MAX_BYTES:
        raise UrdfError(f"URDF {str(path)!r} is larger than {_MAX_BYTES // 1_000_000} MB")
    try:
        return parse_urdf(data, path.resolve().parent, base=base, tip=tip, locked=locked)
    except UrdfError as error:
        raise UrdfError(f"URDF {str(path)!r}: {error}") from None


def parse_urdf(
    text: str | bytes,
    folder: Path | None = None,
    *,
    base: str | None = None,
    tip: str | None = None,
    locked: Mapping[str, float] | None = None,
) -> Chain:
    """Read a URDF's text, as ``read_urdf``; paths of meshes are relative to ``folder``."""
    try:
        root = fromstring(text, forbid_dtd=True)
    except DefusedXmlException:
        raise UrdfError("document types and entities are not allowed in a URDF") from None
    except (ParseError, ValueError, LookupError) as error:
        raise UrdfError(f"not XML: {error}") from None
    if root.tag != "robot":
        raise UrdfError(f"the outer element is <{root.tag[:40]!s}>, not <robot>")
    links = [_link(element, folder) for element in root.findall("link")]
    joints = [_joint(element) for element in root.findall("joint")]
    joints = _driven(joints, root.findall("transmission"))
    missing = [e.get("name", "") for e in root.findall("link") if e.find("inertial") is None]
    chain = select(root.get("name") or "robot", links, joints, base, tip, locked or {})
    doubtful = [link.name for link in chain.links if not is_physical(link.inertia)]
    if doubtful:
        warnings.warn(
            f"Arm {chain.name!r}: inertias that no rigid body has (the triangle inequality fails): "
            f"links {', '.join(map(repr, doubtful))}",
            stacklevel=4,
        )
    massless = [n for n in missing if n not in (chain.base, chain.tip) and _carries(chain, n)]
    if massless:
        warnings.warn(
            f"Arm {chain.name!r}: links without <inertial> are massless: "
            f"{', '.join(map(repr, massless))}",
            stacklevel=4,
        )
    return chain


def _carries(chain: Chain, link: str) -> bool:
    """Does a moving joint lead to ``link``? Then it is more than a named frame."""
    return any(j.child == link and j.kind in MOVING for j in chain.joints)


def _link(element: Element, folder: Path | None) -> Link:
    name = _name(element, "link")
    what = f"link {name!r}"
    visuals = []
    for visual in element.findall("visual"):
        mesh = visual.find("geometry/mesh")
        if mesh is not None and folder is not None and mesh.get("filename"):
            color = visual.find("material/color")
            visuals.append(
                Visual(
                    _mesh(str(mesh.get("filename")), folder),
                    _pose(visual, what),
                    _vector(mesh, "scale", what, (1.0, 1.0, 1.0)),
                    None if color is None else tuple(_floats(color, "rgba", what, 4)),  # type: ignore[arg-type]
                )
            )
    inertial = element.find("inertial")
    return Link(name, Inertia() if inertial is None else _inertia(inertial, what), tuple(visuals))


def _mesh(name: str, folder: Path) -> str:
    """Absolute path of a mesh; ``package://`` names are looked up in the folders above the URDF."""
    if name.startswith("package://"):
        relative = name.removeprefix("package://")
        for parent in (folder, *folder.parents):
            for candidate in (parent / relative, parent / relative.partition("/")[2]):
                if candidate.is_file():
                    return str(candidate)
        return str(folder / relative)
    return str((folder / name.removeprefix("file://")).absolute())


def _inertia(element: Element, what: str) -> Inertia:
    mass_element, tensor = element.find("mass"), element.find("inertia")
    if mass_element is None:
        raise UrdfError(f"{what} has an <inertial> without <mass>")
    mass = _number(mass_element, "value", what)
    if mass < 0:
        raise UrdfError(f"{what} has the negative mass {mass:g} kg")
    pose = _pose(element, what)
    entries = [0.0] * 6
    if tensor is not None:
        names = ("ixx", "ixy", "ixz", "iyy", "iyz", "izz")
        entries = [_number(tensor, name, what, 0.0) for name in names]
    return Inertia(mass, pose.xyz, turned_moments(entries, pose.rpy))


def _joint(element: Element) -> Joint:
    name = _name(element, "joint")
    what = f"joint {name!r}"
    kind = element.get("type", "")
    if kind not in KINDS:
        raise UrdfError(f"{what} has type {kind[:40]!r}; supported: {', '.join(KINDS)}")
    ends = [element.find(end) for end in ("parent", "child")]
    if any(end is None or not end.get("link") for end in ends):
        raise UrdfError(f"{what} lacks a <parent link=...> or <child link=...>")
    parent, child = (str(end.get("link")) for end in ends if end is not None)
    axis: Vector = (1.0, 0.0, 0.0)  # URDF's default
    axis_element = element.find("axis")
    if axis_element is not None and kind in MOVING:
        axis = _unit(_vector(axis_element, "xyz", what, axis), what)
    lower, upper, velocity, effort = _limits(element.find("limit"), kind, what)
    mimic = element.find("mimic")
    return Joint(
        name,
        kind,
        parent,
        child,
        _pose(element, what),
        axis,
        lower,
        upper,
        velocity,
        effort,
        None if mimic is None or kind not in MOVING else _mimic(mimic, what),
    )


def _driven(joints: list[Joint], transmissions: list[Element]) -> list[Joint]:
    """The joints with the rotor inertia and friction of their transmissions."""
    drives: dict[str, dict[str, float]] = {}
    for transmission in transmissions:
        parts = {
            part.tag.rpartition("}")[2]: part
            for actuator in transmission.findall("actuator")
            for part in actuator
        }
        if not parts.keys() & {"rotor_inertia", "friction"}:
            continue
        for joint in transmission.findall("joint"):
            name = joint.get("name", "")
            if name in drives:
                raise UrdfError(f"joint {name!r} has two transmissions with a rotor or friction")
            drives[name] = _drive(parts, f"joint {name!r}")
    unknown = drives.keys() - {joint.name for joint in joints}
    if unknown:
        raise UrdfError(f"a <transmission> names joint {min(unknown)!r}, which is not there")
    return [
        replace(joint, **drives.get(joint.name, {})) if joint.kind in MOVING else joint
        for joint in joints
    ]


def _drive(parts: Mapping[str, Element], what: str) -> dict[str, float]:
    """The fields of `DRIVE` from an actuator's elements, by their names without a prefix."""
    rotor, gear, friction = (parts.get(k) for k in ("rotor_inertia", "gear_ratio", "friction"))
    ratio = 1.0 if gear is None else _number(gear, "value", what)
    inertia = 0.0 if rotor is None else _not_negative(rotor, "value", what)
    return {
        "armature": inertia * ratio**2,
        "viscous": 0.0 if friction is None else _not_negative(friction, "viscous", what),
        "dry": 0.0 if friction is None else _not_negative(friction, "dry", what),
    }


def _not_negative(element: Element, key: str, what: str) -> float:
    value = _number(element, key, what, 0.0)
    if value < 0:
        tag = element.tag.rpartition("}")[2]
        raise UrdfError(f"{what}: <{tag} {key}={value:g}> is negative")
    return value


def _mimic(element: Element, what: str) -> Mimic:
    leader = element.get("joint", "")
    if not leader:
        raise UrdfError(f"{what} has a <mimic> without a joint")
    return Mimic(
        leader, _number(element, "multiplier", what, 1.0), _number(element, "offset", what, 0.0)
    )


def _limits(element: Element | None, kind: str, what: str) -> tuple[float, float, float, float]:
    """Lower, upper, velocity, effort; the last two are infinite if missing, zero or negative."""
    if element is None or kind not in MOVING:
        return -inf, inf, inf, inf
    bounded = kind != "continuous" and (element.get("lower") or element.get("upper"))
    lower = _unless_huge(_number(element, "lower", what, 0.0)) if bounded else -inf
    upper = _unless_huge(_number(element, "upper", what, 0.0)) if bounded else inf
    if lower > upper:
        raise UrdfError(f"{what} has a lower limit {lower:g} above its upper limit {upper:g}")
    velocity = _unless_huge(_number(element, "velocity", what, 0.0))
    effort = _unless_huge(_number(element, "effort", what, 0.0))
    return lower, upper, velocity if velocity > 0 else inf, effort if effort > 0 else inf


def _unless_huge(limit: float) -> float:
    """The limit, or infinity: URDF cannot say "no limit", so files write 1e9."""
    return copysign(inf, limit) if abs(limit) >= 1e9 else limit


def _unit(axis: Vector, what: str) -> Vector:
    length = hypot(*axis)
    if length < 1e-6:
        raise UrdfError(f"{what} has the axis {axis}, which is too short for a direction")
    if sum(x == 0 for x in axis) == 2:
        return tuple(float((x > 0) - (x < 0)) for x in axis)  # type: ignore[return-value]
    return tuple(x / length for x in axis)  # type: ignore[return-value]


def _pose(element: Element, what: str) -> Pose:
    origin = element.find("origin")
    if origin is None:
        return Pose()
    zero = (0.0, 0.0, 0.0)
    return Pose(_vector(origin, "xyz", what, zero), _vector(origin, "rpy", what, zero))


def _vector(element: Element, key: str, what: str, default: Vector) -> Vector:
    if element.get(key) is None:
        return default
    x, y, z = _floats(element, key, what, 3)
    return x, y, z


def _floats(element: Element, key: str, what: str, count: int) -> list[float]:
    text = element.get(key, "")
    values = [_float(word, element, key, what) for word in text.split()[: count + 1]]
    if len(values) != count:
        raise UrdfError(f"{what}: <{element.tag} {key}={text[:60]!r}> needs {count} numbers")
    return values


def _number(element: Element, key: str, what: str, default: float | None = None) -> float:
    text = element.get(key)
    if text is None or not text.strip():
        if default is None:
            raise UrdfError(f"{what}: <{element.tag}> lacks {key!r}")
        return default
    return _float(text, element, key, what)


def _float(text: str, element: Element, key: str, what: str) -> float:
    try:
        value = float(text) if "_" not in text else inf
    except ValueError:
        value = inf
    if not isfinite(value) or abs(value) > 1e9:
        raise UrdfError(f"{what}: <{element.tag} {key}={text[:60]!r}> is not a finite number")
    return value


def _name(element: Element, what: str) -> str:
    name = element.get("name", "")
    if not name or len(name) > _MAX_NAME or not name.isprintable():
        raise UrdfError(
            f"a {what} is named {name[:60]!r}; a name is 1 to {_MAX_NAME} printable characters"
        )
    return name
