"""What the laws that control a force have in common: axes, a frame, an integral."""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from ..errors import ConfigurationError
from .gains import Gain, check_gain
from .integral_term import Integral
from .task_space import Square, TaskSpace


@dataclass(frozen=True)
class ForceControl(TaskSpace):
    """Control the force at the wrist along some axes of a task frame.

    The gains apply to the rows, in the task frame. The memory of the bound law is the integral z,
    in the base frame; it takes one step per cycle with a sound state. Its force and its moment stay
    within ``windup``, so that it does not grow without contact.
    """

    axes: tuple[int, ...] = (2,)  # of the task frame, as rows: the force is controlled along them
    frame: Float[np.ndarray, "3 3"] = field(default_factory=lambda: np.eye(3))  # base from task
    kf: Gain = 0.5  # force per error of force
    ki: Gain = 5.0  # [1/s]
    windup: tuple[float, float] = (100.0, 10.0)  # [N, N m]
    dt: float = 1e-3  # control period [s]

    needs_wrench = True

    def __post_init__(self) -> None:
        super().__post_init__()
        name, rows = type(self).__name__, self.rows
        axes = tuple(self.axes)
        if not axes or not set(axes) <= set(rows) or len(set(axes)) < len(axes):
            raise ConfigurationError(
                f"{name}.axes: is {self.axes}, needs some of {rows}, each once"
            )
        object.__setattr__(self, "axes", axes)
        frame = np.array(self.frame, dtype=float)
        if frame.shape != (3, 3) or not (
            np.allclose(frame @ frame.T, np.eye(3), atol=1e-9) and np.linalg.det(frame) > 0
        ):
            raise ConfigurationError(
                f"{name}.frame: is {frame.tolist()!s:.80}, needs a rotation matrix (3, 3)"
            )
        turned = not np.array_equal(frame, np.eye(3))
        if turned and rows not in ((0, 1, 2), (3, 4, 5), (0, 1, 2, 3, 4, 5)):
            raise ConfigurationError(
                f"{name}.rows: is {rows}, needs (0, 1, 2), (3, 4, 5) or both with a turned frame"
            )
        object.__setattr__(self, "frame", frame)
        for gain in ("kf", "ki"):
            check_gain(self, gain, len(rows))
        check_gain(self, "dt", 0, positive=True)
        windup = np.array(self.windup, dtype=float)
        if windup.shape != (2,) or not (windup >= 0).all():
            raise ConfigurationError(
                f"{name}.windup: is {self.windup}, needs two numbers from 0 up [N, N m]"
            )

    @property
    def force_axis(self) -> Float[np.ndarray, "3"] | None:
        """The axis along which the force is controlled, in the base frame; None if not one."""
        linear = [axis for axis in self.axes if axis < 3]
        return self.frame[:, linear[0]].copy() if len(linear) == 1 else None

    def turned(self, gain: Square, *, motion: bool = False) -> Square:
        """Return a gain of the task frame's force (or motion) axes, in the base frame."""
        rows = list(self.rows)
        T = np.kron(np.eye(2), self.frame)[np.ix_(rows, rows)]
        chosen = np.isin(rows, self.axes) != motion
        return T @ (gain * np.outer(chosen, chosen)) @ T.T

    def integral(self) -> Integral:
        """Return the integral term: z [N, N m] along the axes of force."""
        rows = np.array(self.rows)
        ki = self.turned(self.gain("ki"))
        return Integral(ki, self.dt, (rows > 2).astype(int), np.array(self.windup))
