"""What drives the joints of MuJoCo's compiled model: rotors, friction, and the motors' limits."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import Any

ON_A_JOINT = (0, 1)  # of an actuator's transmissions: joint, and joint in its parent's axes
FIXED_GAIN, NO_BIAS = 0, 0  # of an actuator whose control is a force


def friction_and_rotor(model: Any, joint: int) -> tuple[float, float, float]:
    """Armature, viscous and dry friction of a hinge or slide, with those of its actuators."""
    dof = int(model.jnt_dofadr[joint])
    armature, viscous = float(model.dof_armature[dof]), float(model.dof_damping[dof])
    for number, gear in actuators_of(model, joint):
        # From MuJoCo 3.5 on an actuator may have both.
        armature += gear**2 * float(getattr(model, "actuator_armature", _NONE)[number])
        viscous += gear**2 * float(getattr(model, "actuator_damping", _NONE)[number])
    return armature, viscous, float(model.dof_frictionloss[dof])


def effort_of(model: Any, joint: int) -> float:
    """The largest torque [N m] or force [N] on a joint in both directions; infinite if unlimited.

    The joint's ``actuatorfrcrange``, or that of its strongest actuator if this is less: the
    actuator's ``forcerange``, and its ``ctrlrange`` if its control is a force, times its gear.
    """
    own = _both_ways(model.jnt_actfrcrange[joint]) if model.jnt_actfrclimited[joint] else inf
    each = [abs(gear) * _force(model, number) for number, gear in actuators_of(model, joint)]
    return min(own, max(each, default=inf))


def actuators_of(model: Any, joint: int) -> Iterator[tuple[int, float]]:
    """The actuators on a joint, by number, with their gear."""
    for number in range(model.nu):
        on_joint = int(model.actuator_trntype[number]) in ON_A_JOINT
        if on_joint and int(model.actuator_trnid[number, 0]) == joint:
            yield number, float(model.actuator_gear[number, 0])


def _force(model: Any, number: int) -> float:
    """An actuator's largest force."""
    force = inf
    if model.actuator_forcelimited[number]:
        force = _both_ways(model.actuator_forcerange[number])
    plain = (
        int(model.actuator_gaintype[number]) == FIXED_GAIN
        and int(model.actuator_biastype[number]) == NO_BIAS
    )
    if plain and model.actuator_ctrllimited[number]:
        gain = abs(float(model.actuator_gainprm[number, 0]))
        force = min(force, gain * _both_ways(model.actuator_ctrlrange[number]))
    return force


def _both_ways(limits: Any) -> float:
    """What a range allows in either direction."""
    lower, upper = map(float, limits)
    return max(0.0, min(-lower, upper))


class _Zeros:
    def __getitem__(self, number: int) -> float:
        return 0.0


_NONE = _Zeros()
