"""A simulated arm that can touch a surface, feel it at its wrist, and carry an unknown tool."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from arms import Arm

from ..contract import State
from ..errors import ConfigurationError
from ..support.arrays import cross
from .disturbances import Disturbance, Joints, real_arm
from .geometry import WrongLengths
from .masses import Payload
from .sensing import Sensors
from .simulated import Simulated
from .surfaces import Surface
from .tools import Tool
from .wrist import Wrist


class Touching(Simulated):
    """What `Bullet` and `MuJoCo` have at the tool: surface, wrist sensor, and the camera of a tool.

    Args:
        arm: the model.
        disturbances: unknown to the model; those that change the arm apply in order.
        dt: simulation step [s].
        period: control period [s], a whole number of steps; by default one.
        sensors: joint sensors; ideal by default.
        rng: random generator of the sensors' noise and of `IrregularCycles`.
        surface: surface that the tool can touch.
        wrist: the force-torque sensor; without it, ``State.wrench`` is None.

    Raises:
        ConfigurationError: see `Simulated`; or a surface or wrist sensor is combined with a `Tool`,
            `WrongLengths` or a changing body.
    """

    def __init__(
        self,
        arm: Arm,
        disturbances: Sequence[Disturbance],
        dt: float,
        period: float | None,
        sensors: Sensors | None,
        rng: np.random.Generator | None,
        surface: Surface | None,
        wrist: Wrist | None,
    ) -> None:
        super().__init__(arm, disturbances, dt, period, sensors, rng)
        moved = any(isinstance(each, (Tool, WrongLengths)) for each in self.disturbances)
        camera = any(isinstance(each, Tool) for each in self.disturbances)
        self._fitted = real_arm(arm, self.disturbances) if camera else None
        self.surface, self.wrist = surface, wrist
        if surface is not None or wrist is not None:
            self._check_contact(moved)
        if wrist is not None and wrist.noisy and rng is None:
            raise ConfigurationError(
                "Wrist: has noise, needs rng, such as np.random.default_rng(seed)"
            )

    def _check_contact(self, fitted: bool) -> None:
        if fitted or any(each.changes for each in self.disturbances):
            raise ConfigurationError(
                f"{type(self).__name__}.surface, wrist: cannot be used with {self.disturbances}; "
                "leave out Tool, WrongLengths, and payloads that come or go"
            )

    def _load(self) -> None:
        super()._load()
        if self._fitted is not None:
            self._fitted.pose(self.state()[0])

    def reset(self, q: ArrayLike, dq: ArrayLike | None = None) -> None:
        """Set the arm to ``q`` [rad] with velocity ``dq`` [rad/s] (default: at rest), at time 0.

        Raises:
            ArmError: ``q`` or ``dq`` does not fit the arm or is not finite.
        """
        super().reset(q, dq)
        q, dq = self.state()
        self.contact = np.zeros(6)
        self._twist, self._acceleration = self.arm.jacobian(q) @ dq, np.zeros(6)
        still, R = self._carried(np.zeros(6)), self.arm.pose(q)[:3, :3]
        self._tare = np.concatenate((R.T @ still[:3], R.T @ still[3:]))

    def read(self) -> State:
        """Return the measured joint positions [rad] and velocities [rad/s].

        The reading is constant within a control cycle, and its time is the time of reading. With a
        `Tool`, an ideal camera measures its tip, without the faults of the joint sensors.
        """
        if self._reading is None:
            q, dq = self._measured()
            tool = None if self._fitted is None else self._fitted.pose(self.state()[0])[:3, 3]
            wrench = None if self.wrist is None else self._felt(self.wrist)
            self._reading = State(self.steps * self.dt, q, dq, tool=tool, wrench=wrench)
        return self._reading

    def _felt(self, wrist: Wrist) -> Float[np.ndarray, "6"]:
        q, _ = self.state()
        wrench = self.contact + self._carried(self._acceleration)
        return wrist.reading(wrench, self._tare, self.arm.pose(q)[:3, :3], self._rng)

    def _carried(self, acceleration: Float[np.ndarray, "6"]) -> Float[np.ndarray, "6"]:
        """Return weight and inertial forces of the load beyond the wrist sensor [N, N m]."""
        R, omega = self.arm.pose(self.state()[0])[:3, :3], self._twist[3:]
        a, domega = acceleration[:3], acceleration[3:]
        wrench = np.zeros(6)
        for payload in self.disturbances:
            if isinstance(payload, Payload):
                c, I = R @ payload.com, R @ payload.inertia @ R.T  # noqa: E741
                a_c = a + cross(domega, c) + cross(omega, cross(omega, c))
                force = payload.mass * (self.arm.gravity_vector - a_c)
                wrench[:3] += force
                wrench[3:] += cross(c, force) - I @ domega - cross(omega, I @ omega)
        return wrench

    def _cycle(self, drive: Joints) -> None:
        first = self.steps
        if self.surface is not None:
            self.contact = np.zeros(6)
        super()._cycle(drive)
        passed = self.steps - first
        self.contact /= passed
        if self.wrist is not None:
            q, dq = self.state()
            twist = self.arm.jacobian(q) @ dq
            acceleration = (twist - self._twist) / (passed * self.dt)
            self._acceleration, self._twist = acceleration, twist

    def _step(self, tau: Joints) -> None:
        super()._step(tau)
        if self.surface is not None:
            self.contact += self._touched()

    def _touched(self) -> Float[np.ndarray, "6"]:
        """Return the surface's wrench on the tip in the last step [N, N m]."""
        return self._world.felt(self.arm.pose(self.state()[0])[:3, 3])
