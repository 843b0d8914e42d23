"""Comparison of two Jacobians of an arm over many configurations.

J is the reference and L the learned Jacobian, both (m, n), with optional row weights, and ``J = U S
V^T`` has singular values s_1 >= ... >= s_r:

    relative_error    |L - J|_F / |J|_F                        (Golub and Van Loan 2013, sec. 2.3)
    joint_error       sqrt(n) |column of L - J| / |J|_F: their squares' mean is relative_error^2
    row_error         sqrt(m) |row of L - J| / |J|_F: the same by task direction
    angle_largest     between the task directions u_1 in which the tool moves most, and
    angle_smallest    u_r, least: the axes of the manipulability ellipsoid (Yoshikawa 1985) [rad]
    manipulability    |w_L - w| / w,  w = s_1 ... s_r          (Yoshikawa 1985)
    condition         |k_L - k| / k,  k = s_1 / s_r            (Salisbury and Craig 1982)
    null_angle        the largest principal angle between the null spaces (Bjorck and Golub 1973)
    velocity_error    |J L^+ - J J^+|_F / sqrt(r): a tool commanded to move at v moves at J L^+ v
                      (resolved rate control, Whitney 1969); the RMS over all directions of v
    torque_error      max over f of |(L - J)^T f| / |J^T f| = |J^+ (L - J)|_2: the torque of a
                      force at the tool (Siciliano et al. 2009, sec. 3.8), at its worst

Near a singularity some measures **do not exist**; they are counted, not averaged. If s_r <= 1e-6
s_1 in either matrix, w, k, pseudo-inverses and the null space cannot be compared. If two singular
values are equal (gap below 1e-6 s_1), the task directions are not unique.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import ArrayLike

from ..errors import NetworkError

Jacobian = Callable[[Float[np.ndarray, "k n"]], Float[np.ndarray, "k m n"]]

SINGULAR = 1e-6  # ratio of singular values that counts as singular
CHUNK = 5000  # configurations per batch


@dataclass(frozen=True, eq=False)
class Measure:
    """One number per configuration (or also per joint or row), where it exists."""

    values: Float[np.ndarray, "k *each"]  # 0 where it does not exist
    exists: Bool[np.ndarray, "k"]

    def distribution(self) -> dict[str, Any]:
        """Return median, mean, 95th percentile, maximum, and how many values exist and do not.

        They are None if the measure exists nowhere, and lists for a measure per joint or row.
        """
        found = self.values[self.exists]
        counts = {"count": len(found), "missing": int(len(self.values) - len(found))}
        if not len(found):
            return dict.fromkeys(("median", "mean", "p95", "largest")) | counts
        return {
            "median": np.median(found, axis=0).tolist(),
            "mean": np.mean(found, axis=0).tolist(),
            "p95": np.quantile(found, 0.95, axis=0).tolist(),
            "largest": np.max(found, axis=0).tolist(),
        } | counts

    def against(self, distance: Float[np.ndarray, "k"], bins: int = 10) -> list[dict[str, Any]]:
        """Return the distribution in bins of equal counts over a distance, nearest first."""
        edges = np.quantile(distance, np.linspace(0, 1, bins + 1))
        place = np.clip(np.searchsorted(edges, distance, side="right") - 1, 0, bins - 1)
        return [
            {"from": float(edges[k]), "to": float(edges[k + 1])}
            | Measure(self.values[place == k], self.exists[place == k]).distribution()
            for k in range(bins)
            if (place == k).any()
        ]


@dataclass(frozen=True, eq=False)
class Comparison:
    """The result of `compare_jacobians`: the matrices and every measure, defined above."""

    q: Float[np.ndarray, "k n"]
    learned: Float[np.ndarray, "k m n"]  # L, rows as given
    analytic: Float[np.ndarray, "k m n"]  # J
    weights: Float[np.ndarray, "m"]  # of the rows
    relative_error: Measure
    joint_error: Measure  # (k, n)
    row_error: Measure  # (k, m)
    angle_largest: Measure  # [rad]
    angle_smallest: Measure  # [rad]
    manipulability: Measure
    condition: Measure
    null_angle: Measure  # [rad]; exists for redundant arms only
    velocity_error: Measure
    torque_error: Measure
    singularity: Float[
        np.ndarray, "k"
    ]  # s_r: the distance of J to a singular matrix (Eckart-Young)

    @property
    def measures(self) -> dict[str, Measure]:
        """All measures by name."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in found.items() if isinstance(value, Measure)}

    def distributions(self) -> dict[str, dict[str, Any]]:
        """Return the distribution of every measure over the configurations."""
        return {name: measure.distribution() for name, measure in self.measures.items()}


