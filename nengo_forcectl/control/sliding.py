"""Slotine and Li's sliding control of the joints."""

from dataclasses import dataclass

import numpy as np

from .gains import Gain, check_gain
from .joint_space import JointForm, JointSpace


@dataclass(frozen=True)
class Sliding(JointSpace):
    """Slotine and Li's passive law (1987, doi:10.1177/027836498700600303), e = q_r - q::

        dq_v = dq_r + slope e,    s = dq_v - dq = de + slope e    [rad/s]
        tau  = M ddq_v + C dq_v + g + K s + robust sat(s / boundary)

    With an exact model ``M ds + C s + K s = 0``, and ``s^T M s / 2`` falls at the rate ``s^T K s``,
    because dM/dt - 2C is skew-symmetric; on ``s = 0`` the error decays as exp(-slope t). The last
    term rejects an unknown torque of at most ``robust`` per joint. For ``|s| < boundary`` it is
    proportional to s, which avoids chattering (Slotine and Sastry 1983).

    With a period dt, keep K well below ``2 M / dt`` of the lightest joint; a vector K gives heavier
    joints more.

    ``error`` is ``K s`` plus the last term: a gradient law then learns from s, as in their proof.
    """

    slope: Gain = 7.0  # [1/s]
    K: Gain = 1.0  # [N m s/rad]
    robust: float = 0.0  # [N m]
    boundary: float = 0.1  # of s [rad/s]

    def __post_init__(self) -> None:
        super().__post_init__()
        check_gain(self, "robust", 0)
        check_gain(self, "boundary", 0, positive=True)

    def form(self, n: int) -> JointForm:
        """Return the law for ``n`` joints."""
        slope, K = self.gain("slope", n), self.gain("K", n)
        return JointForm(
            a_de=slope, c_e=slope, c_de=np.eye(n), f_e=K @ slope, f_de=K,
            follow=1.0, coriolis=1.0, robust=self.robust, boundary=self.boundary,
        )  # fmt: skip
