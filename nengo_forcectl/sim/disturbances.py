"""Differences between the real arm and the controller's model: the interface, and their sum.

A disturbance changes the arm's body, adds a torque, brakes the joints, or changes what the motors
make of a commanded torque. To write your own, subclass `Disturbance` and override one of its
methods.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..support.validation import check, check_seed, is_number

REST = 1e-6  # a joint slower than this [rad/s] is at rest

Joints = Float[np.ndarray, "n"]


class Disturbance:
    """Base of all disturbances, without effect.

    `motor` and `friction` return functions with a memory. A simulator calls them once per
    simulation step, and makes new ones at a reset.
    """

    at_rotor: bool = False
    """With `ElasticJoints`: whether ``torque`` and ``brake`` act on the rotors, not the links."""

    @property
    def changes(self) -> tuple[float, ...]:
        """The times [s] at which ``real`` changes."""
        return ()

    def real(self, arm: Arm, time: float = 0.0) -> Arm:
        """Return the real arm at ``time`` [s]; it has the same joints."""
        return arm

    def torque(
        self,
        arm: Arm,
        time: Float[np.ndarray, "*batch"] | float,
        q: Float[np.ndarray, "*batch n"],
        dq: Float[np.ndarray, "*batch n"],
    ) -> Float[np.ndarray, "*batch n"]:
        """Return the torque [N m] that acts on the joints in addition to the motors'.

        ``arm`` is the model; its kinematics are the real arm's, but for `WrongLengths`.
        """
        return np.zeros_like(dq)

    def brake(self, dq: Float[np.ndarray, "*batch n"]) -> Float[np.ndarray, "*batch n"]:
        """Return the limit of the dry friction [N m].

        It brakes a moving joint with this torque, and holds a joint at rest with at most this
        torque. The torque at rest depends on all other torques, so a simulator has to solve for it.
        """
        return np.zeros_like(dq)

    def motor(self, n: int, dt: float) -> Callable[[Joints], Joints]:
        """Return a new function from the torque commanded to the motors' torque [N m].

        Its result is the mean over a simulation step ``dt`` [s], for ``n`` joints.
        """
        return lambda tau: tau

    def friction(self, n: int, dt: float) -> Callable[[Joints], Joints]:
        """Return a new function from dq [rad/s] to a friction torque with memory [N m].

        With `ElasticJoints`, dq is that of the rotors, and the torque acts on them.
        """
        return np.zeros_like


def check_spread(owner: Any) -> None:
    """Check the fields of random factors: ``spread`` from 0 to less than 1, and a ``seed``.

    Raises:
        ConfigurationError: one has another value.
    """
    good = is_number(owner.spread) and 0 <= owner.spread < 1
    check(owner, "spread", good, "a number from 0 up and less than 1")
    check_seed(owner)


def pushes(disturbances: Iterable[Disturbance]) -> tuple[Disturbance, ...]:
    """Return the disturbances that add a torque."""
    return tuple(each for each in disturbances if type(each).torque is not Disturbance.torque)


def brakes(disturbances: Iterable[Disturbance]) -> tuple[Disturbance, ...]:
    """Return the disturbances that brake."""
    return tuple(each for each in disturbances if type(each).brake is not Disturbance.brake)


def motors(disturbances: Iterable[Disturbance]) -> tuple[Disturbance, ...]:
    """Return the disturbances of the motors, in order."""
    return tuple(each for each in disturbances if type(each).motor is not Disturbance.motor)


def frictions(disturbances: Iterable[Disturbance]) -> tuple[Disturbance, ...]:
    """Return the disturbances that are friction with a memory."""
    return tuple(each for each in disturbances if type(each).friction is not Disturbance.friction)


def dry_friction(
    disturbances: Iterable[Disturbance], dq: Float[np.ndarray, "*batch n"]
) -> Float[np.ndarray, "*batch n"]:
    """Return the largest braking torque of all disturbances together, by joint [N m]."""
    limit = np.zeros_like(dq)
    for disturbance in disturbances:
        limit += disturbance.brake(dq)
    return limit


def real_arm(arm: Arm, disturbances: Iterable[Disturbance], time: float = 0.0) -> Arm:
    """Return ``arm`` with the changes by all disturbances, in order, at ``time`` [s]."""
    for disturbance in disturbances:
        arm = disturbance.real(arm, time)
    return arm


def phases(arm: Arm, disturbances: Sequence[Disturbance]) -> list[tuple[float, Arm]]:
    """Return the real arm at time 0 and after each time [s] at which it changes."""
    times = {time for disturbance in disturbances for time in disturbance.changes}
    return [(time, real_arm(arm, disturbances, time)) for time in sorted({0.0, *times})]


def joint_torque(
    disturbances: Iterable[Disturbance],
    arm: Arm,
    time: Float[np.ndarray, "*batch"] | float,
    q: Float[np.ndarray, "*batch n"],
    dq: Float[np.ndarray, "*batch n"],
) -> Float[np.ndarray, "*batch n"]:
    """Return the torque [N m] of all disturbances together, as a function of the state.

    It includes dry friction of moving joints; for a joint at rest dry friction counts as zero.
    Friction with a memory is not included: it is no function of the state.
    """
    disturbances = tuple(disturbances)
    tau = np.zeros_like(dq)
    for disturbance in pushes(disturbances):
        tau += disturbance.torque(arm, time, q, dq)
    if braked := brakes(disturbances):
        tau -= dry_friction(braked, dq) * np.clip(dq / REST, -1.0, 1.0)
    return tau


def acceleration(
    disturbances: Sequence[Disturbance],
    arm: Arm,
    time: Float[np.ndarray, "cycles"],
    q: Float[np.ndarray, "cycles n"],
    dq: Float[np.ndarray, "cycles n"],
    tau: Float[np.ndarray, "cycles n"],
) -> Float[np.ndarray, "cycles n"]:
    """Return the real arm's acceleration [rad/s^2] under motor torques ``tau`` [N m]."""
    drive = tau + joint_torque(disturbances, arm, time, q, dq)
    ddq = np.empty_like(drive)
    arms = phases(arm, disturbances)
    starts = [start for start, _ in arms]
    phase = np.searchsorted(starts, time + 1e-9, side="right") - 1  # times are sums of steps
    for number, (_, real) in enumerate(arms):
        now = phase == number
        ddq[now] = real.forward_dynamics(q[now], dq[now], drive[now])
    return ddq