def compare_jacobians(
    learned: Jacobian,
    analytic: Jacobian,
    q: ArrayLike,
    *,
    weights: ArrayLike | None = None,
) -> Comparison:
    """Compare two functions that map a batch of configurations to a batch of Jacobians.

    For a `LearnedKinematics` pass its ``.jacobian``; for a NengoDL network whose input node takes
    q, ``lambda q: input_jacobian(sim, probe, {node: q})[node]``.

    Args:
        learned: q (k, n) to L (k, m, n).
        analytic: q to J, such as ``lambda q: arm.jacobian(q)[:, :3]``.
        q: (k, n), the configurations [rad].
        weights: (m,), a factor for each row, so that metres and radians can be added: a
            characteristic length [m] for angular rows. By default 1.

    Raises:
        NetworkError: shapes do not match, or numbers are not finite.
    """
    q = np.asarray(q, dtype=float)
    if q.ndim != 2 or not len(q):
        raise NetworkError(f"compare_jacobians.q: has shape {q.shape}, needs (k, n), k at least 1")
    parts = []
    for start in range(0, len(q), CHUNK):
        part = q[start : start + CHUNK]
        parts.append((_checked("learned", learned, part), _checked("analytic", analytic, part)))
    L, J = (np.concatenate(each) for each in zip(*parts, strict=True))
    return compare_matrices(q, L, J, weights)


def compare_matrices(
    q: Float[np.ndarray, "k n"],
    L: Float[np.ndarray, "k m n"],
    J: Float[np.ndarray, "k m n"],
    weights: ArrayLike | None = None,
) -> Comparison:
    """Compare given matrices as in `compare_jacobians`.

    Raises:
        NetworkError: shapes do not match.
    """
    if L.shape != J.shape:
        raise NetworkError(
            f"compare_jacobians: learned gives Jacobians of shape {L.shape[1:]}, analytic of "
            f"{J.shape[1:]}; give both the same rows"
        )
    m = J.shape[1]
    weights = np.ones(m) if weights is None else np.asarray(weights, dtype=float)
    if weights.shape != (m,) or not (np.isfinite(weights) & (weights > 0)).all():
        raise NetworkError(f"compare_jacobians.weights: is {weights}, needs {m} numbers above 0")
    parts = [slice(start, start + CHUNK) for start in range(0, len(q), CHUNK)]
    column = weights[:, None]
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # LAPACK releases the GIL
        pieces = list(pool.map(lambda part: _measures(L[part] * column, J[part] * column), parts))
    joined: dict[str, Any] = {}
    for name in pieces[0]:
        each = [piece[name] for piece in pieces]
        if name == "singularity":
            joined[name] = np.concatenate(each)
        else:
            values, exists = zip(*each, strict=True)
            joined[name] = Measure(np.concatenate(values), np.concatenate(exists))
    return Comparison(q, L, J, weights, **joined)


def nearest_distance(
    q: Float[np.ndarray, "k n"], data: Float[np.ndarray, "samples n"]
) -> Float[np.ndarray, "k"]:
    """Return the Euclidean distance in joint space of each q to the nearest of ``data`` [rad]."""
    squares, out = np.sum(data**2, axis=1), np.empty(len(q))
    for start in range(0, len(q), 1000):
        part = q[start : start + 1000]
        gap = np.min(squares - 2 * part @ data.T, axis=1) + np.sum(part**2, axis=1)
        out[start : start + 1000] = np.sqrt(np.maximum(gap, 0.0))
    return out


