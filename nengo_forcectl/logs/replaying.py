"""A recorded motion through the learner of the control loop, row after row.

At each row the torque is predicted from what was learned before it; then the learner is given the
row. It is the compiled cycle of the loop, with the measured torque as the torque sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..contract import Learns, Reference, State
from ..control import JointPD
from ..cycle.findings import Learned
from ..cycle.structured_cycle import StructuredCycle, learning_cycle
from ..cycle.structured_learner import StructuredLearner
from ..errors import ConfigurationError
from ..kernels.layout.network_fields import DRY
from ..kernels.parts import forget_load
from ..learning.presliding import SHARE
from ..learning.structured_columns import precision_of
from ..networks.encoding import States
from ..networks.structured_encoding import StructuredEncoding
from ..support.validation import Arguments, check_not_negative
from .lasting_errors import doubt_payload
from .motion_log import MotionLog, check_fits
from .regression import known_friction, model_torque
from .signals import Signals, measured_of, signals_of

RATE = 1.25  # largest ratio of a log's period and the learner's
PRECISE = 5.0  # most precision of a joint's torque over that of the strongest joint
SAMPLE = 2000  # states from which the learner takes its scales
WIDE = 20.0  # largest deviation of a joint's friction and armature, over that of the prior
LEANING = 2.0  # the same of a constant torque, which explains the stiction of a first rest, too
CURVED = 2.0  # deviation of the joints' decoders, over that of a learner in a loop


@dataclass(frozen=True)
class Replay:
    """What a learner predicted in each row of a log, and what it had learned at the end.

    All are torques (k, n) [N m], at the log's states through one zero-phase filter, as is
    ``measured``. "model" is the arm's; "learner" adds to it what was learned up to the row before;
    "learner + observer" is what the control loop would supply; "before" and "frozen" are the model
    with all that had been learned before the log, and up to its end. The deviations of the payload
    in ``learned`` are those of `doubt_payload`.
    """

    log: MotionLog
    measured: Float[np.ndarray, "k n"]
    predictions: Mapping[str, Float[np.ndarray, "k n"]]
    learned: Learned
    weights: tuple[tuple[int, Mapping[str, np.ndarray]], ...]  # by the row after which they hold

    def error(
        self, name: str, start: float = 0.0, stop: float = float("inf")
    ) -> Float[np.ndarray, "n"]:
        """Return ``|tau - prediction| / |tau|`` of each joint, from ``start`` to ``stop`` [s]."""
        time = self.log.time - self.log.time[0]
        rows = (time >= start) & (time < stop)
        tau = self.measured[rows]
        left = np.linalg.norm(tau - self.predictions[name][rows], axis=0)
        return left / np.maximum(np.linalg.norm(tau, axis=0), 1e-12)

    def weights_at(self, time: float) -> Mapping[str, np.ndarray]:
        """Return what was learned up to a time from the log's start [s]."""
        row = int(np.searchsorted(self.log.time - self.log.time[0], time))
        return [each for first, each in self.weights if first <= row][-1]


def log_learner(arm: Arm, log: MotionLog, *, neurons: bool = True) -> StructuredCycle:
    """Return a learner of the control loop, at the rate of a log; its scales are of its motion.

    No torque of the log is used. ``neurons``: see `learning_cycle`. Other than in a loop, the
    learner begins with a `SHARE` of `Presliding`, notices changes that show little by little, and
    counts the torques of weak motors as precise in proportion. It drives no arm, so friction and
    armature may be far larger than the prior says, if the evidence does.

    Raises:
        RecordError: the log is not of this arm.
        ConfigurationError: the log is too slow for the filters.
    """
    check_fits(log, arm)
    motion = signals_of(log, min(10.0, 0.2 / log.period))
    rows = np.linspace(0, len(log.time) - 1, min(SAMPLE, len(log.time))).astype(int)
    states = States(*motion.at(rows)[:3])
    with learning_cycle(
        arm, log.q[0], seed=0, controller=JointPD(), states=states, dt=log.period, neurons=neurons
    ) as cycle:
        learner = cycle.cycle.learner
        learner.block["loop"][...] = 0.0  # it drives no arm
        presliding = learner.presliding_block
        presliding["start"][...] = presliding["share"][...] = SHARE
        learner.law_block["precision"][...] = precision_of(arm, PRECISE)
        most, places = learner.law_block["most"], learner.places
        most[places["armature"]] = WIDE**2
        most[places["friction"]] = np.square(np.tile([WIDE, WIDE, LEANING], arm.dof))
        learner.neurons_block["size"][...] *= CURVED
        cycle.freeze("ripple")  # logs are too slow for it, and filtered
        return cast(StructuredCycle, cycle.cycle)  # the law is compiled


