"""Conversion of a controller to plain data and arrays, and back."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
from jaxtyping import Float

from arms import Arm, Chain
from arms.machine.tape import from_tape, to_tape
from arms.model.terms import Request
from arms.model.tree import select

from ..contract import Reference, Result, State
from ..control import Admittance
from ..control.joint_space import JointSpace
from ..control.task_space import TaskSpace
from ..cycle.compiled import CompiledController
from ..cycle.compiled_learning import CompiledCycle
from ..cycle.findings import Learned
from ..cycle.observing_cycle import ObservingCycle
from ..cycle.structured_cycle import StructuredCycle
from ..cycle.structured_design import StructuredDesign
from ..cycle.structured_learner import MODEL, StructuredLearner
from ..errors import ConfigurationError, NetworkError, RecordError
from ..estimation.predictor import Predictor
from ..kernels.arm_block import friction_kernel
from ..learning.consolidation import Consolidation
from ..networks.encoding import NetworkArrays, StateEncoding
from ..networks.neurons import Activity, NeuronModel
from ..networks.structured_encoding import StructuredEncoding
from ..networks.workspace import joint_range
from ..safety.guard import Safe
from ..safety.guard_memory import BARE_ROWS, ROWS
from ..safety.limits import Limits
from .folder import FORMAT, versions_here
from .plain import made, plain, put, stored

CYCLES = {
    kind.__name__: kind for kind in (CompiledCycle, StructuredCycle, CompiledController)
}  # fmt: skip
"""Exportable cycles: any law of `nengo_forcectl.control`, with one of two learners or none."""

KERNELS = [Request(("pose", "J", "dJ", "M", "C", "g")), Request(("pose",)), Request(("J",))]
SCREWS = Request(("screws",))  # of a clearance
TOLERANCE = 1e-9  # of the reference torques, relative to the largest, or [N m]


class LoadedController(Safe):
    """What `load_controller` returns: a cycle within its limits.

    If the first state comes one period after the last one before the export, it continues with the
    same torques. Otherwise it begins a new motion: it keeps what was learned and clears the memory
    of the motion.
    """

    _first = True

    def __str__(self) -> str:
        """Return a one-line description."""
        cycle: Any = self.cycle
        names = {CompiledCycle: "consolidation", StructuredCycle: "structured"}
        name = names.get(type(cycle), type(cycle.controller.law).__name__)
        return (
            f"{name} of {self.arm.name}, {self.dof} joints, {1e3 * self.dt:g} ms a cycle, "
            f"learning {'on' if self.learning else 'off'}"
        )

    def read(self) -> dict[str, Float[np.ndarray, "..."]]:
        """Return the learned weights by name.

        Raises:
            NetworkError: the controller has no network.
        """
        if not isinstance(self.cycle, (CompiledCycle, StructuredCycle)):
            raise NetworkError(f"a {type(self.cycle).__name__} has no weights to read")
        return self.cycle.read()

    @property
    def learned(self) -> Learned:
        """What a `StructuredCycle` has found, with standard deviations.

        Raises:
            NetworkError: it is another cycle.
        """
        if not isinstance(self.cycle, StructuredCycle):
            raise NetworkError(f"a {type(self.cycle).__name__} finds no payload or friction")
        return self.cycle.learned

    @property
    def activity(self) -> Activity | None:
        """What the neurons have fired; None without neurons that spike."""
        cycle: Any = self.cycle
        return cycle.activity if isinstance(cycle, (CompiledCycle, StructuredCycle)) else None

    def step(self, state: State, reference: Reference) -> Result:
        """Return the torque within the limits; see `Safe.step`."""
        if self._first:
            self._first = False
            if not 0.5 * self.dt < state.time - float(self._watch["time"]) < 1.5 * self.dt:
                self.restart()
        return super().step(state, reference)

    def restart(self) -> None:
        """Begin a new motion: clear the last torques and states, keep what was learned."""
        self.reset()
        self.remembered = np.zeros((ROWS, self.dof)), (0, 0, -math.inf, 0, 0)


def described(safe: Safe) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return a controller as JSON data, and arrays by name.

    Raises:
        ConfigurationError: the controller cannot be exported.
    """
    if not isinstance(safe, Safe):
        raise ConfigurationError(
            f"export: is {type(safe).__name__}, needs a cycle within limits, Safe(cycle, arm)"
        )
    if safe.stopped is not None:
        raise ConfigurationError(
            f"export: the controller is in a controlled stop ({safe.stopped}); reset() ends it"
        )
    cycle: Any = safe.cycle
    kind = type(cycle).__name__
    if CYCLES.get(kind) is not type(cycle):
        raise ConfigurationError(
            f"export: {kind} cannot be exported; {', '.join(CYCLES)} can, with a law of "
            "nengo_forcectl.control"
        )
    arrays: dict[str, np.ndarray] = {}
    law = plain(cycle.controller.law, "law", arrays, cycle.arm)
    inner: dict[str, Any] = {"type": kind, "model": None, "law": law}
    requests = _requests(cycle, safe.limits)
    same = cycle.arm is safe.arm if cycle.learned_model else cycle.arm.chain == safe.arm.chain
    if not same:  # the cycle and its limits use different models
        inner["model"] = _described_arm(cycle.arm, requests, "model", arrays)
        requests = _own_requests(safe.limits)
    if isinstance(cycle, ObservingCycle):
        predictor = cycle.predictor
        if predictor is not None:
            inner["predictor"] = {"delay": predictor.delay, "gain": predictor.gain}
        inner["learning"] = "hold" if cycle.holds else cycle.learning
    if isinstance(cycle, StructuredCycle):
        learner = cycle.learner
        inner["encoding"] = plain(learner.encoding, "encoding", arrays, cycle.arm)
        inner["design"] = plain(learner.design, "design", arrays)
        inner["frozen"] = learner.frozen_parts
    elif isinstance(cycle, CompiledCycle):
        inner["encoding"] = plain(cycle.network.encoding, "encoding", arrays)
        inner["learning_law"] = plain(cycle.law, "learning_law", arrays)
        if cycle.network.neurons != NeuronModel():
            inner["neurons"] = plain(cycle.network.neurons, "neurons", arrays)
        arrays |= {"encoders": cycle.network.encoders, "bias": cycle.network.bias}
        if cycle.network.voltage is not None:
            arrays["voltage"] = cycle.network.voltage
    arrays |= {f"memory.{name}": value for name, value in cycle.checkpoint().items()}
    arrays["safe"], counts, arrays["copies"] = safe.remembered
    data = {
        "format": FORMAT,
        "versions": versions_here(),
        "dt": safe.dt,
        "arm": _described_arm(safe.arm, requests, "arm", arrays),
        "limits": plain(safe.limits, "limits", arrays, safe.arm),
        "counts": plain(counts, "counts", arrays),
        "cycle": inner,
    }
    return json.loads(json.dumps(data, allow_nan=False)), arrays


