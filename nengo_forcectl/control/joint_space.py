"""The common base of control laws in joint space."""

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from arms import Arm, Terms

from ..contract import Command, Controller, Reference, State
from ..kernels.block import Block
from ..kernels.layout.cycle_fields import JOINTS_LAW
from ..kernels.layout.law_fields import JOINT_LAW
from ..kernels.parts import complete_command, control_joints
from .bound_law import BoundLaw
from .gains import check_gain, matrix
from .inputs import Inputs
from .integral_term import Integral

Square = Float[np.ndarray, "n n"]


class JointForm(NamedTuple):
    """One form for all laws of the joints, linear in ``e = q_r - q`` and ``de = dq_r - dq``::

        a     = a_e e + a_de de,    s = c_e e + c_de de
        f     = f_e e + f_de de + z + robust sat(s / boundary)
        tau   = M (follow ddq_r + a) + C (coriolis dq + s) + g + f + friction(dq_r)
        error = feedback_a M a + feedback_f f

    z is the law's `Integral`, 0 without one; friction that of the bound arm's model, 0 unless
    stated (`Arm.with_friction`).
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
    feedback_a: float = 0.0
    feedback_f: float = 1.0


@dataclass(frozen=True)
class JointSpace(Controller):
    """A control law whose reference is a path of the joints; its gains are its fields."""

    follows = True  # uses the reference

    def __post_init__(self) -> None:
        for field in fields(self):
            check_gain(self, field.name)

    def form(self, n: int) -> JointForm:
        """Return the law for ``n`` joints; raise `ConfigurationError` for gains of a wrong size."""
        raise NotImplementedError

    def integral(self, n: int) -> Integral | None:
        """Return the integral term for ``n`` joints, if the law has one: z [N m]."""
        return None

    def gain(self, field: str, n: int) -> Square:
        """Return one of the gains as a matrix; raise `ConfigurationError` for a wrong size."""
        return matrix(self, field, n)

    def bind(self, arm: Arm) -> "BoundJointLaw":
        """Return the law for this arm.

        Raises:
            ConfigurationError: the gains are for another number of joints.
        """
        bound = BoundJointLaw(self, arm.dof)
        bound.feed_friction_of(arm)
        return bound

    def torque(self, terms: Terms, state: State, reference: Reference) -> Command:
        """Return the torque without the friction of an arm's model; raises as `BoundLaw.torque`."""
        return BoundJointLaw(self, len(terms.g)).torque(terms, state, reference)


class BoundJointLaw(BoundLaw):
    """A law of the joints for an arm of ``n`` joints."""

    def __init__(self, law: JointSpace, n: int) -> None:
        form = law.form(n)
        matrices = np.stack([np.broadcast_to(part, (n, n)) for part in form[:6]], axis=1)
        numbers: dict[str, float] = {
            name: value for name, value in form._asdict().items() if name in _NUMBERS
        }
        integral = law.integral(n)
        z = None if integral is None else integral.pack()
        numbers["integral"] = 0 if z is None else z.address
        block = Block(JOINT_LAW, {"n": n}, {"matrices": matrices, **numbers}, keeps=z)
        memory = {} if z is None else {f"{type(law).__name__}.integral": z["z"]}
        inputs = Inputs(n, type(law).__name__, n, follows=law.follows)
        super().__init__(law, inputs, block, JOINTS_LAW, n, memory)
        self._kernels = control_joints.call, complete_command.call

    def _run(self, terms: Terms, state: State) -> None:
        law, arm, inputs, command = self.addresses
        control, complete = self._kernels
        control(law, arm, inputs, command, self.memory_mode(state))
        complete(law, arm, command)


_NUMBERS = JointForm._fields[6:]