def _checked(what: str, function: Jacobian, q: Float[np.ndarray, "k n"]) -> np.ndarray:
    value = np.asarray(function(q), dtype=float)
    if value.ndim != 3 or (value.shape[0], value.shape[2]) != q.shape:
        raise NetworkError(
            f"compare_jacobians.{what}: gives shape {value.shape} for q of shape {q.shape}, "
            f"needs ({len(q)}, m, {q.shape[1]})"
        )
    if not np.isfinite(value).all():
        bad = q[np.argmin(np.isfinite(value).all(axis=(1, 2)))]
        raise NetworkError(f"compare_jacobians.{what}: is not finite at q = {bad}")
    return value


def _measures(L: np.ndarray, J: np.ndarray) -> dict[str, Any]:
    """(values, exists) of every measure, and the singularity."""
    k, m, n = J.shape
    r = min(m, n)
    D = L - J
    size = np.linalg.norm(J, axis=(1, 2))
    moves = size > 0
    by = 1.0 / np.where(moves, size, 1.0)
    full = n > m  # also compute null spaces
    U, s, Vt = np.linalg.svd(J, full_matrices=full)
    U_l, s_l, Vt_l = np.linalg.svd(L, full_matrices=full)
    U, U_l, V, V_l = U[:, :, :r], U_l[:, :, :r], Vt[:, :r], Vt_l[:, :r]
    regular = (s[:, -1] > SINGULAR * s[:, 0]) & (s_l[:, -1] > SINGULAR * s_l[:, 0]) & moves
    out: dict[str, Any] = {
        "relative_error": (np.linalg.norm(D, axis=(1, 2)) * by, moves),
        "joint_error": (np.sqrt(n) * np.linalg.norm(D, axis=1) * by[:, None], moves),
        "row_error": (np.sqrt(m) * np.linalg.norm(D, axis=2) * by[:, None], moves),
        "singularity": s[:, -1],
    }
    for name, place, other in (("angle_largest", 0, 1), ("angle_smallest", -1, -2)):
        single = moves & (s_l[:, 0] > 0)
        if r > 1:
            for values in (s, s_l):
                single &= np.abs(values[:, place] - values[:, other]) > SINGULAR * values[:, 0]
        u, u_l = U[:, :, place], U_l[:, :, place]
        cosine = np.abs(np.sum(u * u_l, axis=1))
        sine = np.linalg.norm(u_l - np.sum(u * u_l, axis=1)[:, None] * u, axis=1)
        out[name] = (np.arctan2(sine, cosine), single)
    safe, safe_l = (np.where(regular[:, None], values, 1.0) for values in (s, s_l))
    w, w_l = safe.prod(axis=1), safe_l.prod(axis=1)
    k_, k_l = safe[:, 0] / safe[:, -1], safe_l[:, 0] / safe_l[:, -1]
    out["manipulability"] = (np.abs(w_l - w) / w, regular)
    out["condition"] = (np.abs(k_l - k_) / k_, regular)
    if full:
        across = np.linalg.norm(V_l @ np.swapaxes(Vt[:, r:], 1, 2), ord=2, axis=(1, 2))
        out["null_angle"] = (np.arcsin(np.minimum(across, 1.0)), regular)
    else:
        out["null_angle"] = (np.zeros(k), np.zeros(k, dtype=bool))
    inverse = np.swapaxes(V, 1, 2) / safe[:, None] @ np.swapaxes(U, 1, 2)  # J^+
    inverse_l = np.swapaxes(V_l, 1, 2) / safe_l[:, None] @ np.swapaxes(U_l, 1, 2)
    off = np.linalg.norm(J @ inverse_l - J @ inverse, axis=(1, 2)) / np.sqrt(r)
    out["velocity_error"] = (off, regular)
    out["torque_error"] = (_largest(inverse @ D), regular)
    for name, value in out.items():
        if name != "singularity":
            values, exists = value
            shape = (-1, *(1,) * (values.ndim - 1))
            out[name] = (np.where(exists.reshape(shape), values, 0.0), exists)
    return out


def _largest(A: np.ndarray) -> np.ndarray:
    """The largest singular value of each matrix."""
    return np.sqrt(np.maximum(np.linalg.eigvalsh(A @ np.swapaxes(A, 1, 2))[:, -1], 0.0))
