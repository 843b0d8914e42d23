"""A control law for an arm of one size: its kernel, its block and its memory."""

from typing import Any

import numpy as np

from arms import Arm, Terms
from arms.machine.kernel import Kernel

from ..contract import Command, Controller, Reference, State
from ..kernels.arm_block import friction_kernel
from ..kernels.block import Block
from ..kernels.layout.arm_fields import ARM, COMMAND
from ..kernels.layout.law_fields import ADVANCES, OVERRULED, PAUSES
from .inputs import Inputs
from .terms import write_terms


class BoundLaw(Controller):
    """A control law sized for an arm; `Controller.bind` returns it.

    ``law`` is the frozen law with its gains. ``memory`` holds what changes from cycle to cycle, by
    name (``HybridForce.integral``), as views of the kernel's data.

    Args:
        law: the law to bind.
        inputs: what it reads from a state and a reference.
        block: its gains, memory and work space.
        kind: TOOL_LAW or JOINTS_LAW, for the compiled cycle.
        rows: rows of its task.
        memory: its memory, by name.
    """

    def __init__(
        self,
        law: Controller,
        inputs: Inputs,
        block: Block,
        kind: int,
        rows: int,
        memory: dict[str, np.ndarray] | None = None,
    ) -> None:
        n = inputs.dof
        self.law, self.inputs, self.block, self.kind = law, inputs, block, kind
        self.memory = {} if memory is None else memory
        self.needs_wrench, self.dt = inputs.needs_wrench, law.dt
        self.command = Block(COMMAND, {"n": n, "m": rows})
        self._arm = Block(ARM, {"n": n}, {"dof": n})
        self.overruled = False
        """Whether the last torque was not sent as requested; a cycle sets it."""
        self._friction: Any = None

    def feed_friction_of(self, arm: Arm) -> None:
        """Add the friction that an arm's model knows to the torque from now on."""
        self._friction = friction_kernel(arm)  # keeps its code alive
        self._arm["friction_kernel"][...] = getattr(self._friction, "address", 0)

    @property
    def name(self) -> str:
        """Name of the law in messages."""
        return self.law.name

    @property
    def compiled(self) -> bool:
        """Whether its kernel is complete: no secondary task is in Python."""
        return True

    @property
    def kernels(self) -> list[Kernel]:
        """Kernels of the arm that it calls, besides the one of all `Terms`."""
        return []

    def torque(self, terms: Terms, state: State, reference: Reference) -> Command:
        """Return the torque for this state and reference; one call is one control cycle.

        Raises:
            SimulationError: an array has a wrong shape, an orientation or a wrench is missing, or a
                wrench is not finite. The law's memory is then unchanged.
        """
        self.inputs.collect(state, reference)
        write_terms(self._arm, terms)
        self._run(terms, state)
        views = self.command.views
        numbers = {name: views[name].item() for name in ("singularity", "out_of_reach")}
        names = (name for name in Command._fields if name not in numbers)
        return Command(**{name: views[name].copy() for name in names}, **numbers)

    def memory_mode(self, state: State) -> int:
        """Return what the law's memory does in this cycle."""
        if self.overruled:
            return int(OVERRULED)
        return int(ADVANCES if state.sound else PAUSES)

    def _run(self, terms: Terms, state: State) -> None:
        """Call the law's kernel."""
        raise NotImplementedError

    def warm_up(self, terms: Terms, state: State) -> None:
        """Compile everything that ``torque`` calls, at a state at rest, and begin a new motion."""
        write_terms(self._arm, terms)
        for name in ("q", "dq"):
            self.inputs.block[name][...] = getattr(state, name)
        self._run(terms, state._replace(sound=False))
        self.forget_motion()

    def forget_motion(self) -> None:
        """Begin a new motion: set an integral or an offset to zero."""
        self.overruled = False
        for array in self.memory.values():
            array[...] = 0.0

    @property
    def addresses(self) -> tuple[int, int, int, int]:
        """Addresses of the blocks of law, arm, inputs and command."""
        return (
            self.block.address,
            self._arm.address,
            self.inputs.block.address,
            self.command.address,
        )
