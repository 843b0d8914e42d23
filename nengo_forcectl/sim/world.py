"""One physics server of PyBullet with one arm in it.

The settings below make PyBullet agree with the analytic model to rounding; leaving one out changes
the acceleration by between 0.3 % and a factor of 33:

- fixed base, inertias from the file, fixed links not merged, one sub-step;
- linear, angular and joint damping zero on every link, the base included;
- PyBullet's default velocity motors switched off, or used as dry friction;
- the solver for dry friction and joint limits iterated to 1e-11 rad/s (default: 5e-4);
- the torque set at every step, because a step clears it.

PyBullet knows no inertia A of rotors. An arm with rotors accelerates by
``ddq = (M + A)^-1 (tau + J^T f - h)``. So PyBullet gets the torque ``h + M ddq - J^T f``, with its
own M and h, and the contact force f of the last step; dry friction is then solved for here.

PyBullet crashes on numpy arrays, so all arguments are lists.
"""

import os
import re
import tempfile

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..errors import SimulationError
from ..support.quiet import quiet_stderr
from .stiction import stiction
from .surfaces import TIP, Surface
from .touch import Touch

with quiet_stderr():  # it prints its build time
    import pybullet
    from pybullet import (
        TORQUE_CONTROL,
        VELOCITY_CONTROL,
        calculateInverseDynamics,
        calculateMassMatrix,
        getJointStates,
        setJointMotorControlArray,
        stepSimulation,
    )

BALL = f'<collision><geometry><sphere radius="{TIP}"/></geometry></collision>'


class World:
    """The arm ``real`` in a server inside this process, without a window.

    With a ``surface``, only a ball at the tool frame touches it. ``rotor`` is the inertia of rotors
    at the joints [kg m^2]; ``pressed`` the surface's torque on the joints in the last step [N m].

    Raises:
        SimulationError: PyBullet cannot load the arm.
    """

    def __init__(
        self,
        real: Arm,
        dt: float,
        surface: Surface | None = None,
        rotor: Float[np.ndarray, "n"] | None = None,
    ) -> None:
        self._client = pybullet.connect(pybullet.DIRECT)
        self._touch, self._dt = None, dt
        self._rotor = None if rotor is None or not rotor.any() else np.diag(rotor)
        self.pressed, self._friction = np.zeros(real.dof), np.zeros(real.dof)
        try:
            self._load(real, surface is not None)
            self._set_up(real, dt)
            if surface is not None:
                self._touch = Touch(self._client, self._body, self._link(self._tool), surface)
        except BaseException:
            self.close()
            raise

    def _load(self, real: Arm, tip: bool) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "arm.urdf")
            urdf = real.to_urdf()
            self._tool = re.findall('<link name="([^"]*)">', urdf)[-1]  # written after the others
            if tip:
                mark = f'<link name="{self._tool}">'
                urdf = urdf.replace(mark, mark + BALL)
            with open(file, "w", encoding="utf-8") as stream:
                stream.write(urdf)
            try:
                self._body = pybullet.loadURDF(
                    file,
                    useFixedBase=True,
                    flags=pybullet.URDF_USE_INERTIA_FROM_FILE,
                    physicsClientId=self._client,
                )
            except pybullet.error as error:
                raise SimulationError(f"arm '{real.name}': PyBullet says: {error}") from None

    def _set_up(self, real: Arm, dt: float) -> None:
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
        self._still = [0.0] * len(self._joints)  # [rad/s]
        self._switch_motors(self._still)
        pybullet.setGravity(*map(float, real.gravity_vector), **client)
        pybullet.setTimeStep(dt, **client)
        pybullet.setPhysicsEngineParameter(
            numSubSteps=1, numSolverIterations=1000, solverResidualThreshold=1e-22, **client
        )

    def _link(self, name: str) -> int:
        """Return the number of the link with this name."""
        joints = range(pybullet.getNumJoints(self._body, physicsClientId=self._client))
        for joint in joints:
            info = pybullet.getJointInfo(self._body, joint, physicsClientId=self._client)
            if info[12].decode() == name:
                return joint
        raise SimulationError(f"PyBullet found no link '{name}'")

    def place(self, q: Float[np.ndarray, "n"], dq: Float[np.ndarray, "n"]) -> None:
        """Set the arm's state exactly."""
        if self._touch is not None:
            self._touch.place()
        for joint, position, velocity in zip(self._joints, q.tolist(), dq.tolist(), strict=True):
            pybullet.resetJointState(
                self._body, joint, position, velocity, physicsClientId=self._client
            )

    def take_over(self, other: "World") -> None:
        """Go on from the state of another server."""
        self.place(*other.state())
        if self._touch is not None and other._touch is not None:
            self._touch.take_over(other._touch)
            self.pressed = other.pressed

    def state(self, before: float = 0.0) -> tuple[Float[np.ndarray, "n"], Float[np.ndarray, "n"]]:
        """Return joint positions [rad], extrapolated ``before`` [s] back, and velocities."""
        states = getJointStates(self._body, self._joints, self._client)
        q = [joint[0] - before * joint[1] for joint in states]
        both = np.array(q + [joint[1] for joint in states], float)
        return both[: len(states)], both[len(states) :]

    def brake(self, limits: list[float]) -> None:
        """Set the dry friction [N m] of every joint until the next call."""
        if self._rotor is None:
            self._switch_motors(limits)
        else:
            self._friction[:] = limits

    def _switch_motors(self, limits: list[float]) -> None:
        """Set PyBullet's motors for velocity 0, solved for at the end of the step, as friction."""
        setJointMotorControlArray(
            self._body,
            self._joints,
            VELOCITY_CONTROL,
            targetVelocities=self._still,
            forces=limits,
            physicsClientId=self._client,
        )

    def step(self, tau: list[float]) -> None:
        """Simulate one step with the torques [N m]."""
        if self._rotor is not None:
            tau = self._geared(self._rotor, tau)
        setJointMotorControlArray(
            self._body, self._joints, TORQUE_CONTROL, forces=tau, physicsClientId=self._client
        )
        if self._touch is not None:
            self._touch.push()
        stepSimulation(self._client)

    def _geared(self, rotor: Float[np.ndarray, "n n"], tau: list[float]) -> list[float]:
        """Return the torques that accelerate the arm as ``tau`` does with rotors."""
        states = getJointStates(self._body, self._joints, self._client)
        q, dq = [joint[0] for joint in states], [joint[1] for joint in states]
        M = np.array(calculateMassMatrix(self._body, q, physicsClientId=self._client))
        h = calculateInverseDynamics(self._body, q, dq, self._still, physicsClientId=self._client)
        push = np.array(tau) + self.pressed - h
        mobility = np.linalg.inv(M + rotor)
        if self._friction.any():
            after = np.array(dq) + self._dt * (mobility @ push)
            push += stiction(mobility, after, self._dt * self._friction) / self._dt
        return (h + M @ (mobility @ push) - self.pressed).tolist()

    def felt(self, x: Float[np.ndarray, "3"]) -> Float[np.ndarray, "6"]:
        """Return the surface's wrench on the tip in the last step, about ``x`` [N, N m]."""
        return np.zeros(6) if self._touch is None else self._touch.wrench(x)

    def close(self) -> None:
        """Stop the server; repeated calls do nothing."""
        if self._client >= 0:
            pybullet.disconnect(self._client)
            self._client = -1
