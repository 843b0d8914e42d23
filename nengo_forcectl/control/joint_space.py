"""What the control laws in joint space have in common."""

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from ..contract import Controller, Reference, State
from ..errors import SimulationError
from .gains import check_gain, matrix

Square = Float[np.ndarray, "n n"]


class JointLaw(NamedTuple):
    """Any of the laws for compiled code, linear in ``e = q_r - q`` and ``de = dq_r - dq``::

    s   = c_e e + c_de de
    tau = M (follow ddq_r + a_e e + a_de de) + C (coriolis dq + s) + g
          + f_e e + f_de de + robust sat(s / boundary)
    """

    a_e: Square | float = 0.0  # [1/s^2]
    a_de: Square | float = 0.0  # [1/s]
    c_e: Square | float = 0.0  # [1/s]
    c_de: Square | float = 0.0
    f_e: Square | float = 0.0  # [N m/rad]
    f_de: Square | float = 0.0  # [N m s/rad]
    follow: float = 0.0
    coriolis: float = 0.0
    robust: float = 0.0  # [N m]
    boundary: float = 1.0  # [rad/s]

    def matrices(self, n: int) -> Float[np.ndarray, "n 6 n"]:
        """Return the matrices as one array, the rows of each next to those of the others."""
        parts = np.stack([np.broadcast_to(part, (n, n)) for part in self[:6]], axis=1)
        return np.ascontiguousarray(parts)


@dataclass(frozen=True)
class JointSpace(Controller):
    """A control law whose reference is a path of the joints; its gains are its fields."""

    follows = True  # a reference

    def __post_init__(self) -> None:
        for field in fields(self):
            check_gain(self, field.name)

    def law(self, n: int) -> JointLaw:
        """Return the law for ``n`` joints; `ConfigurationError` for gains of another size."""
        raise NotImplementedError

    def gain(self, field: str, n: int) -> Square:
        """Return one of the gains as a matrix; `ConfigurationError` if it has another size."""
        return matrix(self, field, n)

    def errors(
        self, state: State, reference: Reference
    ) -> tuple[Float[np.ndarray, "n"], Float[np.ndarray, "n"]]:
        """Return ``q_r - q`` and ``dq_r - dq``.

        Raises:
            SimulationError: a reference of another shape.
        """
        for name, value in zip(("x", "dx", "ddx"), reference[:3], strict=True):
            if np.shape(value) != state.q.shape:
                raise SimulationError(
                    f"reference at {state.time:.3f} s: {name} has shape {np.shape(value)}, "
                    f"{type(self).__name__} needs {state.q.shape}, one value a joint"
                )
        return reference.x - state.q, reference.dx - state.dq
