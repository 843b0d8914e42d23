"""A covariance matrix of the weights, whole or by blocks, and its update by a measurement."""

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from ..errors import ConfigurationError
from .law import Arrays, Memory

Blocks = Literal["all", "array", "row"]
"""Weights with a common covariance: all, those of an array, or of a row (first index) of one."""

LARGEST = 2e8  # most numbers in all blocks: 1.6 GB


def prior_covariance(law: Any, w: Arrays, blocks: Blocks, prior: float) -> Memory:
    """Return ``prior I``, as (blocks, size, size) for every group of weights.

    Raises:
        ConfigurationError: the covariance does not fit in memory.
    """
    layout = list(_groups(w, blocks))
    numbers = sum(count * (_size(w, names) // count) ** 2 for _, names, count in layout)
    if numbers > LARGEST:
        raise ConfigurationError(
            f"{type(law).__name__}.blocks: is {blocks!r}, needs finer blocks for "
            f"{_size(w, w)} weights, whose covariances take {8e-9 * numbers:.0f} GB: 'array' or "
            "'row'; for decoders alone use RecursiveLeastSquares"
        )
    return {
        key: np.tile(prior * np.eye(_size(w, names) // count), (count, 1, 1))
        for key, names, count in layout
    }


def measured(
    w: Arrays, J_w: Arrays, memory: Memory, blocks: Blocks, noise: float
) -> tuple[dict[str, Float[np.ndarray, "*shape n"]], dict[str, Float[np.ndarray, "count size n"]]]:
    """Return the gain ``K = P J_w^T (J_w P J_w^T + noise I)^-1``, and A of `shrink` by group.

    ``A = P J_w^T L^-T`` with ``L L^T = J_w P J_w^T + noise I``, so that ``K J_w P = A A^T``. All
    blocks share the n by n matrix to invert (Puskorius and Feldkamp 1994).
    """
    groups = list(_groups(w, blocks))
    n = len(J_w[groups[0][1][0]])
    S, parts = noise * np.eye(n), []
    for key, names, count in groups:
        J = np.concatenate([J_w[name].reshape(n, -1) for name in names], axis=1)  # (n, P)
        PJ = memory[key] @ J.reshape(n, count, -1).transpose(1, 2, 0)  # P J^T of every block
        S += J @ PJ.reshape(-1, n)
        parts.append(PJ)
    L_inverse = np.linalg.inv(np.linalg.cholesky(S))  # n is small
    K, roots = {}, {}
    for (key, names, _), PJ in zip(groups, parts, strict=True):
        roots[key] = PJ @ L_inverse.T
        gain = (roots[key] @ L_inverse).reshape(-1, n)
        stops = np.cumsum([w[name].size for name in names])[:-1]
        for name, part in zip(names, np.split(gain, stops), strict=True):
            K[name] = part.reshape(*w[name].shape, n)
    return K, roots


def shrink(
    P: Float[np.ndarray, "count size size"],
    A: Float[np.ndarray, "count size n"],
    prior: float,
    share: float,
) -> None:
    """``P <- (1 - share) (P - A A^T) + share prior I``, in place, symmetric to the last bit."""
    P -= A @ A.transpose(0, 2, 1)
    if share > 0:
        P *= 1.0 - share
        np.einsum("...ii->...i", P)[...] += share * prior


def _groups(w: Arrays, blocks: Blocks) -> Iterator[tuple[str, list[str], int]]:
    """Return each group's key in the memory, its weights' names, and its number of equal blocks."""
    if blocks == "all":
        yield "covariance", list(w), 1
    else:
        for name, value in w.items():
            yield f"covariance of {name}", [name], len(value) if blocks == "row" else 1


def _size(w: Arrays, names: Any) -> int:
    return sum(w[name].size for name in names)
