"""The disturbances of the bench, by name, scaled to the arm.

The amounts are those for the KUKA iiwa. For another arm, masses and forces scale with the ratio of
the moving masses (iiwa: 17.5 kg). Torques of dry friction also scale with the ratio of the tool's
distances from the base at home (iiwa: 0.964 m), and so does the stiffness of joints; viscous
friction and rotors scale with its square, springs with its inverse.

Elastic joints and bristles are simulated in steps that resolve them.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from arms import Arm

from ...networks.workspace import home_posture, reach_states, task_axes
from ...sim.actuators import ActuatorDelay, ActuatorLag, TorqueError, TorqueRipple
from ...sim.bristles import LuGreFriction
from ...sim.cycle_times import IrregularCycles
from ...sim.disturbances import Disturbance, real_arm
from ...sim.forces import ForceBump, ForceField, Spring
from ...sim.friction import CoulombFriction, UnevenFriction, ViscousFriction
from ...sim.geometry import TiltedBase, WrongLengths
from ...sim.masses import Payload, WrongMasses
from ...sim.resolution import resolved_step
from ...sim.rotors import ElasticJoints, RotorInertia, Side
from ...sim.sensing import Sensors
from ..scene import DT, REACH_TIME, TARGETS

MASS = 17.5  # of the iiwa's links [kg]
REACH = 0.964  # of its tool from its base at home [m]
NOISE = Sensors(position_noise=1e-4, velocity_noise=3e-3)
ENCODERS = Sensors(encoder_bits=19, velocity_filter=2e-3)


@dataclass(frozen=True)
class Condition:
    """The test condition of an arm."""

    arm: Arm  # the model
    disturbances: tuple[Disturbance, ...] = ()
    sensors: Sensors | None = None
    period: float = DT  # control period [s]
    dt: float = DT  # simulation step [s]


@dataclass(frozen=True)
class Size:
    """The size of an arm relative to the iiwa."""

    mass: float  # [1]
    reach: float  # [1]
    reach_time: float = REACH_TIME  # time from target to target [s]
    stable: float = np.inf  # largest viscous friction for stable explicit steps of 1 ms [N m s/rad]
    inertia: tuple[float, ...] = ()  # that a torque on one joint alone moves at home [kg m^2]

    @classmethod
    def of(cls, arm: Arm, home: Float[np.ndarray, "n"]) -> "Size":
        """Measure an arm at home."""
        mass = float(arm.inertial_parameters.reshape(-1, 10)[:, 0].sum())
        base = arm.pose(home, frame=arm.frames[0])[:3, 3]
        reach = float(np.linalg.norm(arm.pose(home)[:3, 3] - base))
        M = arm.mass_matrix(home)
        stable = float(np.linalg.eigvalsh(M)[0]) / 1e-3
        alone = tuple((1.0 / np.diag(np.linalg.inv(M))).tolist())
        return cls(mass / MASS, reach / REACH, stable=stable, inertia=alone)

    def payload(self, mass: float, start: float = 0.0, end: float = np.inf) -> Payload:
        """Return a payload equivalent to ``mass`` [kg] on the iiwa."""
        return Payload(self.mass * mass, start=start, end=end)

    def viscous(self, coefficient: float = 0.9) -> ViscousFriction:
        """Return friction like ``coefficient`` [N m s/rad] on the iiwa; less on a light wrist.

        Explicit steps of friction c on an inertia I are unstable from ``c dt / I = 2`` on.
        """
        return ViscousFriction(min(self.mass * self.reach**2 * coefficient, self.stable))

    def uneven(self) -> UnevenFriction:
        """Return the same that varies with the angle, by 80 %; at most what is stable."""
        most = self.stable / (1.0 + UnevenFriction.share)
        return UnevenFriction(np.minimum(self.viscous().coefficient, most))

    @property
    def torque(self) -> float:
        """Typical torque of a joint relative to the iiwa's [1]."""
        return self.mass * self.reach

    def rotors(self, inertia: float) -> RotorInertia:
        """Return rotors like ``inertia`` [kg m^2] on the iiwa."""
        return RotorInertia(self.mass * self.reach**2 * inertia)

    def bristles(self, level: float) -> LuGreFriction:
        """Return friction like ``level`` [N m] on the iiwa, half as much again before sliding.

        A joint slides after about 1 mrad; before, it swings with 30 % of critical damping.
        """
        level *= self.torque
        damping = 2.0 * 0.3 * np.sqrt(1500.0 * level * np.array(self.inertia))
        return LuGreFriction(level, 1.5 * level, stiffness=1500.0 * level, damping=damping)

    def off_centre(self, mass: float) -> Payload:
        """Return a bar of 0.3 m with a mass like ``mass`` [kg] on the iiwa, off the centre line."""
        mass *= self.mass
        x, y, z = (self.reach * part for part in (0.1, 0.05, 0.1))  # [m]
        across = mass * (0.3 * self.reach) ** 2 / 12.0  # [kg m^2]
        return Payload(mass, com=(x, y, z), moments=(0.05 * across, across, across))

    def loaded(self) -> tuple[Disturbance, ...]:
        """Return those of `nengo-forcectl reach`: 2 kg and 0.9 N m s/rad for the iiwa."""
        return self.payload(2.0), self.viscous()


