"""A trained controller as one folder, which runs without TensorFlow, PyBullet and Sympy.

    controller.json   versions, arm, limits, control law and gains, how it learns; to be read
    arrays.npz        weights, what it remembers, and the arm's equations as tapes (`arms.tape`)
    SHA256SUMS        of both; `sha256sum -c SHA256SUMS` checks it, and so does `load_controller`

All of it is numbers and names from fixed tables: nothing in a folder is executed, unpickled or
taken for a path. The checksums find damage; they are no signature, so load what you trust to move
your arm. Versions of Python, numpy, numba and llvmlite may differ from those that wrote it, the
last bits of a torque then differ, too: the folder holds a few torques that the controller gives,
and is refused where they do not come out to 1e-9. This package's must be of the same minor version.
"""

import hashlib
import io
import json
import math
import platform
import re
import tempfile
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import metadata
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from arms import Arm, Chain
from arms.tape import from_tape, to_tape
from arms.terms import Request
from arms.tree import select

from .control import Admittance
from .control.joint_space import JointSpace
from .control.safety import Limits, Safe
from .control.task_space import TaskSpace
from .encoding import NetworkArrays, StateEncoding
from .exceptions import ConfigurationError, ForcectlError, RecordError, VersionError
from .fused import CompiledController
from .fused_learning import CompiledCycle
from .learning.consolidation import Consolidation
from .paths import Reference
from .plain import made, plain, put, recall, stored
from .prediction import Predictor
from .robot import Result, State
from .workspace import joint_range

if TYPE_CHECKING:
    from .network import WorkspaceNetwork

FORMAT = 1
TEXT, ARRAYS, SUMS = "controller.json", "arrays.npz", "SHA256SUMS"
PACKAGES = ("nengo-forcectl", "numpy", "numba", "llvmlite")
CYCLES = {"CompiledCycle": CompiledCycle, "CompiledController": CompiledController}
"""What can be exported: the controller of `learning_cycle`, and every law without learning."""

KERNELS = [Request(("pose", "J", "dJ", "M", "C", "g")), Request(("pose",)), Request(("J",))]
TOLERANCE = 1e-9  # of the proof, relative to the largest torque, or [N m]
BROKEN = (
    KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, ImportError,
)  # fmt: skip


class LoadedController(Safe):
    """What `load_controller` returns: a cycle within its limits.

    If the first state comes one period after the last one before the export, it goes on, to the
    same torques. With any other it begins a new motion: what it learned stays, what it remembers of
    the motion is forgotten.
    """

    _first = True

    @property
    def learning(self) -> bool:
        """Whether it learns; see `learn`."""
        return bool(getattr(self.cycle, "learning", False))

    def step(self, state: State, reference: Reference) -> Result:
        """Return the torque that may leave; see `Safe.step`."""
        if self._first:
            self._first = False
            if not 0.5 * self.dt < state.time - self._time < 1.5 * self.dt:
                self.restart()
        return super().step(state, reference)

    def restart(self) -> None:
        """Begin a new motion: forget the last torques and states, not what was learned."""
        self.remembered = np.zeros((6, self.dof)), (0, 0, -math.inf, 0, 0)
        self.reset()
        _forget_motion(self.cycle)


def export_controller(cycle: Safe, folder: Path | str, *, replace: bool = False) -> Path:
    """Write a controller as it is now, learned weights and all, as a new folder; return its path.

    The folder appears whole or not at all.

    Args:
        cycle: a `CompiledCycle` (that of `learning_cycle`) or `CompiledController`, in its `Safe`.
        folder: that is written.
        replace: whether an exported controller that is there may be replaced.

    Raises:
        ConfigurationError: a controller that cannot be exported.
        RecordError: the folder exists, or cannot be written.
    """
    folder = Path(folder)
    if folder.exists() and not (replace and (folder / SUMS).is_file()):
        answer = "which is no exported controller" if replace else "and replace is not set"
        raise RecordError(f"controller folder '{folder}': exists, {answer}")
    data, arrays = _described(cycle)
    arrays["proof"] = _proof(_assembled(data, arrays))
    stream = io.BytesIO()
    np.savez(stream, **arrays)  # pyright: ignore[reportArgumentType]
    files = {TEXT: _text(data).encode(), ARRAYS: stream.getvalue()}
    sums = "".join(f"{_sha256(content)}  {name}\n" for name, content in files.items())
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".export-") as room:
            new, old = Path(room) / "new", Path(room) / "old"
            new.mkdir()
            for name, content in (*files.items(), (SUMS, sums.encode())):
                (new / name).write_bytes(content)
            if folder.exists():
                folder.rename(old)
            try:
                new.rename(folder)
            except OSError:
                if old.exists():
                    old.rename(folder)
                raise
    except OSError as error:
        raise RecordError(
            f"controller folder '{folder}': cannot be written ({error.strerror})"
        ) from None
    return folder


