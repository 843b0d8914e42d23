"""The weight Jacobian in task space: the effect of each weight on the tool."""

from collections.abc import Mapping
from typing import TypeVar

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

Key = TypeVar("Key")


def force_to_torque(J: ArrayLike, force: ArrayLike) -> Float[np.ndarray, "n"]:
    """Return the joint torque ``J^T f`` [N m] of a force [N] (and moment [N m]) at the tool.

    It maps a task error to joint space, where a network can learn from it (DeWolf et al. 2016).
    """
    return np.transpose(J) @ force


def task_weight_jacobian(
    J: ArrayLike,
    M: ArrayLike,
    J_w: Mapping[Key, Float[np.ndarray, "n *weight"]],
) -> dict[Key, Float[np.ndarray, "m *weight"]]:
    """Return ``G = J M^-1 J_w``: how each weight changes the acceleration of the tool.

    From ``M ddq + C dq + g = tau + F(x; w)`` and ``ddx = J ddq + dJ dq`` follows
    ``d(ddx)/dw = J M^-1 dF/dw``, exactly, whatever the controller.

    Args:
        J: (m, n), the arm's Jacobian, the rows of the task [m/rad].
        M: (n, n), the arm's mass matrix [kg m^2].
        J_w: ``dF/dw`` [N m per unit of weight] for each weight array, as ``weight_jacobian`` gives
            it for one input.

    Returns:
        G [m/s^2 per unit of weight] for each weight array, in the shape of the weight.
    """
    mobility = np.linalg.solve(np.asarray(M), np.transpose(J)).T  # J M^-1, (m, n)
    return of_task(mobility, J_w)


def of_task(
    mobility: Float[np.ndarray, "m n"], J_w: Mapping[Key, Float[np.ndarray, "n *weight"]]
) -> dict[Key, Float[np.ndarray, "m *weight"]]:
    """Return ``G = mobility J_w`` for a given mobility ``J M^-1``."""
    return {key: np.tensordot(mobility, dF_dw, axes=1) for key, dF_dw in J_w.items()}
