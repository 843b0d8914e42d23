"""One arm in MuJoCo."""

import importlib
from typing import Any

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..errors import SimulationError, VersionError
from .stiction import stiction


class MujocoWorld:
    """The arm ``real`` in MuJoCo, with its own armature for ``rotor``, the rotors' inertia.

    Dry friction is not MuJoCo's, which is soft and creeps, but that of `Bullet`.

    Raises:
        VersionError: MuJoCo is not installed.
        SimulationError: MuJoCo cannot load the arm.
    """

    def __init__(self, real: Arm, dt: float, rotor: Float[np.ndarray, "n"]) -> None:
        try:
            mujoco: Any = importlib.import_module("mujoco")
        except ImportError:
            raise VersionError(
                "MuJoCo is not installed; it comes with: pip install 'nengo-forcectl[sim]'"
            ) from None
        try:
            model: Any = mujoco.MjModel.from_xml_string(real.to_urdf())
        except ValueError as error:
            raise SimulationError(f"arm '{real.name}': MuJoCo says: {error}") from None
        if model.nv != real.dof:
            raise SimulationError(f"arm '{real.name}': has {real.dof} joints, MuJoCo {model.nv}")
        model.opt.timestep = dt
        model.opt.gravity[:] = real.gravity_vector
        model.opt.integrator = mujoco.mjtIntegrator.mjINT_EULER
        model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_CONTACT
        model.dof_armature[:] = rotor
        model.dof_damping[:] = model.dof_frictionloss[:] = 0.0  # friction is among the torques
        self._mujoco, self._model, self._data = mujoco, model, mujoco.MjData(model)
        self._dt, self._friction = dt, np.zeros(real.dof)

    def place(self, q: Float[np.ndarray, "n"], dq: Float[np.ndarray, "n"]) -> None:
        """Set the arm's state exactly."""
        self._mujoco.mj_resetData(self._model, self._data)
        self._data.qpos[:], self._data.qvel[:] = q, dq

    def state(self, before: float = 0.0) -> tuple[Float[np.ndarray, "n"], Float[np.ndarray, "n"]]:
        """Return joint positions [rad], extrapolated ``before`` [s] back, and velocities."""
        dq = self._data.qvel.copy()
        return self._data.qpos - before * dq, dq

    def brake(self, limits: list[float]) -> None:
        """Set the dry friction [N m] of every joint until the next call."""
        self._friction[:] = limits

    def step(self, tau: list[float]) -> None:
        """Simulate one step with the torques [N m]."""
        data = self._data
        data.qfrc_applied[:] = tau
        if self._friction.any():
            self._mujoco.mj_forward(self._model, data)
            mobility = np.empty((len(tau), len(tau)))
            self._mujoco.mj_solveM(self._model, data, mobility, np.eye(len(tau)))
            after = data.qvel + self._dt * data.qacc
            impulses = stiction(mobility, after, self._dt * self._friction)
            data.qfrc_applied[:] += impulses / self._dt
        self._mujoco.mj_step(self._model, data)

    def close(self) -> None:
        """Do nothing: MuJoCo's memory is Python's."""
