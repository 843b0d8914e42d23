"""A file that describes an arm, up to a size that such files have; packed by gzip or not."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path

from arms.errors import ArmError

MAX_BYTES = 20_000_000
_GZIP = b"\x1f\x8b"  # how such a file begins


def bytes_of(path: Path, named: str, error: type[ArmError]) -> bytes:
    """Return a file's bytes, unpacked.

    Args:
        path: The file.
        named: What messages call it.
        error: The kind of error to raise if it cannot be read or unpacked, or is larger than 20 MB.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as fault:  # ValueError: no path has this character
        reason = getattr(fault, "strerror", None) or fault
        raise error(f"{named} cannot be read: {reason}") from None
    if data.startswith(_GZIP) and len(data) <= MAX_BYTES:
        try:
            data = gzip.GzipFile(fileobj=io.BytesIO(data)).read(MAX_BYTES + 1)
        except (OSError, EOFError, zlib.error) as fault:
            raise error(f"{named} cannot be unpacked by gzip: {fault}") from None
    if len(data) > MAX_BYTES:
        raise error(f"{named} is larger than {MAX_BYTES // 1_000_000} MB, needs less")
    return data
