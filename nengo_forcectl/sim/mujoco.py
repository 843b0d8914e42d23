"""MuJoCo as a robot: the same arm and model in another engine."""

import importlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from arms import Arm

from ..contract import Robot, State
from ..errors import ConfigurationError, SimulationError, VersionError
from ..support.checks import check_positive
from ..support.closing import Closing
from .disturbances import Disturbance, brakes, phases, pushes
from .motors import motor_torque


class MuJoCo(Closing, Robot):
    """An arm in MuJoCo, with disturbances unknown to its model; used like `Bullet`.

    Every step is semi-implicit Euler of ``dt``, as in PyBullet, and the state is that of its
    midpoint. MuJoCo gets the arm's own ``armature`` and ``friction``; the latter is implicit in the
    new velocity, and dry friction has no slope at rest. Contact and a dry friction that the model
    does not know are not simulated; a payload stays for the whole run.

    Args:
        arm: the model.
        q: initial position [rad], at rest.
        disturbances: unknown to the model.
        dt: simulation step and control period [s].

    Raises:
        VersionError: MuJoCo is not installed.
        ConfigurationError: a disturbance is not supported, or the step is not valid.
        SimulationError: MuJoCo cannot load the arm.
    """

    def __init__(
        self,
        arm: Arm,
        q: ArrayLike,
        disturbances: Sequence[Disturbance] = (),
        dt: float = 1e-3,
    ) -> None:
        try:
            mujoco: Any = importlib.import_module("mujoco")
        except ImportError:
            raise VersionError(
                "MuJoCo is not installed; it comes with: pip install 'nengo-forcectl[mujoco]'"
            ) from None
        self.arm, self.dt, self.steps, self.period = arm, dt, 0, dt
        check_positive(self, dt="s")
        real = phases(arm, disturbances)
        if brakes(disturbances) or len(real) > 1:
            raise ConfigurationError(
                f"MuJoCo.disturbances: are {disturbances}; dry friction and changes in time are "
                "simulated by Bullet only"
            )
        self._pushes = pushes(disturbances)
        body = real[0][1]
        try:
            model: Any = mujoco.MjModel.from_xml_string(body.to_urdf())
        except ValueError as error:
            raise SimulationError(f"arm '{arm.name}': MuJoCo says: {error}") from None
        if model.nv != arm.dof:
            raise SimulationError(f"arm '{arm.name}': has {arm.dof} joints, MuJoCo {model.nv}")
        model.dof_armature[:] = body.armature
        model.dof_damping[:], model.dof_frictionloss[:] = body.friction
        model.opt.timestep = dt
        model.opt.gravity[:] = body.gravity_vector
        model.opt.integrator = mujoco.mjtIntegrator.mjINT_EULER
        model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_CONTACT
        self._mujoco, self._model, self._data = mujoco, model, mujoco.MjData(model)
        self.reset(q)

    def reset(self, q: ArrayLike, dq: ArrayLike | None = None) -> None:
        """Set the arm to ``q`` [rad] with velocity ``dq`` [rad/s] (default: at rest), at time 0."""
        q = self.arm.checked("q", q)
        dq = self.arm.checked("dq", np.zeros(self.arm.dof) if dq is None else dq)
        self._mujoco.mj_resetData(self._model, self._data)
        self._data.qpos[:] = q + 0.5 * self.dt * dq
        self._data.qvel[:], self.steps = dq, 0

    def read(self) -> State:
        """Return the joints' positions [rad] and velocities [rad/s]."""
        dq = self._data.qvel.copy()
        return State(self.steps * self.dt, self._data.qpos - 0.5 * self.dt * dq, dq)

    def apply(self, tau: ArrayLike) -> None:
        """Hold the motor torques [N m], within the motors' limits, for one step.

        Raises:
            SimulationError: ``tau`` is not finite, or not one torque per joint.
        """
        time = self.steps * self.dt
        drive = motor_torque(tau, self.arm.tau_max, time)
        _, q, dq, *_ = self.read()
        for disturbance in self._pushes:
            drive = drive + disturbance.torque(self.arm, time, q, dq)
        self._data.qfrc_applied[:] = drive
        self._mujoco.mj_step(self._model, self._data)
        self.steps += 1
