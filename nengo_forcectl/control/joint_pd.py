"""Joint PD control with gravity compensation."""

from dataclasses import dataclass

import numpy as np

from arms import Terms

from ..contract import Command, Reference, State
from .gains import Gain
from .joint_space import JointLaw, JointSpace


@dataclass(frozen=True)
class JointPD(JointSpace):
    """``tau = g(q) + kp (q_r - q) + kv (dq_r - dq)``.

    The reference is a path in joint space. Globally asymptotically stable at a fixed reference when
    the gravity model is exact (Takegaki and Arimoto 1981), in continuous time. In a cycle of dt the
    damping must not turn a joint round, ``kv dt`` is to stay below its inertia: 20 N m s/rad is for
    a joint of kilograms, and shakes a wrist. Gains in proportion to
    ``arm.mass_matrix(q).diagonal()`` suit all joints; `ComputedTorque` has them.
    """

    kp: Gain = 100.0  # [N m/rad]
    kv: Gain = 20.0  # [N m s/rad]

    def law(self, n: int) -> JointLaw:
        """Return the law for ``n`` joints."""
        return JointLaw(f_e=self.gain("kp", n), f_de=self.gain("kv", n))

    def torque(self, terms: Terms, state: State, reference: Reference) -> Command:
        """Return the torque that pulls the joints to the reference."""
        e, de = self.errors(state, reference)
        error = self.gain("kp", len(e)) @ e + self.gain("kv", len(e)) @ de
        mobility = np.linalg.inv(terms.M)
        return Command(
            terms.g + error, error, error, reference.dx, reference.ddx, mobility, mobility @ error
        )
