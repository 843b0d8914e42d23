"""What a structured learner has found, in numbers."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from ..learning.joint_neurons import JointNeurons
from ..learning.tool_neurons import ToolNeurons
from ..networks.structured_encoding import JointEncoding, ToolEncoding

PLACES = 9  # along each axis, at which the neurons' force is looked at
WORK = 20  # angles, and speeds, at which the neurons' torque is looked at


class LearnedPayload(NamedTuple):
    """A body fixed to the tool frame, in its axes, that the model does not know.

    The deviations are standard deviations of the mass, of the first moment ``mass * com`` and of
    the inertia's entries.
    """

    mass: float  # [kg]
    com: Float[np.ndarray, "3"]  # centre of mass [m]; 0 without a payload
    inertia: Float[np.ndarray, "3 3"]  # about the tool frame's origin [kg m^2]
    mass_deviation: float  # [kg]
    moment_deviation: Float[np.ndarray, "3"]  # [kg m]
    inertia_deviation: Float[np.ndarray, "3 3"]  # [kg m^2]


class LearnedNumbers(NamedTuple):
    """Numbers and their standard deviations, one a joint, an axis or a parameter."""

    value: Float[np.ndarray, "k"]
    deviation: Float[np.ndarray, "k"]


@dataclass(frozen=True)
class NeuronTorque:
    """The torque of trained neurons of each joint."""

    joints: JointEncoding
    neurons: JointNeurons
    decoders: Float[np.ndarray, "n pairs"]  # [N m]

    def __call__(
        self, q: Float[np.ndarray, "k n"], dq: Float[np.ndarray, "k n"]
    ) -> Float[np.ndarray, "k n"]:
        """Return the torque [N m] at angles [rad] and velocities [rad/s]."""
        rows = (np.ascontiguousarray(each, dtype=float) for each in (q, dq))
        activity = self.neurons.activity(self.joints.input(*rows)[1])
        return np.einsum("knm,nm->kn", activity, self.decoders)

    @property
    def size(self) -> Float[np.ndarray, "n"]:
        """Root mean square over the angles and speeds of the work [N m]."""
        spread = np.linspace(-1.5, 1.5, WORK)
        speeds, angles = (each.ravel()[:, None] for each in np.meshgrid(spread, spread))
        joints = self.joints
        work = self(joints.centre + angles * joints.spread, speeds * joints.speed)
        return np.sqrt(np.mean(work**2, axis=0))


class LearnedFriction(NamedTuple):
    """Friction in each joint, ``viscous dq + dry tanh(dq / 0.01 rad/s)`` and what its neurons add.

    ``presliding`` is the share of the dry friction that builds up over a short way: `Presliding`.
    The neurons explain what depends on the angle, or on the speed in another way. The deviations
    of the others take them as they are.
    """

    viscous: LearnedNumbers  # [N m s/rad]
    dry: LearnedNumbers  # [N m]
    neurons: Float[np.ndarray, "n"]  # root mean square of their torque over the work [N m]
    at: NeuronTorque  # their torque
    presliding: Float[np.ndarray, "n"]  # share of the dry friction

    def curve(
        self, dq: Float[np.ndarray, "*batch n"], q: Float[np.ndarray, "*batch n"] | None = None
    ) -> Float[np.ndarray, "*batch n"]:
        """Return the torque [N m] that friction takes at velocities dq [rad/s].

        Without angles q [rad], that of viscous and dry friction alone, without the neurons'.
        """
        torque = self.viscous.value * dq + self.dry.value * np.tanh(dq / 0.01)
        if q is None:
            return torque
        rows = (np.reshape(each, (-1, len(self.neurons))) for each in (q, dq))
        return torque + self.at(*rows).reshape(np.shape(torque))


class LearnedRipple(NamedTuple):
    """A torque ``amplitude sin(periods q + phase)`` that each joint needs beyond the model's.

    The deviation of the amplitude takes what else is left of the torque as independent from one
    period to the next.
    """

    periods: Float[np.ndarray, "n"]  # a turn; 0: none was found
    amplitude: Float[np.ndarray, "n"]  # [N m]
    phase: Float[np.ndarray, "n"]  # [rad]
    deviation: Float[np.ndarray, "n"]  # of the amplitude [N m]

    def torque(self, q: Float[np.ndarray, "*batch n"]) -> Float[np.ndarray, "*batch n"]:
        """Return it at angles q [rad]."""
        return self.amplitude * np.sin(self.periods * q + self.phase)


@dataclass(frozen=True)
class NeuronForce:
    """The force by which trained neurons make up for one at the tool that its place decides."""

    tool: ToolEncoding
    neurons: ToolNeurons
    decoders: Float[np.ndarray, "3 neurons"]  # [N]

    def __call__(self, x: Float[np.ndarray, "k 3"]) -> Float[np.ndarray, "k 3"]:
        """Return the force [N] at positions of the tool [m], in the base frame."""
        return self.neurons.activity(self.tool.at_rest(x)) @ self.decoders.T

    @property
    def size(self) -> float:
        """Root mean square over the places of the work [N]."""
        tool, spread = self.tool, np.linspace(-1.5, 1.5, PLACES)
        grid = np.stack(np.meshgrid(spread, spread, spread), axis=-1).reshape(-1, 3)
        force = self(tool.centre[:3] + grid / tool.scale[:3])
        return float(np.sqrt(np.mean(np.sum(force**2, axis=1))))


class LearnedTool(NamedTuple):
    """The environment's force on the tool.

    It is ``force - stiffness (x - origin) - damping dx``, and what the neurons add, which depends
    on the place in another way. In the base frame. The deviations are standard deviations of every
    entry, and take the neurons as they are.
    """

    origin: Float[np.ndarray, "3"]  # [m]
    force: Float[np.ndarray, "3"]  # at the origin [N]
    stiffness: Float[np.ndarray, "3 3"]  # [N/m]
    damping: Float[np.ndarray, "3 3"]  # [N s/m]
    force_deviation: Float[np.ndarray, "3"]
    stiffness_deviation: Float[np.ndarray, "3 3"]
    damping_deviation: Float[np.ndarray, "3 3"]
    neurons: float  # root mean square of their force over the work [N]
    at: NeuronForce  # that makes up for theirs

    def field(self, x: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch 3"]:
        """Return the environment's force [N] on a tool that rests at positions x [m]."""
        away = np.asarray(x, dtype=float) - self.origin
        rows = np.reshape(x, (-1, 3)).astype(float)
        return self.force - away @ self.stiffness.T - self.at(rows).reshape(away.shape)


class Learned(NamedTuple):
    """Everything that a structured learner has found."""

    payload: LearnedPayload
    armature: LearnedNumbers  # beyond the model's [kg m^2]
    friction: LearnedFriction  # beyond the model's
    offset: LearnedNumbers  # constant torque that the joints need beyond the model's [N m]
    tool: LearnedTool
    gravity: LearnedNumbers  # change of the gravity vector in the base frame [m/s^2]
    links: LearnedNumbers  # changes of `Arm.inertial_parameters`; 0 where motion cannot tell
    ripple: LearnedRipple  # of motors and gears
    delay: float  # of sensors and motors together, beyond what was stated [s]
    noise: float  # root mean square of the strongest joint's torque that nothing explains [N m]
    changes: int  # how often the payload has changed
    backed_off: int  # how often a joint's gain was reduced because its torque shook
    gain: Float[np.ndarray, "n"]  # present gain of each joint's fast part [1/s]