def export_run(
    run: Path, folder: Path, name: str | None = None, *, replace: bool = False
) -> tuple[str, LoadedController]:
    """Export what a run has trained, by name; return the name, and the controller.

    Raises:
        ConfigurationError: a name that is needed or that the run does not have.
        RecordError: no run, a damaged controller, or a folder that exists or cannot be written.
    """
    if not (run / "summary.json").is_file():
        raise RecordError(f"run folder '{run}': holds no run")
    names = sorted(path.parent.name for path in run.glob(f"*/{SUMS}"))
    name = names[0] if name is None and len(names) == 1 else name
    if name not in names:
        has = ", ".join(names) or "none; --adapt consolidation leaves one"
        raise ConfigurationError(
            f"controller: is {name}, needs one that '{run}' has trained: {has}"
        )
    controller = load_controller(run / str(name))
    export_controller(controller, folder, replace=replace)
    return str(name), controller


def trained(cycle: Safe) -> bool:
    """Whether it is of a kind that learns and can be exported."""
    return type(cycle.cycle) is CompiledCycle


def load_controller(folder: Path | str) -> LoadedController:
    """Return the controller of a folder that `export_controller` wrote, ready to run.

    It learns on if it was learning; ``.learn(False)`` freezes it. It is all compiled when this
    returns.

    Raises:
        RecordError: the folder, or a file of it, cannot be read, is damaged or incomplete.
        VersionError: it was written by a version whose controllers are other ones.
    """
    data, arrays = _read(Path(folder))
    try:
        _check_proof(_assembled(data, arrays), data, arrays)
        return _assembled(data, arrays)
    except VersionError:
        raise
    except ForcectlError as error:
        raise RecordError(f"controller folder '{folder}': {error}") from None
    except BROKEN as error:
        raise RecordError(
            f"controller folder '{folder}': {TEXT} and {ARRAYS} hold no controller "
            f"({type(error).__name__}: {error})"
        ) from None


def load_network(folder: Path | str) -> "WorkspaceNetwork":
    """Return the network of an exported `CompiledCycle` as a plain Nengo network.

    It runs in Nengo's simulator, without NengoDL; it does not learn there. Its ``state`` takes
    (q, dq, ddq_r), 3 n numbers, or (q, dq_r, ddq_r) if ``encoding.measured`` is False; ``torque``
    and ``probe`` give F(x; w) [N m], what the cycle calls ``feedforward`` when it does not learn.

    Raises:
        RecordError, VersionError: as `load_controller`; or the controller has no network.
    """
    from .network import network_of

    data, arrays = _read(Path(folder))
    try:
        if data["cycle"]["type"] != "CompiledCycle":
            raise RecordError(f"a {data['cycle']['type']} has no network")
        network = _network(data["cycle"], arrays)
        network.check(len(network.weights))
        return network_of(network)
    except ForcectlError as error:
        raise RecordError(f"controller folder '{folder}': {error}") from None
    except BROKEN as error:
        raise RecordError(
            f"controller folder '{folder}': holds no network ({type(error).__name__}: {error})"
        ) from None


# What a controller is, as data.