def _described_arm(
    arm: Arm, requests: Sequence[Request], path: str, arrays: dict[str, np.ndarray]
) -> dict[str, Any]:
    """Return the arm's chain, without meshes and colours, and its equations."""
    for k, request in enumerate(requests):
        tape = to_tape(arm.steps(request))
        arrays |= {f"{path}.{k}.{name}": value for name, value in tape.items()}
    links = tuple(replace(link, visuals=()) for link in arm.chain.links)
    return {
        "chain": plain(replace(arm.chain, links=links), f"{path}.chain", arrays),
        "kernels": [request.__dict__ for request in requests],
    }


def _assembled_arm(data: Mapping[str, Any], path: str, arrays: Mapping[str, np.ndarray]) -> Arm:
    chain = _of(Chain, data["chain"], f"{path}.chain", arrays)
    select(chain.name, chain.links, chain.joints, chain.base, chain.tip, {})  # is it a tree?
    arm, steps = Arm(chain), {}
    for k, fields in enumerate(data["kernels"]):
        request = Request(**{**fields, "terms": tuple(fields["terms"])})
        size = sum(prod(shape) for shape in request.shapes(arm.sizes))
        tape = _within(f"{path}.{k}.", arrays)
        steps[request] = from_tape(tape, request.lengths(arm.dof), size)
    return Arm(chain, steps)


