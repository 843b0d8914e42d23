"""The guard of an arm's limits: the last check that every torque passes."""

import warnings
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..contract import Controller, Cycle, Learns, Reference, Result, State, is_fused, learns
from ..errors import ConfigurationError, SimulationError
from ..kernels import parts
from ..kernels.arm_block import arm_block
from ..kernels.block import Block
from ..kernels.layout.arm_fields import INPUT
from ..kernels.layout.guard_fields import BLIND, MET_LIE
from ..kernels.layout.watch_fields import ASKED, GAP, GOES, NEW
from ..support.arrays import taken
from .gap_warning import GapWarning
from .guard_memory import GuardMemory, Memory, Remembered, is_of_guard
from .limits import Limits
from .matching import check_limits, check_period, check_period_of
from .packing import pack_limits, pack_watch
from .reasons import Reasons
from .tally import Tally

NOWHERE = Reference(np.zeros(3), np.zeros(3), np.zeros(3))
"""A reference for a `Safe` that has stopped and does not use one."""


class Safe(Cycle):
    """A cycle that keeps an arm's limits for any torque that the cycle inside it requests.

    The model turns every torque into an acceleration, ``ddq = M^-1 (tau + r - C dq - g)``, where r
    is the torque that the model lacks, by a momentum observer with the filter F. Where the cycle's
    learner makes up for friction f, ``r + F(f) - f`` takes its place: friction changes at once.

    Let d be the distance to a joint's limit, less a margin. Near the limit a joint may approach it
    at the speed ``v = k d``; further away at ``v = sqrt(2 a d')``, from which a deceleration a
    stops it in time, ``d' = d - a / 2 k^2``. The acceleration is held within::

        ddq <= rate (v - dq) - v'(d) dq,    ddq <= rate (dq_max - dq)

    and likewise below. This is a control barrier function of second order for every joint (Ames et
    al. 2019, doi:10.23919/ECC.2019.8796030; Nguyen and Sreenath 2016,
    doi:10.1109/ACC.2016.7524935). Its class-K function is the braking distance, so the bound is
    viable (Del Prete 2018, doi:10.1109/LRA.2017.2738321). Since joints are coupled, the torque is
    computed from the accelerations of all joints: the nearest to the requested ones in the metric
    of M, as if joints ran into stops (Gauss's principle, `kernels.keep_joints`), and of these, on
    the line from an acceleration that brings all joints to rest, for which the motors suffice, the
    last that the motors can give. So a joint at top speed does not drive the others, and an arm
    whose path is too fast comes late. ``Limits.rate`` counts from the torque requested last,
    not from what limits made of it. Until some cycles have shown that sensors are not late, with a
    load that was found, with a box or a clearance, and in a stop, each acceleration is clipped for
    itself, and the rate counts from the torque sent. A torque within the limits passes unchanged,
    bit for bit.

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
    M`` only after its 7 ms. So from the first limit that acts, or from 80 % of a top speed on,
    until a second after the last one, the load's mass, centre and inertia are found by least
    squares from the momentum, with the delay of the sensors, up to five cycles, that explains it
    best, and M, C, g and r are those of the arm with it (`kernels.find_load`). It counts only while
    it explains the motion, and a load that was dropped is forgotten within milliseconds. With exact
    sensors speeds stay within 1.1 times their limits, with 2 kg that the model does not know, 4 kg
    on the UR10e; with sensors 2 ms late they may be 2.1 times the limit.

    If motors cannot give even ``rest``, the torque is the one within their limits whose
    acceleration is nearest, by Gauss's principle (`kernels.keep_motors`).

    Until a load is found, above dq_max, the rate follows the measured response: it grows while a
    joint loses less speed than the rate says, and shrinks while it loses more
    (`kernels.bound_joints.adapt_eagerness`). With late sensors this would make a bare wrist swing;
    a joint that is too fast one way and 40 ms later the other keeps the plain rate for 2 s. While
    no load explains any of the motion, torques beyond the motors' limits are then only cut.
    A delay above 2.5 cycles that the motion shows clearly, up to 5, counts: r is then that of the
    torques sent so much earlier (`kernels.find_load.allow_for_delay`), and the rates of all
    approaches are lower.

    Inputs that cannot be turned into a safe torque trigger a *controlled stop*: a state or torque
    that is not finite or not credible; no new state, or a frozen one, for too long; sensors that
    contradict each other; a force beyond its limit; changed torques in more than a share of the
    cycles (``Limits.overruled``); a call of `stop`. The arm brakes as hard as its motors can, up to
    0.1 s from top speed, and is held against gravity and r. The stop uses the q and dq that still
    come, whatever the clock or the wrench say. Without them the model predicts both from the last
    good state and the torques sent, brakes by the prediction, and then holds the arm against
    gravity there. A load that was found is in the model: the one above, or one found with the
    joints' viscous friction from all motion of the last second (`kernels.remember_load`,
    `kernels.fit_motion`; around a structured learner, the one that it has learned). No sensor
    corrects the prediction, so its error grows: slowly by the model's errors, quickly with a load
    off the centre line that hangs above its joint, and where motors lack torque to brake with it.
    Call `reset` to resume.

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
        check_period(dt)
        limits = Limits.of(arm) if limits is None else limits
        check_limits(limits, cycle, arm)
        cycle = Cycle.of(cycle)
        check_period_of(cycle, dt)
        self.cycle, self.arm, self.limits, self.dt = cycle, arm, limits, dt
        self.dof, self.force = arm.dof, cycle.force
        if cycle.force is not None:
            self.check_force(cycle.force, f"{type(cycle).__name__}.force")
        self.stopped: str | None = None
        """Reason for a controlled stop, or None."""
        self._fused = is_fused(cycle) and cycle.arm is arm
        self._pairs = None if limits.clearance is None else limits.clearance.pack()
        self._guard, self._arm = pack_limits(limits, arm, dt, self._pairs), arm_block(arm)
        if cycle.learned_model and cycle.arm is arm:
            self._guard["learner"][...] = cycle.learned_model
            self._guard["model_call"][...] = parts.correct_model.address
        self._input = Block(INPUT, {"n": arm.dof, "k": arm.dof})
        self._blocks = self._guard.address, self._arm.address, self._input.address
        self._watch = pack_watch(limits, dt, cycle.learns_from_sent, self._blocks)
        self._past = GuardMemory(self._guard, self._watch)
        self._now = self._watch.between("begins", "learns")
        self._given, self._wanted = self._watch["given"], self._watch["wanted"]
        self._needs_wrench = bool(self._watch["bounds_force"])
        self._tally = Tally(self._watch)
        self._reasons = Reasons(
            self._watch, self._guard, self._input, limits, self._pairs, self._tally
        )
        self._protect, self._credible = parts.protect_alone.call, parts.credible.call
        self._kernels: Any = SimpleNamespace(
            **{each.__name__: each.call for each in parts.WATCHING}
        )
        self._gaps = GapWarning(dt)
        self.warm_up()

    def warm_up(self) -> None:
        """Compile everything that a stop calls, and treat the next state as the first."""
        before = self._guard.array.copy()
        self._credible(self._guard.address, self._input.address)
        self._protect(*self._blocks, BLIND, 1, self.dt)
        self._past.clear()
        self._guard.array[:] = before

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

    def defer(self, on: bool) -> None:
        """Let steps of the cycle leave what can wait until their torque is sent; `Cycle.defer`."""
        self.cycle.defer(on)

    def finish(self) -> None:
        """Do what the cycle's last step left; see `Cycle.finish`."""
        self.cycle.finish()

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
        self._guard["sent"][:], self._guard["withheld"][:] = tau, 0.0
        self.cycle.overruled(tau)

    def check_force(self, force: float, name: str) -> None:
        """Raise `ConfigurationError` if a wanted force [N] is beyond the limit."""
        if force > self.limits.force[0]:
            raise ConfigurationError(
                f"Limits.force: is {self.limits.force[0]} N, needs at least {name}, {force} N"
            )

    @property
    def events(self) -> dict[str, int]:
        """Cycles in which each limit changed the torque; ``stop``: controlled stops; ``gap``:
        states not one period after the last, which are not learned from.
        """
        return self._tally.events

    def stop(self, reason: str) -> None:
        """Come to a controlled stop, and stay in it until `reset`."""
        if self.stopped is None:
            self.stopped = reason
            self._kernels.stop(self._watch.address, int(ASKED))

    def reset(self) -> None:
        """End a controlled stop, or begin a new motion at any time of the robot's clock.

        The cycle runs again from the next state on and learns from the one after that. The
        integrals, offsets and observers of the last motion are cleared.
        """
        self.finish()
        self.stopped = None
        self._kernels.reset(self._watch.address)
        self.cycle.forget_motion()

    def forget_motion(self) -> None:
        """Begin a new motion; see `reset`."""
        self.reset()

    @property
    def remembered(self) -> Memory:
        """Its memory of earlier cycles; set it to resume from there."""
        return self._past.read()

    @remembered.setter
    def remembered(self, value: Remembered) -> None:
        self._past.write(value)

    def checkpoint(self) -> dict[str, np.ndarray]:
        """Return the checkpoint of the cycle together with this guard's memory."""
        return self.cycle.checkpoint() | self._past.checkpoint()

    def resume(self, checkpoint: Mapping[str, np.ndarray]) -> None:
        """Continue from a checkpoint, bit for bit; the robot's clock may start anew.

        A controlled stop lasts until `reset`; call that first.

        Raises:
            NetworkError: the checkpoint does not fit.
        """
        own, inner = {}, {}
        for name, value in checkpoint.items():
            (own if is_of_guard(name) else inner)[name] = value
        self._past.check(own)
        self.cycle.resume(inner)
        self._past.resume(own)
        self._watch["anew"][...] = 1.0

    def step(self, state: State, reference: Reference) -> Result:
        """Return the torque within the limits.

        A cycle that learns from its own error skips a changed torque; one with ``learns_from_sent``
        learns from the torque actually sent.

        Raises:
            SimulationError: the state has a wrong shape.
        """
        time = float(state.time)
        news = self._kernels.begin_cycle(self._watch.address, time)
        if news & GAP:
            self._gaps.count(time, float(self._watch["time"]))
        if state.wrench is not None or self._needs_wrench or self._watch["felt"]:
            self._feel(state, reference)
        if self._fused and self.stopped is None and news & NEW:
            result = self._step_fused(state, reference, time)
            if result is not None:
                return result
        return self._step_apart(state, reference, time)

    def _feel(self, state: State, reference: Reference) -> None:
        """Give the guard the wrench, if there is a finite one."""
        wrench, wanted = state.wrench, reference.wrench
        given = wrench is not None and np.shape(wrench) == (6,)
        if given:
            self._given[:] = wrench
        wants = False
        if self._needs_wrench and wanted is not None:
            if np.shape(wanted) == (6,):
                self._wanted[:], wants = wanted, True
            elif np.size(wanted) == 6:  # the law names any other size
                self._wanted[:], wants = np.ravel(wanted), True
        self._kernels.feel(self._watch.address, int(given), int(wants))
        if self._needs_wrench:
            self._explain(state, reference)

    def _step_fused(self, state: State, reference: Reference, time: float) -> Result | None:
        """Run cycle and guard in one call; return None if they must be called separately."""
        begins, elapsed, learns = self._now.tolist()
        sound = learns > 0 and bool(state.sound)
        try:
            result, met = self.cycle.step_guarded(
                state, reference, sound, self._guard.address, int(begins), elapsed
            )
        except SimulationError as error:  # its torque is not finite
            self.stop(str(error))
            return None
        if result is None:
            return None
        self._kernels.accept(self._watch.address, met, time)
        if met:
            self._report(met, result.tau, state, reference)
        return result

    def _step_apart(self, state: State, reference: Reference, time: float) -> Result:
        """Run the cycle, then the guard."""
        self.cycle.finish()  # the guard's model and a predictor know what was learned
        self._input["q"][:], self._input["dq"][:] = state.joints(self.dof)
        credible = int(self._credible(self._guard.address, self._input.address))
        self._kernels.look(self._watch.address, credible, time)
        self._explain(state, reference)
        asked = self._ask(state, reference)
        met = self._kernels.protect_apart(self._watch.address, credible)
        if met == 0 and asked is not None:
            return asked
        tau = self._guard["sent"].copy()
        self._report(met, tau, state, reference)
        if asked is None or met & MET_LIE:
            return Result(tau, 0.0, self._arm["pose"][:3, 3].copy())
        return asked._replace(tau=tau)

    def _ask(self, state: State, reference: Reference) -> Result | None:
        """Return the cycle's torque; None in a stop, or if the cycle fails."""
        self._guard["asked"][:] = 0.0
        if self.stopped is not None:
            return None
        try:
            sound = state if self._watch["learns"] else state._replace(sound=False)
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

    def _report(
        self, met: int, tau: Float[np.ndarray, "n"], state: State, reference: Reference
    ) -> None:
        """Say what the guard has found, and tell the cycle of the torque that was sent."""
        self._tally.warn(met)
        self._explain(state, reference)
        self.cycle.overruled(tau)

    def _explain(self, state: State, reference: Reference) -> None:
        """Put the reason for a stop that has just begun into words."""
        code = int(self._watch["stopped"])
        if code != GOES and self.stopped is None:
            self.stopped = self._reasons.describe(code, state, reference)