def _described(safe: Safe) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
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
    law = plain(cycle.controller, "law", arrays, cycle.arm)
    inner: dict[str, Any] = {"type": kind, "model": None, "law": law}
    requests = _requests(cycle)
    if cycle.arm.chain != safe.arm.chain:  # the cycle goes by another model than its limits
        inner["model"] = _described_arm(cycle.arm, requests, "model", arrays)
        requests = KERNELS
    if isinstance(cycle, CompiledCycle):
        predictor = cycle.predictor
        if predictor is not None:
            inner["predictor"] = {"delay": predictor.delay, "gain": predictor.gain}
        inner["encoding"] = plain(cycle.network.encoding, "encoding", arrays)
        inner["learning_law"] = plain(cycle.law, "learning_law", arrays)
        inner["learning"] = cycle.learning
        arrays |= {"encoders": cycle.network.encoders, "bias": cycle.network.bias}
        arrays |= {f"memory.{name}": value for name, value in cycle.checkpoint().items()}
    arrays["safe"], counts = safe.remembered
    data = {
        "format": FORMAT,
        "versions": _versions(),
        "dt": safe.dt,
        "arm": _described_arm(safe.arm, requests, "arm", arrays),
        "limits": plain(safe.limits, "limits", arrays),
        "counts": plain(counts, "counts", arrays),
        "cycle": inner,
    }
    return json.loads(json.dumps(data, allow_nan=False)), arrays


def _described_arm(
    arm: Arm, requests: Sequence[Request], path: str, arrays: dict[str, np.ndarray]
) -> dict[str, Any]:
    """Its chain, without what only dresses it, and its equations."""
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
    """The arrays whose names begin so, by the rest of their names."""
    return {n.removeprefix(start): v for n, v in arrays.items() if n.startswith(start)}


def _requests(cycle: Any) -> list[Request]:
    """The kernels of the arm that a cycle and its limits ask for, with its secondary tasks'."""
    law, requests = cycle.controller, list(KERNELS)
    task = law.inner if isinstance(law, Admittance) else law
    if isinstance(task, TaskSpace):
        entries = [entry for each in task.tasks for entry in each.entries(cycle.dof)]
        requests += [entry.kernel.request for entry in entries if entry.kernel is not None]
    if getattr(cycle, "predictor", None) is not None:
        requests.append(Request(("M", "C", "g")))
    return list(dict.fromkeys(requests))


