"""Files: read if they are what they should be, written whole or not at all."""

import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO

import numpy as np

from ..errors import RecordError

BROKEN = (
    KeyError, TypeError, ValueError, AttributeError, IndexError, ArithmeticError, ImportError,
    EOFError, MemoryError, RecursionError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What reading a file raises that is damaged, or of another form than ours."""


def read_npz(stream: IO[bytes]) -> dict[str, np.ndarray]:
    """Return the arrays of an archive as `numpy.savez` writes it, by name; no pickles.

    Raises:
        OSError, or one of `exceptions.BROKEN`: it cannot be read, is damaged, or no archive.
    """
    archive = np.load(stream, allow_pickle=False)
    if isinstance(archive, np.ndarray):
        raise ValueError("is one array; needs an archive of them, as of numpy.savez")
    return dict(archive)


def write_file(path: Path, save: Callable[[IO[bytes]], object]) -> None:
    """Write a file through ``save``, under a temporary name first; one that is there is replaced.

    Raises:
        RecordError: the file cannot be written.
    """
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as stream:
            temporary = stream.name
            save(stream)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise RecordError(f"file '{path}': cannot be written ({error.strerror})") from None
        raise
