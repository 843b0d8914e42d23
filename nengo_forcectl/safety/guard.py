"""The guard of an arm's limits: the last check that every torque passes."""

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..contract import Controller, Cycle, Learns, Reference, Result, State, learns
from ..errors import ConfigurationError, NetworkError, SimulationError
from ..kernels.arm_block import arm_block
from ..kernels.block import Block
from ..kernels.layout import (
    BLIND,
    GO,
    INPUT,
    MET_FROZEN,
    MET_LIE,
    MET_LIE_WRENCH,
    MET_NOT_FINITE,
    MET_OUTSIDE,
    MET_PRESSED,
    MET_SUSPECT,
    MET_TOUCHED,
    STOP,
)
from ..support.arrays import taken
from .clearance import describe_touch
from .limits import Limits
from .packing import pack_limits
from .reasons import describe_contradiction, describe_doubt, describe_push
from .sensors import is_finite, is_on_time
from .tally import LIMITS, Tally

GAPS = 100  # consecutive states off schedule that cause a warning

NOWHERE = Reference(np.zeros(3), np.zeros(3), np.zeros(3))
"""A reference for a `Safe` that has stopped and does not use one."""


class Safe(Cycle):
    """A cycle that keeps an arm's limits for any torque that the cycle inside it requests.

    The model turns every torque into an acceleration, ``ddq = M^-1 (tau + r - C dq - g)``, where r
    is the torque that the model lacks, by a momentum observer. Let d be the distance to a joint's
    limit, less a margin. Near the limit a joint may approach it at the speed ``v = k d``; further
    away at ``v = sqrt(2 a d')``, from which a deceleration a stops it in time, ``d' = d - a / 2
    k^2``. The acceleration is held within::

        ddq <= rate (v - dq) - v'(d) dq,    ddq <= rate (dq_max - dq)

    and likewise below. This is a control barrier function of second order for every joint (Ames et
    al. 2019, doi:10.23919/ECC.2019.8796030; Nguyen and Sreenath 2016,
    doi:10.1109/ACC.2016.7524935). Its class-K function is the braking distance, so the bound is
    viable (Del Prete 2018, doi:10.1109/LRA.2017.2738321). Since joints are coupled, the torque is
    computed from the accelerations of all joints: on the line from an acceleration that brings all
    joints to rest, for which the motors suffice, the point nearest to the requested one. A torque
    within the limits passes unchanged, bit for bit.

    The tool's box is kept by predicting the braking motion. ``rest``, ``ddq_i = clip(-k dq_i, -a,
    a)``, brings every joint to rest in time for its limit, and the joints' positions after t have a
    closed form, ``q(t) = q + s(dq, t)``. At seven times t, the last at rest, let x(t), J(t) and
    dx(t) be the tool's position, Jacobian and velocity. For every wall, with x_max 2 mm inside it::

        J(t) ds/ddq (ddq - rest) <= max(k (x_max - x(t)) - dx(t), 0)

    So ``rest`` satisfies these bounds in every state: joints and tool share one fallback (a backup
    control barrier function, see van Wijk et al. 2024, arXiv:2409.07700), for which the motors
    suffice. The acceleration is projected in turn on these bounds and the joints', in the metric of
    M; if that does not converge, the line to it from ``rest`` is cut where it leaves the box. In a
    stop the tool comes to rest where braking takes it, inside the box.

    ``Limits.clearance`` is kept in the same way: for the distance d of every pair of shapes that
    can come too close in this cycle, with c the distance to keep plus 2 mm
    (`kernels.bound_clearance`)::

        -d'(t) ds/ddq (ddq - rest) <= max(k (d(t) - c) + d'(t) dq(t), 0),    d' = dd/dq

    Two capsules of almost one direction have two more such bounds, at the ends of where they are
    next to each other. Shapes in touch cause a stop.

    Assumptions: motors that provide ``Limits.braking`` (see `limits.braking`), which uses 0.6 of
    them and leaves the rest for masses that the model does not know; sensors with a delay of a few
    milliseconds at most; a start within the limits. The box also needs a start at a velocity from
    which ``rest`` stays inside, and joints that come to rest within about 2 rad; those of a UR5
    without speed limits swing farther, and leave the box by 1 cm between two prediction times.
    The width of the tool counts for the clearance alone. A tool 1 cm outside its box causes a stop.

    Under a load that the model lacks, M turns a bound on ddq into too small a torque: 1/20 of it at
    the UR5's last joint, 1e-4 kg m^2, with a sphere of 2 kg, 2e-3 kg m^2; and r compensates ``M' -
    M`` only after its 5 ms. So above dq_max the rate follows the measured response: it grows while
    a joint loses less speed than the rate says, and shrinks while it loses more
    (`kernels.bound_joints.adapt_eagerness`). With late sensors this would make a bare wrist swing;
    a joint that is too fast one way and 40 ms later the other keeps the plain rate for 2 s. Speeds
    may still exceed the limit: 3.5 times on the UR5 and 1.9 times on the iiwa, with 2 kg.

    Inputs that cannot be turned into a safe torque trigger a *controlled stop*: a state or torque
    that is not finite or not credible; no new state, or a frozen one, for too long; sensors that
    contradict each other; a force beyond its limit; changed torques in more than a share of the
    cycles (``Limits.overruled``); a call of `stop`. The arm brakes as hard as its motors can, up to
    0.1 s from top speed, and is held against gravity and r. The stop uses the q and dq that still
    come, whatever the clock or the wrench say. Without them the model predicts both from the last
    good state and the torques sent, brakes by the prediction, and then holds the arm against
    gravity there. No sensor corrects the prediction, so its error grows: slowly by the model's
    errors, quickly under a load that it does not know. Call `reset` to resume.

    Sensors contradict each other if the change of q over 10 ms is not that of dq, beyond noise,
    resolution and delay, which are estimated (`kernels.compare_sensors.compare_joints`). A q that
    jumps or does not change is the one that lies, else dq is; the stop uses the other one. Until
    this is decided, the limits act on the model's prediction. A wrench contradicts the motors if
    the contact force by r differs for some cycles (`kernels.bound_force.compare_wrench`).

    ``Limits.force`` bounds the push of the tool where the wrist sensor feels a contact: the
    acceleration towards it is held to what a tool that is held would press with
    (`kernels.bound_force.bound_force`). A measured force 20 % beyond the limit causes a stop.

    A limit that changes the torque in more than 1 % of the last 1,000 cycles causes a warning, once
    for each limit. ``events`` counts all.

    Around a cycle that is `fused` and of the same arm object (`CompiledController`,
    `CompiledGradientCycle`, `CompiledCycle` without a predictor) all this happens in the cycle's
    own call, with the terms already computed.

    Args:
        cycle: the cycle that requests torques.
        arm: the model.
        limits: by default the arm's.
        dt: control period [s].

    Raises:
        ConfigurationError: the limits are for another arm, or the period is not positive or not
            that of the cycle's law; or the limit of force is below the force that the cycle wants.
    """

    arm: Arm
    dt: float

    def __init__(
        self, cycle: Cycle, arm: Arm, limits: Limits | None = None, dt: float = 1e-3
    ) -> None:
        # numba takes a second to load
        from ..kernels.compile import address_of
        from ..kernels.learned_body import correct_model  # as above
        from ..kernels.protect import credible, protect_alone  # as above

        if not (math.isfinite(dt) and dt > 0):
            raise ConfigurationError(f"Safe.dt: is {dt} s, needs a number above 0")
        limits = Limits.of(arm) if limits is None else limits
        if limits.q_lower.shape != (arm.dof,) or cycle.dof != arm.dof:
            raise ConfigurationError(
                f"Safe: arm '{arm.name}' has {arm.dof} joints, its limits are for "
                f"{len(limits.q_lower)}, its cycle for {cycle.dof}"
            )
        if limits.clearance is not None:
            _check_pairs(limits.clearance.pairs.arm, arm)
        cycle = Cycle.of(cycle)
        _check_period(cycle, dt)
        self.cycle, self.arm, self.limits, self.dt = cycle, arm, limits, dt
        self.dof, self.force = arm.dof, cycle.force
        if cycle.force is not None:
            self.check_force(cycle.force, f"{type(cycle).__name__}.force")
        self._tally = Tally(limits.overruled)
        self.events: dict[str, int] = self._tally.events
        """Cycles in which each limit changed the torque; ``stop``: controlled stops; ``gap``:
        states not one period after the last, which are not learned from."""
        self.stopped: str | None = None
        """Reason for a controlled stop, or None."""
        self._fused = is_fused(cycle) and cycle.arm is arm
        # Findings after which the cycle must not learn from its last torque.
        self._spoils = MET_NOT_FINITE if cycle.learns_from_sent else ~0
        self._pairs = None if limits.clearance is None else limits.clearance.pack()
        self._guard, self._arm = pack_limits(limits, arm, dt, self._pairs), arm_block(arm)
        if cycle.learned_model and cycle.arm is arm:
            self._guard["learner"][...] = cycle.learned_model
            self._guard["model_call"][...] = address_of(correct_model)
        self._input = Block(INPUT, {"n": arm.dof, "k": arm.dof})
        self._blocks = self._guard.address, self._arm.address, self._input.address
        self._memory = self._guard.between("momentum", "dq").reshape(6, arm.dof)
        self._protect: Any = protect_alone
        self._credible: Any = credible
        self._begun, self._met, self._time = False, 0, -math.inf
        self._stop_mode = STOP
        self._silent = self._frozen = 0
        self._anew = False
        self._gaps, self._gap_at = 0, math.nan
        self._wrench, self._feels = self._guard["wrench"], False
        self._needs_wrench = bool(np.isfinite(limits.force).any())
        self.warm_up()

    def warm_up(self) -> None:
        """Compile everything that a stop calls, and treat the next state as the first."""
        self._credible(self._guard.address, self._input.address)
        self._protect(*self._blocks, BLIND, 0, self.dt)
        self._memory[:] = 0.0
        self._guard["compares"][...] = 0.0
        self._guard.between("believed_q", "believed_dq")[:] = 0.0

    @property
    def controller(self) -> Controller | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The cycle's law, if it has one."""
        return self.cycle.controller

    @property
    def learning(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Whether the cycle learns."""
        return self.cycle.learning

    @property
    def learns_from_sent(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Whether the cycle learns from the torques actually sent."""
        return self.cycle.learns_from_sent

    @property
    def frozen(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Whether the cycle's learner neither learns nor holds."""
        return self.cycle.frozen

    def learn(self, on: Learns) -> None:
        """Start or stop the cycle's learning; the learned weights stay. See `Cycle.learn`.

        Stopping it while limits act causes a warning: what is learned then may not hold the arm.
        """
        since = self._tally.since
        if self.learning and not learns(on) and since is not None:
            warnings.warn(
                f"learning ends while limits act, the last time {since} cycles ago; what it has "
                "learned may not hold the arm",
                RuntimeWarning,
                stacklevel=2,
            )
        self.cycle.learn(on)

    def overruled(self, tau: Float[np.ndarray, "n"]) -> None:
        """Record the torque [N m] that was sent instead of the last step's."""
        self._guard["sent"][:] = tau
        self.cycle.overruled(tau)

    def check_force(self, force: float, name: str) -> None:
        """Raise `ConfigurationError` if a wanted force [N] is beyond the limit."""
        if force > self.limits.force[0]:
            raise ConfigurationError(
                f"Limits.force: is {self.limits.force[0]} N, needs at least {name}, {force} N"
            )

    def stop(self, reason: str) -> None:
        """Come to a controlled stop, and stay in it until `reset`."""
        if self.stopped is None:
            self.stopped = reason
            self.events["stop"] += 1

    def reset(self) -> None:
        """End a controlled stop, or begin a new motion at any time of the robot's clock.

        The cycle runs again from the next state on and learns from the one after that. The
        integrals, offsets and observers of the last motion are cleared.
        """
        self.stopped = None
        self._silent = self._frozen = 0
        self._stop_mode = STOP
        self._guard["compares"][...] = 0.0
        self._feels, self._guard["feels"][...] = False, 0.0
        self._anew = True
        self._met |= MET_NOT_FINITE
        self.cycle.forget_motion()

    def forget_motion(self) -> None:
        """Begin a new motion; see `reset`."""
        self.reset()

    @property
    def remembered(self) -> tuple[Float[np.ndarray, "6 n"], tuple[float, ...]]:
        """Its memory of earlier cycles; set it to resume from there."""
        counts = (self._begun, self._met, self._time, self._silent, self._frozen)
        return self._memory.copy(), tuple(map(float, counts))

    @remembered.setter
    def remembered(self, value: tuple[Float[np.ndarray, "6 n"], Sequence[float]]) -> None:
        self._memory[:], (begun, met, self._time, silent, frozen) = value
        self._begun, self._met = bool(begun), int(met)
        self._silent, self._frozen = int(silent), int(frozen)

    def checkpoint(self) -> dict[str, np.ndarray]:
        """Return the checkpoint of the cycle together with this guard's memory."""
        memory, counts = self.remembered
        own = {"limits.memory": memory, "limits.counts": np.array(counts)}
        return self.cycle.checkpoint() | own

    def resume(self, checkpoint: Mapping[str, np.ndarray]) -> None:
        """Continue from a checkpoint, bit for bit.

        Raises:
            NetworkError: the checkpoint does not fit.
        """
        own, inner = {}, {}
        for name, value in checkpoint.items():
            (own if name.startswith("limits.") else inner)[name] = value
        given = {name: np.shape(value) for name, value in own.items()}
        needs = {"limits.memory": self._memory.shape, "limits.counts": (5,)}
        if given != needs or any(np.isnan(value).any() for value in own.values()):
            raise NetworkError(f"limits of shapes {given} given, needs {needs}, and numbers")
        self.cycle.resume(inner)
        self.remembered = own["limits.memory"], own["limits.counts"]

    def step(self, state: State, reference: Reference) -> Result:
        """Return the torque within the limits.

        A cycle that learns from its own error skips a changed torque; one with ``learns_from_sent``
        learns from the torque actually sent.

        Raises:
            SimulationError: the state has a wrong shape.
        """
        if self._anew:
            self._anew = False
            if not self._time < state.time:  # also if the robot's clock restarted
                self._time = -math.inf
        timing = self._pass_time(state.time)
        self._tally.begin_cycle()
        if state.wrench is not None or self._feels or self._needs_wrench:
            self._feel(state, reference)
        if self._fused and self.stopped is None and self._time < state.time < math.inf:
            result = self._step_fused(state, reference, *timing)
            if result is not None:
                return result
        return self._step_apart(state, reference, *timing)

    def _feel(self, state: State, reference: Reference) -> None:
        """Give the guard the wrench, if there is a finite one."""
        wrench = state.wrench
        feels = wrench is not None and np.shape(wrench) == (6,) and is_finite(wrench)
        if feels:
            self._wrench[:] = wrench
        if feels != self._feels:
            self._feels, self._guard["feels"][...] = feels, feels
        if not self._needs_wrench or self.stopped is not None:
            return
        most = self.limits.force
        if not feels:
            self.stop(
                f"state.wrench at {state.time:.3f} s: is {wrench}, needs 6 finite numbers for "
                f"Limits.force, {most} N, N m"
            )
        elif reference.wrench is not None:
            wanted = np.linalg.norm(np.reshape(reference.wrench, (2, 3)), axis=1)
            if (wanted > most).any():
                self.stop(
                    f"reference.wrench at {state.time:.3f} s: is {wanted} N, N m, needs at most "
                    f"Limits.force, {most}"
                )

    def _step_fused(
        self, state: State, reference: Reference, begun: int, elapsed: float, learns: bool
    ) -> Result | None:
        """Run cycle and guard in one call; return None if they must be called separately."""
        sound = learns and bool(state.sound)
        try:
            result, met = self.cycle.step_guarded(
                state, reference, sound, self._guard.address, begun, elapsed
            )
        except SimulationError as error:  # its torque is not finite
            self.stop(str(error))
            return None
        if result is None:
            return None
        self._silent, self._time, self._begun = 0, state.time, True
        if met:
            self._record(met, result.tau, state.time)
        else:
            self._met = self._frozen = 0
        return result

    def _step_apart(
        self, state: State, reference: Reference, begun: int, elapsed: float, learns: bool
    ) -> Result:
        """Run the cycle, then the guard."""
        self._input["q"][:], self._input["dq"][:] = state.joints(self.dof)
        credible = self._credible(self._blocks[0], self._blocks[2])
        self._watch(state.time, credible)
        asked = self._ask(state, reference, learns)
        if self.stopped is None:
            mode = GO
        elif credible:
            mode = self._stop_mode
        else:
            mode = BLIND
        if mode != GO and self._silent > 0:  # the clock is stuck, the loop is not
            begun, elapsed = 2, self.dt
        met = self._protect(*self._blocks, mode, begun, elapsed)
        self._begun = self._begun or credible
        if met == 0 and asked is not None:
            self._met = self._frozen = 0
            return asked
        tau = self._guard["sent"].copy()
        self._record(met, tau, state.time)
        if asked is None or met & MET_LIE:
            return Result(tau, 0.0, self._arm["pose"][:3, 3].copy())
        return asked._replace(tau=tau)

    def _watch(self, time: float, credible: bool) -> None:
        """Stop if the state is not credible, or if no new state comes for too long."""
        elapsed = time - self._time
        if not credible:
            self.stop(f"state at {time:.3f} s: {describe_doubt(self._guard, self._input)}")
        elif not math.isfinite(time):
            self.stop(f"state: its time is {time}, needs a number")
        elif elapsed > 0:
            self._silent, self._time = 0, time
        elif self._begun:
            self._silent += 1
            if self._silent >= self.limits.watchdog:
                back = f": time went back to {time:.3f} s; `reset` begins anew"
                self.stop(
                    f"no new state for {self._silent} cycles since {self._time:.3f} s"
                    + (back if elapsed < 0 else "")
                )

    def _ask(self, state: State, reference: Reference, learns: bool) -> Result | None:
        """Return the cycle's torque; None in a stop, or if the cycle fails."""
        self._guard["asked"][:] = 0.0
        if self.stopped is not None:
            return None
        try:
            sound = state if learns else state._replace(sound=False)
            result = self.cycle.step(sound, reference)
            tau = taken(result.tau)
            if tau.shape != (self.dof,):
                raise SimulationError(f"torque has shape {tau.shape}, needs ({self.dof},)")
        except SimulationError as error:
            self.stop(str(error))
            return None
        if self.cycle.stopped is not None:  # stopped by limits inside the cycle
            self.stop(self.cycle.stopped)
            return None
        self._guard["asked"][:] = tau
        return result

    def _pass_time(self, time: float) -> tuple[int, float, bool]:
        """Return ``begun`` and ``elapsed`` of `protect`, and whether the cycle may learn.

        It may if its last torque was sent and held for ``dt``, and in the first cycle.
        """
        learns = not (self._met & self._spoils or self._frozen)
        elapsed = time - self._time
        if is_on_time(elapsed, self.dt):
            return (2 if self._begun else 0), float(elapsed), learns
        if not self._begun:
            return 0, self.dt, learns
        if elapsed > 0.0:
            self._count_gap(time, elapsed)
        return 1, self.dt, False

    def _count_gap(self, time: float, elapsed: float) -> None:
        """Count a state that is not one period after the last; warn of many consecutive ones."""
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

    def _record(self, met: int, tau: Float[np.ndarray, "n"], time: float) -> None:
        """Count the findings, stop if necessary, and report the sent torque to the cycle."""
        names = [name for name, bit in LIMITS.items() if met & bit]
        reason = self._tally.count(names, self.stopped is not None)
        if reason is not None:
            self.stop(reason)
        if met & MET_NOT_FINITE:
            self.stop(f"torque at {time:.3f} s is not finite")
        if met & MET_OUTSIDE:
            self.stop(f"the tool is out of its box at {time:.3f} s")
        if met & MET_TOUCHED and self.limits.clearance is not None and self._pairs is not None:
            self.stop(f"at {time:.3f} s {describe_touch(self.limits.clearance, self._pairs)}")
        if met & MET_LIE:
            self.stop(f"state at {time:.3f} s: {describe_contradiction(self._guard)}")
            self._stop_mode = int(self._guard["fallback"])
        if met & MET_LIE_WRENCH:
            self.stop(f"wrench at {time:.3f} s: {describe_push(self._guard)}")
        if met & MET_PRESSED:
            pressed = np.linalg.norm(self._wrench.reshape(2, 3), axis=1)
            self.stop(
                f"wrench at {time:.3f} s: is {pressed[0]:.3g} N, {pressed[1]:.3g} N m, beyond "
                f"Limits.force, {self.limits.force}"
            )
        self._frozen = self._frozen + 1 if met & MET_FROZEN else 0
        if self._frozen > self.limits.patience:
            self.stop(
                f"the same state for {self._frozen} cycles, at {time:.3f} s, although it moves"
            )
        self._met = met & ~(MET_FROZEN | MET_SUSPECT)
        if self.stopped is not None:  # from here on the cycle does not know the torques
            self._met |= MET_NOT_FINITE
        self.cycle.overruled(tau)


def is_fused(cycle: Cycle) -> bool:
    """Return whether ``step_guarded`` may replace this cycle's ``step``; see `contract.fused`."""
    return type(cycle) is cycle.fused_type and "step" not in vars(cycle)


def _check_period(cycle: Cycle, dt: float) -> None:
    """Refuse a period that differs from that of the cycle's law."""
    law = cycle.controller
    if law is not None and law.dt is not None and abs(law.dt - dt) > 1e-6 * dt:
        raise ConfigurationError(
            f"Safe.dt: is {dt} s, needs that of its cycle's {law.name}, {law.dt} s"
        )


def _check_pairs(pairs: Arm, arm: Arm) -> None:
    """Refuse the collision pairs of an arm with other joints."""
    if pairs.joint_names != arm.joint_names:
        raise ConfigurationError(
            f"Limits.clearance: is for arm '{pairs.name}' with joints "
            f"{', '.join(pairs.joint_names)}, needs pairs of arm '{arm.name}'"
        )
