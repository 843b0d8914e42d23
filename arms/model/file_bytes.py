"""A file that describes an arm, up to a size that such files have."""

from __future__ import annotations

from pathlib import Path

from arms.errors import ArmError

MAX_BYTES = 20_000_000


def bytes_of(path: Path, named: str, error: type[ArmError]) -> bytes:
    """Return a file's bytes.

    Args:
        path: The file.
        named: What messages call it.
        error: The kind of error to raise if it cannot be read, or is larger than 20 MB.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as fault:  # ValueError: no path has this character
        reason = getattr(fault, "strerror", None) or fault
        raise error(f"{named} cannot be read: {reason}") from None
    if len(data) > MAX_BYTES:
        raise error(f"{named} is larger than {MAX_BYTES // 1_000_000} MB")
    return data