def _assembled(data: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> LoadedController:
    """The controller that `_described` gave the data of."""
    arm, dt, inner = _assembled_arm(data["arm"], "arm", arrays), data["dt"], data["cycle"]
    model = arm if inner["model"] is None else _assembled_arm(inner["model"], "model", arrays)
    law = made(inner["law"], "law", arrays, model)
    if inner["type"] == "CompiledController":
        cycle: Any = CompiledController(model, law)
        recall(law, "law", arrays)
    elif inner["type"] == "CompiledCycle":
        late = inner.get("predictor")
        predictor = None if late is None else Predictor(model, late["delay"], dt, late["gain"])
        network = _network(inner, arrays)
        learns = _of(Consolidation, inner["learning_law"], "learning_law", arrays)
        cycle = CompiledCycle.of(model, law, network, learns, dt, predictor)
        cycle.resume(_within("memory.", arrays))
        cycle.learn(bool(inner["learning"]))
    else:
        raise RecordError(f"cycle is {inner['type']!r}, needs one of {', '.join(CYCLES)}")
    for owner, requests in ((arm, KERNELS), (model, _requests(cycle))):
        missing = [request for request in requests if not owner.given(request)]
        if missing:
            raise RecordError(f"there is no tape of {missing[0]}")
    limits = _of(Limits, data["limits"], "limits", arrays)
    safe = LoadedController(cycle, arm, limits, dt)
    memory, counts = np.empty((6, arm.dof)), made(data["counts"], "counts", arrays)
    put(memory, arrays, "safe")
    safe.remembered = memory, counts
    return safe


def _of(kind: type, data: Any, path: str, arrays: Mapping[str, np.ndarray]) -> Any:
    value = made(data, path, arrays)
    if not isinstance(value, kind):
        raise RecordError(f"{path}: is {type(value).__name__}, needs a {kind.__name__}")
    return value


def _network(inner: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> NetworkArrays:
    names = ("encoders", "bias", "memory.weights")
    encoding = _of(StateEncoding, inner["encoding"], "encoding", arrays)
    return NetworkArrays(encoding, *(stored(arrays, name) for name in names))


def _forget_motion(cycle: Any) -> None:
    """What a cycle remembers of the motion, not what it has learned."""
    if isinstance(cycle, CompiledCycle):
        cycle.forget_motion()
    elif isinstance(cycle, CompiledController):
        reset = getattr(cycle.controller, "reset", None)
        if reset is not None:
            reset()
        if isinstance(cycle.controller, Admittance):
            inner = getattr(cycle.controller.inner, "reset", None)
            if inner is not None:
                inner()


# A few torques, to see that a controller is the one that was written.


def _proof(controller: LoadedController) -> Float[np.ndarray, "3 n"]:
    """Torques of the first three steps of a small motion."""
    cycle: Any = controller.cycle
    arm, law, rows = controller.arm, cycle.controller, []
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


def _check_proof(
    controller: LoadedController, data: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
) -> None:
    wanted, found = stored(arrays, "proof"), _proof(controller)
    off = float(np.abs(found - wanted).max()) if found.shape == wanted.shape else math.inf
    if not off <= TOLERANCE * max(1.0, float(np.abs(wanted).max())):
        written, here = data["versions"], _versions()
        other = [f"{n} {v}, here {here.get(n)}" for n, v in written.items() if v != here.get(n)]
        raise RecordError(
            f"its torques come out otherwise than when it was written, by {off:.3g} N m; "
            f"versions that differ: {', '.join(other) or 'none'}"
        )


# Files.


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The data of a folder whose checksums are right."""
    sums = _sums(folder)
    files = {name: _bytes(folder / name) for name in (TEXT, ARRAYS)}
    for name, content in files.items():
        if _sha256(content) != sums[name]:
            raise RecordError(
                f"file '{folder / name}': is damaged or was changed, its SHA-256 is not that of "
                f"{SUMS}; export the controller anew"
            )
    try:
        data = json.loads(files[TEXT].decode())
        version, versions = data["format"], data["versions"]
        written = str(versions["nengo-forcectl"])
    except (ValueError, *BROKEN) as error:
        raise RecordError(
            f"file '{folder / TEXT}': holds no controller ({type(error).__name__}: {error})"
        ) from None
    here = _versions()["nengo-forcectl"]
    if version != FORMAT or written.split(".")[:2] != here.split(".")[:2]:
        raise VersionError(
            f"file '{folder / TEXT}': is of format {version!r}, written by nengo-forcectl "
            f"{written}; this is {here}, which reads format {FORMAT} of the same minor version: "
            "export the controller anew, or install that one"
        )
    try:
        with np.load(io.BytesIO(files[ARRAYS]), allow_pickle=False) as file:
            arrays = dict(file)
    except (OSError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error, *BROKEN) as error:
        raise RecordError(f"file '{folder / ARRAYS}': holds no arrays ({error})") from None
    return data, arrays


def _sums(folder: Path) -> dict[str, str]:
    """Checksum by name; the names are ours, not the file's."""
    if not folder.is_dir():
        raise RecordError(f"controller folder '{folder}': there is none")
    text = _bytes(folder / SUMS).decode(errors="replace")
    found = dict(re.findall(r"^([0-9a-f]{64}) [ *](.+)$", text, re.MULTILINE)[:3])
    sums = {name: sha for sha, name in found.items()}
    if set(sums) != {TEXT, ARRAYS}:
        raise RecordError(
            f"file '{folder / SUMS}': has checksums of {', '.join(map(repr, sums)) or 'nothing'}, "
            f"needs those of {TEXT} and {ARRAYS}"
        )
    return sums


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RecordError(f"file '{path}': cannot be read ({error.strerror})") from None


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _versions() -> dict[str, str]:
    return {"python": platform.python_version()} | {n: metadata.version(n) for n in PACKAGES}


def _text(data: Mapping[str, Any]) -> str:
    """JSON with a line a field; lists of numbers stay on one."""
    text = json.dumps(data, indent=2, allow_nan=False)
    short = lambda found: "[" + re.sub(r"\n\s+", " ", found[1]) + "]"  # noqa: E731
    return re.sub(r"\[\n\s+([^\[\]{}]*?)\n\s+\]", short, text) + "\n"
