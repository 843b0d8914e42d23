"""Adaptive control with the arm's regressor instead of a network."""

import numpy as np
from jaxtyping import Float

from arms import Arm, Terms

from ..contract import Adaptation, Command, Learns, Reference, State, learns
from ..control.task_space import DAMPING
from ..kernels.layout.body_fields import MASS, PARAMETERS, XX, YY, ZZ
from ..learning.gradient import Gradient
from ..support.validation import check_positive

FRICTION = 1.0  # typical size of a joint's viscous friction [N m s/rad]


class SlotineLi(Adaptation):
    """``tau = Y(q, dq, ddq_r) theta``, with theta the error of the model's parameters.

    Slotine and Li 1987 (doi:10.1177/027836498700600303) on top of a computed-torque law, with the
    arm's regressor and one column of viscous friction per joint::

        Y     = [regressor(q, dq, ddq_r), diag(dq)]                      (n, p)
        theta = S w,   dw/dt = gamma S Y^T s,   s = Jbar (task_error / kv)  [rad/s]
        Jbar  = M^-1 J^T Lambda,   Lambda = (J M^-1 J^T)^-1

    S holds the parameters' typical sizes (`typical_sizes`), so that w has no unit and ``1 / gamma``
    is an energy [J]. The step is that of `Gradient`, with leak and bound applied to w.

    Of the control law's ``task_error = kp e + kv de/dt``, e the tool's error, s makes the tool's
    composite error ``s_x = de/dt + a e``, ``a = kp / kv``, as a velocity of the joints. With F the
    true torque's offset Y theta*, the tool obeys ``Lambda (dde + kv de + kp e) = Jbar^T Y (theta* -
    theta)``, if the payload's share of M is small, and if Lambda changes slowly ::

        V = (s_x^T Lambda s_x + a^2 e^T Lambda e + |w* - w|^2 / gamma) / 2

    falls at the rate ``(kv - a) s_x^T Lambda s_x + a^3 e^T Lambda e``, so it needs kp < kv^2. An
    error in torque space, which the networks learn from, is not s: their product is not a power. s
    also excludes the posture's part of ``command.error``: it is not zero for a correct model,
    because the posture's motion has no feed-forward, and would pull theta away from theta*.
    """

    def __init__(self, arm: Arm, law: Gradient, damping: float, dt: float) -> None:
        self.law = law  # gamma [1/J], sigma [1/s], bound on |w|
        self.damping = damping  # kv of the control law [1/s]
        self.dt = dt  # [s]
        check_positive(self, damping="1/s", dt="s")
        self.learning = True
        self.sizes = typical_sizes(arm)  # S, (p,)
        self.w = np.zeros(len(self.sizes))
        self._arm = arm
        arm.regressor(*np.zeros((3, arm.dof)))  # load it before the first cycle
        self._step = law.rule()

    def learn(self, on: Learns) -> None:
        """Start or stop learning; the learned weights stay."""
        self.learning = learns(on)

    @property
    def theta(self) -> Float[np.ndarray, "p"]:
        """Correction of ``arm.inertial_parameters``, then one friction [N m s/rad] per joint."""
        return self.sizes * self.w

    def torque(
        self, terms: Terms, state: State, reference: Reference, command: Command
    ) -> Float[np.ndarray, "n"]:
        """Return the torque of the present estimate, then update it."""
        Y = self._arm.regressor(state.q, state.dq, command.ddq_r)
        features = np.hstack((Y, np.diag(state.dq))) * self.sizes  # Y S [N m]
        tau = features @ self.w
        if self.learning and state.sound:
            s = self._composite_error(terms, command)
            self.w = self._step(self.w, features.T @ s, s, self.dt)
        return tau

    def _composite_error(self, terms: Terms, command: Command) -> Float[np.ndarray, "n"]:
        A = command.mobility  # J M^-1, so Jbar = A^T (A M A^T)^-1
        mobility = A @ terms.M @ A.T + DAMPING**2 * np.eye(len(A))
        return A.T @ np.linalg.solve(mobility, command.task_error / self.damping)


def typical_sizes(arm: Arm) -> Float[np.ndarray, "p"]:
    """Return a scale for every parameter, equal for all links: any of them may be wrong.

    The mean mass m of the arm's links, the mean I of their moments of inertia, for first moments
    sqrt(m I), and ``FRICTION``.
    """
    theta = arm.inertial_parameters.reshape(-1, PARAMETERS)
    mass = float(theta[:, MASS].mean())  # [kg]
    inertia = float(theta[:, [XX, YY, ZZ]].mean())  # [kg m^2]
    link = [mass, *[np.sqrt(mass * inertia)] * 3, *[inertia] * 6]
    return np.array(link * len(theta) + [FRICTION] * arm.dof)
