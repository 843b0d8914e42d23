"""A mapping indexed by weight names or by Nengo objects."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

import nengo

from ..errors import NetworkError

T = TypeVar("T")


@runtime_checkable
class Handle(Protocol):
    """A key of `ByObject`, such as `Weight`."""

    name: str  # unique in its network
    owner: Any  # the Nengo object
    attribute: str  # which weights of the object


class ByObject(Mapping[str, T], Generic[T]):
    """One item per weight.

    ``m[connection]`` and ``m[probe]`` are the item of its weights, ``m[ensemble]`` has the
    attributes ``encoders`` and ``bias``, ``m[tensor_node]["dense/kernel"]`` is a weight of its
    layer, ``m["adaptive -> torque"]`` looks up a name, ``m[network]`` is the part for a subnetwork.
    Iteration yields names.
    """

    def __init__(self, items: Mapping[Any, T]) -> None:
        self._items = dict(items)  # by handle

    def __getitem__(self, key: Any) -> Any:
        found = self.weights_of(key)
        if isinstance(key, (str, nengo.Connection, nengo.Probe)) or key in self._items:
            return self._items[found[0]]
        if isinstance(key, nengo.Network):
            return ByObject({weight: self._items[weight] for weight in found})
        return Parts(str(key), {weight.attribute: self._items[weight] for weight in found})

    def weights_of(self, key: Any) -> list[Any]:
        """Return the handles for ``key``: a name, a handle or a Nengo object.

        Raises:
            NetworkError: there are none.
        """
        if isinstance(key, str):
            found = [weight for weight in self._items if weight.name == key]
        elif isinstance(key, nengo.Network):
            objects = set(key.all_objects)
            found = [weight for weight in self._items if weight.owner in objects]
        else:
            found = [
                weight
                for weight in self._items
                if key in (weight, weight.owner, *getattr(weight, "also", ()))
            ]
            if not found and isinstance(key, Handle):  # of an earlier call
                found = [weight for weight in self._items if weight.name == key.name]
        if not found:
            close = get_close_matches(key, self) if isinstance(key, str) else []
            hint = f"did you mean {close[0]!r}? " if close else ""
            raise NetworkError(f"no weights {str(key)!r} here; {hint}they are: {', '.join(self)}")
        return found

    def __contains__(self, key: object) -> bool:
        try:
            return bool(self.weights_of(key))
        except NetworkError:
            return False

    def __iter__(self) -> Iterator[str]:
        return (weight.name for weight in self._items)

    def __len__(self) -> int:
        return len(self._items)


class Parts(Generic[T]):
    """The items of one ensemble (``.encoders``, ``.bias``) or TensorNode (``["path"]``)."""

    def __init__(self, owner: str, items: Mapping[str, T]) -> None:
        self._owner, self._items = owner, items

    def __getitem__(self, path: str) -> T:
        if path not in self._items:
            raise NetworkError(f"{self._owner} has no {path!r} here; it has: {', '.join(self)}")
        return self._items[path]

    def __getattr__(self, name: str) -> T:
        if name.startswith("_") or name not in self._items:
            have = ", ".join(self._items)
            raise AttributeError(f"{self._owner} has no {name!r} here; it has: {have}")
        return self._items[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)
