"""Motors behind gears: the inertia of their rotors, and joints that are elastic."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..errors import ConfigurationError
from ..support.validation import check_choice
from .disturbances import Disturbance, Joints
from .per_joint import PerJoint, check_per_joint, per_joint

Side = Literal["motor", "link"]
SIDES = get_args(Side)
# The last rate is half a step old. This parabola through the last three gives the present one: a
# straight line through two would damp 8 % too much at the longest step.
PRESENT = np.array((15.0, -10.0, 3.0)) / 8.0


@dataclass(frozen=True)
class RotorInertia(Disturbance):
    """The rotors' inertia, seen at the joints: rotor inertia times gear ratio squared.

    It adds to the arm's ``armature``, on the diagonal of M. The gyroscopic torques of the rotors,
    smaller by the gear ratio, are neglected (Spong 1987, doi:10.1115/1.3143860).
    """

    inertia: PerJoint  # [kg m^2]

    def __post_init__(self) -> None:
        check_per_joint(self, inertia="kg m^2")

    def real(self, arm: Arm, time: float = 0.0) -> Arm:
        """Return the arm with the rotors."""
        return arm.with_armature(arm.armature + per_joint(self, "inertia", arm.dof))


@dataclass(frozen=True)
class ElasticJoints(Disturbance):
    """Transmissions with elasticity, damping and backlash between rotor and link.

        B ddtheta = tau - s,   M ddq + C dq + g = s + J^T f
        s = stiffness x + damping dx/dt,   x = theta - q less the backlash

    theta is the rotors' position, seen at the joint, and B their inertia, the real arm's
    ``armature`` (Spong 1987, doi:10.1115/1.3143860). Within the backlash s is 0, and damping never
    pulls. Friction and ripple act on the rotors. At a reset, the springs hold the arm's weight.
    """

    stiffness: PerJoint  # [N m/rad]
    damping: PerJoint = 0.0  # [N m s/rad]
    backlash: PerJoint = 0.0  # whole width of the gap [rad]
    encoders: Side = "motor"  # what q and dq are read from

    def __post_init__(self) -> None:
        check_per_joint(self, above=True, stiffness="N m/rad")
        check_per_joint(self, damping="N m s/rad", backlash="rad")
        check_choice(self, "encoders", SIDES)


class Transmission:
    """Elastic joints at work: the rotors' state, and the torque on the links.

    Positions are those at which a step accelerates; `state` returns the state that a simulator
    reads, half a step before.

    Args:
        elastic: the joints.
        rotor: the rotors' inertia [kg m^2].
        dt: simulation step [s].

    Raises:
        ConfigurationError: a rotor has no inertia, or a field another number of joints.
    """

    def __init__(self, elastic: ElasticJoints, rotor: Joints, dt: float) -> None:
        n = len(rotor)
        if not (rotor > 0).all():
            joint = int(np.argmin(rotor)) + 1
            raise ConfigurationError(
                f"ElasticJoints: the rotor of joint {joint} has no inertia, needs one; add "
                "RotorInertia(...)"
            )
        self.motor_side = elastic.encoders == "motor"
        self._rotor, self._dt = rotor, dt
        self._stiffness = per_joint(elastic, "stiffness", n)
        self._damping = per_joint(elastic, "damping", n)
        self._half_gap = 0.5 * per_joint(elastic, "backlash", n)

    def place(self, q: Joints, dq: Joints, torque: Joints) -> None:
        """Set the rotors to move with the links, with this spring torque [N m]."""
        stretch = torque / self._stiffness + self._half_gap * np.sign(torque)
        self._theta, self._dtheta = q + 0.5 * self._dt * dq + stretch, dq.copy()
        self._rates = np.zeros((3, len(q)))  # dtheta - dq of the last three steps

    def state(self) -> tuple[Joints, Joints]:
        """Return the rotors' positions [rad] and velocities [rad/s], seen at the joints."""
        return self._theta - 0.5 * self._dt * self._dtheta, self._dtheta

    def step(
        self, tau: Joints, brake: Joints | None, q: Joints, dq: Joints
    ) -> Float[np.ndarray, "n"]:
        """Advance the rotors by one step; return the torque [N m] on the links in it.

        Args:
            tau: torque on the rotors.
            brake: largest dry friction on them, if any.
            q: the links' positions, at which the step accelerates.
            dq: their velocities before the step.
        """
        stretch, rate = self._theta - q, self._dtheta - dq
        stretch = stretch - np.clip(stretch, -self._half_gap, self._half_gap)
        self._rates[1:] = self._rates[:-1].copy()
        self._rates[0] = rate
        torque = self._stiffness * stretch + self._damping * (PRESENT @ self._rates)
        gap = self._half_gap > 0
        torque = np.where(gap & (torque * stretch <= 0), 0.0, torque)
        dtheta = self._dtheta + self._dt / self._rotor * (tau - torque)
        if brake is not None:
            most = self._dt / self._rotor * brake
            dtheta = dtheta - np.clip(dtheta, -most, most)
        self._dtheta = dtheta
        self._theta = self._theta + self._dt * dtheta
        return torque
