"""A trained controller as one folder, which runs without TensorFlow, PyBullet and Sympy.

    controller.json   versions, arm, limits, control law, learning law and gains, human-readable
    arrays.npz        weights, memory, and the arm's equations as tapes (`arms.tape`)
    SHA256SUMS        checksums of both, for `sha256sum -c SHA256SUMS` and `load_controller`

A folder holds only numbers and names from fixed tables: nothing is executed, unpickled or used as a
path. The checksums detect damage but are no signature, so load only controllers that you trust to
move your arm. Versions of Python, numpy, numba and llvmlite may differ from those that wrote the
folder, which changes the last bits of a torque. The folder therefore holds a few reference torques,
and is refused unless they are reproduced to 1e-9. This package must have the same minor version.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..cycle.compiled_learning import CompiledCycle
from ..cycle.structured_cycle import StructuredCycle
from ..errors import ConfigurationError, ForcectlError, RecordError, VersionError
from ..networks.population import Population
from ..safety.guard import Safe
from ..support.files import interpreting, read_json
from .data import LoadedController, assembled, check_proof, described, network_arrays, proof
from .folder import ARRAYS, TEXT, check_new, names_in, read, write

if TYPE_CHECKING:
    from ..networks.building import WorkspaceNetwork
    from ..networks.structured_network import StructuredNetwork


def export_controller(cycle: Safe, folder: Path | str, *, replace: bool = False) -> Path:
    """Write a controller with its present weights to a new folder; return its path.

    The folder is written completely or not at all.

    Args:
        cycle: a `StructuredCycle` (that of `learning_cycle`), `CompiledCycle` (that of
            `consolidating_cycle`) or `CompiledController`, in its `Safe`.
        folder: folder to write.
        replace: whether to replace an exported controller that is already there.

    Raises:
        ConfigurationError: the controller cannot be exported.
        RecordError: the folder exists, or cannot be written.
    """
    folder = Path(folder)
    check_new(folder, replace)
    data, arrays = described(cycle)
    arrays["proof"] = proof(assembled(data, arrays))
    write(folder, data, arrays)
    return folder


def export_library(cycle: Safe, folder: Path | str, *, replace: bool = False) -> Path:
    """Write a controller and a C library of it to a new folder; return the folder's path.

    It holds what `export_controller` writes, and is loaded in the same way.

    The library has the folder's name, with '_' in place of '-', '.' and blanks. Its header
    ``NAME.h`` documents it; ``NAME.state`` is the state block that a program creates the controller
    from; ``x86_64/`` and ``aarch64/`` hold ``libNAME.a`` and, where a linker for the machine is
    there, ``libNAME.so``.

    Args:
        cycle: as in `export_controller`.
        folder: folder to write.
        replace: whether to replace an exported controller that is already there.

    Raises:
        ConfigurationError: the controller cannot be exported, or C cannot have the folder's name.
        RecordError: the folder exists, or cannot be written.
    """
    from .c_library import c_library, library_name  # numba and llvmlite

    folder = Path(folder)
    name = library_name(folder)
    check_new(folder, replace)
    data, arrays = described(cycle)
    arrays["proof"] = proof(assembled(data, arrays))
    library = c_library(assembled(data, arrays), name)
    write(folder, data, arrays, library)
    return folder


def export_run(
    run: Path,
    folder: Path,
    name: str | None = None,
    *,
    replace: bool = False,
    c: bool = False,
) -> LoadedController:
    """Export a controller that a run has trained, by name; return the controller.

    Args:
        run: folder of the run.
        folder: folder to write.
        name: of the controller; None: the only one of the run.
        replace: whether to replace an exported controller that is already there.
        c: whether to add a C library, as `export_library`.

    Raises:
        ConfigurationError: the name is missing or not in the run, or the run leaves no controller.
        RecordError: the run does not exist, the controller is damaged, or the folder exists or
            cannot be written.
    """
    if not (run / "summary.json").is_file():
        raise RecordError(f"run folder '{run}': holds no run")
    names = names_in(run)
    kind = None if names else _kind_without(run)
    if kind is not None:
        raise ConfigurationError(
            f"run folder '{run}': is of {kind}; only `reach` without a tool leaves a controller"
        )
    name = names[0] if name is None and len(names) == 1 else name
    if name not in names:
        has = ", ".join(names) or "none; --adapt structured or consolidation leaves one"
        raise ConfigurationError(
            f"controller: is {name or 'not given'}, needs one that '{run}' has trained: {has}"
        )
    controller = load_controller(run / str(name))
    (export_library if c else export_controller)(controller, folder, replace=replace)
    return controller


def _kind_without(run: Path) -> str | None:
    """Return the kind of a run that leaves no controller, else None."""
    problem = f"run folder '{run}': holds no run that can be read"
    summary = read_json(run / "summary.json", problem)
    with interpreting(problem):
        verb, settings = summary.get("verb", "reach"), dict(summary["settings"])
        tool = settings.get("jacobian")
    if verb != "reach":
        return f"`{verb}`"
    return "`reach` with a tool" if tool else None


def trained(cycle: Safe) -> bool:
    """Whether the cycle learns and can be exported."""
    return type(cycle.cycle) in (CompiledCycle, StructuredCycle)


def load_controller(folder: Path | str) -> LoadedController:
    """Return the controller from a folder of `export_controller`, ready to run.

    It continues to learn if it was learning; ``.learn(False)`` freezes it. Everything is compiled
    when this returns.

    Raises:
        RecordError: the folder, or a file of it, cannot be read, is damaged or incomplete.
        VersionError: an incompatible version wrote it.
    """
    data, arrays = read(Path(folder))
    try:
        with interpreting(f"{TEXT} and {ARRAYS} hold no controller"):
            check_proof(assembled(data, arrays), data, arrays)
            return assembled(data, arrays)
    except VersionError:
        raise
    except ForcectlError as error:
        raise RecordError(f"controller folder '{folder}': {error}") from None


def load_network(
    folder: Path | str, neuron_type: str | None = None, synapse: float | None = None
) -> "WorkspaceNetwork | StructuredNetwork":
    """Return the network of an exported learner as a plain Nengo network.

    It runs in Nengo's simulator, without NengoDL; it does not learn there. Its ``state`` takes 3 n
    numbers; ``torque`` and ``probe`` give its torque [N m].

    - Of a `CompiledCycle`: the state is (q, dq, ddq_r), or (q, dq_r, ddq_r) if
      ``encoding.measured`` is False; the torque F(x; w) is the cycle's ``feedforward`` without
      learning. Its neurons are those that it was trained with, and spike if these did; Nengo's
      synapse begins at 0, so F agrees after some of its time constants.
    - Of a `StructuredCycle`: the direct paths and the neurons of joints and tool of a
      `structured_network`. The state is (q, dq, ddq); the torque is what the cycle's model lacks in
      that motion. In the cycle, payload and armature are part of the model instead, and only the
      rest is ``feedforward``.

    Args:
        folder: the exported controller.
        neuron_type: other neurons.

            - Of a `CompiledCycle`: of the same rates, such as "lif" for a network that was trained
              with "lif-rate"; see `NetworkArrays.with_neurons`. The torque is then the same in the
              mean. Networks of rectified-linear neurons spike at 1 Hz at most, unless they were
              trained with ``max_rates``.
            - Of a `StructuredCycle`: one of `NEURON_TYPES`, of 100 to 400 Hz, with decoders solved
              for them. `structured_network_of` takes other rates.
        synapse: time constant [s] behind these neurons; default: `NetworkArrays.with_neurons`, or
            that of `Population`.

    Raises:
        RecordError, VersionError: as `load_controller`, and if the controller has no network.
        ConfigurationError: the neurons have other rates.
    """
    from ..networks.building import network_of  # needs nengo, a loaded controller does not
    from ..networks.structured_network import structured_network_of  # needs nengo, too

    data, arrays = read(Path(folder))
    population = None if neuron_type is None else Population(neuron_type, synapse=synapse)
    try:
        with interpreting("holds no network"):
            kind = data["cycle"]["type"]
            if kind == "StructuredCycle":
                cycle: Any = assembled(data, arrays).cycle
                encoding, weights = cycle.learner.network_parts
                return structured_network_of(encoding, weights, population)
            if kind != "CompiledCycle":
                raise RecordError(f"a {kind} has no network")
            network = network_arrays(data["cycle"], arrays)
            network.check(len(network.weights))
    except ForcectlError as error:
        raise RecordError(f"controller folder '{folder}': {error}") from None
    if neuron_type is not None:
        network = network.with_neurons(neuron_type, synapse)
    return network_of(network)
