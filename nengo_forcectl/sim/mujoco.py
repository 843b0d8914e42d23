"""MuJoCo as a robot: the same arm and model in another engine, alone or in the user's scene."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from arms import Arm, MjcfError
from arms.model.mjcf_compile import mujoco_package

from ..errors import ConfigurationError, VersionError
from .disturbances import Disturbance, Joints
from .mujoco_arm import alone, in_scene
from .mujoco_world import MujocoWorld
from .pressing import Pressing
from .sensing import Sensors
from .simulated import Engine
from .surfaces import Surface
from .touching import Touching
from .wrist import Wrist


class MuJoCo(Touching):
    """An arm in MuJoCo, with disturbances unknown to its model; used like `Bullet`.

    Every step is semi-implicit Euler of ``dt``, as in PyBullet, and the state is that of its
    midpoint. Rotors are MuJoCo's armature. Dry friction, a ``surface`` and its friction are solved
    for together at the end of each step.

    With a ``scene``, an MJCF file, the arm is the one in it with these joints, as
    ``arms.load(scene)`` reads it. Everything else in the scene stays: bodies, contacts, sensors,
    keyframes, the actuators of other joints (a gripper's, by ``data.ctrl``). The arm's own
    actuators, damping, dry friction and gravity compensation are switched off: torques, and the
    friction of model and disturbances, take their place. The disturbances change the scene's arm.
    Without a scene the arm is alone, and touches nothing but the ``surface``.

    With a ``surface``, ``contact`` is its true wrench on the tool: force and moment about the tool
    frame's origin in the base's axes [N, N m], the mean over the last period.

    Args:
        arm: the model.
        q: initial position [rad], at rest.
        disturbances: unknown to the model; those that change the arm apply in order.
        dt: simulation step [s]; `resolved_step` has the longest for elastic joints and bristles.
        period: control period [s], a whole number of steps; by default one.
        sensors: joint sensors; ideal by default.
        rng: random generator of the sensors' noise and of `IrregularCycles`.
        surface: surface that the tool can touch.
        wrist: the force-torque sensor; without it, ``State.wrench`` is None.
        scene: path of an MJCF file.

    Raises:
        VersionError: MuJoCo is not installed.
        ConfigurationError: a time is not a whole number of steps, the step does not resolve a
            disturbance, something random lacks an ``rng``, a surface or wrist sensor is combined
            with a `Tool`, `WrongLengths` or a changing body, or the arm is not the scene's.
        SimulationError: MuJoCo cannot load the arm.
        MjcfError: the scene cannot be read, or names files outside its folder.
    """

    def __init__(
        self,
        arm: Arm,
        q: ArrayLike,
        disturbances: Sequence[Disturbance] = (),
        dt: float = 1e-3,
        *,
        period: float | None = None,
        sensors: Sensors | None = None,
        rng: np.random.Generator | None = None,
        surface: Surface | None = None,
        wrist: Wrist | None = None,
        scene: str | Path | None = None,
    ) -> None:
        super().__init__(arm, disturbances, dt, period, sensors, rng, surface, wrist)
        if scene is not None and not isinstance(scene, (str, Path)):
            raise ConfigurationError(f"MuJoCo.scene: is {scene!r:.60}, needs the path of an MJCF")
        self._scene = None if scene is None else Path(os.path.expanduser(scene))
        try:
            mujoco_package()
        except MjcfError:
            raise VersionError(
                "MuJoCo is not installed; it comes with: pip install 'nengo-forcectl[sim]'"
            ) from None
        self._open(q)

    @property
    def model(self) -> Any:
        """MuJoCo's ``MjModel`` of now; a changing body has one for each phase."""
        return self._mujoco_world.model

    @property
    def data(self) -> Any:
        """MuJoCo's ``MjData`` of now, to read a scene, or to control what is not the arm."""
        return self._mujoco_world.data

    @property
    def _mujoco_world(self) -> MujocoWorld:
        assert isinstance(self._world, MujocoWorld)
        return self._world

    def _engine(self, real: Arm, rotor: Joints) -> Engine:
        try:
            own = alone(real) if self._scene is None else in_scene(self._scene, real)
        except MjcfError as error:
            raise MjcfError(f"MJCF {str(self._scene)!r}: {error}") from None
        touched = self.surface
        pressing = None if touched is None else Pressing(touched, real.gravity_vector, self.dt)
        return MujocoWorld(own, self.dt, rotor, pressing)