def condition(name: str, arm: Arm, seed: int, reach_time: float = REACH_TIME) -> Condition:
    """Return a condition of ``CONDITIONS`` by name; ``seed`` draws its random parts.

    Args:
        name: name of the condition.
        arm: the arm.
        seed: random seed.
        reach_time: time from target to target [s].

    Raises:
        ConfigurationError: the condition does not suit the arm.
    """
    home = home_posture(arm)
    size = replace(Size.of(arm, home), reach_time=reach_time)
    made = CONDITIONS[name](arm, size, home, seed)
    step = min(made.dt, resolved_step(arm, home, made.disturbances))
    return replace(made, dt=made.period / math.ceil(made.period / step - 1e-9))


Home = Float[np.ndarray, "n"]
Make = Callable[[Arm, Size, Home, int], Condition]


def _payload(mass: float) -> Make:
    return lambda arm, size, home, seed: Condition(arm, (size.payload(mass),))


def _sensed(sensors: Sensors | None = None, period: float = DT) -> Make:
    """Payload and viscous friction, with imperfect sensors."""
    return lambda arm, size, home, seed: Condition(arm, size.loaded(), sensors, period)


def _pick_and_drop(arm: Arm, size: Size, home: Home, seed: int) -> Condition:
    """Payload picked up halfway from target 3 to 4, and dropped a pass and a reach later."""
    pick = 3.5 * size.reach_time
    return Condition(arm, (size.payload(2.0, pick, pick + (TARGETS + 1) * size.reach_time),))


def _coulomb(arm: Arm, size: Size, home: Home, seed: int) -> Condition:
    unit = size.mass * size.reach
    return Condition(arm, (CoulombFriction(1.0 * unit, 1.5 * unit),))


def _force_field(arm: Arm, size: Size, home: Home, seed: int) -> Condition:
    """15 N in a random direction of the task, and 13 N s/m across the motion."""
    axes, direction = list(task_axes(arm)), np.zeros(3)
    direction[axes] = np.random.default_rng([seed, 4]).standard_normal(len(axes))
    force = 15.0 * size.mass * direction / np.linalg.norm(direction)
    curl = np.zeros(3)
    curl[2 if len(axes) != 2 else ({0, 1, 2} - set(axes)).pop()] = 13.0 * size.mass
    return Condition(arm, (ForceField(tuple(force.tolist()), tuple(curl.tolist())),))


def _spring(arm: Arm, size: Size, home: Home, seed: int) -> Condition:
    """A spring anchored at the tool's home position."""
    anchor = tuple(arm.pose(home)[:3, 3].tolist())
    return Condition(arm, (Spring(anchor, 150.0 * size.mass / size.reach),))


def _bump(arm: Arm, size: Size, home: Home, seed: int) -> Condition:
    """35 N near the tool's home position, over 8 cm."""
    axes, force = list(task_axes(arm)), np.zeros(3)
    force[axes] = size.mass * np.array([20.0, -15.0, 25.0])[axes]
    centre = arm.pose(home)[:3, 3].copy()
    centre[axes[:2]] += 0.05 * size.reach
    return Condition(
        arm, (ForceBump(tuple(centre.tolist()), tuple(force.tolist()), 0.08 * size.reach),)
    )


def _saturation(arm: Arm, size: Size, home: Home, seed: int) -> Condition:
    """Payload 2, and motors, also in the model, that are too weak for the fastest motions.

    All limits are reduced by one factor and suffice for 98 % of the time of random reaches. In the
    rest they are too low even for an ideal controller.
    """
    disturbances = (size.payload(2.0),)
    real = real_arm(arm, disturbances)
    states = reach_states(arm, home, np.random.default_rng([seed, 5]))
    effort = np.max(np.abs(real.inverse_dynamics(*states)) / arm.tau_max, axis=1)
    limits = iter(min(float(np.quantile(effort, 0.98)), 1.0) * arm.tau_max)
    moved = set(arm.joint_names)
    joints = tuple(
        replace(joint, effort=float(next(limits))) if joint.name in moved else joint
        for joint in arm.chain.joints
    )
    return Condition(type(arm)(replace(arm.chain, joints=joints)), disturbances)


def _alone(make: Callable[[Size], Disturbance]) -> Make:
    """One disturbance of this size."""
    return lambda arm, size, home, seed: Condition(arm, (make(size),))


