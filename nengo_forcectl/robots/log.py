"""The log of a run: one row per control cycle."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from ..contract import Reference, Result, State
from ..errors import RecordError
from .log_columns import frame_of, plot_of

OPTIONAL: dict[str, Callable[[State, Reference, Result], Any]] = {
    "J": lambda state, reference, result: result.J,
    "wrench": lambda state, reference, result: state.wrench,
    "tau_measured": lambda state, reference, result: state.tau,
    "tau_ext": lambda state, reference, result: state.tau_ext,
    "wanted": lambda state, reference, result: reference.wrench,
}
"""Optional columns."""


class Log:
    """A record of every control cycle, in arrays allocated by the first cycle.

    Columns: ``time``, the path's [s]; ``q``; ``dq``; ``tau``, the torque sent to the motors, and
    ``feedforward``, the adaptation's part of it [N m]; ``reference`` of the tool [m] or of the
    joints; ``tool``, its position in the base frame [m]; ``event``, the sensor fault (see
    `SensorCheck`); ``singularity``, the closeness to one, and ``out_of_reach``, above 0 where the
    tool cannot follow its reference (see `Result`). Further columns if the first cycle has them:
    ``J``, (3, n), the controller's Jacobian, if it is not the arm model's;
    ``wrench`` of the wrist sensor, and ``wanted``, the wrench to exert [N, N m]; ``tau_measured``
    and ``tau_ext``, the torques that the robot measures, and its external ones [N m].

    Args:
        capacity: largest number of cycles.

    Raises:
        RecordError: the capacity is not a whole number from 1 up.
    """

    def __init__(self, capacity: int) -> None:
        whole = isinstance(capacity, (int, np.integer)) and not isinstance(capacity, bool)
        if not whole or capacity < 1:
            raise RecordError(f"Log.capacity: is {capacity!r}, needs a whole number from 1 up")
        self.capacity = int(capacity)
        self.cycles = 0  # so far
        self._columns: dict[str, np.ndarray] = {}
        self._optional: tuple[str, ...] = ()  # columns of `OPTIONAL`

    def append(
        self,
        state: State,
        reference: Reference,
        result: Result,
        event: int = 0,
    ) -> None:
        """Add one control cycle.

        Raises:
            RecordError: the log is full.
        """
        columns, cycle = self._columns, self.cycles
        if cycle == self.capacity:
            raise RecordError(f"log: is full after {self.capacity} cycles; give a larger capacity")
        if not columns:
            columns = self._columns = self._allocate(state, reference, result)
        columns["time"][cycle] = state.time
        columns["q"][cycle] = state.q
        columns["dq"][cycle] = state.dq
        columns["tau"][cycle] = result.tau
        columns["feedforward"][cycle] = result.feedforward
        columns["reference"][cycle] = reference.x
        columns["tool"][cycle] = result.tool
        columns["event"][cycle] = event
        columns["singularity"][cycle] = result.singularity
        columns["out_of_reach"][cycle] = result.out_of_reach
        for name in self._optional:
            value = OPTIONAL[name](state, reference, result)
            columns[name][cycle] = np.nan if value is None else value
        self.cycles = cycle + 1

    def _allocate(
        self, state: State, reference: Reference, result: Result
    ) -> dict[str, np.ndarray]:
        n = np.shape(result.tau)
        shapes: dict[str, tuple[int, ...]] = {
            "time": (), "q": n, "dq": n, "tau": n, "feedforward": n,
            "reference": np.shape(reference.x), "tool": np.shape(result.tool), "event": (),
            "singularity": (), "out_of_reach": (),
        }  # fmt: skip
        for name, of in OPTIONAL.items():
            value = of(state, reference, result)
            if value is not None:
                shapes[name] = np.shape(value)
                self._optional += (name,)
        return {name: np.zeros((self.capacity, *shape)) for name, shape in shapes.items()}

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the cycles so far, one array per column; empty before the first cycle."""
        return {name: column[: self.cycles] for name, column in self._columns.items()}

    def slice(self, start: int, stop: int) -> dict[str, np.ndarray]:
        """Return the cycles from ``start`` to ``stop``, as views of the columns."""
        return {name: column[start:stop] for name, column in self._columns.items()}

    def __repr__(self) -> str:
        columns = ", ".join(self._columns) or "no columns yet"
        return f"Log of {self.cycles} of {self.capacity} cycles: {columns}"

    def to_frame(self) -> Any:
        """Return the cycles so far as a pandas DataFrame, one row a cycle.

        Its columns are those of the log, with the same units, counted from 1: ``time`` [s], ``q1``,
        ``q2``, ... [rad], ``tau1`` [N m], ``tool1`` to ``tool3`` [m], ``J1_2`` of a matrix.

        Raises:
            RecordError: pandas is not installed.
        """
        return frame_of(self.arrays())

    def plot(self) -> Any:
        """Return a matplotlib figure of positions, velocities and torques over time.

        Raises:
            RecordError: there is no cycle yet.
        """
        if not self.cycles:
            raise RecordError("log: has no cycle yet, needs at least one to plot")
        return plot_of(self.arrays())

    def error(self, start: int = 0) -> Float[np.ndarray, "cycles"]:
        """Return the distance of the tool from its reference [m], from cycle ``start`` on.

        Raises:
            RecordError: the reference is of the joints, or there is no cycle yet.
        """
        return tool_error(self.arrays(), start)

    def joint_error(self, start: int = 0) -> Float[np.ndarray, "cycles"]:
        """Return ``|q - q_r|`` [rad] of a control law of the joints, from cycle ``start`` on.

        Raises:
            RecordError: the reference has another size, or there is no cycle yet.
        """
        return _distance(self.arrays(), "q", start)


def tool_error(record: Mapping[str, np.ndarray], start: int = 0) -> Float[np.ndarray, "cycles"]:
    """Return the distance of the tool from its reference [m], from cycle ``start`` on.

    Raises:
        RecordError: the reference is of the joints, or the record is empty.
    """
    return _distance(record, "tool", start)


def _distance(
    record: Mapping[str, np.ndarray], name: str, start: int
) -> Float[np.ndarray, "cycles"]:
    for column in (name, "reference"):
        if column not in record:
            has = ", ".join(record) or "no cycle yet"
            raise RecordError(f"record: has no column {column}, but {has}")
    value, reference = record[name], record["reference"]
    if value.shape != reference.shape:
        other = {
            "tool": "of a law of the joints the error is Log.joint_error",
            "q": "of a law of the tool the error is Log.error",
        }
        raise RecordError(
            f"record: its reference has {reference.shape[1]} numbers a cycle, {name} has "
            f"{value.shape[1]}; {other[name]}"
        )
    return np.linalg.norm(value[start:] - reference[start:], axis=1)
