"""Reading archives of arrays."""

from typing import IO

import numpy as np


def read_npz(stream: IO[bytes]) -> dict[str, np.ndarray]:
    """Return the arrays of an archive as `numpy.savez` writes it, by name; no pickles.

    Raises:
        OSError, or one of `exceptions.BROKEN`: it cannot be read, is damaged, or no archive.
    """
    archive = np.load(stream, allow_pickle=False)
    if isinstance(archive, np.ndarray):
        raise ValueError("is one array; needs an archive of them, as of numpy.savez")
    return dict(archive)
