"""PyBullet as a robot: loads an arm, reads its joints, applies torques.

The settings below make PyBullet agree with the analytic model to rounding; each one left out costs
between 0.3 % and a factor of 33 in the acceleration:

- fixed base, inertias from the file, fixed links not merged, one sub-step;
- linear, angular and joint damping zero on every link, the base included;
- the velocity motors that PyBullet switches on by default, off;
- the torque set at every step, since a step clears it.

PyBullet crashes when it is given numpy arrays: everything goes in as lists.
"""

import os
import tempfile
from collections.abc import Sequence
from types import TracebackType

import numpy as np
from jaxtyping import Float
from typing_extensions import Self

from arms import Arm

from ..exceptions import SimulationError
from ..quiet import quiet_stderr
from ..robot import State, checked_torque
from .disturbances import Disturbance, joint_torque, real_arm

with quiet_stderr():  # it announces its build time
    import pybullet


class Bullet:
    """An arm in PyBullet, with disturbances that its model does not know.

    ``read`` gives the joint state, ``apply`` sets the torques and goes one step ``dt`` ahead. The
    physics server runs inside this process, without a window. Close it when done, or use ``with``.

    Raises:
        SimulationError: PyBullet cannot load the arm.
    """

    def __init__(
        self,
        arm: Arm,
        q: Float[np.ndarray, "n"],
        disturbances: Sequence[Disturbance] = (),
        dt: float = 1e-3,
    ) -> None:
        self.arm = arm
        self.dt = dt
        self.disturbances = tuple(disturbances)
        self.steps = 0
        self._client = pybullet.connect(pybullet.DIRECT)
        try:
            self._load(real_arm(arm, self.disturbances))
        except BaseException:
            self.close()
            raise
        self.reset(q)

    def _load(self, real: Arm) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "arm.urdf")
            with open(file, "w", encoding="utf-8") as stream:
                stream.write(real.to_urdf())
            try:
                self._body = pybullet.loadURDF(
                    file,
                    useFixedBase=True,
                    flags=pybullet.URDF_USE_INERTIA_FROM_FILE,
                    physicsClientId=self._client,
                )
            except pybullet.error as error:
                raise SimulationError(f"arm '{real.name}': PyBullet says: {error}") from None
        client = {"physicsClientId": self._client}
        links = range(-1, pybullet.getNumJoints(self._body, **client))
        for link in links:
            pybullet.changeDynamics(
                self._body, link, linearDamping=0, angularDamping=0, jointDamping=0, **client
            )
        # The chain is serial: PyBullet numbers its joints from the base to the tip.
        self._joints = [
            joint
            for joint in links[1:]
            if pybullet.getJointInfo(self._body, joint, **client)[2] != pybullet.JOINT_FIXED
        ]
        if len(self._joints) != real.dof:
            raise SimulationError(
                f"arm '{real.name}': has {real.dof} joints, PyBullet found {len(self._joints)}"
            )
        pybullet.setJointMotorControlArray(
            self._body,
            self._joints,
            pybullet.VELOCITY_CONTROL,
            forces=[0.0] * len(self._joints),
            **client,
        )
        pybullet.setGravity(*map(float, real.gravity_vector), **client)
        pybullet.setTimeStep(self.dt, **client)
        pybullet.setPhysicsEngineParameter(numSubSteps=1, **client)

    def reset(self, q: Float[np.ndarray, "n"], dq: Float[np.ndarray, "n"] | None = None) -> None:
        """Put the arm at ``q`` [rad] with velocity ``dq`` [rad/s] (at rest without), time 0.

        Raises:
            ArmError: ``q`` or ``dq`` does not fit the arm or is not finite.
        """
        n = self.arm.dof
        q = self.arm.checked("q", q)
        dq = self.arm.checked("dq", np.zeros(n) if dq is None else dq)
        for joint, position, velocity in zip(self._joints, q.tolist(), dq.tolist(), strict=True):
            pybullet.resetJointState(
                self._body, joint, position, velocity, physicsClientId=self._client
            )
        self.steps = 0
        self._state: State | None = None

    def read(self) -> State:
        """Return the joint positions [rad] and velocities [rad/s]."""
        joints = pybullet.getJointStates(self._body, self._joints, physicsClientId=self._client)
        self._state = State(
            self.steps * self.dt,
            np.array([joint[0] for joint in joints]),
            np.array([joint[1] for joint in joints]),
        )
        return self._state

    def apply(self, tau: Float[np.ndarray, "n"]) -> None:
        """Apply the motor torques [N m] and the disturbances for one step.

        Raises:
            SimulationError: ``tau`` is not finite.
        """
        checked_torque(tau, self.steps * self.dt)
        if self.disturbances:
            state = self._state or self.read()
            tau = tau + joint_torque(self.disturbances, state.q, state.dq)
        pybullet.setJointMotorControlArray(
            self._body,
            self._joints,
            pybullet.TORQUE_CONTROL,
            forces=tau.tolist(),
            physicsClientId=self._client,
        )
        pybullet.stepSimulation(physicsClientId=self._client)
        self.steps += 1
        self._state = None

    def close(self) -> None:
        """Stop the physics server; more than once does no harm."""
        if self._client >= 0:
            pybullet.disconnect(self._client)
            self._client = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
