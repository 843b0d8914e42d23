"""A control law, its arm and an optional learner, compiled into one call per cycle."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from jaxtyping import Float

from arms import Arm
from arms.machine.object_files import Part

from ..contract import Controller, Cycle, Learns, Reference, Result, State, fused, learns
from ..control.bound_law import BoundLaw
from ..errors import ConfigurationError, NetworkError, SimulationError
from ..kernels.arm_block import arm_block
from ..kernels.block import Block
from ..kernels.layout.arm_fields import NOT_FINITE, NOTHING
from ..kernels.layout.cycle_fields import CYCLE, FIXED
from ..kernels.layout.law_fields import ADVANCES, OVERRULED, PAUSES
from ..kernels.layout.learner_fields import FREEZE, HOLD, LEARN
from ..kernels.parts import LAWS, LEARNERS, STEPS, correct_model, protect, run_cycle
from ..kernels.warm_up import compile_ahead
from ..support.torques import checked_torque


class Learner(Protocol):
    """The learner of a compiled cycle: the kind of its kernel, its block and its memory."""

    kind: int
    block: Block
    memory: dict[str, np.ndarray]

    def forget_motion(self) -> None:
        """Begin a new motion; the learned weights stay."""
        ...


class OneCall(Cycle):
    """A control law, its arm and an optional learner, compiled into one call.

    ``controller`` is the law bound to the arm; its memory belongs to this cycle. A torque that is
    not finite raises. Inside a guard (`Safe`) the same call keeps the limits.
    """

    arm: Arm
    controller: BoundLaw

    def __init__(self, arm: Arm, controller: Controller, learner: Learner | None = None) -> None:
        bound = controller.bind(arm) if isinstance(controller, Controller) else controller
        if not (isinstance(bound, BoundLaw) and bound.compiled):
            raise ConfigurationError(
                f"{type(self).__name__}: no compiled form of {controller}; use Blocks"
            )
        self.arm, self.controller, self.dof = arm, bound, arm.dof
        self.learning, self.holds = learner is not None, False
        bound.inputs.feels = bound.inputs.feels or learner is not None
        self._arm = arm_block(arm, friction=True)
        addresses = {
            "arm": self._arm.address,
            "input": bound.inputs.block.address,
            "command": bound.command.address,
            "law": bound.block.address,
            "learner_kind": FIXED if learner is None else learner.kind,
            "learner": 0 if learner is None else learner.block.address,
        }
        self._cycle = Block(CYCLE, {"n": arm.dof}, addresses, keeps=(bound, learner))
        self._out = self._cycle.between("tau", "feedforward")
        self._places = self._cycle.slices("tau", "feedforward")
        self._run: Any = None
        self._learner = learner
        self._mode = int(LEARN) if self.learning else int(FREEZE)
        self._obeyed = np.ones(1)  # 1: the last torque was sent unchanged
        self.memory = bound.memory | {"obeyed": self._obeyed}
        if learner is not None:
            self.memory |= learner.memory
        self.warm_up()

    def warm_up(self) -> None:
        """Compile everything that a step calls, and begin a new motion."""
        self._connect()
        bent = np.linspace(0.3, 0.9, self.dof)  # [rad]; not singular, or tasks would be skipped
        still = State(0.0, bent, np.zeros(self.dof), sound=False)
        self.controller.warm_up(self.arm.terms(still.q, still.dq), still)
        self._run(self._cycle.address, 0, 0, 0, int(FREEZE), 0, 0.0)
        self.forget_motion()

    def _connect(self) -> None:
        """Write the addresses of the kernels of law, learner and guard; compile what is missing."""
        calls = {"law_call": LAWS[self.controller.kind], "guard_call": protect}
        steps: dict[str, Part] = {}
        if self._learner is not None:
            calls["supply_call"], steps = LEARNERS[self._learner.kind], STEPS[self._learner.kind]
        if self.learned_model:
            calls["model_call"] = correct_model
        compile_ahead([*calls.values(), *steps.values(), run_cycle])
        for field, kernel in calls.items():
            self._cycle[field][...] = kernel.address
        for field, kernel in steps.items():
            self._learner.block[field][...] = kernel.address  # pyright: ignore[reportOptionalMemberAccess]
        self._run = run_cycle.call

    def step(self, state: State, reference: Reference) -> Result:
        """Return the torque for this state, then learn if learning is on.

        Raises:
            SimulationError: a state or reference has a wrong shape or a value that is not finite,
                or lacks an orientation or a wrench that the law needs.
        """
        self.controller.inputs.collect(state, reference)
        met = self._call(0, bool(state.sound), 0, 0.0)
        return self._result(state, reference, met)

    def _call(self, guard: int, sound: bool, begun: int, elapsed: float) -> int:
        """Run the kernel; advance the law's memory on sound sensors if its torque was sent."""
        memory = int(ADVANCES if sound else PAUSES) if self._obeyed[0] else int(OVERRULED)
        here, fit = self._cycle.address, int(sound)
        met = self._run(here, guard, fit, memory, self._mode, begun, elapsed)
        self._obeyed[0] = met <= 0
        return met

    def step_guarded(
        self,
        state: State,
        reference: Reference,
        sound: bool,
        guard: int,
        begun: int,
        elapsed: float,
    ) -> tuple[Result | None, int]:
        """Run `step` within the limits of a guard, in one call; see `Cycle.step_guarded`.

        The result is also None if an array has the wrong type.
        """
        met = self.controller.inputs.try_to_collect(state, reference)
        if met == 0:
            met = self._call(guard, sound, begun, elapsed)
        return (None, 0) if met == NOTHING else (self._result(state, reference, met), met)

    def overruled(self, tau: Float[np.ndarray, "n"]) -> None:
        """Record the torque [N m] that was sent instead of the last step's."""
        self._obeyed[0] = 0.0

    @property
    def frozen(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Whether its learner neither learns nor holds."""
        return self._learner is not None and not (self.learning or self.holds)

    def learn(self, on: Learns) -> None:
        """Start or stop learning; the learned weights stay. See `Cycle.learn`."""
        has = self._learner is not None
        self.learning, self.holds = learns(on) and has, on == "hold" and has
        self._mode = int(LEARN) if self.learning else int(HOLD if self.holds else FREEZE)

    def forget_motion(self) -> None:
        """Begin a new motion: clear the memory of law and learner."""
        self._obeyed[0] = 1.0
        self.controller.forget_motion()
        if self._learner is not None:
            self._learner.forget_motion()

    def checkpoint(self) -> dict[str, np.ndarray]:
        """Return everything learned and remembered, ready to save."""
        return {name: view.copy() for name, view in self.memory.items()}

    def resume(self, checkpoint: Mapping[str, np.ndarray]) -> None:
        """Continue from a checkpoint, bit for bit; raise `NetworkError` if it does not fit."""
        write_memory(self.memory, checkpoint)

    def _result(self, state: State, reference: Reference, met: int) -> Result:
        if met == NOT_FINITE:
            self.controller.inputs.name_infinite(state, reference)
            checked_torque(self._cycle["tau"], state.time)
            raise SimulationError(f"torque at {state.time:.3f} s: is not finite")
        tau, tool, singularity, out_of_reach, supplied = self._places
        out = self._out.copy()
        added = 0.0 if self._learner is None else out[supplied]
        near, far = out.item(singularity.start), out.item(out_of_reach.start)
        return Result(out[tau], added, out[tool], None, near, far)


@fused
class CompiledController(OneCall):
    """A controller and its arm, compiled into one call: `Blocks` without adaptation.

    Args:
        arm: the model.
        controller: a law of ``nengo_forcectl.control``.

    Raises:
        ConfigurationError: the law has no compiled form, or is for an arm of another size.
    """

    def __init__(self, arm: Arm, controller: Controller) -> None:
        super().__init__(arm, controller)


def check_mark(
    mark: Float[np.ndarray, "numbers"], checkpoint: Mapping[str, np.ndarray], same: str
) -> None:
    """Raise `NetworkError` for a checkpoint without the fingerprint ``mark`` of ``same``."""
    given = np.asarray(checkpoint.get("fingerprint", mark))
    if given.shape == mark.shape and not np.allclose(given, mark, rtol=1e-6, atol=1e-9):
        raise NetworkError(f"checkpoint: is of another cycle, needs one with the same {same}")


def write_memory(views: Mapping[str, np.ndarray], values: Mapping[str, np.ndarray]) -> None:
    """Set arrays in place, by name.

    Raises:
        NetworkError: a name or shape is wrong, or a value is NaN. Nothing is set then.
    """
    given = {name: np.shape(value) for name, value in values.items()}
    expected = {name: view.shape for name, view in views.items()}
    differ = [name for name in expected | given if given.get(name) != expected.get(name)]
    if differ:
        lacking, odd = ([each for each in differ if each in shapes] for shapes in (expected, given))
        shown = dict.fromkeys(lacking[:1] + odd[:1])
        has, needs = ({name: shapes.get(name) for name in shown} for shapes in (given, expected))
        more = f", and {len(differ) - len(shown)} more differ" if len(differ) > len(shown) else ""
        raise NetworkError(f"memory: has shapes {has}, needs {needs}{more}")
    for name, value in values.items():
        if np.isnan(value).any():
            raise NetworkError(f"memory {name!r}: has a NaN, needs numbers")
    for name, value in values.items():
        views[name][...] = value
