"""Control of the tip of an unknown tool, with known or learned kinematics.

A camera measures the tip's position x [m]. The tip's Jacobian comes from the arm's model
(`KnownTip`), or from a network that has learned the arm's pose and adapts to the tool
(`LearnedTip`).
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from jaxtyping import Float

from arms import Arm, Terms

from ..contract import Kinematics, Reference, State
from ..control.operational_space import OperationalSpace
from ..errors import ConfigurationError, NetworkError
from ..support.validation import check, check_positive
from .learned import LearnedKinematics

AHEAD = 1e-3  # time step of the numerical derivative of a learned Jacobian [s]


class KnownTip(Kinematics):
    """The kinematics of an arm's model: of the bare arm, or of the arm with its tool.

    The position is the camera's, or the model's without a camera reading.
    """

    learning = False

    def __init__(self, arm: Arm) -> None:
        self.arm = arm
        still = np.zeros(arm.dof)
        arm.pose(still)  # this and the next two load code before the first cycle
        arm.jacobian(still)
        arm.jacobian_dot(still, still)

    def at_tip(self, terms: Terms, state: State, reference: Reference) -> Terms:
        """Return the terms with the model's J and dJ."""
        pose = self.arm.pose(state.q)
        J, dJ = self.arm.jacobian(state.q), self.arm.jacobian_dot(state.q, state.dq)
        return _at(terms, pose[:3, 3] if state.tool is None else state.tool, J[:3], dJ[:3])


class Pose(Protocol):
    """A known or estimated pose of a frame, with its derivative by the joints."""

    def evaluate(
        self, q: Float[np.ndarray, "n"]
    ) -> tuple[Float[np.ndarray, "3 4"], Float[np.ndarray, "3 4 n"]]:
        """Return ``[R(q) p(q)]``, the rotation and the position [m], and its derivative by q."""
        ...


class LearnedPose:
    """The pose of a `LearnedKinematics`, for one configuration at a time.

    The position is zero along base axes in which the arm does not move its flange.

    Raises:
        NetworkError: the network has not learned orientations.
    """

    def __init__(self, learned: LearnedKinematics) -> None:
        if not learned.orientation:
            raise NetworkError(
                f"learned kinematics of '{learned.arm}': has positions only, needs orientations "
                "for a tool; use learn_kinematics(arm, orientation=True)"
            )
        self.learned = learned
        axes = len(learned.axes)
        self._W = np.zeros((12, learned.neurons + 1))  # R column by column, then p
        self._W[[9 + axis for axis in learned.axes]] = learned.decoders[:axes]
        self._W[:9] = learned.decoders[axes:]
        self._joint = np.zeros((learned.encoders.shape[1], learned.dof))
        self._joint[np.arange(len(self._joint)), learned.joint_of_input] = 1.0

    def evaluate(
        self, q: Float[np.ndarray, "n"]
    ) -> tuple[Float[np.ndarray, "3 4"], Float[np.ndarray, "3 4 n"]]:
        """Return ``[R(q) p(q)]`` and its derivative by q."""
        learned = self.learned
        a = np.tanh(learned.encoders @ learned.inputs(q) + learned.bias)
        slopes = (self._W[:, :-1] * (1.0 - a * a)) @ learned.encoders  # by the network's inputs
        gradient = slopes @ (learned.input_slopes(q)[:, None] * self._joint)
        pose = self._W[:, :-1] @ a + self._W[:, -1]
        return pose.reshape(4, 3).T, gradient.reshape(4, 3, -1).swapaxes(0, 1)


