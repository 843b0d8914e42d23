"""A control law for an arm of one size: its kernel, its block, and what it remembers."""

import numpy as np

from arms import Terms
from arms.machine.kernel import Kernel

from ..contract import Command, Controller, Reference, State
from ..kernels.block import Block
from ..kernels.layout import ARM, COMMAND
from .inputs import Inputs
from .terms import write_terms


class BoundLaw(Controller):
    """A control law that has been given its sizes; `Controller.bind` makes it.

    ``law`` is the frozen law with its gains. What changes from cycle to cycle is here: ``memory``
    has it by name (``HybridForce.integral``), as views of what the kernel reads and writes.

    Args:
        law: that is bound.
        inputs: what it reads of a state and a reference.
        block: of its gains, memory and room.
        kind: TOOL_LAW or JOINTS_LAW, for the compiled cycle.
        rows: of its task.
        memory: what it remembers, by name.
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

    @property
    def name(self) -> str:
        """Name of the law in messages."""
        return self.law.name

    @property
    def compiled(self) -> bool:
        """Whether its kernel is all there is to it: no secondary task in Python."""
        return True

    @property
    def kernels(self) -> list[Kernel]:
        """Kernels of the arm that its own calls, beside that of all `Terms`."""
        return []

    def torque(self, terms: Terms, state: State, reference: Reference) -> Command:
        """Return the torque for this state and reference; one call is one control cycle.

        Raises:
            SimulationError: an array of another shape, an orientation or a wrench that is missing,
                or a wrench that is not finite; what the law remembers stays as it was.
        """
        self.inputs.collect(state, reference)
        write_terms(self._arm, terms)
        self._run(terms, state)
        views = self.command.views
        arrays = {name: views[name].copy() for name in Command._fields[:-1]}
        return Command(**arrays, singularity=views["singularity"].item())

    def _run(self, terms: Terms, state: State) -> None:
        """Call the law's kernel."""
        raise NotImplementedError

    def warm_up(self, terms: Terms, state: State) -> None:
        """Compile what ``torque`` calls, at a state at rest, and begin a new motion."""
        write_terms(self._arm, terms)
        for name in ("q", "dq"):
            self.inputs.block[name][...] = getattr(state, name)
        self._run(terms, state._replace(sound=False))
        self.forget_motion()

    def forget_motion(self) -> None:
        """Begin a new motion: an integral or an offset of the last one is zero."""
        for array in self.memory.values():
            array[...] = 0.0

    @property
    def addresses(self) -> tuple[int, int, int, int]:
        """Of the blocks of law, arm, inputs and command."""
        return (
            self.block.address,
            self._arm.address,
            self.inputs.block.address,
            self.command.address,
        )
