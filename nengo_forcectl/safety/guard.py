"""The last thing that a torque passes: limits that hold, whatever the controller asks for."""

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..contract import Cycle, Reference, Result, State
from ..errors import ConfigurationError, NetworkError, SimulationError
from ..support.arrays import taken
from .limits import SPEED, Limits
from .sensors import vectors

if TYPE_CHECKING:
    from ..contract import Cycle
    from ..kernels.layout import Layer

POSITION_GAIN = 50.0  # k, how a joint comes up to its limit [1/s]
SPEED_RATE = 400.0  # how soon it has the speed that is allowed [1/s], of a cycle of 1 ms
TOP_RATE = 100.0  # how soon a joint may have its top speed [1/s]
OBSERVER_GAIN = 200.0  # [1/s]
CREDIBLE = 20.0  # speed over the limit that no sensor can have seen
GAPS = 100  # in sequence are not an accident
LIMITS = ("position", "velocity", "torque", "rate", "workspace")

NOWHERE = Reference(np.zeros(3), np.zeros(3), np.zeros(3))
"""For a `Safe` that has stopped: it asks its cycle nothing."""


def _guarded(cycle: Any, arm: Arm) -> Any:
    """The cycle's ``guarded``, if that is its ``step`` and its arm is this one; or None."""
    if "step" in getattr(cycle, "__dict__", ()) or getattr(cycle, "arm", None) is not arm:
        return None
    owner = next((kind for kind in type(cycle).__mro__ if "step" in vars(kind)), object)
    return cycle.guarded if "guarded" in vars(owner) else None


