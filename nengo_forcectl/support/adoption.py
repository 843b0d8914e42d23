"""Plain objects as parts of a control loop: a base class adds what they lack."""

from collections.abc import Sequence
from typing import Any, TypeVar

from ..errors import ConfigurationError

K = TypeVar("K")


def adopt(
    kind: type[K],
    given: Any,
    needed: Sequence[str],
    names: Sequence[str] = (),
    current: Sequence[str] = (),
) -> K:
    """Return a ``kind`` with the methods and attributes of a plain object, named as its class.

    Args:
        kind: base class, which has defaults for what the object lacks.
        given: the object.
        needed: methods and attributes that it must have; they are copied.
        names: further ones to copy now, if it has them.
        current: attributes to read from the object each time.

    Raises:
        ConfigurationError: it lacks one that is needed, or is a class.
    """
    if isinstance(given, type):
        name = given.__name__
        raise ConfigurationError(f"{kind.__name__}: is the class {name}, needs an object, {name}()")
    lacking = [name for name in needed if not hasattr(given, name)]
    if lacking:
        raise ConfigurationError(
            f"{kind.__name__}: is {given!r:.80}, which has no {lacking[0]!r}; "
            f"needs {', '.join(needed)}"
        )

    def follow(name: str) -> property:
        return property(lambda _: getattr(given, name, getattr(kind, name)))

    members = {name: follow(name) for name in current}
    adopted: Any = type(type(given).__name__, (kind,), members)()
    for name in (*needed, *names):
        if hasattr(given, name):
            setattr(adopted, name, getattr(given, name))
    return adopted
