"""Control of the tip of an unknown tool: whose kinematics the controller goes by.

A camera says where the tip is, x [m]. What the controller lacks is the tip's Jacobian. It takes it
from the arm's model (`KnownTip`), or from a network that has learned the arm's pose and adapts to
the tool (`LearnedTip`).
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from jaxtyping import Float

from arms import Arm, Terms

from ..contract import Kinematics, Reference, State
from ..control.operational_space import OperationalSpace
from ..errors import ConfigurationError, NetworkError
from ..support.checks import check, check_positive
from .learned import LearnedKinematics

AHEAD = 1e-3  # over which the change of a learned Jacobian is taken [s]


class KnownTip(Kinematics):
    """The kinematics of an arm's model: of the bare arm, or of the arm with its tool.

    The position is what the camera sees, or the model's where it sees nothing.
    """

    learning = False

    def __init__(self, arm: Arm) -> None:
        self.arm = arm
        still = np.zeros(arm.dof)
        arm.pose(still)  # loads it, as the next two, so that no cycle does
        arm.jacobian(still)
        arm.jacobian_dot(still, still)

    def at_tip(self, terms: Terms, state: State, reference: Reference) -> Terms:
        """Return the terms with the model's J and dJ."""
        pose = self.arm.pose(state.q)
        J, dJ = self.arm.jacobian(state.q), self.arm.jacobian_dot(state.q, state.dq)
        return _at(terms, pose[:3, 3] if state.tool is None else state.tool, J[:3], dJ[:3])


class Pose(Protocol):
    """A known or estimated pose of a frame, and its derivative by the joints."""

    def evaluate(
        self, q: Float[np.ndarray, "n"]
    ) -> tuple[Float[np.ndarray, "3 4"], Float[np.ndarray, "3 4 n"]]:
        """Return ``[R(q) p(q)]``, the rotation and the position [m], and its derivative by q."""
        ...


class LearnedPose:
    """What `LearnedKinematics` knows of positions and orientations, one configuration at a time.

    Along an axis of the base frame on which the arm does not move its flange the position is zero.

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
    """Learns the tool from the camera while the arm works (Cheah, Liu and Slotine 2006).

    The tip of a rigid tool t [m], fixed in the frame whose pose the network has learned, is at::

        x = p(q) + R(q) t,      dx = J dq,      J = dp/dq + sum_k t_k dR_k/dq

    linear in t. With ``t_hat`` in its place these are ``x_hat`` and ``J_hat``; e = t - t_hat, and
    with Y = sum_j dq_j dR/dq_j (the kinematic regressor, 3 by 3) ``J dq = J_hat dq + Y e``. Let
    Dx = x - x_r, Dv = J_hat dq - dx_r. The law::

        dt_hat/dt = gain Y^T ((kp + alpha kv) Dx + alpha Dv) + rate R^T (x - x_hat)

    within the ball ``|t_hat| <= bound``, onto which it is projected. The first part is the paper's
    ``L Y_k^T (K_p + alpha K_v) Dx`` for a computed-torque loop. The second is its prediction error
    in terms of position: the paper's, of filtered velocities, says nothing of t unless the frame
    turns; this one always does, since R^T R = I. x comes from a camera, dx is never measured.

    What is proved: let the dynamics be those of the model, R and p exact, J_hat of full row rank,
    |t| <= bound and 0 < alpha < kv. Then `OperationalSpace`, with J_hat for J and ``dJ_hat/dt`` for
    dJ (its part ``Y dt_hat/dt`` included), gives ``dDx/dt = Dv + Y e``,
    ``dDv/dt = -kp Dx - kv Dv``, and with ::

        V = (kp + alpha kv) |Dx|^2 / 2 + alpha Dx.Dv + |Dv|^2 / 2 + |e|^2 / (2 gain)
        dV/dt <= -alpha kp |Dx|^2 - (kv - alpha) |Dv|^2 - (rate / gain) |e|^2

    so that the tip's error and the tool's both vanish exponentially, however little the arm moves.
    A network that is wrong by d(q) [m] at the tip leaves ``t_hat`` wrong by about |d|, and bounded:
    it forgets at ``rate``, and cannot drift. Where J_hat loses rank the controller damps it, and
    nothing is proved.

    Why t and not all decoders: ``x_hat = W(t_hat) phi(q)`` with ``W(t) = W_p + sum_k t_k W_Rk``, so
    this adapts the decoders W of the tip, in the three directions in which a rigid tool moves them.
    What is learned at one q then holds at every q. Adapted each on its own, thousands of decoders
    learn along the reaches alone, and the proof is lost in their null space.
    """

    kp: float = 196.0  # of the controller [1/s^2]
    kv: float = 28.0  # of the controller [1/s]
    alpha: float = 14.0  # [1/s]
    gain: float = 0.01  # [s^2]
    rate: float = 10.0  # [1/s]
    bound: float = 1.0  # of the tool's length [m]

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
        """Return the nearest tool within the bound."""
        length = float(np.linalg.norm(tool))
        return tool if length <= self.bound else tool * (self.bound / length)


class LearnedTip(Kinematics):
    """The kinematics that a network has learned, and ``t_hat``, the tool as far as it is known.

    The position is what the camera sees, or ``x_hat`` where it sees nothing. dJ is the change of
    J_hat over the next millisecond at the present velocity.

    Args:
        pose: the network, or anything that gives a pose and its derivative.
        control: the control law, which says what is controlled and with which gains.
        law: how the tool is learned; without it, ``t_hat`` stays as it is.
        dt: of a control cycle [s].
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
        """Return the terms with J_hat and its change in time; learn the tool.

        Raises:
            NetworkError: the network gives something that is not finite.
        """
        pose, gradient = self.pose.evaluate(state.q)  # (3, 4), (3, 4, n)
        if not (np.isfinite(pose).all() and np.isfinite(gradient).all()):
            raise NetworkError(f"pose at {state.time:.3f} s: not finite, for q = {state.q}")
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
    """``dp/dq + sum_k t_k dR_k/dq``."""
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
