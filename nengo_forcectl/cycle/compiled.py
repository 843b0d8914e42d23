"""Any of the control laws, arm and law compiled into one call."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, NoReturn

import numpy as np
from jaxtyping import Float, Int

from arms import Arm, Terms

from ..contract import Controller, Cycle, Reference, Result, State, fused
from ..control import Admittance
from ..control.force_control import ForceControl
from ..control.joint_space import JointSpace
from ..control.secondary import Entry
from ..control.task_space import TaskSpace
from ..errors import ConfigurationError, SimulationError
from ..kernels.layout import ALONE, HUGE, NOT_FINITE, NOTHING, Layer
from ..safety.sensors import checked_torque
from ..support.arrays import taken


class OneCall(Cycle):
    """A control law and its arm, compiled with all else that a cycle does into one call.

    What a law remembers (``ForceControl.integral``, ``Admittance.moving``) stays in its own arrays,
    so every cycle wants a law of its own. The torque comes out of `compiled.safety.leave`; `Safe`
    has its own part done in the same call.
    """

    arm: Arm
    feels = False
    """Whether it takes the wrist's wrench where the law does not."""

    def __init__(self, arm: Arm, controller: Controller) -> None:
        self.arm, self.controller, self.dof = arm, controller, arm.dof
        if isinstance(controller, JointSpace):
            self._own = self._prepare_joint(controller)
        elif isinstance(controller, (TaskSpace, Admittance)):
            self._own = self._prepare_task(controller)
        else:
            raise ConfigurationError(
                f"{type(self).__name__}: no compiled form of {controller}; use Blocks"
            )
        self._remembered = held(controller)
        OneCall.forget_motion(self)
        self._copies = False

    def _start(self, run: Any, *others: Any, own: Sequence[np.ndarray] = ()) -> None:
        """Compile what is called in a cycle; its other arguments, and more arrays of its own."""
        from ..kernels.memory import located

        self._own = [*self._own, *own]  # what compiled code knows by address
        self._run, self._constants = run, (*others, located(self._own))
        self._size = (2 if own else 1) * self.dof + 4
        compile_now(run, self._zeros, False, *self._constants)

    def step(self, state: State, reference: Reference) -> Result:
        """Return the torque for this state; learn, if it does.

        Raises:
            SimulationError: a state or reference of another shape, one that lacks an orientation or
                a wrench that the law needs, something that is not finite.
        """
        values, sound = self._values(state, reference), bool(state.sound)
        result, _ = self._once(state, values, sound, ALONE)
        if result is None:
            result, _ = self._once(state, self._arrays(state, values), sound, ALONE)
            assert result is not None
        return result

    def step_guarded(
        self,
        state: State,
        reference: Reference,
        sound: bool,
        guard: int,
        begun: int,
        elapsed: float,
    ) -> tuple[Result | None, int]:
        """As `step` within the limits of a guard, in one call; see `Cycle.step_guarded`.

        None, too, where an array is not of the right kind.
        """
        return self._once(
            state, self._values(state, reference), sound, (begun, elapsed, guard)
        )

    def learn(self, on: bool) -> None:
        """Let what learns, if anything does, go on to, or keep what it has learned."""

    def forget_motion(self) -> None:
        """Begin a new motion: forget what the law remembers of the last one."""
        for array in held(self.controller).values():
            array[:] = 0.0

    def checkpoint(self) -> dict[str, np.ndarray]:
        """Return all that is learned and remembered, to be saved."""
        return {name: view.copy() for name, view in self._remembered.items()}

    def resume(self, checkpoint: Mapping[str, np.ndarray]) -> None:
        """Go on from a checkpoint, to the same bits; `NetworkError` for one that does not fit."""
        from ..kernels.memory import put

        put(self._remembered, checkpoint)

    def _once(
        self, state: State, values: list[Any], sound: bool, layer: Layer
    ) -> tuple[Result | None, int]:
        n = self.dof
        out = np.empty(self._size)
        if self._copies:
            values = [taken(value) for value in values]
        try:
            met = self._run(*values, sound, *self._constants, *layer, out)
        except TypeError:  # None, a list, other numbers than float64, not contiguous, read-only
            self._copies = True  # to ask compiled code in vain takes longer
            return None, NOTHING
        if met == NOTHING:
            return None, 0
        if met == NOT_FINITE:
            for name, value in zip(self._names, values, strict=True):
                if not (np.abs(value) < HUGE).all():
                    self._refuse(state, name, value)
            checked_torque(out[:n], state.time)
        added = out[n + 4 :] if self._size > n + 4 else 0.0
        return Result(out[:n], added, out[n : n + 3], None, out.item(n + 3)), met

    def _arrays(self, state: State, values: list[Any]) -> list[np.ndarray]:
        """The values as arrays, if they have the right shapes."""
        for name, value, shape in zip(self._names, values, self._shapes, strict=True):
            if value is None or np.shape(value) != shape:
                self._refuse(state, name, value)
        return [np.array(value, dtype=float, order="C") for value in values]

    def _refuse(self, state: State, name: str, value: Any) -> NoReturn:
        shape = self._shapes[self._names.index(name)]
        given = "missing" if value is None else f"{value}, of shape {np.shape(value)}"
        raise SimulationError(
            f"{name} at {state.time:.3f} s: is {given}; {type(self.controller).__name__} "
            f"needs numbers of shape {shape}, finite and below {HUGE:g}"
        )

    def _prepare(self, shapes: dict[str, tuple[int, ...]]) -> None:
        """Inputs of compiled code, in their order."""
        self._names, self._shapes = list(shapes), list(shapes.values())
        self._zeros = [np.zeros(shape) for shape in self._shapes]

    def _prepare_joint(self, controller: JointSpace) -> list[np.ndarray]:
        n, law = self.dof, controller.law(self.dof)
        still, none = np.zeros(n), np.zeros(6)
        follows, feels = controller.follows, self.feels
        wrench = {"state.wrench": (6,)} if feels else {}
        paths = ("reference.x", "reference.dx", "reference.ddx")
        self._prepare({"state.q": (n,), "state.dq": (n,)} | wrench | dict.fromkeys(paths, (n,)))

        def values(state: State, reference: Reference) -> list[Any]:
            _, q, dq, _, _, f = state
            wanted = reference[:3] if follows else (still, still, still)
            return [q, dq, none if f is None else f, *wanted] if feels else [q, dq, *wanted]

        self._values: Callable[[State, Reference], list[Any]] = values
        kernel, size = address(self.arm)
        whole, room = np.array([n, kernel, size]), np.zeros(size + 4 * n)
        return [whole, self.arm.tau_max, room, law.matrices(n), np.array(law[6:])]

    def _prepare_task(self, controller: TaskSpace | Admittance) -> list[np.ndarray]:
        from ..kernels.control_null_space import needs
        from ..kernels.control_task import task_room

        task = controller.inner if isinstance(controller, Admittance) else controller
        n, turns = self.dof, task.turns
        shapes = {"state.q": (n,), "state.dq": (n,), "state.wrench": (6,)} | {
            f"reference.{name}": (3,) for name in Reference._fields
        }
        self._prepare(shapes | {"reference.R": (3, 3), "reference.wrench": (6,)})
        still, unturned, none = np.zeros(3), np.zeros((3, 3)), np.zeros(6)
        unfelt = None if controller.needs_wrench or task.needs_wrench else none

        def values(state: State, reference: Reference) -> list[Any]:
            _, q, dq, _, _, f = state
            x, dx, ddx, R, omega, domega, f_r = reference
            if not turns:
                R, omega, domega = unturned, still, still
            return [
                q, dq, unfelt if f is None else f, x, dx, ddx, R,
                still if omega is None else omega, still if domega is None else domega,
                none if f_r is None else f_r,
            ]  # fmt: skip

        self._values = values
        rows, law, numbers, entries, of_entries = task_arrays(task, n)
        z = task.integral if isinstance(task, ForceControl) else np.zeros(len(rows))
        yields, moved = np.zeros(0), np.zeros((2, 6))
        if isinstance(controller, Admittance):
            numbers[2], yields, moved = controller.dt, controller.steps, controller.moving
        kernel, size = address(self.arm)
        whole = np.concatenate(([n, kernel, size, len(rows)], rows, entries.ravel()))
        most = max(task_room(n, len(rows)), entries[:, 4].max(initial=0) + needs(n))
        room = np.zeros(size + 4 * n + 30 + most)
        return [whole, self.arm.tau_max, room, law, numbers, of_entries, yields, moved, z]


