"""Rotor inertia and friction from a URDF's transmissions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from xml.etree.ElementTree import Element

from arms.errors import UrdfError
from arms.model.chain import MOVING, Joint, some
from arms.model.urdf_values import number_in


def with_drives(
    joints: list[Joint],
    transmissions: list[Element],
    known: Collection[str],
    path: Collection[str],
) -> list[Joint]:
    """The joints with the rotor inertia and friction of their transmissions.

    ``known`` are all joints of the file, ``path`` those from base to tip.
    """
    needed = {j.name for j in joints if j.kind in MOVING and (j.name in path or j.mimic)}
    drives: dict[str, dict[str, float]] = {}
    for transmission in transmissions:
        parts = {
            part.tag.rpartition("}")[2]: part
            for actuator in transmission.findall("actuator")
            for part in actuator
        }
        if not parts.keys() & {"rotor_inertia", "friction"}:
            continue
        for name in (joint.get("name", "") for joint in transmission.findall("joint")):
            if name not in known:
                raise UrdfError(
                    f"a <transmission> names joint {name!r}, which is not there; joints: "
                    f"{some(known)}"
                )
            if name in drives:
                raise UrdfError(
                    f"joint {name!r} has two transmissions with a rotor or friction, needs one"
                )
            if name in needed:
                drives[name] = _drive(parts, f"joint {name!r}")
    return [replace(joint, **drives.get(joint.name, {})) for joint in joints]


def _drive(parts: Mapping[str, Element], what: str) -> dict[str, float]:
    """The fields of `DRIVE` from an actuator's elements, by their names without a prefix."""
    rotor, gear, friction = (parts.get(k) for k in ("rotor_inertia", "gear_ratio", "friction"))
    ratio = 1.0 if gear is None else number_in(gear, "value", what)
    inertia = 0.0 if rotor is None else _not_negative(rotor, "value", what)
    return {
        "armature": inertia * ratio**2,
        "viscous": 0.0 if friction is None else _not_negative(friction, "viscous", what),
        "dry": 0.0 if friction is None else _not_negative(friction, "dry", what),
    }


def _not_negative(element: Element, key: str, what: str) -> float:
    value = number_in(element, key, what, 0.0)
    if value < 0:
        tag = element.tag.rpartition("}")[2]
        raise UrdfError(f"{what}: <{tag} {key}={value:g}> is negative, needs 0 or more")
    return value
