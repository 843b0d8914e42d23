"""Check of a robot's sensors: which states to act on, and which to learn from."""

import numpy as np
from jaxtyping import Float

from ..contract import State
from ..errors import SimulationError
from ..kernels.block import Block
from ..kernels.layout.arm_fields import HUGE
from ..kernels.layout.estimation_fields import SENSORS
from ..kernels.parts import judge_state
from ..kernels.sizes import FROZEN, NOT_CREDIBLE
from ..support.arrays import ARRAY


class SensorCheck:
    """Decide in every cycle whether to act on a state and whether to learn from it.

    The rules are those of `Safe`, which calls the same kernels: every number must be finite; a
    state is *frozen* if it repeats the last one bit for bit although the joints move; a state is on
    time if it comes one ``dt`` after the last, within half a ``dt``.

    A state that is not finite is replaced by the last good one, for at most ``patience``
    consecutive cycles; if only its wrench is not finite, only the wrench is replaced. A frozen
    state, or one off schedule (a missed cycle, a jump in time), is still acted on. None of these is
    ``sound``: nothing is learned from them. A tool position that is not finite is dropped, and the
    state stays sound.

    ``event`` classifies the last state, as an index into ``EVENTS``; ``events`` counts them by
    name.

    Args:
        dof: number of joints.
        dt: period of the control cycle [s]; None: the interval between the first two states.
        patience: consecutive cycles in which the last good state may be used.
    """

    EVENTS: tuple[str, ...] = ("sound", "not finite", "frozen", "time", "tool")

    def __init__(self, dof: int, dt: float | None = None, patience: int = 20) -> None:
        self.dof, self.dt, self.patience = dof, dt, patience
        self.event = 0
        self.events = dict.fromkeys(self.EVENTS[1:], 0)
        limits = {"q_least": -HUGE, "q_most": HUGE, "dq_most": HUGE}
        before = {"q_before": np.nan, "dq_before": np.nan}
        self._sensors = Block(SENSORS, {"n": dof}, limits | before | {"q": np.nan})
        self._q, self._dq = self._sensors["q"], self._sensors["dq"]
        self._judge = judge_state.call
        self._last: State | None = None
        self._bad = 0

    def __call__(self, state: State) -> State:
        """Return the state to act on.

        Raises:
            SimulationError: an array has a wrong shape, or a state is not finite and no good one
                can replace it. The message names the joint.
        """
        state, tool_event = self._without_bad_tool(state)
        state = self._with_arrays(state)
        self._q[:], self._dq[:] = state.q, state.dq
        verdict = self._judge(self._sensors.address)
        moves = verdict != NOT_CREDIBLE
        if not moves or not has_good_wrench(state):
            return self._stand_in(state, moves)
        self.event, self._bad = tool_event, 0
        if verdict == FROZEN:
            self.event = 2
        elif self._last is not None:
            elapsed = state.time - self._last.time
            if self.dt is None:
                self.dt = elapsed
            elif not is_on_time(elapsed, self.dt):
                self.event = 3
        self._last = state
        if self.event:
            self.events[self.EVENTS[self.event]] += 1
            return state._replace(sound=self.event == tool_event)
        return state

    def _without_bad_tool(self, state: State) -> tuple[State, int]:
        """Return the state without a tool that is not finite, and its index in ``EVENTS``."""
        tool = state.tool
        if tool is None:
            return state, 0
        if np.shape(tool) != (3,):
            raise SimulationError(
                f"state at {state.time:.3f} s: tool has shape {np.shape(tool)}, needs (3,)"
            )
        return (state, 0) if is_finite(tool) else (state._replace(tool=None), 4)

    def _with_arrays(self, state: State) -> State:
        """Return the state with arrays of the right shapes."""
        q, dq = state.q, state.dq
        if type(q) is not ARRAY or type(dq) is not ARRAY:
            q, dq = np.array(q, float), np.array(dq, float)
            state = state._replace(q=q, dq=dq)
        if q.shape != (self.dof,) or dq.shape != (self.dof,):
            raise SimulationError(
                f"state at {state.time:.3f} s: q and dq have shapes {q.shape} and {dq.shape}, "
                f"need ({self.dof},)"
            )
        return state

    def _stand_in(self, state: State, moves: bool) -> State:
        """Return the last good state with the time of one that is not finite.

        If the joints are good (``moves``), only the wrench is the last one.
        """
        self.event, self._bad = 1, self._bad + 1
        self.events[self.EVENTS[1]] += 1
        if self._last is None or self._bad > self.patience:
            given = {"q": state.q, "dq": state.dq}
            if state.wrench is not None:
                given["wrench"] = np.asarray(state.wrench)
            # The first number that is not finite, or else the largest.
            sizes = {name: np.nan_to_num(np.abs(v), nan=np.inf) for name, v in given.items()}
            name = max(sizes, key=lambda each: sizes[each].max())
            joint = int(sizes[name].argmax())
            raise SimulationError(
                f"state at {state.time:.3f} s: {name}[{joint}] is {given[name][joint]}, needs a "
                f"number; {self._bad} such states in sequence"
            )
        joints = {"q": state.q, "dq": state.dq} if moves else {}
        self._last = self._last._replace(time=state.time, tool=state.tool, **joints)
        return self._last._replace(sound=False)


def is_on_time(elapsed: float, dt: float) -> bool:
    """Return whether ``elapsed`` [s] since the last state is one period ``dt`` [s].

    The tolerance is half a period; NaN is not on time.
    """
    return 0.5 * dt < elapsed < 1.5 * dt


def has_good_wrench(state: State) -> bool:
    """Return whether the wrench is finite, or there is no sensor.

    Raises:
        SimulationError: its shape is not (6,).
    """
    wrench = state.wrench
    if wrench is None:
        return True
    if np.shape(wrench) != (6,):
        raise SimulationError(
            f"state at {state.time:.3f} s: wrench has shape {np.shape(wrench)}, needs (6,)"
        )
    return is_finite(wrench)


def is_finite(vector: Float[np.ndarray, "k"]) -> bool:
    """Whether every number is finite and below HUGE; lists are faster than arrays of so few."""
    values = np.asarray(vector).tolist()
    return sum(map(abs, values)) < HUGE


def measured_wrench(state: State) -> Float[np.ndarray, "6"] | None:
    """Return the push that the wrist sensor measured [N, N m]; None without a sensor.

    Raises:
        SimulationError: the wrench does not hold six finite numbers.
    """
    if not has_good_wrench(state):
        raise SimulationError(
            f"state.wrench at {state.time:.3f} s: is {state.wrench}, needs 6 finite numbers"
        )
    return state.wrench
