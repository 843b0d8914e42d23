"""Admittance control: a measured force moves the reference of another controller."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

from arms import Arm, Terms

from ..contract import Command, Controller, Reference, State
from ..errors import ConfigurationError
from ..kernels.block import Block
from ..kernels.layout.law_fields import YIELD
from .force_control import ForceControl
from .gains import Gain, check_gain, matrix
from .task_space import BoundTaskLaw, TaskSpace

ROWS = (0, 1, 2)


@dataclass(frozen=True)
class Admittance(Controller):
    """The reference yields to the environment like a mass on a spring and a damper::

        mass ddc + damping dc + stiffness c = f_r + f,    x_c = x_r + c

    f is the environment's wrench on the tool, f_r the wrench that the tool is to exert; ``inner``
    follows x_c. Without stiffness the arm can be led by hand. Rotations are offset by a rotation
    vector, ``R_c = exp(c) R_r``, whose rate is used as the angular velocity: accurate to second
    order in c.

    The memory of the bound law, ``moving``, holds c and dc. Each cycle takes one step of implicit
    Euler, which is stable for any gains.
    """

    inner: TaskSpace  # the controller that follows
    mass: Gain = 10.0  # [kg], [kg m^2]
    damping: Gain = 100.0  # [N s/m], [N m s/rad]
    stiffness: Gain = 0.0  # [N/m], [N m/rad]
    rows: tuple[int, ...] = ROWS  # that yield
    dt: float = 1e-3  # control period [s]

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

    def bind(self, arm: Arm) -> BoundTaskLaw:
        """Return the law for this arm, with its own offset; raises as `TaskSpace.bind`."""
        bound = self._bound(arm.dof, arm.dq_max)
        bound.feed_friction_of(arm)
        return bound

    def torque(self, terms: Terms, state: State, reference: Reference) -> Command:
        """Return the torque of a first cycle, with offset 0 and without the model's friction.

        Raises as `BoundLaw.torque`.
        """
        return self._bound(len(terms.g)).torque(terms, state, reference)

    def _bound(self, n: int, dq_max: np.ndarray | None = None) -> BoundTaskLaw:
        block = Block(YIELD, {}, {"steps": self.steps, "dt": self.dt})
        bound = BoundTaskLaw(self.inner, n, "Admittance.inner", block, dq_max)
        bound.law, bound.inputs.needed_by, bound.dt = self, "Admittance", self.dt
        bound.memory["Admittance.moving"] = block["moving"]
        return bound
