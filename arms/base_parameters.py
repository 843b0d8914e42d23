"""Base parameters: the combinations of inertial parameters that torques depend on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy import ndarray

if TYPE_CHECKING:
    from jaxtyping import Float, Int

_DEPENDENT = 1e-9  # part of a column's length outside the span of those before


class BaseParameters(NamedTuple):
    """``Y @ theta`` is ``Y[..., columns] @ (map @ theta)`` at all states, theta the parameters."""

    columns: Int[ndarray, "b"]  # of the regressor: those that are linearly independent
    map: Float[ndarray, "b p"]  # from the inertial parameters to the base parameters
    names: tuple[str, ...]  # of the parameter that leads each combination

    @property
    def rank(self) -> int:
        """The number of base parameters, b."""
        return len(self.columns)


def base_parameters(W: Float[ndarray, "r p"], names: tuple[str, ...]) -> BaseParameters:
    """The base parameters of regressors at many states, on top of each other (Gautier 1991).

    A QR decomposition takes the columns in their order, and leaves out those that depend on columns
    before. With ``W1 = Q R1`` those that stay and ``W2`` those left out, ``W2 = W1 K`` gives the
    map, ``theta1 + K theta2``.
    """
    scale = np.linalg.norm(W, axis=0)
    scale[scale <= _DEPENDENT * scale.max(initial=0.0)] = np.inf  # no effect at all
    unit = W / scale
    Q, columns = np.empty((len(W), 0)), []
    for k, column in enumerate(unit.T):
        rest = column - Q @ (Q.T @ column)
        rest -= Q @ (Q.T @ rest)  # twice is enough, for orthogonality to rounding
        length = np.linalg.norm(rest)
        if length > _DEPENDENT:
            Q = np.column_stack([Q, rest / length])
            columns.append(k)
    chosen = np.array(columns, dtype=int)
    K = np.linalg.solve(Q.T @ unit[:, chosen], Q.T @ unit)
    K[np.abs(K) < 10 * _DEPENDENT] = 0.0
    K[:, chosen] = np.eye(len(chosen))
    K *= np.where(np.isfinite(scale), scale, 0.0) / scale[chosen][:, None]
    return BaseParameters(chosen, K, tuple(names[k] for k in columns))
