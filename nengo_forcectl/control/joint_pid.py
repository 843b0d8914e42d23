"""Joint PID control with gravity compensation."""

from dataclasses import dataclass

import numpy as np

from .gains import Gain, check_gain
from .integral_term import Integral
from .joint_space import JointForm, JointSpace


@dataclass(frozen=True)
class JointPID(JointSpace):
    """``tau = g(q) + kp e + kv de + z``, ``dz/dt = ki e``, ``e = q_r - q``.

    The integral removes the error that gravity compensation leaves: a constant torque that the
    model lacks causes no error at rest (Siciliano et al. 2009, section 8.5). A joint of inertia I
    is stable for ``ki < kp kv / I`` (Routh). ``|z|`` of every joint stays within ``windup``. For kp
    and kv see `JointPD`.
    """

    kp: Gain = 100.0  # [N m/rad]
    kv: Gain = 20.0  # [N m s/rad]
    ki: Gain = 50.0  # [N m/(rad s)]
    windup: float = 50.0  # bound on the integral of each joint [N m]
    dt: float = 1e-3  # control period [s]

    def __post_init__(self) -> None:
        super().__post_init__()
        check_gain(self, "windup", 0)
        check_gain(self, "dt", 0, positive=True)

    def form(self, n: int) -> JointForm:
        """Return the law for ``n`` joints."""
        return JointForm(f_e=self.gain("kp", n), f_de=self.gain("kv", n))

    def integral(self, n: int) -> Integral:
        """Return the integral term for ``n`` joints."""
        return Integral(self.gain("ki", n), self.dt, np.arange(n), np.full(n, self.windup))
