"""What the loop needs of a robot: ``read()`` and ``apply(tau)``."""

import math

import numpy as np
from jaxtyping import Float

from arms import Terms

from ..contract import Reference, State
from ..errors import SimulationError
from ..support.arrays import ARRAY, taken


class SensorCheck:
    """Decides, cycle by cycle, whether a state can be acted on and learned from.

    A state that is not finite is replaced by the last good one, for at most ``patience`` cycles in
    sequence. One that repeats the last to the last bit although the joints move (a frozen sensor),
    and one that does not come one ``dt`` after the last (a missed cycle, a jump in time; by default
    dt is the first interval), is acted on. None of these is ``sound``: nothing is learned from it.
    A position of the tool that is not finite is as good as none; what the joints say stays sound.
    ``event`` says what the last state was, as a place in ``EVENTS``, and ``events`` counts.
    """

    EVENTS: tuple[str, ...] = ("sound", "not finite", "frozen", "time", "tool")

    def __init__(self, dof: int, dt: float | None = None, patience: int = 20) -> None:
        self.dof, self.dt, self.patience = dof, dt, patience
        self.event = 0
        self.events = dict.fromkeys(self.EVENTS[1:], 0)
        self._last: State | None = None
        self._square = -1.0
        self._bad = 0

    def __call__(self, state: State) -> State:
        """Return the state to act on.

        Raises:
            SimulationError: a wrong shape; a state that is not finite where there is no good one
                to stand in for it, or not any more. The message names the joint.
        """
        tool = 0
        if state.tool is not None:
            state, tool = self._seen(state)
        time, q, dq, _, _, wrench = state
        if type(q) is not ARRAY or type(dq) is not ARRAY:
            q, dq = np.array(q, float), np.array(dq, float)
            state = state._replace(q=q, dq=dq)
        if q.shape != (self.dof,) or dq.shape != (self.dof,):
            raise SimulationError(
                f"state at {state.time:.3f} s: q and dq have shapes {q.shape} and {dq.shape}, "
                f"need ({self.dof},)"
            )
        moving = float(dq.dot(dq))  # the operator @ takes twice as long
        square = float(q.dot(q)) + moving
        last, before = self._last, self._square
        if not (math.isfinite(square) and (wrench is None or _is_wrench(wrench, state.time))):
            return self._stand_in(state)
        self.event, self._bad = tool, 0
        if last is not None:
            if square == before and moving > 1e-12:
                self.event = 2
            elif self.dt is None:
                self.dt = time - last.time
            elif not abs(time - last.time - self.dt) <= 0.5 * self.dt:  # NaN, too
                self.event = 3
        self._last, self._square = state, square
        if self.event:
            self.events[self.EVENTS[self.event]] += 1
            return state._replace(sound=self.event == tool)
        return state

    def _seen(self, state: State) -> tuple[State, int]:
        """The state without a tool that is not finite, and what that is in ``EVENTS``."""
        tool = state.tool
        assert tool is not None
        if tool.shape != (3,):
            raise SimulationError(
                f"state at {state.time:.3f} s: tool has shape {tool.shape}, needs (3,)"
            )
        return (state, 0) if math.isfinite(tool @ tool) else (state._replace(tool=None), 4)

    def _stand_in(self, state: State) -> State:
        self.event, self._bad = 1, self._bad + 1
        self.events[self.EVENTS[1]] += 1
        if self._last is None or self._bad > self.patience:
            given = {"q": state.q, "dq": state.dq}
            if state.wrench is not None:
                given["wrench"] = state.wrench
            # A number that is not finite, or else the one that is too large to be squared.
            sizes = {name: np.nan_to_num(np.abs(v), nan=np.inf) for name, v in given.items()}
            name = max(sizes, key=lambda each: sizes[each].max())
            joint = int(sizes[name].argmax())
            raise SimulationError(
                f"state at {state.time:.3f} s: {name}[{joint}] is {given[name][joint]}, needs a "
                f"number; {self._bad} such states in sequence"
            )
        self._last = self._last._replace(time=state.time, tool=state.tool)
        return self._last._replace(sound=False)


def _is_wrench(wrench: Float[np.ndarray, "6"], time: float) -> bool:
    """Whether it is finite; `SimulationError` for one of another shape."""
    if np.shape(wrench) != (6,):
        raise SimulationError(
            f"state at {time:.3f} s: wrench has shape {np.shape(wrench)}, needs (6,)"
        )
    return math.isfinite(wrench @ wrench)


def vectors(
    state: State, reference: Reference | None, n: int, m: int = 3
) -> list[Float[np.ndarray, "k"]]:
    """Return q, dq and, if given, x, dx, ddx as compiled code, which checks nothing, can take them.

    Raises:
        SimulationError: one of them is not of ``n`` numbers, or of ``m`` of the reference's.
    """
    values = [state.q, state.dq] if reference is None else [state.q, state.dq, *reference[:3]]
    for k, value in enumerate(values):
        values[k] = value = taken(value)
        if value.shape != ((n,) if k < 2 else (m,)):
            name, size = ("q", "dq", "x", "dx", "ddx")[k], n if k < 2 else m
            raise SimulationError(
                f"state at {state.time:.3f} s: {name} has shape {value.shape}, needs ({size},)"
            )
    return values


def pushed(terms: Terms, state: State) -> Float[np.ndarray, "n"] | float:
    """Return ``J^T wrench`` [N m] of the environment's push; 0 without a sensor.

    Raises:
        SimulationError: a wrench that is not six finite numbers.
    """
    return push_of(terms.J, state) if state.wrench is not None else 0.0


def push_of(J: Float[np.ndarray, "6 n"], state: State) -> Float[np.ndarray, "n"]:
    """Return ``J^T wrench`` [N m] where there is a sensor; raises as `pushed`."""
    wrench = state.wrench
    if wrench is None or not _is_wrench(wrench, state.time):
        raise SimulationError(
            f"state.wrench at {state.time:.3f} s: is {wrench}, needs 6 finite numbers"
        )
    return J.T @ wrench


def checked_torque(tau: Float[np.ndarray, "n"], time: float) -> Float[np.ndarray, "n"]:
    """Return ``tau`` if it is finite: NaN never reaches a motor.

    Raises:
        SimulationError: a torque that is not finite; the message names the joint.
    """
    if not math.isfinite(tau.dot(tau)):
        joint = int(np.argmax(np.abs(tau)))  # NaN, or else the largest
        raise SimulationError(
            f"torque at {time:.3f} s: joint {joint} is {tau[joint]}, needs a number"
        )
    return tau


def limited(tau: Float[np.ndarray, "n"], tau_max: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
    """Return ``tau`` within the motors' limits [N m]."""
    return np.minimum(np.maximum(tau, -tau_max), tau_max)
