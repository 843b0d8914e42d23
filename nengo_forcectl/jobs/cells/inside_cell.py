"""Whether a job runs inside a cell: then it draws nothing and starts no second process."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_INSIDE: ContextVar[bool] = ContextVar("inside a cell", default=False)


def inside_cell() -> bool:
    """Return whether this runs inside a cell."""
    return _INSIDE.get()


@contextmanager
def entering_cell() -> Iterator[None]:
    """Run the ``with`` block inside a cell."""
    token = _INSIDE.set(True)
    try:
        yield
    finally:
        _INSIDE.reset(token)
