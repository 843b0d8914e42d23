"""The reasons for a controlled stop in words, from the blocks of a guard."""

import numpy as np

from ..contract import Reference, State
from ..kernels.block import Block
from ..kernels.layout import watch_fields as at
from ..kernels.layout.guard_fields import BY_DQ
from ..kernels.sizes import WINDOW
from .clearance import describe_touch
from .limits import Limits
from .tally import Tally


class Reasons:
    """Words for the codes of a controlled stop.

    Args:
        watch, guard, inputs: blocks of the guard.
        limits: its limits.
        pairs: block of its clearance, if any.
        tally: its counts.
    """

    def __init__(
        self,
        watch: Block,
        guard: Block,
        inputs: Block,
        limits: Limits,
        pairs: Block | None,
        tally: Tally,
    ) -> None:
        self._watch, self._guard, self._inputs = watch, guard, inputs
        self._limits, self._pairs, self._tally = limits, pairs, tally

    def describe(self, code: int, state: State, reference: Reference) -> str:
        """Return the reason for a stop in the cycle of this state and reference."""
        now = f"at {state.time:.3f} s"
        words = {
            at.DOUBTS: self._doubt,
            at.TIMELESS: lambda _: f"state: its time is {state.time}, needs a number",
            at.SILENT: lambda now: self._silence(state.time),
            at.UNFELT: lambda now: (
                f"state.wrench {now}: is {state.wrench}, needs 6 finite numbers for Limits.force, "
                f"{self._limits.force} N, N m"
            ),
            at.WANTS_FORCE: lambda now: (
                f"reference.wrench {now}: is {_norms(reference.wrench)} N, N m, needs at most "
                f"Limits.force, {self._limits.force}"
            ),
            at.INFINITE: lambda now: f"torque {now} is not finite",
            at.OVERRULED: lambda _: (
                f"limits changed the torque in more than {self._limits.overruled:.3g} of the last "
                f"{at.RECENT} cycles, most often that of {self._tally.most}"
            ),
            at.STRAYS: lambda now: (
                f"the tool is out of its box {now}: Limits.lower {self._limits.lower}, "
                f"Limits.upper {self._limits.upper}"
            ),
            at.CONTRADICTS: lambda now: f"state {now}: {describe_contradiction(self._guard)}",
            at.MISFEELS: lambda now: f"wrench {now}: {describe_push(self._guard)}",
            at.PRESSES: self._pressure,
            at.REPEATS: lambda now: (
                f"the same state for {int(self._watch['frozen'])} cycles, {now}, although it moves"
            ),
            at.TOUCHES: self._touch,
        }
        return words[code](now)

    def _doubt(self, now: str) -> str:
        return f"state {now}: {describe_doubt(self._guard, self._inputs)}"

    def _silence(self, time: float) -> str:
        cycles, last = int(self._watch["silent"]), float(self._watch["time"])
        back = f": time went back to {time:.3f} s; `reset` begins anew" if time < last else ""
        return f"no new state for {cycles} cycles since {last:.3f} s{back}"

    def _pressure(self, now: str) -> str:
        force, torque = _norms(self._guard["wrench"])
        return (
            f"wrench {now}: is {force:.3g} N, {torque:.3g} N m, beyond Limits.force, "
            f"{self._limits.force}"
        )

    def _touch(self, now: str) -> str:
        if self._limits.clearance is None or self._pairs is None:
            return f"{now} links are in touch"
        return f"{now} {describe_touch(self._limits.clearance, self._pairs)}"


def _norms(wrench: object) -> np.ndarray:
    """Return the magnitudes of force and torque."""
    return np.linalg.norm(np.reshape(np.asarray(wrench, dtype=float), (2, 3)), axis=1)


def describe_doubt(guard: Block, inputs: Block) -> str:
    """Describe what in a state is not finite or not credible."""
    q, dq = inputs["q"], inputs["dq"]
    fastest = float(guard["dq_most"])
    for joint in range(len(q)):
        least, most = guard["q_least"][joint], guard["q_most"][joint]
        if not least < q[joint] < most:
            return f"q[{joint}] is {q[joint]:.4g}, credible from {least:.4g} to {most:.4g}"
        if not abs(dq[joint]) < fastest:
            return f"dq[{joint}] is {dq[joint]:.4g}, credible up to {fastest:.4g}"
    return "is not credible"


def describe_contradiction(guard: Block) -> str:
    """Describe the joint whose q and dq contradict each other."""
    joint, by_dq = int(guard["liar"]), guard["fallback"] == BY_DQ
    name = "q" if by_dq else "dq"
    given, expected = guard[name][joint], guard[f"believed_{name}"][joint]
    return (
        f"{name}[{joint}] is {given:.4g}, by the model {expected:.4g}; the change of q "
        f"contradicts dq by {guard['drift'][joint]:.3g} in {1e3 * WINDOW:g} ms"
    )


def describe_push(guard: Block) -> str:
    """Describe a wrench that contradicts the motors' torques."""
    shown = float(np.linalg.norm((guard["felt"] - guard["before"])[:3]))
    return f"shows a push of {shown:.3g} N, by the torques it is {shown + guard['hidden']:.3g} N"
