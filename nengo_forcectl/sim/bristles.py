"""Friction with a state before sliding: the LuGre model."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..support.validation import check_positive
from .disturbances import Disturbance, Joints
from .friction import check_stiction
from .per_joint import PerJoint, check_per_joint, per_joint


@dataclass(frozen=True)
class LuGreFriction(Disturbance):
    """Friction as of bristles that bend before they slide, with the Stribeck curve.

        dz/dt = v - stiffness |v| / F(v) z
        F(v) = level + (stiction - level) exp(-(v / stribeck)^2)
        tau = -(stiffness z + damping dz/dt + viscous v)

    z is the mean deflection of the bristles (Canudas de Wit, Olsson, Astrom and Lischinsky 1995,
    doi:10.1109/9.376053). Below the stiction a joint is a spring of ``stiffness``; above, it slides
    with F(v). z is 0 at a reset. Within a step the velocity counts as constant and z is exact.
    """

    level: PerJoint  # friction while sliding [N m]
    stiction: PerJoint | None = None  # largest friction before sliding [N m]; None: ``level``
    stribeck: float = 0.02  # speed at which stiction - level has fallen to 1/e [rad/s]
    stiffness: PerJoint = 1000.0  # of the bristles [N m/rad]
    damping: PerJoint = 0.0  # of the bristles [N m s/rad]
    viscous: PerJoint = 0.0  # [N m s/rad]

    def __post_init__(self) -> None:
        check_per_joint(self, above=True, level="N m", stiffness="N m/rad")
        check_per_joint(self, damping="N m s/rad", viscous="N m s/rad")
        check_positive(self, stribeck="rad/s")
        check_stiction(self, self.level, self.stiction)

    def friction(self, n: int, dt: float) -> Callable[[Joints], Joints]:
        """Return the friction torque [N m] of a velocity [rad/s], with z."""
        level, stiffness = per_joint(self, "level", n), per_joint(self, "stiffness", n)
        damping, viscous = per_joint(self, "damping", n), per_joint(self, "viscous", n)
        excess = 0.0 if self.stiction is None else per_joint(self, "stiction", n) - level
        z, before = np.zeros(n), np.zeros(n)

        def bristles(dq: Joints) -> Joints:
            # dq was the velocity between the last two positions: z follows it to the present one.
            limit = level + excess * np.exp(-((dq / self.stribeck) ** 2))
            rate = stiffness * np.abs(dq) / limit  # [1/s]
            # z' = z_s + (z - z_s) exp(-rate dt), z_s = dq / rate; written so that rate may be 0
            x = rate * dt
            share = np.where(x > 1e-9, -np.expm1(-x) / np.maximum(x, 1e-300), 1.0)
            z[:] = z * np.exp(-x) + share * dt * dq
            now = 1.5 * dq - 0.5 * before  # the present velocity, half a step later
            before[:] = dq
            limit = level + excess * np.exp(-((now / self.stribeck) ** 2))
            dz = now - stiffness * np.abs(now) / limit * z
            return -(stiffness * z + damping * dz + viscous * now)

        return bristles