def _within(start: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the arrays whose names have this prefix, by the rest of their names."""
    return {n.removeprefix(start): v for n, v in arrays.items() if n.startswith(start)}


def _own_requests(limits: Limits) -> list[Request]:
    """Return the arm's kernels that a guard uses."""
    return [*KERNELS, *([] if limits.clearance is None else [SCREWS])]


def _requests(cycle: Any, limits: Limits) -> list[Request]:
    """Return the arm's kernels that a cycle, its limits and its secondary tasks use."""
    requests = _own_requests(limits)
    if friction_kernel(cycle.arm) is not None:
        requests.append(Request(("friction",)))
    if isinstance(cycle, StructuredCycle):
        requests.append(Request(MODEL))
    requests += [kernel.request for kernel in cycle.controller.kernels]
    return list(dict.fromkeys(requests))


def assembled(data: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> LoadedController:
    """Return the controller from the data of `described`.

    Raises:
        RecordError: the data are not from `described`. KeyError, IndexError, TypeError, ValueError
            or OverflowError: the data have another form; see `interpreting`.
    """
    arm, dt, inner = _assembled_arm(data["arm"], "arm", arrays), data["dt"], data["cycle"]
    model = arm if inner["model"] is None else _assembled_arm(inner["model"], "model", arrays)
    law = made(inner["law"], "law", arrays, model)
    if inner["type"] not in CYCLES:
        raise RecordError(f"cycle is {inner['type']!r}, needs one of {', '.join(CYCLES)}")
    if inner["type"] == "CompiledController":
        cycle: Any = CompiledController(model, law)
    else:
        cycle = _learning(inner, arrays, model, law, dt)
    limits = _of(Limits, data["limits"], "limits", arrays, arm)
    for owner, requests in ((arm, _own_requests(limits)), (model, _requests(cycle, limits))):
        missing = [request for request in requests if not owner.has_steps(request)]
        if missing:
            raise RecordError(f"the tape of {missing[0]} is missing")
    safe = LoadedController(cycle, arm, limits, dt)
    cycle.resume(_within("memory.", arrays))  # not before: the limits write to it, to be compiled
    rows = BARE_ROWS if stored(arrays, "safe").shape == (BARE_ROWS, arm.dof) else ROWS
    memory, counts = np.empty((rows, arm.dof)), made(data["counts"], "counts", arrays)
    put(memory, arrays, "safe")
    copies = np.empty(1 + 2 * arm.dof)
    put(copies, arrays, "copies")
    safe.remembered = memory, counts, copies
    return safe


def _learning(
    inner: Mapping[str, Any], arrays: Mapping[str, np.ndarray], model: Arm, law: Any, dt: float
) -> CompiledCycle | StructuredCycle:
    """Return a cycle that learns, or did."""
    late = inner.get("predictor")
    predictor = None if late is None else Predictor(model, late["delay"], dt, late["gain"])
    if inner["type"] == "StructuredCycle":
        encoding = _of(StructuredEncoding, inner["encoding"], "encoding", arrays, model)
        design = _of(StructuredDesign, inner["design"], "design", arrays)
        bound = law.bind(model)
        cycles = 0 if late is None else round(late["delay"] / dt)
        learner = StructuredLearner(model, bound, encoding, design, dt, cycles)
        learner.freeze(*inner["frozen"])
        cycle: CompiledCycle | StructuredCycle = StructuredCycle(model, bound, learner, predictor)
    else:
        network = network_arrays(inner, arrays)
        learns = _of(Consolidation, inner["learning_law"], "learning_law", arrays)
        cycle = CompiledCycle.of_arrays(model, law, network, learns, dt, predictor)
    cycle.learn("hold" if inner["learning"] == "hold" else bool(inner["learning"]))
    return cycle


def _of(
    kind: type, data: Any, path: str, arrays: Mapping[str, np.ndarray], arm: Arm | None = None
) -> Any:
    value = made(data, path, arrays, arm)
    if not isinstance(value, kind):
        raise RecordError(f"{path}: is {type(value).__name__}, needs a {kind.__name__}")
    return value


def network_arrays(inner: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> NetworkArrays:
    """Return the network from a learning cycle's data."""
    names = ("encoders", "bias", "memory.weights")
    encoding = _of(StateEncoding, inner["encoding"], "encoding", arrays)
    neurons, voltage = NeuronModel(), arrays.get("voltage")
    if "neurons" in inner:
        neurons = _of(NeuronModel, inner["neurons"], "neurons", arrays)
    E, bias, weights = (stored(arrays, name) for name in names)
    return NetworkArrays(encoding, E, bias, weights, neurons, voltage)


def proof(controller: LoadedController) -> Float[np.ndarray, "3 n"]:
    """Return the torques of the first three steps of a small motion."""
    cycle: Any = controller.cycle
    arm, law, rows = controller.arm, cycle.controller.law, []
    task = law.inner if isinstance(law, Admittance) else law
    q = task.posture if isinstance(task, TaskSpace) else joint_range(arm)[0]
    dq, still = 0.1 * np.cos(np.arange(arm.dof)), np.zeros(3)
    push = np.full(6, 0.1) if isinstance(law, TaskSpace | Admittance) and law.needs_wrench else None
    controller.restart()
    for k in range(3):
        time = k * controller.dt
        state = State(time, q + time * dq, dq, wrench=push)
        if isinstance(law, JointSpace):
            reference = Reference(state.q + 0.01, dq, np.zeros(arm.dof))
        else:
            pose = arm.pose(state.q)
            reference = Reference(pose[:3, 3] + 0.01, still, still, pose[:3, :3].copy())
        rows.append(controller.step(state, reference).tau.copy())
    return np.array(rows)


def check_proof(
    controller: LoadedController, data: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
) -> None:
    """Raise `RecordError` unless a controller reproduces the written torques."""
    wanted, found = stored(arrays, "proof"), proof(controller)
    off = float(np.abs(found - wanted).max()) if found.shape == wanted.shape else math.inf
    if not off <= TOLERANCE * max(1.0, float(np.abs(wanted).max())):
        written, here = data["versions"], versions_here()
        other = [f"{n} {v}, here {here.get(n)}" for n, v in written.items() if v != here.get(n)]
        raise RecordError(
            f"its torques differ by {off:.3g} N m from those that were stored with it; "
            f"versions that differ: {', '.join(other) or 'none'}"
        )
