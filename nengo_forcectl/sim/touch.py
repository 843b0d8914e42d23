"""A surface in one of PyBullet's servers, and its force on the arm's tip."""

from typing import Any

import numpy as np
from jaxtyping import Float

from ..errors import VersionError
from ..support.arrays import cross
from ..support.quiet import quiet_stderr
from .forces import Vector
from .surfaces import HEAD, Peg, Surface

try:
    with quiet_stderr():  # it prints its build time
        import pybullet
except ModuleNotFoundError:
    raise VersionError(
        "Bullet: PyBullet is not installed; pip install pybullet, which has wheels up to Python "
        "3.11, or use MuJoCo"
    ) from None


class Touch:
    """The surface as a body, and the force between it and the tip."""

    def __init__(self, client: int, arm: int, tip: int, surface: Surface) -> None:
        self._client, self._arm, self._surface = {"physicsClientId": client}, arm, surface
        self._peg = surface if isinstance(surface, Peg) else None
        self._link = -1 if self._peg is None else 0  # touched link of the body
        self._body: Any = self._table() if self._peg is None else self._sprung(self._peg)
        stiffness, damping = (
            HEAD if isinstance(surface, Peg) else (surface.stiffness, surface.damping)
        )
        mu = 0.0 if isinstance(surface, Peg) else surface.mu
        pybullet.changeDynamics(
            self._body,
            self._link,
            contactStiffness=stiffness,
            contactDamping=damping,
            lateralFriction=mu,
            **self._client,
        )
        # For a pair PyBullet multiplies the frictions, puts the stiffnesses in series, and adds the
        # dampings.
        pybullet.changeDynamics(
            arm, tip, lateralFriction=1.0, contactStiffness=1e18, contactDamping=0.0, **self._client
        )
        pybullet.setPhysicsEngineParameter(contactSlop=0.0, **self._client)
        self.place()

    def _table(self) -> int:
        """Return a plane: a box would push a tip deeper than it is thick out the other side."""
        plane = pybullet.createCollisionShape(
            pybullet.GEOM_PLANE, planeNormal=[0.0, 0.0, 1.0], **self._client
        )
        return pybullet.createMultiBody(
            0.0, plane, -1, list(self._surface.point), _turned(self._surface.normal), **self._client
        )

    def _sprung(self, peg: Peg) -> int:
        """Return a cylinder that slides along its axis in a guide without a collision shape."""
        long = 2.0 * peg.travel
        head = pybullet.createCollisionShape(
            pybullet.GEOM_CYLINDER,
            radius=peg.radius,
            height=long,
            collisionFramePosition=[0.0, 0.0, -0.5 * long],
            **self._client,
        )
        body = pybullet.createMultiBody(
            0.0,
            basePosition=list(peg.point),
            baseOrientation=_turned(peg.normal),
            linkMasses=[peg.mass],
            linkCollisionShapeIndices=[head],
            linkVisualShapeIndices=[-1],
            linkPositions=[[0.0, 0.0, 0.0]],
            linkOrientations=[[0.0, 0.0, 0.0, 1.0]],
            linkInertialFramePositions=[[0.0, 0.0, -0.5 * long]],
            linkInertialFrameOrientations=[[0.0, 0.0, 0.0, 1.0]],
            linkParentIndices=[0],
            linkJointTypes=[pybullet.JOINT_PRISMATIC],
            linkJointAxis=[[0.0, 0.0, 1.0]],
            **self._client,
        )
        for link in (-1, 0):
            pybullet.changeDynamics(
                body, link, linearDamping=0, angularDamping=0, jointDamping=0, **self._client
            )
        pybullet.changeDynamics(
            body, 0, jointLowerLimit=-peg.travel, jointUpperLimit=0.0, **self._client
        )
        pybullet.setJointMotorControl2(
            body, 0, pybullet.VELOCITY_CONTROL, force=0.0, **self._client
        )
        return body

    def place(self) -> None:
        """Place the peg fully out."""
        if self._peg is not None:
            pybullet.resetJointState(self._body, 0, 0.0, 0.0, **self._client)

    def take_over(self, other: "Touch") -> None:
        """Place the peg where that of another server is."""
        if self._peg is not None:
            height, rate, _, _ = pybullet.getJointState(other._body, 0, **other._client)
            pybullet.resetJointState(self._body, 0, height, rate, **self._client)

    def push(self) -> None:
        """Apply the peg's spring force in the next step."""
        peg = self._peg
        if peg is None:
            return
        height, rate, _, _ = pybullet.getJointState(self._body, 0, **self._client)
        force = peg.preload - peg.stiffness * height - peg.damping * rate
        pybullet.setJointMotorControl2(
            self._body, 0, pybullet.TORQUE_CONTROL, force=force, **self._client
        )

    def wrench(self, x: Float[np.ndarray, "3"]) -> Float[np.ndarray, "6"]:
        """Return the surface's wrench on the tip in the last step, about ``x`` [N, N m]."""
        wrench = np.zeros(6)
        for contact in pybullet.getContactPoints(self._arm, self._body, **self._client):
            point, normal, along, across = (np.array(contact[k]) for k in (5, 7, 11, 13))
            force = contact[9] * normal + contact[10] * along + contact[12] * across
            wrench[:3] += force
            wrench[3:] += cross(point - x, force)
        return wrench


def _turned(normal: Vector) -> list[float]:
    """Return the quaternion (x, y, z, w) of a rotation from the z axis to ``normal``."""
    x, y, z = normal
    quaternion = np.array((-y, x, 0.0, 1.0 + z)) if z > -1.0 + 1e-9 else np.array((1.0, 0, 0, 0))
    return (quaternion / np.linalg.norm(quaternion)).tolist()