def replay(
    log: MotionLog,
    learner: StructuredCycle,
    *,
    learn: Learns = True,
    new_load: bool = False,
    cutoff: float = 10.0,
    gain_error: float = 0.0,
) -> Replay:
    """Pass a log through a learner; return what it predicted and has learned.

    The learner goes on from what it knows. A gap in the log begins a new motion.

    Args:
        log: of the learner's arm, at its rate.
        learner: see `log_learner`.
        learn: whether it learns; "hold": its observer alone follows the torque.
        new_load: whether the tool may carry another load than in the log before: the learner
            forgets what it knows of the payload alone. It takes over a new one as soon as the
            motion shows most of its mass and first moment. A load that is not announced is
            noticed, some seconds later.
        cutoff: of the zero-phase filter of what is compared, and of dq in a log without it [Hz].
        gain_error: standard deviation of the drive gains, as a share of them.

    Raises:
        RecordError: the log is not of this arm.
        ConfigurationError: the rates differ, or ``gain_error`` is not valid.
    """
    arm = learner.arm
    check_fits(log, arm)
    check_not_negative(Arguments("replay", gain_error=gain_error), gain_error="")
    if not 1.0 / RATE < log.period / learner.learner.dt < RATE:
        raise ConfigurationError(
            f"replay: log '{log.source}' has {log.period:.4g} s between rows, needs the learner's "
            f"{learner.learner.dt:.4g} s within a factor of {RATE:g}"
        )
    states = signals_of(log, cutoff)
    learner.learn(learn)
    if new_load and learn is True:
        forget_load.call(learner.learner.law_block.address)
    weights, fast = _pass(log, learner, cutoff)
    model = model_torque(arm, states)
    columns = Columns.of(learner.learner.encoding, states)
    taught = np.empty_like(model)
    bounds = [first for first, _ in weights[1:]] + [len(model)]
    start = 0
    for (_, each), stop in zip(weights, bounds, strict=True):
        rows = slice(start, stop)
        taught[rows] = columns.at(rows).torque(each)
        start = stop
    predictions = {
        "model": model,
        "before": model + columns.torque(weights[0][1]),
        "learner": model + taught,
        "learner + observer": model + taught + fast,
        "frozen": model + columns.torque(weights[-1][1]),
    }
    learned = learner.learned
    left = states.tau - predictions["frozen"]
    learned = learned._replace(payload=doubt_payload(learned.payload, left, learner, gain_error))
    return Replay(log, states.tau, predictions, learned, tuple(weights))


def observe(log: MotionLog, arm: Arm, cutoff: float = 10.0) -> Float[np.ndarray, "k n"]:
    """Return the torque [N m] of the model and a momentum observer, which learns nothing."""
    result = replay(log, log_learner(arm, log), learn="hold", cutoff=cutoff)
    return result.predictions["learner + observer"]


def predict_torque(
    arm: Arm, encoding: StructuredEncoding, weights: Mapping[str, np.ndarray], states: Signals
) -> Float[np.ndarray, "k n"]:
    """Return the torque [N m] of the model and of weights that were learned, at some states."""
    learned = Columns.of(encoding, states).torque(weights)
    return model_torque(arm, states) + learned


@dataclass(frozen=True)
class Columns:
    """The torques of unit weights of a structured network at some states."""

    parts: Mapping[str, np.ndarray]  # (k, ...) each

    @classmethod
    def of(cls, encoding: StructuredEncoding, states: Signals) -> "Columns":
        """Return them for the parts that the learner trains."""
        v = encoding.input(*states[:3])
        parts = {}
        for name, place in encoding.places.items():
            parts[name] = v[:, place].reshape(len(v), *encoding.shapes[name])
        parts["friction"][:, :, DRY] = states.pace
        parts["presliding"] = states.held - states.pace
        if encoding.neurons is not None:
            parts["activity"] = encoding.neurons.activity(parts["joints"])
        if encoding.tool_neurons is not None:
            parts["field"] = encoding.tool_neurons.activity(parts["tool neurons"])
        return cls(parts)

    def at(self, rows: slice) -> "Columns":
        """Return some states'."""
        return Columns({name: each[rows] for name, each in self.parts.items()})

    def torque(self, weights: Mapping[str, np.ndarray]) -> Float[np.ndarray, "k n"]:
        """Return the torque of some weights, by the names of a `structured_network`."""
        parts = self.parts
        torque = parts["payload"] @ weights["payload"][:, 0]
        for name in ("armature", "links", "gravity"):
            torque += parts[name] @ weights[name][:, 0]
        for j in range(torque.shape[1]):
            friction = weights[f"friction {j + 1}"][0]
            torque[:, j] += parts["friction"][:, j] @ friction
            torque[:, j] += weights["presliding"][j] * friction[DRY] * parts["presliding"][:, j]
            if "activity" in parts:
                decoders = weights[f"joint {j + 1} -> torque"][0]  # the others are the opposite
                torque[:, j] += parts["activity"][:, j] @ decoders[: len(decoders) // 2]
        force = parts["tool"] @ weights["state -> force"].T
        if "field" in parts:
            decoders = weights["tool -> force"]  # the others, of motion, are 0
            force += parts["field"] @ decoders[:, : decoders.shape[1] // 2].T
        return torque + np.einsum("kna,ka->kn", parts["J^T"], force)


def _pass(
    log: MotionLog, learner: StructuredCycle, cutoff: float
) -> tuple[list[tuple[int, Mapping[str, np.ndarray]]], Float[np.ndarray, "k n"]]:
    """Give the learner the log; return its weights, and for each row the observer before it."""
    block, own = learner.learner.block, learner.learner
    time, q, dq, tau = (np.array(each, order="C") for each in measured_of(log, cutoff))
    rest, fast = np.zeros(log.dof), np.zeros_like(log.q)
    for rows in log.stretches():
        tau[rows] -= known_friction(learner.arm, time[rows], dq[rows])
    weights: list[tuple[int, Mapping[str, np.ndarray]]] = [(0, _weights(own))]
    between = np.concatenate((tau[:1], 0.5 * (tau[:-1] + tau[1:])))  # up to this row's time
    for rows in log.stretches():
        learner.forget_motion()
        for k in range(rows.start, rows.stop):
            fast[k] = block["fast"]
            own.record_sent(between[k])
            learner.step(State(float(time[k]), q[k], dq[k]), Reference(q[k], dq[k], rest))
            if block["renewed"] > 0.0:
                weights.append((k + 1, _weights(own)))
    return weights, fast


def _weights(learner: StructuredLearner) -> Mapping[str, np.ndarray]:
    """Return the weights, and each joint's share of `Presliding`."""
    return learner.read() | {"presliding": learner.presliding_block["share"].copy()}
