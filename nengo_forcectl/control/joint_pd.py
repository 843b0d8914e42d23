"""Joint PD control with gravity compensation."""

from dataclasses import dataclass

from .gains import Gain
from .joint_space import JointForm, JointSpace


@dataclass(frozen=True)
class JointPD(JointSpace):
    """``tau = g(q) + kp (q_r - q) + kv (dq_r - dq)``.

    The reference is a path in joint space. In continuous time, a fixed reference is globally
    asymptotically stable if the gravity model is exact (Takegaki and Arimoto 1981). In discrete
    time, keep ``kv dt`` below each joint's inertia, or the damping reverses its motion: 20 N m
    s/rad suits heavy joints and shakes a wrist. Gains in proportion to
    ``arm.mass_matrix(q).diagonal()`` suit all joints, as in `ComputedTorque`.
    """

    kp: Gain = 100.0  # [N m/rad]
    kv: Gain = 20.0  # [N m s/rad]

    def form(self, n: int) -> JointForm:
        """Return the law for ``n`` joints."""
        return JointForm(f_e=self.gain("kp", n), f_de=self.gain("kv", n))
