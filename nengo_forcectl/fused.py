"""Any of the control laws without learning, arm and law compiled into one call."""

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np
from jaxtyping import Float, Int

from arms import Arm, Terms

from .control import Admittance, Controller
from .control.force_control import ForceControl
from .control.joint_space import JointSpace
from .control.secondary import Entry
from .control.task_space import TaskSpace
from .exceptions import ConfigurationError, SimulationError
from .paths import Reference
from .robot import Result, State, checked_torque

NOTHING, NOT_FINITE = -1, -2
"""What a compiled cycle returns where it did nothing, and where its own torque is not finite."""

Layer = tuple[int, float, np.ndarray, np.ndarray]
"""What a compiled cycle takes for the layer of a `Safe`: ``begun`` to ``memory`` of `leave`."""

ALONE: Layer = (0, 0.0, np.zeros(0), np.zeros((0, 0)))
"""That there is none."""


class CompiledController:
    """A controller and its arm, compiled into one call: what `Blocks` computes without adaptation.

    What a controller remembers (``ForceControl.integral``, ``Admittance.moving``) stays in its own
    arrays, so every cycle wants a controller of its own. The torque comes out of
    `compiled.safety.leave`; `Safe` has its own part done in the same call.

    Args:
        arm: the model.
        controller: a law of ``nengo_forcectl.control``.

    Raises:
        ConfigurationError: a law of another kind, or one that is not for an arm of this size.
    """

    def __init__(self, arm: Arm, controller: Controller) -> None:
        self.arm, self.controller, self.dof = arm, controller, arm.dof
        self._kernel = address(arm)
        if isinstance(controller, JointSpace):
            self._prepare_joint(controller)
        elif isinstance(controller, (TaskSpace, Admittance)):
            self._prepare_task(controller)
        else:
            raise ConfigurationError(
                f"CompiledController: no compiled form of {controller}; use Blocks"
            )
        compile_now(self._run, self._kernel, self._zeros, False, *self._constants)

    def step(self, state: State, reference: Reference) -> Result:
        """Return the torque for this state.

        Raises:
            SimulationError: a state or reference of another shape, one that lacks an orientation or
                a wrench that the law needs, something that is not finite.
        """
        values, sound = self._inputs(state, reference), bool(state.sound)
        result, _ = self._once(state, values, sound, ALONE)
        if result is None:
            result, _ = self._once(state, self._arrays(state, values), sound, ALONE)
            assert result is not None
        return result

    def guarded(
        self, state: State, reference: Reference, sound: bool, layer: Layer
    ) -> tuple[Result | None, int]:
        """As `step`, with what `Safe` does, in one call; the result, and what it met.

        None where nothing was done: the state is not credible, or an array not of the right kind.
        """
        return self._once(state, self._inputs(state, reference), sound, layer)

    def _once(
        self, state: State, values: list[Any], sound: bool, layer: Layer
    ) -> tuple[Result | None, int]:
        n = self.dof
        out = np.empty(n + 4)
        try:
            met = self._run(*self._kernel, *values, sound, *self._constants, *layer, out)
        except TypeError:  # None, a list, other numbers than float64, not contiguous, read-only
            return None, NOTHING
        if met == NOTHING:
            return None, met
        if met == NOT_FINITE:
            for name, value in zip(self._names, values, strict=True):
                if not np.isfinite(value).all():
                    self._refuse(state, name, value)
            checked_torque(out[:n], state.time)
        return Result(out[:n], 0.0, out[n : n + 3], None, out.item(n + 3)), met

    def _inputs(self, state: State, reference: Reference) -> list[Any]:
        values = self._values(state, reference)
        for k in self._optional:
            if values[k] is None:
                values[k] = self._zeros[k]
        return values

    def learn(self, on: bool) -> None:
        """Nothing here learns."""

    def _arrays(self, state: State, values: list[Any]) -> list[np.ndarray]:
        """The values as arrays, if they have the right shapes."""
        for name, value, shape in zip(self._names, values, self._shapes, strict=True):
            if value is None or np.shape(value) != shape:
                self._refuse(state, name, value)
        return [np.array(value, dtype=float) for value in values]

    def _refuse(self, state: State, name: str, value: Any) -> NoReturn:
        shape = self._shapes[self._names.index(name)]
        given = "missing" if value is None else f"{value}, of shape {np.shape(value)}"
        raise SimulationError(
            f"{name} at {state.time:.3f} s: is {given}; {type(self.controller).__name__} "
            f"needs finite numbers of shape {shape}"
        )

    def _prepare(self, shapes: dict[str, tuple[int, ...]], optional: Sequence[str]) -> None:
        """Inputs of compiled code, in their order; what is optional and None is zero."""
        self._names, self._shapes = list(shapes), list(shapes.values())
        self._zeros = [np.zeros(shape) for shape in self._shapes]
        self._optional = [self._names.index(name) for name in optional]

    def _prepare_joint(self, controller: JointSpace) -> None:
        from .compiled.controller import joint_cycle

        n, still = self.dof, [np.zeros(self.dof)] * 3
        law = controller.law(n)
        names = ("state.q", "state.dq", "reference.x", "reference.dx", "reference.ddx")
        self._prepare(dict.fromkeys(names, (n,)), ())
        self._values: Callable[[State, Reference], list[Any]] = (
            (lambda state, reference: [state.q, state.dq, *reference[:3]])
            if controller.follows
            else (lambda state, _: [state.q, state.dq, *still])
        )
        self._run: Any = joint_cycle
        self._constants: tuple[Any, ...] = (law.matrices(n), np.array(law[6:]), self.arm.tau_max)

    def _prepare_task(self, controller: TaskSpace | Admittance) -> None:
        from .compiled.controller import task_cycle

        task = controller.inner if isinstance(controller, Admittance) else controller
        n = self.dof
        optional = ["reference.omega", "reference.domega", "reference.wrench"]
        if not task.turns:
            optional.append("reference.R")
        if not (controller.needs_wrench or task.needs_wrench):
            optional.append("state.wrench")
        shapes = {"state.q": (n,), "state.dq": (n,), "state.wrench": (6,)} | {
            f"reference.{name}": (3,) for name in Reference._fields
        }
        self._prepare(shapes | {"reference.R": (3, 3), "reference.wrench": (6,)}, optional)
        self._values = lambda state, reference: [state.q, state.dq, state.wrench, *reference]
        rows, law, numbers, entries, of_entries = task_arrays(task, n)
        z = task.integral if isinstance(task, ForceControl) else np.zeros(len(rows))
        yields, moved = np.zeros(0), np.zeros((2, 6))
        if isinstance(controller, Admittance):
            numbers[2], yields, moved = controller.dt, controller.steps, controller.moving
        self._run = task_cycle
        which = np.concatenate(([len(rows), yields.size], rows, entries.ravel()))
        constants = (numbers, self.arm.tau_max, law.ravel(), yields.ravel(), of_entries)
        self._constants = (which, np.concatenate(constants), z, moved, n)


