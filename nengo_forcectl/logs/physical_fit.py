"""Least squares whose links are bodies: every density positive, every friction at least 0.

Ten parameters of a link are physical if its pseudo-inertia ``P = [[S, h], [h^T, m]]`` is positive
semidefinite, S the second moment of its mass (Wensing, Kim and Slotine 2018,
doi:10.1109/LRA.2017.2729659). The problem is convex. It is solved by Newton steps with a barrier
``-mu (sum log det P + sum log x)`` that is lowered from round to round (Boyd and Vandenberghe 2004,
section 11.3); at its end the fit is within ``mu`` times the number of bounds of the best one.
"""

import math

import numpy as np
from jaxtyping import Float

from ..kernels.layout.body_fields import MASS, MOMENT, PARAMETERS, XX, XY, XZ, YY, YZ, ZZ

LEAST = 1e-4  # eigenvalue of a start's pseudo-inertia, over its largest one, both scaled
FIRST, LAST = 1e4, 1e-3  # mu
LOWER = 0.1  # of mu in a round
STEPS = 60  # of a round, at most
DONE = 1e-6  # decrease that a step promises


def pseudo_inertia(theta: Float[np.ndarray, "10"]) -> Float[np.ndarray, "4 4"]:
    """Return P of a link's parameters."""
    P = np.empty((4, 4))
    half = 0.5 * (theta[XX] + theta[YY] + theta[ZZ])
    P[0, 0], P[1, 1], P[2, 2] = half - theta[XX], half - theta[YY], half - theta[ZZ]
    P[0, 1] = P[1, 0] = -theta[XY]
    P[0, 2] = P[2, 0] = -theta[XZ]
    P[1, 2] = P[2, 1] = -theta[YZ]
    P[:3, 3] = P[3, :3] = theta[MOMENT : MOMENT + 3]
    P[3, 3] = theta[MASS]
    return P


def parameters_of(P: Float[np.ndarray, "4 4"]) -> Float[np.ndarray, "10"]:
    """Return the parameters of a link from P; linear in it."""
    theta = np.empty(PARAMETERS)
    theta[MASS], theta[MOMENT : MOMENT + 3] = P[3, 3], P[:3, 3]
    theta[XX], theta[YY], theta[ZZ] = P[1, 1] + P[2, 2], P[0, 0] + P[2, 2], P[0, 0] + P[1, 1]
    theta[XY], theta[XZ], theta[YZ] = -P[0, 1], -P[0, 2], -P[1, 2]
    return theta


def is_physical(theta: Float[np.ndarray, "p"], tolerance: float = 1e-9) -> bool:
    """Return whether all links, of ten parameters each, are bodies."""
    for link in theta.reshape(-1, PARAMETERS):
        values = np.linalg.eigvalsh(pseudo_inertia(link))
        if values[0] < -tolerance * max(values[-1], tolerance):
            return False
    return True


def fit_physical(
    A: Float[np.ndarray, "p p"],
    b: Float[np.ndarray, "p"],
    start: Float[np.ndarray, "p"],
    links: int,
    positive: slice,
) -> Float[np.ndarray, "p"]:
    """Return the x that minimises ``x^T A x / 2 - b^T x`` among those that are physical.

    Args:
        A, b: of the normal equations; A is positive definite.
        start: a first x; its links are moved to the nearest bodies.
        links: number of links, whose parameters come first.
        positive: those of the others that must be at least 0.
    """
    x = start.copy()
    inertial = PARAMETERS * links
    for k in range(0, inertial, PARAMETERS):
        x[k : k + PARAMETERS] = _inside(x[k : k + PARAMETERS])
    least = 1e-2 / np.sqrt(A.diagonal()[positive])
    x[positive] = np.maximum(x[positive], least)
    scale = 1.0 / np.sqrt(A.diagonal())
    mu = FIRST
    while mu >= LAST:
        for _ in range(STEPS):
            slope, curvature = _barrier(x, inertial, positive)
            g = A @ x - b - mu * slope
            H = A + mu * curvature
            step = -scale * np.linalg.solve(H * scale * scale[:, None], scale * g)
            promised = -float(g @ step)
            x = _search(x, step, (A, b, mu), inertial, positive)
            if promised < DONE * max(mu, 1.0):
                break
        mu *= LOWER
    return x


def _search(
    x: Float[np.ndarray, "p"],
    step: Float[np.ndarray, "p"],
    problem: tuple[np.ndarray, np.ndarray, float],
    inertial: int,
    positive: slice,
) -> Float[np.ndarray, "p"]:
    """Return the first point on half, a quarter, ... of the step that is inside, and lower."""
    A, b, mu = problem

    def cost(at: np.ndarray) -> float:
        return float(0.5 * at @ A @ at - b @ at) - mu * _log_volume(at, inertial, positive)

    before, share = cost(x), 1.0
    while share > 1e-12:
        after = cost(x + share * step)
        if after <= before:
            return x + share * step
        share *= 0.5
    return x


def _log_volume(x: Float[np.ndarray, "p"], inertial: int, positive: slice) -> float:
    """Return the sum of log det P and log x; minus infinity outside."""
    if (x[positive] <= 0.0).any():
        return -math.inf
    total = float(np.log(x[positive]).sum())
    for k in range(0, inertial, PARAMETERS):
        try:
            factor = np.linalg.cholesky(pseudo_inertia(x[k : k + PARAMETERS]))
        except np.linalg.LinAlgError:
            return -math.inf
        total += 2.0 * float(np.log(factor.diagonal()).sum())
    return total


def _barrier(
    x: Float[np.ndarray, "p"], inertial: int, positive: slice
) -> tuple[Float[np.ndarray, "p"], Float[np.ndarray, "p p"]]:
    """Return the gradient of `_log_volume`, and minus its second derivative."""
    slope, curvature = np.zeros_like(x), np.zeros((len(x), len(x)))
    slope[positive] = 1.0 / x[positive]
    np.fill_diagonal(curvature[positive, positive], 1.0 / x[positive] ** 2)
    units = np.array([pseudo_inertia(unit) for unit in np.eye(PARAMETERS)])
    for k in range(0, inertial, PARAMETERS):
        part = slice(k, k + PARAMETERS)
        inverse = np.linalg.inv(pseudo_inertia(x[part]))
        turned = inverse @ units
        slope[part] = np.trace(turned, axis1=1, axis2=2)
        curvature[part, part] = np.einsum("aij,bji->ab", turned, turned)
    return slope, curvature


def _inside(theta: Float[np.ndarray, "10"]) -> Float[np.ndarray, "10"]:
    """Return the parameters of a body near to these that is no point, line or plane."""
    P = pseudo_inertia(theta)
    m = max(P[3, 3], 1e-3)
    size = max(math.sqrt(max(np.trace(P[:3, :3]), 0.0) / m), 1e-2)
    scale = np.array([size, size, size, 1.0])
    values, axes = np.linalg.eigh(P / scale / scale[:, None])
    near = (axes * np.maximum(values, LEAST * max(values[-1], m))) @ axes.T
    return parameters_of(near * scale * scale[:, None])