def _with_load(*disturbances: Disturbance, dt: float = DT) -> Make:
    """Payload and viscous friction, with disturbances of the motors or of the cycles."""
    return lambda arm, size, home, seed: Condition(arm, (*size.loaded(), *disturbances), dt=dt)


def _elastic(stiffness: float, rotor: float, encoders: Side, backlash: float = 0.0) -> Make:
    """Elastic joints [N m/rad] with rotors [kg m^2], damped by 5 % each at home."""

    def make(arm: Arm, size: Size, home: Home, seed: int) -> Condition:
        rotors, k = size.rotors(rotor), size.torque * stiffness
        mobility = 1.0 / np.array(size.inertia) + 1.0 / np.array(rotors.inertia)
        damping = tuple((2.0 * 0.05 * np.sqrt(k / mobility)).tolist())
        joints = ElasticJoints(k, damping, backlash, encoders)
        return Condition(arm, (rotors, joints))

    return make


def _torque_error(spread: float, offset: float) -> Make:
    """Gains of the motors up to a share ``spread`` off, and offsets up to ``offset`` [N m]."""

    def make(arm: Arm, size: Size, home: Home, seed: int) -> Condition:
        rng = np.random.default_rng([seed, 6])
        gain = tuple((1.0 + spread * rng.uniform(-1, 1, arm.dof)).tolist())
        off = tuple((size.torque * offset * rng.uniform(-1, 1, arm.dof)).tolist())
        return Condition(arm, (TorqueError(gain, off, 0.05 * size.torque),))

    return make


def _mild(arm: Arm, size: Size, home: Home, seed: int) -> Condition:
    """A little of everything that a good arm has."""
    made = _elastic(5e4, 0.02, "link")(arm, size, home, seed)
    errors = _torque_error(0.02, 0.2)(arm, size, home, seed)
    others = (
        size.off_centre(1.0),
        size.bristles(0.2),
        TorqueRipple(0.2 * size.torque),
        ActuatorLag(5e-4),
        TiltedBase(math.radians(0.5)),
        IrregularCycles(lost=0.001),
    )
    disturbances = (*made.disturbances, *errors.disturbances, *others)
    return Condition(arm, disturbances, replace(ENCODERS, delay=1e-3))


CONDITIONS: dict[str, Make] = {
    "none": lambda arm, size, home, seed: Condition(arm),
    "payload-0.5": _payload(0.5),
    "payload-2": _payload(2.0),
    "payload-5": _payload(5.0),
    "pick-and-drop": _pick_and_drop,
    "viscous": lambda arm, size, home, seed: Condition(arm, (size.viscous(),)),
    "uneven": lambda arm, size, home, seed: Condition(arm, (size.uneven(),)),
    "coulomb": _coulomb,
    "wrong-masses": lambda arm, size, home, seed: Condition(arm, (WrongMasses(0.3, seed),)),
    "force-field": _force_field,
    "spring": _spring,
    "bump": _bump,
    "noise": _sensed(NOISE),
    "quantised": _sensed(replace(NOISE, position_quantum=1e-4)),
    "delay-1ms": _sensed(Sensors(delay=1e-3)),
    "delay-2ms": _sensed(Sensors(delay=2e-3)),
    "delay-5ms": _sensed(Sensors(delay=5e-3)),
    "saturation": _saturation,
    "500hz": _sensed(period=2e-3),
    "rotors-0.03": _alone(lambda size: size.rotors(0.03)),
    "rotors-0.1": _alone(lambda size: size.rotors(0.1)),
    "rotors-0.3": _alone(lambda size: size.rotors(0.3)),
    "elastic-motor": _elastic(1e4, 0.3, "motor"),
    "elastic-link": _elastic(3e4, 0.1, "link"),
    "backlash": _elastic(3e4, 0.1, "motor", backlash=5e-4),
    "motor-lag": _with_load(ActuatorLag(2e-3)),
    "motor-delay": _with_load(ActuatorDelay(4e-3)),
    "motor-error": _torque_error(0.05, 1.0),
    "ripple": _alone(lambda size: TorqueRipple(size.torque)),
    "stribeck": _alone(lambda size: size.bristles(1.0)),
    "encoders": _sensed(ENCODERS),
    "jitter": _with_load(IrregularCycles(jitter=3e-4), dt=1e-4),
    "lost-cycles": _with_load(IrregularCycles(lost=0.01)),
    "off-centre": _alone(lambda size: size.off_centre(2.0)),
    "tilted": _alone(lambda size: TiltedBase(math.radians(3.0), math.radians(2.0))),
    "wrong-lengths": lambda arm, size, home, seed: Condition(arm, (WrongLengths(0.01, seed),)),
    "mild": _mild,
}
"""Functions from the arm, its size, its home posture and a seed to its condition."""