def address(arm: Arm) -> tuple[int, int]:
    """Return where the kernel of an arm's terms is, as long as the arm is, and what it writes."""
    kernel = arm.kernel(*Terms._fields)
    return kernel.address, kernel.size


def compile_now(
    run: Any, kernel: tuple[int, int], values: Sequence[np.ndarray], *others: Any
) -> None:
    """Compile a cycle for arrays like ``values``, and for no others in a control cycle."""
    run.disable_compile(False)
    empty = [np.zeros((0,) * value.ndim) for value in values]  # with which it does nothing
    run(*kernel, *empty, *others, *ALONE, np.empty(0))
    run.disable_compile()


def task_arrays(task: TaskSpace, n: int) -> tuple[np.ndarray, ...]:
    """Return a law as `compiled.task.task_space` takes it: rows, law, numbers; its other tasks.

    Raises:
        ConfigurationError: a law that is not for an arm of ``n`` joints.
    """
    rows = np.array(task.rows)
    dt, windup = (task.dt, task.windup) if isinstance(task, ForceControl) else (1.0, (0.0, 0.0))
    numbers = np.array([task.damping, task.inertia_max, dt, *windup])
    entries = [entry for each in task.tasks for entry in each.entries(n)]
    return rows, task.law.matrices(len(rows)), numbers, *_table(entries)


def _table(
    entries: list[Entry],
) -> tuple[Int[np.ndarray, "k 5"], Float[np.ndarray, "numbers"]]:
    """The secondary tasks as `compiled.secondary` takes them."""
    ends = np.cumsum([0] + [len(entry.numbers) for entry in entries])
    table = np.zeros((len(entries), 5), dtype=np.int64)
    for row, entry, start, stop in zip(table, entries, ends[:-1], ends[1:], strict=True):
        kernel = entry.kernel
        where = (0, 0) if kernel is None else (kernel.address, kernel.size)
        row[:] = (entry.kind, start, stop, *where)
    return table, np.concatenate([entry.numbers for entry in entries]).astype(float)
