"""One arm in MuJoCo, alone or in a scene."""

from typing import Any

import numpy as np
from jaxtyping import Float

from arms.model.mjcf_compile import mujoco_package

from .mujoco_arm import ArmModel
from .pressing import Pressing
from .stiction import stiction

Joints = Float[np.ndarray, "n"]


class MujocoWorld:
    """An arm in MuJoCo, with its own armature for ``rotor``, the rotors' inertia [kg m^2].

    Dry friction is not MuJoCo's, which is soft and creeps, but that of `Bullet`. The surface is not
    a body of MuJoCo: `Pressing` solves for its force, which acts on the joints.
    """

    def __init__(
        self, own: ArmModel, dt: float, rotor: Joints, pressing: Pressing | None = None
    ) -> None:
        self._mujoco: Any = mujoco_package()
        self._dofs, self._places, self._base, self._tool = own.dofs, own.places, own.base, own.tool
        own.model.opt.timestep = dt
        own.model.dof_armature[self._dofs] = rotor
        self.model, self.data = own.model, self._mujoco.MjData(own.model)
        n, self._dt, self._pressing = len(rotor), dt, pressing
        self._friction, self._units = np.zeros(n), np.zeros((n, own.model.nv))
        self._units[np.arange(n), self._dofs] = 1.0
        self._J = np.zeros((6, own.model.nv))

    def place(self, q: Joints, dq: Joints) -> None:
        """Set the arm's state exactly; all else is as the file has it."""
        self._mujoco.mj_resetData(self.model, self.data)
        self.data.qpos[self._places], self.data.qvel[self._dofs] = q, dq
        if self._pressing is not None:
            self._pressing.place()

    def take_over(self, other: "MujocoWorld") -> None:
        """Go on from the state of another one, of the arm and of all else."""
        kind = self._mujoco.mjtState.mjSTATE_INTEGRATION
        state = np.empty(self._mujoco.mj_stateSize(self.model, kind))
        self._mujoco.mj_getState(other.model, other.data, state, kind)
        self._mujoco.mj_setState(self.model, self.data, state, kind)
        self._pressing = other._pressing

    def state(self, before: float = 0.0) -> tuple[Joints, Joints]:
        """Return joint positions [rad], extrapolated ``before`` [s] back, and velocities."""
        dq = self.data.qvel[self._dofs].copy()
        return self.data.qpos[self._places] - before * dq, dq

    def brake(self, limits: list[float]) -> None:
        """Set the dry friction [N m] of every joint until the next call."""
        self._friction[:] = limits

    def step(self, tau: list[float]) -> None:
        """Simulate one step with the torques [N m]."""
        mujoco, model, data = self._mujoco, self.model, self.data
        data.qfrc_applied[self._dofs] = tau
        if self._pressing is None and not self._friction.any():
            mujoco.mj_step(model, data)
            return
        mujoco.mj_step1(model, data)
        mujoco.mj_fwdActuation(model, data)
        mujoco.mj_fwdAcceleration(model, data)
        mujoco.mj_fwdConstraint(model, data)
        solved = np.empty_like(self._units)
        mujoco.mj_solveM(model, data, solved, self._units)
        mobility = solved[:, self._dofs]
        after = data.qvel[self._dofs] + self._dt * data.qacc[self._dofs]
        limit = self._dt * self._friction
        if self._pressing is None:
            impulses = stiction(mobility, after, limit)
        else:
            impulses = self._pressing.push(*self._tip(), mobility, after, limit)
        data.qfrc_applied[self._dofs] += impulses / self._dt
        mujoco.mj_step2(model, data)

    def _tip(self) -> tuple[Float[np.ndarray, "3"], Float[np.ndarray, "6 n"]]:
        """Return position and Jacobian of the tool frame in the arm's base frame."""
        data, (base, T), (body, offset) = self.data, self._base, self._tool
        R = data.xmat[base].reshape(3, 3) @ T[:3, :3]
        origin = data.xmat[base].reshape(3, 3) @ T[:3, 3] + data.xpos[base]
        tip = data.xmat[body].reshape(3, 3) @ offset[:3, 3] + data.xpos[body]
        self._mujoco.mj_jac(self.model, data, self._J[:3], self._J[3:], tip, body)
        J = self._J[:, self._dofs]
        return R.T @ (tip - origin), np.vstack((R.T @ J[:3], R.T @ J[3:]))

    def felt(self, x: Float[np.ndarray, "3"]) -> Float[np.ndarray, "6"]:
        """Return the surface's wrench on the tip in the last step, about ``x`` [N, N m]."""
        return np.zeros(6) if self._pressing is None else self._pressing.wrench(x)

    def close(self) -> None:
        """Do nothing: MuJoCo's memory is Python's."""