@dataclass(frozen=True)
class AdaptiveJacobian:
    """Learn the tool from the camera while the arm works (Cheah, Liu and Slotine 2006).

    The tip of a rigid tool t [m], fixed in the frame whose pose the network has learned, is at::

        x = p(q) + R(q) t,      dx = J dq,      J = dp/dq + sum_k t_k dR_k/dq

    linear in t. With ``t_hat`` in its place these are ``x_hat`` and ``J_hat``; e = t - t_hat, and
    with Y = sum_j dq_j dR/dq_j (the kinematic regressor, 3 by 3) ``J dq = J_hat dq + Y e``. Let
    Dx = x - x_r, Dv = J_hat dq - dx_r. The law::

        dt_hat/dt = gain Y^T ((kp + alpha kv) Dx + alpha Dv) + rate R^T (x - x_hat)

    within the ball ``|t_hat| <= bound``, onto which it is projected. The first part is the paper's
    ``L Y_k^T (K_p + alpha K_v) Dx`` for a computed-torque loop. The second is its prediction error
    in terms of position: the paper's, of filtered velocities, is independent of t unless the frame
    turns; this one always depends on t, since R^T R = I. x comes from a camera, dx is never
    measured.

    Stability: let the dynamics be those of the model, R and p exact, J_hat of full row rank,
    |t| <= bound and 0 < alpha < kv. Then `OperationalSpace`, with J_hat for J and ``dJ_hat/dt`` for
    dJ (its part ``Y dt_hat/dt`` included), gives ``dDx/dt = Dv + Y e``,
    ``dDv/dt = -kp Dx - kv Dv``, and with ::

        V = (kp + alpha kv) |Dx|^2 / 2 + alpha Dx.Dv + |Dv|^2 / 2 + |e|^2 / (2 gain)
        dV/dt <= -alpha kp |Dx|^2 - (kv - alpha) |Dv|^2 - (rate / gain) |e|^2

    so that the errors of tip and tool both vanish exponentially, even without excitation by motion.
    A network with an error d(q) [m] at the tip leaves ``t_hat`` with an error of about |d|, and
    bounded: it forgets at ``rate`` and cannot drift. Where J_hat loses rank the controller damps
    it, and nothing is proved.

    Only t is adapted, not all decoders: ``x_hat = W(t_hat) phi(q)`` with ``W(t) = W_p + sum_k t_k
    W_Rk``, so this adapts the decoders W of the tip, in the three directions in which a rigid tool
    moves them. A tool learned at one q then holds at every q. Thousands of independently adapted
    decoders would learn along the reaches only, and their null space would break the proof.
    """

    kp: float = 196.0  # of the controller [1/s^2]
    kv: float = 28.0  # of the controller [1/s]
    alpha: float = 14.0  # [1/s]
    gain: float = 0.01  # [s^2]
    rate: float = 10.0  # [1/s]
    bound: float = 1.0  # bound on the tool's length [m]

    def __post_init__(self) -> None:
        check_positive(self, kp="1/s^2", kv="1/s", alpha="1/s", gain="s^2", rate="1/s", bound="m")
        check(self, "alpha", self.alpha < self.kv, f"less than kv, {self.kv} 1/s", "1/s")

    def change(
        self,
        Y: Float[np.ndarray, "m 3"],
        x_error: Float[np.ndarray, "m"],
        v_error: Float[np.ndarray, "m"],
        R: Float[np.ndarray, "3 3"],
        unpredicted: Float[np.ndarray, "3"],
    ) -> Float[np.ndarray, "3"]:
        """Return dt_hat/dt [m/s] for Y, Dx [m], Dv [m/s], R and x - x_hat [m]."""
        tracking = (self.kp + self.alpha * self.kv) * x_error + self.alpha * v_error
        return self.gain * (Y.T @ tracking) + self.rate * (R.T @ unpredicted)

    def projected(self, tool: Float[np.ndarray, "3"]) -> Float[np.ndarray, "3"]:
        """Return ``t_hat`` projected to the bound."""
        length = float(np.linalg.norm(tool))
        return tool if length <= self.bound else tool * (self.bound / length)


class LearnedTip(Kinematics):
    """The kinematics learned by a network, and the estimated tool ``t_hat``.

    The position is the camera's, or ``x_hat`` without a camera reading. dJ is the change of J_hat
    over the next millisecond at the present velocity, per second.

    Args:
        pose: the network, or any source of a pose and its derivative.
        control: the control law, with the controlled rows and the gains.
        law: the learning law of the tool; without it ``t_hat`` is constant.
        dt: control period [s].
    """

    def __init__(
        self,
        pose: Pose,
        control: OperationalSpace,
        law: AdaptiveJacobian | None = None,
        dt: float = 1e-3,
    ) -> None:
        if law is not None and (law.kp, law.kv) != (control.kp, control.kv):
            raise ConfigurationError(
                f"AdaptiveJacobian: is for kp {law.kp} and kv {law.kv}, needs those of the "
                f"control law, {control.kp} and {control.kv}"
            )
        self.pose, self.law, self.dt = pose, law, dt
        self.learning = True
        self.tool = np.zeros(3)  # t_hat [m]
        self._rows = list(control.rows)

    def at_tip(self, terms: Terms, state: State, reference: Reference) -> Terms:
        """Return the terms with J_hat and its time derivative, then learn the tool.

        Raises:
            NetworkError: the network's output is not finite.
        """
        pose, gradient = self.pose.evaluate(state.q)  # (3, 4), (3, 4, n)
        if not (np.isfinite(pose).all() and np.isfinite(gradient).all()):
            raise NetworkError(f"pose at {state.time:.3f} s: is not finite at q = {state.q}")
        _, ahead = self.pose.evaluate(state.q + AHEAD * state.dq)
        J = _combined(gradient, self.tool)
        dJ = (_combined(ahead, self.tool) - J) / AHEAD
        predicted = pose[:, :3] @ self.tool + pose[:, 3]
        if state.tool is None:
            return _at(terms, predicted, J, dJ)
        if self.law is not None and self.learning and state.sound:
            rows = self._rows
            change = self.law.change(
                (gradient[:, :3] @ state.dq)[rows],
                (state.tool - reference.x)[rows],
                (J @ state.dq - reference.dx)[rows],
                pose[:, :3],
                state.tool - predicted,
            )
            moved = self.law.projected(self.tool + self.dt * change)
            dJ += np.einsum("ikn,k->in", gradient[:, :3], (moved - self.tool) / self.dt)
            self.tool = moved
        return _at(terms, state.tool, J, dJ)


def _combined(
    gradient: Float[np.ndarray, "3 4 n"], tool: Float[np.ndarray, "3"]
) -> Float[np.ndarray, "3 n"]:
    """Return ``dp/dq + sum_k t_k dR_k/dq``."""
    return np.einsum("ikn,k->in", gradient[:, :3], tool) + gradient[:, 3]


def _at(
    terms: Terms,
    x: Float[np.ndarray, "3"],
    J: Float[np.ndarray, "3 n"],
    dJ: Float[np.ndarray, "3 n"],
) -> Terms:
    pose = terms.pose.copy()
    pose[:3, 3] = x
    return terms._replace(pose=pose, J=J, dJ=dJ)
