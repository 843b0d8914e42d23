"""Plain objects as parts of a control loop: a base class adds what they lack."""

from collections.abc import Sequence
from typing import Any, TypeVar

K = TypeVar("K")


def adopt(kind: type[K], given: Any, names: Sequence[str], current: Sequence[str] = ()) -> K:
    """Return a ``kind`` with the methods and attributes of a plain object, named as its class.

    Args:
        kind: base class, which has defaults for what the object lacks.
        given: the object.
        names: methods and attributes to copy now.
        current: attributes to read from the object each time.
    """

    def follow(name: str) -> property:
        return property(lambda _: getattr(given, name, getattr(kind, name)))

    members = {name: follow(name) for name in current}
    adopted: Any = type(type(given).__name__, (kind,), members)()
    for name in names:
        if hasattr(given, name):
            setattr(adopted, name, getattr(given, name))
    return adopted
