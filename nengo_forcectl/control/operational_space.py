"""Operational-space control of the tool's position and orientation."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .gains import Gain, check_gain
from .task_space import TaskForm, TaskSpace


@dataclass(frozen=True)
class OperationalSpace(TaskSpace):
    """Computed-torque control of the tool (Khatib 1987), posture projected into its null space.

    With ``Lambda = (J M^-1 J^T)^-1`` [kg] and ``N^T = I - J^T Lambda J M^-1``::

        f     = Lambda (kp (x_r - x) + kv (dx_r - dx))                  feedback force [N]
        tau_0 = k_null (posture - q) - d dq        posture torque [N m], d that of `Posture`
        error = J^T f + N^T tau_0
        tau   = error + J^T Lambda (ddx_r - dJ dq) + C dq + g
        dq_r  = Jbar dx_r,  ddq_r = Jbar (ddx_r - dJ dq),  Jbar = M^-1 J^T Lambda

    ``error`` includes the null-space part: with ``J^T f`` alone, the weights of a redundant arm
    drift along motions that do not move the tool.

    For orientation, other secondary tasks and singularities see `TaskSpace`.
    """

    kp: Gain = 196.0  # [1/s^2]
    kv: Gain = 28.0  # [1/s]

    def __post_init__(self) -> None:
        super().__post_init__()
        for field in ("kp", "kv"):
            check_gain(self, field, len(self.rows))

    @cached_property
    def form(self) -> TaskForm:
        """The law's matrices."""
        return TaskForm(a_e=self.gain("kp"), a_de=self.gain("kv"), a_ff=np.eye(len(self.rows)))
