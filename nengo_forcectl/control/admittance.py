"""Admittance control: a measured force moves the reference of another controller."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from jaxtyping import Float

from arms import Terms
from arms.model.spatial import skew

from ..contract import Command, Controller, Reference, State
from ..errors import ConfigurationError
from .force_control import ForceControl
from .gains import Gain, check_gain, matrix
from .task_space import TaskSpace, orientation, pushes

ROWS = (0, 1, 2)


@dataclass(frozen=True)
class Admittance(Controller):
    """The reference yields to the environment as a mass on a spring and a damper would::

        mass ddc + damping dc + stiffness c = f_r + f,    x_c = x_r + c

    f is the environment's wrench on the tool and f_r the one that the tool is to exert; ``inner``
    follows x_c. Without stiffness the arm can be led away by hand. Rotations are offset by the
    rotation vector's ``R_c = exp(c) R_r``, its rate taken for the angular velocity: to second order
    in c.

    ``moving``, c and dc, is what changes, one step a call of ``torque``, by implicit Euler:
    stable for any gains.
    """

    inner: TaskSpace  # the controller that follows
    mass: Gain = 10.0  # [kg], [kg m^2]
    damping: Gain = 100.0  # [N s/m], [N m s/rad]
    stiffness: Gain = 0.0  # [N/m], [N m/rad]
    rows: tuple[int, ...] = ROWS  # that yield
    dt: float = 1e-3  # of a control cycle [s]
    # c [m, rad] and dc, of all six rows.
    moving: Float[np.ndarray, "2 6"] = field(init=False, repr=False, compare=False)

    needs_wrench = True

    def __post_init__(self) -> None:
        if not isinstance(self.inner, TaskSpace):
            raise ConfigurationError(
                f"Admittance.inner: is {self.inner}, needs a controller of the tool, "
                "such as OperationalSpace"
            )
        rows = tuple(self.rows)
        if not rows or not set(rows) <= set(self.inner.rows) or len(set(rows)) < len(rows):
            raise ConfigurationError(
                f"Admittance.rows: is {self.rows}, needs some of the inner controller's, "
                f"{self.inner.rows}, each once"
            )
        object.__setattr__(self, "rows", rows)
        check_gain(self, "mass", len(rows), positive=True)
        check_gain(self, "damping", len(rows))
        check_gain(self, "stiffness", len(rows))
        check_gain(self, "dt", 0, positive=True)
        if isinstance(self.inner, ForceControl) and self.inner.dt != self.dt:
            raise ConfigurationError(
                f"Admittance.dt: is {self.dt} s, the inner controller's is {self.inner.dt} s"
            )
        object.__setattr__(self, "moving", np.zeros((2, 6)))

    @cached_property
    def steps(self) -> Float[np.ndarray, "3 6 6"]:
        """The matrices of one step: ``dc' = A dc + B f - G c``, ``c' = c + dt dc'``."""
        m, rows = len(self.rows), list(self.rows)
        mass, damping, stiffness = (
            matrix(self, name, m) for name in ("mass", "damping", "stiffness")
        )
        inverse = np.linalg.inv(mass + self.dt * damping + self.dt**2 * stiffness)
        steps = np.zeros((3, 6, 6))
        for step, part in zip(steps, (mass, self.dt * np.eye(m), self.dt * stiffness), strict=True):
            step[np.ix_(rows, rows)] = inverse @ part
        return steps

    def forget_motion(self) -> None:
        """Forget the offset and its velocity."""
        self.moving[:] = 0.0

    def torque(self, terms: Terms, state: State, reference: Reference) -> Command:
        """Return the inner controller's torque for the reference that has yielded."""
        return self.inner.torque(terms, state, self.moved(state, reference))

    def moved(self, state: State, reference: Reference) -> Reference:
        """Return the reference that has yielded, one step on.

        Raises:
            SimulationError: the state has no wrench, or the reference not the orientation needed.
        """
        f = pushes(state, reference, self)
        A, B, G = self.steps
        c, before = self.moving
        dc = A @ before + B @ f - G @ c
        c, ddc = c + self.dt * dc, (dc - before) / self.dt
        self.moving[:] = c, dc
        x, dx, ddx = reference[:3]
        moved = reference._replace(x=x + c[:3], dx=dx + dc[:3], ddx=ddx + ddc[:3], wrench=None)
        if not self.inner.turns:
            return moved
        R, omega, domega = orientation(reference, state.time, type(self.inner).__name__)
        return moved._replace(
            R=rotation(c[3:]) @ R,
            omega=omega + dc[3:],
            domega=domega + ddc[3:],
        )


def rotation(c: Float[np.ndarray, "3"]) -> Float[np.ndarray, "3 3"]:
    """Return ``exp(c)``, the turn by ``|c|`` [rad] about c (Rodrigues)."""
    angle = float(np.sqrt(c @ c))
    K = skew(c)
    a, b = float(np.sinc(angle / np.pi)), 0.5 * float(np.sinc(0.5 * angle / np.pi)) ** 2
    return np.eye(3) + a * K + b * K @ K
