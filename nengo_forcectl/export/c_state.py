"""State blocks of C libraries in Python: a checkpoint from a program in C, and one for it."""

import math
from pathlib import Path

import numpy as np

from ..errors import RecordError, VersionError
from ..kernels.layout.cycle_fields import (
    HEAD_BYTES,
    HEAD_END,
    HEAD_FORMAT,
    HEAD_KEY,
    HEAD_MAGIC,
    HEAD_SUM,
    MAGIC,
    STATE_FORMAT,
)
from ..safety.guard import Safe
from ..support.files import read_bytes
from .image import Image, checksum, image_of


def write_state(controller: Safe, path: Path | str) -> None:
    """Write a controller as it is now to a state block, from which its C library continues.

    Raises:
        ConfigurationError: the controller cannot be exported.
        RecordError: the file cannot be written.
    """
    block = image_of(controller).state_block()
    try:
        Path(path).write_bytes(block)
    except OSError as error:
        raise RecordError(f"state block '{path}': cannot be written ({error.strerror})") from None


def read_state(path: Path | str, controller: Safe) -> dict[str, np.ndarray]:
    """Return the checkpoint in a state block; ``controller.resume`` continues from it.

    Args:
        path: file that holds what a C library's ``NAME_save`` has written.
        controller: the controller that the library is of, or one loaded from the same folder.

    Raises:
        ConfigurationError: the controller cannot be exported.
        RecordError: the file cannot be read, is damaged, or is of another controller.
        VersionError: the block is of another version.
    """
    content, image = read_bytes(Path(path)), image_of(controller)
    problem = f"state block '{path}':"
    words = np.frombuffer(content[: len(content) // 8 * 8], "<i8").astype(np.int64)
    if len(words) < HEAD_END or words[HEAD_MAGIC] != MAGIC:
        raise RecordError(f"{problem} has no header, needs a state block")
    if words[HEAD_FORMAT] != STATE_FORMAT:
        raise VersionError(
            f"{problem} is of version {words[HEAD_FORMAT]}, needs {STATE_FORMAT}; export the "
            "controller anew"
        )
    if not np.array_equal(words[HEAD_KEY : HEAD_KEY + 4], image.key):
        raise RecordError(f"{problem} is of another controller, needs one of {controller}")
    here = words[HEAD_END:]
    if (
        words[HEAD_BYTES] != len(content)
        or len(here) != len(image.words)
        or words[HEAD_SUM] != checksum(here)
    ):
        raise RecordError(f"{problem} is damaged or cut off")
    return _checkpoint(here, image)


def _checkpoint(words: np.ndarray, image: Image) -> dict[str, np.ndarray]:
    """Return the arrays of `Safe.checkpoint` from the words of an image."""
    found: dict[str, np.ndarray] = {}
    for name, place in image.memory.items():
        array = words[place.start : place.start + math.prod(place.shape)].reshape(place.shape)
        found[name] = array.copy() if place.whole else array.view(float).copy()
    return found
