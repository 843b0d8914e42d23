"""Files: one reader of each kind, one way to write.

The ``problem`` of a reader is what its error begins with, such as "run folder 'x': holds no run".
"""

import io
import json
import os
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..errors import ForcectlError, RecordError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# What the parsers of JSON, TOML and NumPy's archives raise for damaged files. RuntimeError: an
# archive that says it is encrypted, JSON nested too deep; MemoryError: an absurd size in a header.
DAMAGED = (ValueError, EOFError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error)


def read_bytes(path: Path, problem: str | None = None) -> bytes:
    """Return the contents of a file.

    Raises:
        RecordError: the file cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise _record_error(problem or f"file '{path}': cannot be read", error) from None


def read_json(path: Path, problem: str | None = None) -> dict[str, Any]:
    """Return the object that a JSON file holds.

    Raises:
        RecordError: the file cannot be read, is damaged, or does not hold an object.
    """
    problem = problem or f"file '{path}': cannot be read"
    return parse_json(read_bytes(path, problem), problem)


def read_toml(path: Path, problem: str | None = None) -> dict[str, Any]:
    """Return the tables and values of a TOML file.

    Raises:
        RecordError: the file cannot be read, or is no TOML.
    """
    problem = problem or f"file '{path}': cannot be read"
    content = read_bytes(path, problem)
    try:
        return tomllib.loads(content.decode())
    except DAMAGED as error:
        raise _record_error(problem, error) from None


def read_npz(path: Path, problem: str | None = None) -> dict[str, np.ndarray]:
    """Return the arrays of a file as `numpy.savez` writes it, by name; pickles are refused.

    Raises:
        RecordError: the file cannot be read, is damaged, or is not such an archive.
    """
    problem = problem or f"file '{path}': cannot be read"
    return parse_npz(read_bytes(path, problem), problem)


def parse_json(content: bytes, problem: str) -> dict[str, Any]:
    """Return the object in a JSON file's contents; see `read_json`."""
    try:
        data = json.loads(content.decode())
        if not isinstance(data, dict):
            raise ValueError(f"is a {type(data).__name__}, needs an object")
    except DAMAGED as error:
        raise _record_error(problem, error) from None
    return data


def parse_npz(content: bytes, problem: str) -> dict[str, np.ndarray]:
    """Return the arrays in an archive's contents, by name; see `read_npz`."""
    try:
        archive = np.load(io.BytesIO(content), allow_pickle=False)
        if isinstance(archive, np.ndarray):
            raise ValueError("is one array, needs an archive of arrays, as of numpy.savez")
        return dict(archive)
    except (OSError, *DAMAGED) as error:
        raise _record_error(problem, error) from None


@contextmanager
def interpreting(problem: str) -> Iterator[None]:
    """Turn what data of another form than ours raises within a ``with`` into a `RecordError`.

    Errors of the package itself pass, and so does what only a bug can raise.

    Raises:
        RecordError: something is missing, or of another type or size.
    """
    try:
        yield
    except ForcectlError:
        raise
    except (KeyError, IndexError, TypeError, ValueError, OverflowError) as error:
        raise _record_error(problem, error) from None


def _record_error(problem: str, error: BaseException) -> RecordError:
    reason = error.strerror if isinstance(error, OSError) else None
    if reason is None:
        reason = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
    return RecordError(f"{problem} ({reason})")


def write_file(path: Path, save: Callable[[IO[bytes]], object]) -> None:
    """Write a file through ``save``, whole or not at all; an existing one is replaced.

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
