"""Any of the control laws without learning, arm and law compiled into one call."""

import math
from typing import Any

import numpy as np
from jaxtyping import Float

from arms import Arm

from .control import Admittance, Controller
from .control.force_control import ForceControl
from .control.joint_space import JointSpace
from .control.task_space import TaskSpace
from .exceptions import ConfigurationError, SimulationError
from .paths import Reference
from .robot import Result, State, checked_torque

LENGTHS = {"x": 3, "dx": 3, "ddx": 3, "R": 9, "omega": 3, "domega": 3, "wrench": 6}
"""Parts of a reference of the tool, in the order in which compiled code takes them."""


class CompiledController:
    """A controller and its arm, compiled into one call: what `Blocks` computes without adaptation.

    What a controller remembers (`ForceControl.integral`, ``Admittance.offset``) stays in its own
    arrays, so give every cycle a controller of its own.

    Args:
        arm: the model.
        controller: a law of ``nengo_forcectl.control``.

    Raises:
        ConfigurationError: a law of another kind, or one that is not for an arm of this size.
    """

    def __init__(self, arm: Arm, controller: Controller) -> None:
        self.arm, self.controller, self.dof = arm, controller, arm.dof
        self._kernel = arm.kernel("pose", "J", "dJ", "M", "C", "g")
        self._wrench = np.zeros(6)
        self._task: TaskSpace | None = None
        self._needs_wrench = False
        if isinstance(controller, JointSpace):
            self._prepare_joint(controller)
        elif isinstance(controller, (TaskSpace, Admittance)):
            self._prepare_task(controller)
        else:
            raise ConfigurationError(
                f"CompiledController: no compiled form of {controller}; use Blocks"
            )

    def _prepare_joint(self, controller: JointSpace) -> None:
        from .compiled.controller import joint_cycle

        n = self.dof
        law = controller.law(n)
        self._reference = np.zeros(3 * n)
        lengths = {"x": n, "dx": n, "ddx": n} if controller.follows else {}
        self._views = _views(self._reference, lengths)
        self._run: Any = joint_cycle
        self._constants: tuple[Any, ...] = (law.matrices(n), np.array(law[6:]), self.arm.tau_max)

    def _prepare_task(self, controller: TaskSpace | Admittance) -> None:
        from .compiled.controller import task_cycle

        task = controller.inner if isinstance(controller, Admittance) else controller
        n, m = self.dof, len(task.rows)
        entries = [entry for task in task.tasks for entry in task.entries(n)]
        ends = np.cumsum([0] + [len(entry.numbers) for entry in entries])
        self._entries = entries  # their kernels must stay as long as this
        table = [
            (
                entry.kind,
                *ends[k : k + 2],
                0 if entry.kernel is None else entry.kernel.address,
                0 if entry.kernel is None else entry.kernel.size,
            )
            for k, entry in enumerate(entries)
        ]
        force = isinstance(task, ForceControl)
        dt = task.dt if force else 1.0
        yields, offset, velocity = np.zeros((0, 6, 6)), np.zeros(6), np.zeros(6)
        if isinstance(controller, Admittance):
            if force and controller.dt != dt:
                raise ConfigurationError(
                    f"Admittance.dt: is {controller.dt} s, the inner controller's is {dt} s"
                )
            dt = controller.dt
            yields, offset, velocity = controller.steps, controller.offset, controller.velocity
        windup = task.windup if force else (0.0, 0.0)
        self._task = task
        self._needs_wrench = controller.needs_wrench or task.needs_wrench
        self._reference = np.zeros(sum(LENGTHS.values()))
        lengths = LENGTHS
        self._views = _views(self._reference, lengths)
        self._run = task_cycle
        self._constants = (
            np.array(task.rows),
            task.law.matrices(m),
            np.array([task.damping, task.inertia_max, dt, *windup]),
            np.array(table, dtype=np.int64),
            np.concatenate([entry.numbers for entry in entries]).astype(float),
            task.integral if force else np.zeros(m),
            yields,
            offset,
            velocity,
            self.arm.tau_max,
        )

    def step(self, state: State, reference: Reference) -> Result:
        """Return the torque for this state.

        Raises:
            SimulationError: a state or reference of another shape, one that lacks an orientation or
                a wrench that the law needs, a torque that is not finite.
        """
        n = self.dof
        q, dq = _vector("q", state.q, n, state), _vector("dq", state.dq, n, state)
        for (name, shape, view), value in zip(self._views, reference, strict=False):
            if value is None:
                if name == "R" and self._turns:
                    raise SimulationError(
                        f"reference at {state.time:.3f} s: has no R; rotation is controlled by "
                        f"{type(self._task).__name__}, which needs R (3, 3)"
                    )
                view[...] = 0.0
                continue
            if np.shape(value) != shape:
                raise SimulationError(
                    f"reference at {state.time:.3f} s: {name} has shape {np.shape(value)}, "
                    f"needs {shape}"
                )
            view[...] = value
        out = np.empty(n + 4)
        if self._task is None:
            out[n + 3] = 0.0
            inputs: tuple[Any, ...] = ()
        else:
            inputs = (self._measured(state), state.sound)
        self._run(
            self._kernel.address, self._kernel.size, q, dq, self._reference, *inputs,
            *self._constants, out,
        )  # fmt: skip
        tau = checked_torque(out[:n], state.time)
        return Result(tau, 0.0, out[n : n + 3], float(out[n + 3]))

    def learn(self, on: bool) -> None:
        """Nothing here learns."""

    def _measured(self, state: State) -> Float[np.ndarray, "6"]:
        f = state.wrench
        if f is None:
            if self._needs_wrench:
                raise SimulationError(
                    f"state at {state.time:.3f} s: has no wrench, "
                    f"{type(self.controller).__name__} needs a sensor's (6,)"
                )
            self._wrench[:] = 0.0
        elif np.shape(f) != (6,) or not math.isfinite(f @ f):
            raise SimulationError(
                f"state at {state.time:.3f} s: wrench is {f}, needs 6 finite numbers"
            )
        else:
            self._wrench[:] = f
        return self._wrench

    @property
    def _turns(self) -> bool:
        return self._task is not None and self._task.turns


def _views(
    buffer: Float[np.ndarray, "k"], lengths: dict[str, int]
) -> list[tuple[str, tuple[int, ...], np.ndarray]]:
    """Name, shape and place in the buffer of every part."""
    views, start = [], 0
    for name, length in lengths.items():
        shape = (3, 3) if name == "R" else (length,)
        views.append((name, shape, buffer[start : start + length].reshape(shape)))
        start += length
    return views


def _vector(name: str, value: Any, n: int, state: State) -> Float[np.ndarray, "n"]:
    """A vector that compiled code, which checks nothing, can take."""
    if type(value) is not np.ndarray or value.dtype != float or not value.flags.c_contiguous:
        value = np.ascontiguousarray(value, dtype=float)
    if value.shape != (n,):
        raise SimulationError(
            f"state at {state.time:.3f} s: {name} has shape {value.shape}, needs ({n},)"
        )
    return value
