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

from pathlib import Path
from typing import TYPE_CHECKING

from ..cycle.compiled_learning import CompiledCycle
from ..errors import ConfigurationError, ForcectlError, RecordError, VersionError
from ..safety.guard import Safe
from ..support.files import interpreting, read_json
from .data import LoadedController, assembled, check_proof, described, network_arrays, proof
from .folder import ARRAYS, TEXT, check_new, names_in, read, write

if TYPE_CHECKING:
    from ..networks.building import WorkspaceNetwork


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
    check_new(folder, replace)
    data, arrays = described(cycle)
    arrays["proof"] = proof(assembled(data, arrays))
    write(folder, data, arrays)
    return folder


def export_run(
    run: Path, folder: Path, name: str | None = None, *, replace: bool = False
) -> LoadedController:
    """Export what a run has trained, by name; return the controller.

    Raises:
        ConfigurationError: a name that is needed or that the run does not have, or a run that
            leaves no controller.
        RecordError: no run, a damaged controller, or a folder that exists or cannot be written.
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
        has = ", ".join(names) or "none; --adapt consolidation leaves one"
        raise ConfigurationError(
            f"controller: is {name or 'not given'}, needs one that '{run}' has trained: {has}"
        )
    controller = load_controller(run / str(name))
    export_controller(controller, folder, replace=replace)
    return controller


def _kind_without(run: Path) -> str | None:
    """What kind of run it is, if that kind leaves no controller."""
    problem = f"run folder '{run}': holds no run that can be read"
    summary = read_json(run / "summary.json", problem)
    with interpreting(problem):
        verb, settings = summary.get("verb", "reach"), dict(summary["settings"])
        tool = settings.get("jacobian")
    if verb != "reach":
        return f"`{verb}`"
    return "`reach` with a tool" if tool else None


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
    data, arrays = read(Path(folder))
    try:
        with interpreting(f"{TEXT} and {ARRAYS} hold no controller"):
            check_proof(assembled(data, arrays), data, arrays)
            return assembled(data, arrays)
    except VersionError:
        raise
    except ForcectlError as error:
        raise RecordError(f"controller folder '{folder}': {error}") from None


def load_network(folder: Path | str) -> "WorkspaceNetwork":
    """Return the network of an exported `CompiledCycle` as a plain Nengo network.

    It runs in Nengo's simulator, without NengoDL; it does not learn there. Its ``state`` takes
    (q, dq, ddq_r), 3 n numbers, or (q, dq_r, ddq_r) if ``encoding.measured`` is False; ``torque``
    and ``probe`` give F(x; w) [N m], what the cycle calls ``feedforward`` when it does not learn.

    Raises:
        RecordError, VersionError: as `load_controller`; or the controller has no network.
    """
    from ..networks.building import network_of  # needs nengo, a loaded controller does not

    data, arrays = read(Path(folder))
    try:
        with interpreting("holds no network"):
            if data["cycle"]["type"] != "CompiledCycle":
                raise RecordError(f"a {data['cycle']['type']} has no network")
            network = network_arrays(data["cycle"], arrays)
            network.check(len(network.weights))
            return network_of(network)
    except ForcectlError as error:
        raise RecordError(f"controller folder '{folder}': {error}") from None
