"""The cells of a sweep on disk: one checksummed JSON file each, and the files that belong to it.

    cells/000/000012.json         {"sha256": ..., "cell": {"key": ..., "data": ..., "files": ...}}
    cells/000/000012.NAME         a file of the cell, with its SHA-256 in the JSON

A file is written whole or not at all, and the JSON last. So a cell is there or it is not.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import RecordError
from ...support.files import interpreting, read_bytes, read_json, write_file
from .cell_task import Finished, dump

EACH = 1000  # cells in a folder


class CellFolder:
    """The cells of a sweep, by number.

    Args:
        path: folder of the sweep.
    """

    def __init__(self, path: Path) -> None:
        self.path = path / "cells"

    def place(self, number: int, name: str = "json") -> Path:
        """Return the path of a cell's JSON, or of a file of it."""
        return self.path / f"{number // EACH:03d}" / f"{number:06d}.{name}"

    def write(self, number: int, key: Mapping[str, Any], finished: Finished) -> int:
        """Write a cell, and return its size [bytes].

        Raises:
            RecordError: it cannot be written.
        """
        place = self.place(number)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RecordError(
                f"folder '{place.parent}': cannot be made ({error.strerror})"
            ) from None
        for name, content in finished.files.items():
            _write(self.place(number, name), content)
        digests = {name: _digest(content) for name, content in finished.files.items()}
        cell = {
            "key": key,
            "data": json.loads(finished.text),
            "files": digests,
            "seconds": finished.seconds,
            "host": finished.host,
        }
        text = dump(cell)
        content = f'{{"sha256": "{_digest(text.encode())}", "cell": {text}}}\n'.encode()
        _write(place, content)
        return len(content) + sum(map(len, finished.files.values()))

    def read(self, number: int, key: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
        """Return a cell; None if it is not there.

        Args:
            number: its number.
            key: what it must be the cell of; None: anything.

        Raises:
            RecordError: it is damaged.
        """
        place = self.place(number)
        if not place.exists():
            return None
        problem = f"cell '{place}': is damaged"
        content = read_json(place, problem)
        with interpreting(problem):
            cell = content["cell"]
            if content["sha256"] != _digest(dump(cell).encode()):
                raise ValueError("its checksum does not match")
            if key is not None and cell["key"] != key:
                raise ValueError(f"is of {cell['key']}, needs {dict(key)}")
            for name, digest in cell["files"].items():
                path = self.place(number, name)
                if _digest(read_bytes(path, problem)) != digest:
                    raise ValueError(f"the checksum of '{path.name}' does not match")
            return dict(cell)

    def read_all(self) -> list[dict[str, Any]]:
        """Return all cells that are there, in order.

        Raises:
            RecordError: one is damaged.
        """
        return [cell for number in self.numbers() if (cell := self.read(number)) is not None]

    def numbers(self) -> list[int]:
        """Return the numbers of all cells that are there, in order."""
        found = (path.stem for path in self.path.glob("*/*.json"))
        return sorted(int(stem) for stem in found if stem.isdigit())

    def remove(self, number: int) -> None:
        """Remove a cell, if it is there."""
        self.place(number).unlink(missing_ok=True)

    def remove_parts(self) -> None:
        """Remove the files that a killed process had not finished."""
        for path in self.path.glob("*/tmp*"):
            path.unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    write_file(path, lambda stream: stream.write(content))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
