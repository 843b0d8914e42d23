"""Arms that some motion moves without effort: their M has no inverse. Arms without a mass."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy import ndarray

from arms.errors import ArmError
from arms.model.bodies import Bodies

if TYPE_CHECKING:
    from jaxtyping import Float

_SAMPLES = 3  # random q: M is singular at all of them only if it is at every q
_RANK = 1e-14  # smallest eigenvalue per joint of M with a unit diagonal, above rounding


def refuse_singular(bodies: Bodies, mass_matrix: Callable[[ndarray], ndarray]) -> None:
    """Raise ``ArmError`` if M, which ``mass_matrix(q)`` (n, n) returns, is singular at every q.

    The message names the links that move in the motion that takes no effort.
    """
    n = bodies.dof
    rng, effortless = np.random.default_rng(0), np.zeros(n, bool)
    for _ in range(_SAMPLES):
        effortless = _effortless(mass_matrix(rng.uniform(-3.0, 3.0, n)))
        if not effortless.any():
            return
    moving = [i for i, body in enumerate(bodies.bodies) if effortless[body.coordinate]]
    first = {frame.body: link for link, frame in reversed(bodies.links.items())}
    links = ", ".join(repr(first[i]) for i in moving)
    raise ArmError(
        f"M is singular, there are no forward dynamics: links {links} can move without kinetic "
        "energy; needs a mass or inertia that this moves, or with_armature(...)"
    )


def refuse_massless(bodies: Bodies) -> None:
    """Raise ``ArmError`` for the centre of mass of links that are all without mass."""
    if bodies.total == 0.0:
        raise ArmError("has no centre of mass: no moving link has a mass, needs one")


def _effortless(M: Float[ndarray, "n n"]) -> ndarray:
    """Which joints take part in motions without kinetic energy, as (n,) truth values."""
    diagonal = np.diag(M)
    size = np.sqrt(np.where(diagonal > 0.0, diagonal, 1.0))
    values, vectors = np.linalg.eigh(M / np.outer(size, size))
    shares = np.abs(vectors[:, np.abs(values) < _RANK * len(M)])
    return np.asarray(shares.max(axis=1, initial=0.0) > 1e-6)