@fused
class CompiledController(OneCall):
    """A controller and its arm, compiled into one call: what `Blocks` computes without adaptation.

    Args:
        arm: the model.
        controller: a law of ``nengo_forcectl.control``, of which this cycle has the only use.

    Raises:
        ConfigurationError: a law of another kind, or one that is not for an arm of this size.
    """

    def __init__(self, arm: Arm, controller: Controller) -> None:
        from ..kernels.control import joint_cycle, task_cycle

        super().__init__(arm, controller)
        run = joint_cycle if isinstance(controller, JointSpace) else task_cycle
        self._start(run)


def held(law: Any, path: str | None = None) -> dict[str, np.ndarray]:
    """Return the arrays that a law changes as it works, fields that are no arguments, by path.

    A path begins with the law's class, so that what one remembers is not taken for another's.
    """
    found: dict[str, np.ndarray] = {}
    path = type(law).__name__ if path is None else path
    for field in fields(law):
        part, name = getattr(law, field.name), f"{path}.{field.name}"
        if not field.init:
            found[name] = part
        elif is_dataclass(part):
            found |= held(part, name)
    return found


def address(arm: Arm) -> tuple[int, int]:
    """Return where the kernel of an arm's terms is, as long as the arm is, and what it writes."""
    kernel = arm.kernel(*Terms._fields)
    return kernel.address, kernel.size


def compile_now(run: Any, values: Sequence[np.ndarray], *others: Any) -> None:
    """Compile a cycle for arrays like ``values``, and for no others in a control cycle."""
    run.disable_compile(False)
    empty = [np.zeros((0,) * value.ndim) for value in values]  # with which it does nothing
    run(*empty, *others, *ALONE, np.empty(0))
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