class Safe(Cycle):
    """A cycle whose torques keep an arm's limits, whatever the cycle inside it asks for.

    Every torque becomes an acceleration by the model, ``ddq = M^-1 (tau + r - C dq - g)``, r what a
    momentum observer says that the model lacks. With d the way to a joint's limit (less a margin),
    the speed ``v = k d`` towards it is allowed near it, and further away ``v = sqrt(2 a d')``, the
    one that a deceleration a takes off in time, ``d' = d - a / 2 k^2``. The acceleration is held
    within::

        ddq <= rate (v - dq) - v'(d) dq,    ddq <= rate (dq_max - dq)

    and likewise below. This is a control barrier function of second order for every joint (Ames et
    al. 2019, doi:10.23919/ECC.2019.8796030; Nguyen and Sreenath 2016,
    doi:10.1109/ACC.2016.7524935), its class-K function the braking distance, so that the bound is
    viable (Del Prete 2018, doi:10.1109/LRA.2017.2738321). Since joints are coupled, the torque is
    made of the accelerations of all: the one nearest to what was asked for, on the way to it from
    an acceleration that brings all joints to rest, for which the motors suffice. A torque that is
    within limits goes out as it came, to the last bit.

    The tool's box is kept by what braking would do. ``rest``, ``ddq_i = clip(-k dq_i, -a, a)``,
    brings every joint to rest in time for its limit, and where the joints are then after t has a
    closed form, ``q(t) = q + s(dq, t)``. It is taken at seven times t, the last at the end of the
    way; x(t), J(t) and dx(t) are the tool's place there, its Jacobian and its velocity. For every
    wall, x_max less 2 mm::

        J(t) ds/ddq (ddq - rest) <= max(k (x_max - x(t)) - dx(t), 0)

    So ``rest`` itself is always within, whatever the state: the fallback of the joints is the one
    of the tool as well (a backup control barrier function, see van Wijk et al. 2024,
    arXiv:2409.07700), and the same motors suffice for both. The acceleration is brought within
    these bounds and the joints' in turn, the nearest by M; if that does not end, the way to it from
    ``rest`` is cut where it leaves the box.
    In a stop the tool comes to rest where it was bound to, in the box.

    What it rests on: motors that give ``Limits.braking`` (see `limits.braking`) with 0.6 to spare
    for masses that the model does not know, sensors that are a few milliseconds late at most, and a
    start within the limits: for the box, at a velocity from which ``rest`` stays in it, and of
    joints that come to rest within about 2 rad; those of a UR5 without speed limits swing farther,
    and 1 cm out of the box between two looks. It knows nothing of obstacles, nor of a tool wider
    than a point. A tool that is 1 cm outside its box is a stop. What bounds speeds under a load
    that the model lacks is M: a bound on ddq becomes a torque by it, and r answers for the rest
    ``M' - M`` only after its 5 ms. With it, a wrist on its way back to dq_max has M / M' of the
    rate: 1/20 at the UR5's last joint, 1e-4 kg m^2, and a sphere of 2 kg, 2e-3 kg m^2. The motors
    would suffice.

    After something that no torque can be made of (a state or torque that is not finite or not
    credible; no new state, or a frozen one, for too long; a call of `stop`) it stays in a
    *controlled stop*: it takes the speed off and holds the arm against gravity and r; without a
    state to go by, against gravity where it was last seen. `reset` ends it.

    Around a compiled cycle of the same arm object (`CompiledController`, `CompiledGradientCycle`,
    `CompiledCycle` without a predictor) all this is done in the cycle's own call, on the arm's
    terms that are there already.

    Args:
        cycle: what asks for torques.
        arm: the model.
        limits: without them, the arm's.
        dt: of a control cycle [s].

    Raises:
        ConfigurationError: limits or a period that do not fit.
    """

    arm: Arm
    dt: float

    def __init__(
        self, cycle: "Cycle", arm: Arm, limits: Limits | None = None, dt: float = 1e-3
    ) -> None:
        from ..cycle.compiled import address
        from ..kernels import protect as safety

        if not (math.isfinite(dt) and dt > 0):
            raise ConfigurationError(f"Safe.dt: is {dt} s, needs a number above 0")
        limits = Limits.of(arm) if limits is None else limits
        if limits.q_lower.shape != (arm.dof,) or cycle.dof != arm.dof:
            raise ConfigurationError(
                f"Safe: arm '{arm.name}' has {arm.dof} joints, its limits are for "
                f"{len(limits.q_lower)}, its cycle for {cycle.dof}"
            )
        law = getattr(cycle, "controller", None)
        own = getattr(law, "dt", dt)  # of one that integrates
        if abs(own - dt) > 1e-6 * dt:
            raise ConfigurationError(
                f"Safe.dt: is {dt} s, needs that of its cycle's {type(law).__name__}, {own} s"
            )
        cycle = Cycle.of(cycle)
        self.cycle, self.arm, self.limits, self.dt = cycle, arm, limits, dt
        self.dof = arm.dof
        self.events: dict[str, int] = dict.fromkeys((*LIMITS, "stop", "gap"), 0)
        """Cycles in which each limit changed the torque; how often it came to a stop; ``gap``:
        states that came sooner or later than a cycle after the last, not learned from."""
        self.stopped: str | None = None
        """Why it is in a controlled stop, or None."""
        self._overruled: Any = cycle.overruled
        self._run: Any = safety.protect
        self._modes = (safety.GO, safety.STOP, safety.BLIND)
        self._asked, self._same, self._out = safety.ASKED, safety.SAME, safety.OUT
        self._kernel = address(arm)
        boxed = bool(np.isfinite((limits.lower, limits.upper)).any())
        ahead = [arm.kernel(term).address for term in ("pose", "J")] if boxed else [0, 0]
        self._guarded: Any = _guarded(cycle, arm)
        self._spoils = self._asked if getattr(cycle, "weighs", False) else ~0
        tau_max = limits.tau_max * (1.0 - limits.torque_margin)
        fastest = np.where(np.isfinite(limits.dq_max), limits.dq_max, 100.0 * SPEED)
        constants = (
            limits.q_lower + limits.margin,
            limits.q_upper - limits.margin,
            limits.dq_max * (1.0 - limits.speed_margin),
            tau_max,
            limits.braking,
            limits.rate * dt * tau_max,
            limits.lower,
            limits.upper,
            # A bound that is kept within two and a half cycles is stable at any period.
            (min(POSITION_GAIN, 0.05 / dt), min(SPEED_RATE, 0.4 / dt), OBSERVER_GAIN),
            (min(TOP_RATE, 0.1 / dt),),
            ahead,
            ((CREDIBLE * fastest).max(),),
        )
        n, memory, room = arm.dof, np.zeros(6 * arm.dof), np.zeros((4 + arm.dof) * arm.dof)
        self._layer = np.concatenate((*constants, memory, room), dtype=float)
        self._memory = self._layer[-memory.size - room.size : -room.size].reshape(6, n)
        self._fastest = float(constants[-1][0])
        self._seen: Any = safety.credible
        self._far, self._stray = safety.FAR, safety.STRAY
        self._nothing = np.zeros(arm.dof)
        self._begun, self._met, self._time = False, 0, -math.inf
        self._silent = self._frozen = 0
        self._anew = False
        self._gaps, self._gap_at = 0, math.nan

    def __getattr__(self, name: str) -> Any:
        """Everything else is the cycle's own."""
        if name == "cycle":
            raise AttributeError(name)
        return getattr(self.cycle, name)

    def learn(self, on: bool) -> None:
        """Let what learns, if anything does, go on to, or keep what it has learned."""
        self.cycle.learn(on)

    def stop(self, reason: str) -> None:
        """Come to a controlled stop, and stay in it until `reset`."""
        if self.stopped is None:
            self.stopped = reason
            self.events["stop"] += 1

    def reset(self) -> None:
        """End a controlled stop, or begin a new motion, whatever the robot's clock says then.

        The cycle is asked again from the next state on; it learns from the one after that. What a
        law or an observer remembers of the motion before, an integral or an offset, is forgotten.
        """
        self.stopped = None
        self._silent = self._frozen = 0
        self._anew = True
        self._met |= self._asked
        self.cycle.forget_motion()

    @property
    def remembered(self) -> tuple[Float[np.ndarray, "6 n"], tuple[float, ...]]:
        """What it remembers of the cycles before; set it to go on from there."""
        counts = (self._begun, self._met, self._time, self._silent, self._frozen)
        return self._memory.copy(), tuple(map(float, counts))

    @remembered.setter
    def remembered(self, value: tuple[Float[np.ndarray, "6 n"], Sequence[float]]) -> None:
        self._memory[:], (begun, met, self._time, silent, frozen) = value
        self._begun, self._met = bool(begun), int(met)
        self._silent, self._frozen = int(silent), int(frozen)

    def checkpoint(self) -> dict[str, np.ndarray]:
        """Return what the cycle has learned and remembers, and this layer, to be saved."""
        cycle: Any = self.cycle
        memory, counts = self.remembered
        return cycle.checkpoint() | {"limits.memory": memory, "limits.counts": np.array(counts)}

    def resume(self, checkpoint: Mapping[str, np.ndarray]) -> None:
        """Go on from a checkpoint, to the same bits; `NetworkError` for one that does not fit."""
        cycle: Any = self.cycle
        own, inner = {}, {}
        for name, value in checkpoint.items():
            (own if name.startswith("limits.") else inner)[name] = value
        given = {name: np.shape(value) for name, value in own.items()}
        needs = {"limits.memory": self._memory.shape, "limits.counts": (5,)}
        if given != needs or any(np.isnan(value).any() for value in own.values()):
            raise NetworkError(f"limits of shapes {given} given, needs {needs}, and numbers")
        cycle.resume(inner)
        self.remembered = own["limits.memory"], own["limits.counts"]

    def step(self, state: State, reference: Reference) -> Result:
        """Return the torque that may leave.

        A cycle that learns from its own error learns nothing from one that was changed; one that
        ``weighs`` torques against the motion goes by what was sent.

        Raises:
            SimulationError: a state of another shape.
        """
        if self._anew:
            self._anew = False
            if not self._time < state.time:  # the robot's clock began anew as well
                self._time = -math.inf
        goes_on = self.stopped is None and self._time < state.time < math.inf
        if goes_on and self._guarded is not None:
            result = self._at_once(state, reference)
            if result is not None:
                return result
        n, result = self.dof, None
        q, dq = vectors(state, None, n)
        seen = math.isfinite(state.time) and self._seen(q, dq, self._layer)
        elapsed = state.time - self._time
        if not seen:
            self.stop(f"state at {state.time:.3f} s: {self._doubt(state.time, q, dq)}")
        elif elapsed > 0:
            self._silent, self._time = 0, state.time
        elif self._begun:
            self._silent += 1
            if self._silent >= self.limits.watchdog:
                back = f": time went back to {state.time:.3f} s; `reset` begins anew"
                self.stop(
                    f"no new state for {self._silent} cycles since {self._time:.3f} s"
                    + (back if elapsed < 0 else "")
                )
        asked = self._nothing
        layer, learns = self._passed(state.time, elapsed)
        if self.stopped is None:
            try:
                sound = state if learns else state._replace(sound=False)
                result = self.cycle.step(sound, reference)
                asked = self._torque(result.tau)
            except SimulationError as error:
                self.stop(str(error))
        blind = not seen or (self.stopped is not None and self._silent > 0)
        mode = self._modes[2 if blind else self.stopped is not None]
        out = np.empty(n + 3)
        met = self._run(*self._kernel, q, dq, asked, mode, *layer, out)
        self._begun = self._begun or seen
        if met == 0 and result is not None:
            self._met = self._frozen = 0
            return result
        self._overrule(met, out[:n], state.time)
        return Result(out[:n], 0.0, out[n:]) if result is None else result._replace(tau=out[:n])

    def _doubt(self, time: float, q: Float[np.ndarray, "n"], dq: Float[np.ndarray, "n"]) -> str:
        """What of a state is not finite, or not credible."""
        lower, upper = self.limits.q_lower - self._stray, self.limits.q_upper + self._stray
        for joint in range(self.dof):
            low, high = max(lower[joint], -self._far), min(upper[joint], self._far)
            if not low < q[joint] < high:
                return f"q[{joint}] is {q[joint]:.4g}, credible from {low:.4g} to {high:.4g}"
            if not abs(dq[joint]) < self._fastest:
                return f"dq[{joint}] is {dq[joint]:.4g}, credible up to {self._fastest:.4g}"
        return f"time is {time}"

    def _at_once(self, state: State, reference: Reference) -> Result | None:
        """Cycle and layer in one call, or None where they are to be called one by one."""
        layer, learns = self._passed(state.time, state.time - self._time)
        sound = learns and bool(state.sound)
        try:
            result, met = self._guarded(state, reference, sound, layer)
        except SimulationError as error:  # its torque is not finite
            self.stop(str(error))
            return None
        if result is None:
            return None
        self._silent, self._time, self._begun = 0, state.time, True
        if met:
            self._overrule(met, result.tau, state.time)
        else:
            self._met = self._frozen = 0
        return result

    def _passed(self, time: float, elapsed: float) -> tuple["Layer", bool]:
        """What compiled code takes of this layer at a time, ``elapsed`` after the last state [s].

        And whether a cycle can learn: its last torque was sent, held for ``dt``, and did something.
        In the first cycle there is none, and nothing to say against it.
        """
        learns, begun = not (self._met & self._spoils or self._frozen), self._begun
        if 0.5 * self.dt < elapsed < 1.5 * self.dt:
            return ((2 if begun else 0), elapsed, self._layer), learns
        first = not begun
        if begun and elapsed > 0.0:
            self._off(time, elapsed)
        return ((0 if first else 1), self.dt, self._layer), learns and first

    def _off(self, time: float, elapsed: float) -> None:
        """Count a state that is not one period after the last, and say so of many in sequence."""
        self.events["gap"] += 1
        again = abs(time - elapsed - self._gap_at) < 0.5 * self.dt
        self._gaps, self._gap_at = self._gaps + 1 if again else 1, time
        if self._gaps == GAPS:
            warnings.warn(
                f"{GAPS} states in sequence came {1e3 * elapsed:.4g} ms after the last, by "
                f"State.time; this cycle is made for {1e3 * self.dt:.4g} ms, and learns from none",
                RuntimeWarning,
                stacklevel=4,
            )

    def _overrule(self, met: int, tau: Float[np.ndarray, "n"], time: float) -> None:
        self._count(met, time)
        if self.stopped is not None:  # from here on the cycle knows nothing of the torques
            self._met |= self._asked
        if self._overruled is not None:
            self._overruled(tau)

    def _count(self, met: int, time: float) -> None:
        for bit, name in enumerate(LIMITS):
            self.events[name] += met >> bit & 1
        if met & self._asked:
            self.stop(f"torque at {time:.3f} s is not finite")
        if met & self._out:
            self.stop(f"the tool is out of its box at {time:.3f} s")
        self._frozen = self._frozen + 1 if met & self._same else 0
        if self._frozen > self.limits.patience:
            self.stop(
                f"the same state for {self._frozen} cycles, at {time:.3f} s, although it moves"
            )
        self._met = met & ~self._same

    def _torque(self, tau: Any) -> Float[np.ndarray, "n"]:
        tau = taken(tau)
        if tau.shape != (self.dof,):
            raise SimulationError(f"torque has shape {tau.shape}, needs ({self.dof},)")
        return tau
