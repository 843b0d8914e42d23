"""What a record of wiping shows: when the tool wiped, and how far it was off the path."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float


def wiping_time(record: Mapping[str, np.ndarray], normal: Float[np.ndarray, "3"]) -> slice:
    """Return the cycles after the reference's first motion along the surface."""
    moved = record["reference"] - record["reference"][0]
    along = np.abs(moved - np.outer(moved @ normal, normal)).max(axis=1)
    moving = np.flatnonzero(along > 1e-9)
    return slice(int(moving[0]), None) if moving.size else slice(0)


def path_error(
    record: Mapping[str, np.ndarray], normal: Float[np.ndarray, "3"]
) -> Float[np.ndarray, "cycles"]:
    """Return the distance from the tool to its reference along the surface [m]."""
    error = record["tool"] - record["reference"]
    return np.linalg.norm(error - np.outer(error @ normal, normal), axis=1)
