"""Numbers of an MJCF that no arm can have, found before MuJoCo warns of them or reads past them."""

from __future__ import annotations

from math import inf, isfinite, isnan, nan
from xml.etree.ElementTree import Element

from arms.errors import MjcfError
from arms.model.mjcf_files import Document
from arms.model.values import LARGEST

_NOT_NEGATIVE = frozenset({"armature", "damping", "density", "frictionloss", "mass"})
_FINITE = _NOT_NEGATIVE | {
    "angle", "axis", "axisangle", "diaginertia", "euler", "fromto", "fullinertia", "gear",
    "gravity", "pos", "quat", "ref", "size", "springref", "stiffness", "xyaxes", "zaxis",
}  # fmt: skip
_LIMITS = frozenset({"actuatorfrcrange", "ctrlrange", "forcerange", "range"})  # may be infinite


def check_numbers(found: list[Document]) -> None:
    """Refuse NaN, infinity and 1e308 where a number is needed, and what may not be negative and is.

    Text that is no number is MuJoCo's to refuse.

    Raises:
        MjcfError: There is one; the message names element, attribute and value.
    """
    for document in found:
        for element in document.root.iter():
            for key in element.attrib.keys() & (_FINITE | _LIMITS):
                _check(element, key)


def _largest(key: str) -> float:
    """The largest size of an attribute's numbers: squares and products must stay finite."""
    return inf if key == "stiffness" else LARGEST


def _check(element: Element, key: str) -> None:
    text = element.attrib[key]
    try:
        values = [float(word) for word in text.split()]
    except ValueError:
        return
    sign = key in _NOT_NEGATIVE
    needs = "a finite number, 0 or more" if sign else "finite numbers"
    if key in _LIMITS:
        good, needs = not any(map(isnan, values)), "numbers"
    else:
        good = all(map(isfinite, values)) and (not sign or min(values[:1], default=nan) >= 0.0)
        if good and max(map(abs, values), default=0.0) > _largest(key):
            good, needs = False, f"numbers up to {LARGEST:g}"
    if not good:
        name = element.get("name") or element.get("joint") or element.get("class")
        what = f"<{element.tag}>" if name is None else f"<{element.tag}> {name!r}"
        raise MjcfError(f"{what}.{key}: is {text[:60]!r}, needs {needs}")
