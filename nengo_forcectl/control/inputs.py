"""The inputs of a control law, checked and written to its kernel's block."""

from typing import Any, NoReturn

import numpy as np

from ..contract import Reference, State
from ..errors import SimulationError
from ..kernels.block import Block
from ..kernels.layout.arm_fields import HUGE, INPUT, NOT_FINITE, NOTHING
from ..support.arrays import taken

Named = tuple[str, Any, tuple[int, ...]]
"""Name of an input, its value and its required shape."""


class Inputs:
    """The block of a `State` and a `Reference`, with the fields that one law needs.

    Args:
        n: number of joints.
        needed_by: name of the law in messages.
        size: size of a reference's x: n for a law of the joints, 3 for one of the tool.
        follows: whether the law uses the reference.
        turns: whether the law controls an orientation.
        feels: whether the law uses the measured and the wanted wrench.
        needs_wrench: whether the law requires a measured wrench.
    """

    def __init__(
        self,
        n: int,
        needed_by: str,
        size: int,
        *,
        follows: bool = True,
        turns: bool = False,
        feels: bool = False,
        needs_wrench: bool = False,
    ) -> None:
        from arms.machine.python_call import copy_call  # llvmlite: not to look at a law

        self.dof, self.needed_by, self.size = n, needed_by, size
        self.follows, self.turns = follows, turns
        self.feels, self.needs_wrench = feels or needs_wrench, needs_wrench
        self.block = Block(INPUT, {"n": n, "k": size})
        self._resting, self._still, self._unfelt = np.zeros(size), np.zeros(3), np.zeros(6)
        places = self.block.views
        self._motion = copy_call([places[name] for name in ("q", "dq", "x", "dx", "ddx")])
        turned = places["R"].reshape(3, 3), places["omega"], places["domega"]
        self._rotation = copy_call(turned)
        self._wrenches = copy_call([places["wrench"], places["press"]], HUGE)
        self._copies = False  # whether to convert arrays before trying them

    def collect(self, state: State, reference: Reference) -> None:
        """Write a state and a reference into the block.

        Raises:
            SimulationError: an array has a wrong shape, an orientation or a wrench is missing, a
                wrench is not finite, or the inputs cannot be read.
        """
        met = self.try_to_collect(state, reference)
        if met == NOT_FINITE:
            self.name_infinite(state, reference)
        if met:
            inputs = self._named(state, reference)
            for name, value, shape in inputs:
                if value is None or np.shape(value) != shape:
                    self._refuse(state.time, name, value, shape)
            arrays = {name: np.array(value, dtype=float) for name, value, _ in inputs}
            met = self.try_to_collect(*_replaced(state, reference, arrays))
            if met:
                self.name_infinite(state, reference)
                raise SimulationError(  # the law would run on the inputs of the last cycle
                    f"inputs at {state.time:.3f} s: cannot be read; {self.needed_by} needs a State "
                    "and a Reference of numbers"
                )

    def try_to_collect(self, state: State, reference: Reference) -> int:
        """Write a state and a reference into the block if their arrays have the right type.

        Returns 0; otherwise NOTHING or NOT_FINITE, and the law must not run.
        """
        try:
            if self._copies:
                named = self._named(state, reference)
                arrays = {name: taken(value) for name, value, _ in named if value is not None}
                state, reference = _replaced(state, reference, arrays)
            met = self._write(state, reference)
        except (TypeError, ValueError):  # not numbers
            met = NOTHING
        self._copies = self._copies or met == NOTHING  # other numbers, a list, not contiguous
        return met

    def name_infinite(self, state: State, reference: Reference) -> None:
        """Raise `SimulationError` if an input is not finite or not below `HUGE`."""
        for name, value, shape in self._named(state, reference):
            if not (np.abs(value) < HUGE).all():
                self._refuse(state.time, name, value, shape)

    def _write(self, state: State, reference: Reference) -> int:
        q, dq, f = state.q, state.dq, state.wrench
        x, dx, ddx, R, omega, domega, f_r = reference
        if not self.follows:
            x = dx = ddx = self._resting
        met = self._motion(q, dq, x, dx, ddx)
        if met == 0 and self.turns:
            omega = self._still if omega is None else omega
            domega = self._still if domega is None else domega
            met = self._rotation(R, omega, domega)
        if met == 0 and self.feels:
            if f is None and not self.needs_wrench:
                f = self._unfelt
            f_r = self._unfelt if f_r is None else f_r
            met = self._wrenches(f, f_r)
        return met

    def _named(self, state: State, reference: Reference) -> list[Named]:
        """The inputs that this law uses; optional ones only if given."""
        n, k = (self.dof,), (self.size,)
        inputs: list[Named] = [("state.q", state.q, n), ("state.dq", state.dq, n)]
        if self.needs_wrench or (self.feels and state.wrench is not None):
            inputs.append(("state.wrench", state.wrench, (6,)))
        if self.follows:
            inputs += [(f"reference.{x}", getattr(reference, x), k) for x in ("x", "dx", "ddx")]
        if self.turns:
            inputs.append(("reference.R", reference.R, (3, 3)))
        for name, matters in (
            ("omega", self.turns),
            ("domega", self.turns),
            ("wrench", self.feels),
        ):
            value = getattr(reference, name)
            if matters and value is not None:
                inputs.append((f"reference.{name}", value, (6,) if name == "wrench" else (3,)))
        return inputs

    def _refuse(self, time: float, name: str, value: Any, shape: tuple[int, ...]) -> NoReturn:
        given = "missing" if value is None else f"{value}, of shape {np.shape(value)}"
        raise SimulationError(
            f"{name} at {time:.3f} s: is {given}; {self.needed_by} needs numbers of shape "
            f"{shape}, finite and below {HUGE:g}"
        )


def _replaced(
    state: State, reference: Reference, arrays: dict[str, np.ndarray]
) -> tuple[State, Reference]:
    """State and reference with their inputs replaced by arrays, by name."""
    parts: dict[str, dict[str, Any]] = {"state": {}, "reference": {}}
    for name, array in arrays.items():
        owner, field = name.split(".")
        parts[owner][field] = array
    return state._replace(**parts["state"]), reference._replace(**parts["reference"])
