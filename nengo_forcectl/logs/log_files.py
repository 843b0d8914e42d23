"""Logs of robots from files of any kind."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float

from arms import Arm
from arms.model.chain import coordinates

from ..cycle.learner_start import START_FILE
from ..errors import RecordError
from ..robots.recording import read_recording
from ..support.files import parse_npz, read_bytes, read_npz
from .clean_log import clean_clock
from .log_bag import read_bag
from .log_format import KINDS, UNITS, LogFormat, find_columns, units_of
from .log_parquet import read_parquet
from .log_text import read_columns, split_text
from .motion_log import MotionLog, check_fits, check_length
from .whole_turns import unwrapped

NAMES = {  # of arrays in an archive, besides the kinds' own
    "time": ("t", "timestamp"),
    "q": ("pos", "position", "positions", "qpos"),
    "dq": ("qd", "vel", "velocity", "velocities", "qvel"),
    "tau": ("torque", "torques", "effort"),
    "current": ("currents", "i"),
}
EPOCH = {"ms": 1e3, "us": 1e6, "ns": 1e9}  # of a second
NO_FORMAT = LogFormat()


def read_log(path: Path | str, form: LogFormat = NO_FORMAT, arm: Arm | None = None) -> MotionLog:
    """Read the motion of an arm from a file, and repair what is usual in logs.

    - text: CSV, or columns separated by ``;``, tabs or spaces, with or without a header;
    - ``.npz``: arrays named as in `LogFormat`;
    - a run folder of this package (the only record in it), or one of its ``.npz`` or ``.rows``;
    - a bag of ROS 2, sqlite or MCAP, if ``rosbags`` is installed;
    - ``.parquet``, if ``pyarrow`` is.

    Rows that are cut, not finite, repeated or out of order are left out; a gap, or a clock that
    begins anew, starts a new stretch. ``repaired`` counts them; ``notes`` says what was guessed.

    Args:
        path: file or folder.
        form: columns, units, gains.
        arm: the arm that the log must be of; None: any.

    Raises:
        RecordError: the file cannot be read, lacks something, or is not of this arm.
    """
    path = Path(path)
    if path.suffix in (".db3", ".mcap") or (path / "metadata.yaml").exists():
        bag = path if path.is_dir() or not (path.parent / "metadata.yaml").exists() else path.parent
        arrays, notes = read_bag(bag, form.topic, _joints(arm))
        log = _assemble(path, arrays, arm, form, notes, _checksum(_bag_file(bag)))
    elif path.is_dir():
        log = _read_archive(_record_in(path), form, arm)
    elif path.suffix in (".npz", ".rows"):
        log = _read_archive(path, form, arm)
    elif path.suffix == ".parquet":
        log = _read_table(path, form, arm)
    else:
        log = _read_text(path, form, arm)
    if arm is not None:
        check_fits(log, arm)
    return log


def read_arrays(path: Path | str) -> dict[str, np.ndarray]:
    """Return all columns of a record, or time, q, dq and tau of a log of another kind.

    Args:
        path: run folder with one record, ``.npz`` or ``.rows``; else see `read_log`.

    Raises:
        RecordError: the file cannot be read, or has no time and q.
    """
    path = Path(path)
    if path.is_dir() and not (path / "metadata.yaml").exists():
        path = _record_in(path)
    if path.suffix in (".npz", ".rows"):
        arrays = _own_arrays(path)
        if not all(name in arrays for name in ("time", "q")):
            raise RecordError(f"log '{path}': needs arrays time and q, but has {_of(arrays)}")
        return arrays
    log = read_log(path)
    arrays = {"time": log.time, "q": log.q, "dq": log.dq, "tau": log.tau}
    return {name: each for name, each in arrays.items() if each is not None}


def _own_arrays(path: Path) -> dict[str, np.ndarray]:
    problem = f"log '{path}': cannot be read"
    return read_recording(path) if path.suffix == ".rows" else read_npz(path, problem)


def _read_table(path: Path, form: LogFormat, arm: Arm | None) -> MotionLog:
    columns = read_parquet(path)
    numbers = np.stack(list(columns.values()), axis=1) if columns else np.empty((0, 0))
    places, notes = find_columns(str(path), list(columns), len(columns), form, _joints(arm))
    arrays = {kind: numbers[:, each] for kind, each in places.items()}
    form, told = units_of(list(columns), places, form)
    return _assemble(path, _one_clock(arrays), arm, form, notes + told, _checksum(path))


def _one_clock(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the arrays with one column of time; a second one has nanoseconds."""
    if "time" in arrays:
        time = arrays["time"]
        whole = time[:, 0]
        if time.shape[1] > 1:
            whole = whole - np.nan_to_num(whole[0]) + 1e-9 * time[:, 1]
        arrays["time"] = whole
    return arrays


def _text_of(path: Path, content: bytes) -> str:
    """Return the text of a file in UTF-8, UTF-16 or an encoding of one byte a letter."""
    try:
        marked = content.startswith((b"\xff\xfe", b"\xfe\xff"))
        return content.decode("utf-16" if marked else "utf-8-sig")
    except UnicodeDecodeError:
        if b"\0" not in content[:4096]:
            return content.decode("latin-1")
        raise RecordError(
            f"log '{path}': is not text; needs CSV, .npz, a run folder or a bag"
        ) from None


def _read_text(path: Path, form: LogFormat, arm: Arm | None) -> MotionLog:
    content = read_bytes(path, f"log '{path}': cannot be read")
    table = split_text(str(path), _text_of(path, content))
    places, notes = find_columns(str(path), table.header, table.width, form, _joints(arm))
    columns = [k for each in places.values() for k in each]
    numbers = read_columns(str(path), table, columns)
    arrays, first = {}, 0
    for kind, each in places.items():
        arrays[kind] = numbers[:, first : first + len(each)]
        first += len(each)
    form, told = units_of(table.header, places, form)
    damaged = {"damaged": table.damaged}
    return _assemble(
        path, _one_clock(arrays), arm, form, notes + told, _digest(content), table.row, damaged
    )


def _read_archive(path: Path, form: LogFormat, arm: Arm | None) -> MotionLog:
    problem = f"log '{path}': cannot be read"
    content = read_bytes(path, problem)
    own = read_recording(path) if path.suffix == ".rows" else parse_npz(content, problem)
    lower = {name.lower(): name for name in own}
    arrays = {}
    for kind in KINDS:
        stated = (form.columns[kind],) if kind in form.columns else (kind, *NAMES[kind])
        name = next((lower[each.lower()] for each in stated if each.lower() in lower), None)
        if name is not None:
            arrays[kind] = np.asarray(own[name], dtype=float)
        elif kind in form.columns:
            raise RecordError(f"log '{path}': has no array {form.columns[kind]!r}, but {_of(own)}")
    for kind in ("q", *(("tau",) if "current" not in arrays else ())):
        if kind not in arrays:
            raise RecordError(f"log '{path}': has no array {kind!r}, but {_of(own)}")
    if "time" in arrays:
        arrays["time"] = arrays["time"].squeeze()
        rows = arrays["time"].shape
        for kind in set(arrays) - {"time"}:  # a row for each joint
            if arrays[kind].shape[1:] == rows != arrays[kind].shape[:1]:
                arrays[kind] = arrays[kind].T
    return _assemble(path, arrays, arm, form, [], _digest(content))


def _joints(arm: Arm | None) -> tuple[str, ...]:
    return () if arm is None else arm.joint_names


def _turning(arm: Arm | None, n: int) -> Bool[np.ndarray, "n"]:
    """Return which joints' positions are angles: all of an arm that is not known."""
    joints = [] if arm is None else coordinates(arm.chain)
    if len(joints) != n:  # is refused later, if the arm is known
        return np.ones(n, dtype=bool)
    return np.array([joint.kind != "prismatic" for joint in joints])


def _assemble(
    path: Path,
    arrays: Mapping[str, np.ndarray],
    arm: Arm | None,
    form: LogFormat,
    notes: list[str],
    checksum: str,
    row: np.ndarray | None = None,
    repaired: Mapping[str, int] | None = None,
) -> MotionLog:
    """Return the log of arrays in the file's units."""
    what = f"log '{path}'"
    q = _matrix(what, "q", arrays["q"], None)
    shape = q.shape
    dq = _matrix(what, "dq", arrays["dq"], shape) if "dq" in arrays else None
    turning = _turning(arm, shape[1])
    q = q * np.where(turning, form.factor("q"), 1.0)
    notes = list(notes)
    if arm is not None and shape[1] == arm.dof:
        q, turned = unwrapped(q, arm, turning)
        notes += turned
    dq = None if dq is None else dq * np.where(turning, form.factor("dq"), 1.0)
    if "current" in arrays and ("tau" not in arrays or len(form.gains)):
        current = _matrix(what, "current", arrays["current"], shape) * form.factor("current")
        if len(form.gains) != shape[1]:
            raise RecordError(
                f"{what}: has currents of {shape[1]} joints, needs as many --gains in N m/A; "
                f"{len(form.gains)} are given"
            )
        tau = current * np.asarray(form.gains, float)
    elif "tau" in arrays:
        tau = _matrix(what, "tau", arrays["tau"], shape) * form.factor("tau")
    else:
        raise RecordError(f"{what}: has no torques, needs tau, or current and --gains")
    time = arrays.get("time")
    if time is not None:
        unit = form.units.get("time") or _epoch(time)
        if unit is not None and "time" not in form.units:
            notes.append(f"time is in {unit} since 1970")
        start = time[np.isfinite(time)][:1]
        time = (time - start) * UNITS["time"][unit or "s"] if len(start) else time
    elif form.rate is not None:
        time = np.arange(len(q)) / form.rate
    else:
        raise RecordError(f"{what}: has no time; needs --columns time=... or --rate")
    if np.shape(time) != (len(q),):
        raise RecordError(f"{what}: time has shape {np.shape(time)}, needs ({len(q)},)")
    parts = [q, tau] if dq is None else [q, dq, tau]
    clock = clean_clock(time, np.concatenate(parts, axis=1))
    if row is None:
        row = np.arange(1, len(q) + 1)
    counts = {name: n for name, n in {**(repaired or {}), **clock.repaired}.items() if n}
    kept = clock.kept
    log = MotionLog(
        str(path), clock.time, q[kept], None if dq is None else dq[kept], tau[kept], row[kept],
        clock.starts, checksum, tuple(notes), counts,
    )  # fmt: skip
    check_length(log)
    _check_rate(log, form)
    return log


def _epoch(time: Float[np.ndarray, "k"]) -> str | None:
    """Return the unit of a time since 1970, if it is such a large number; None for seconds."""
    middle = float(np.nanmedian(np.abs(time))) if np.isfinite(time).any() else 0.0
    return next(
        (unit for unit, scale in EPOCH.items() if 1e9 * scale < middle < 1e10 * scale), None
    )


def _check_rate(log: MotionLog, form: LogFormat) -> None:
    if not 1e-5 <= log.period <= 0.1:
        units = "" if "time" in form.units else "; --units time=ms, us or ns, if it is not seconds"
        raise RecordError(
            f"log '{log.source}': rows {log.row[0]} and {log.row[1]} are {log.period:.4g} s apart, "
            f"needs 10 us to 0.1 s{units}"
        )


def _matrix(
    what: str, kind: str, array: np.ndarray, shape: tuple[int, ...] | None
) -> Float[np.ndarray, "k n"]:
    if array.ndim != 2 or (shape is not None and array.shape != shape):
        needs = "(rows, joints)" if shape is None else str(shape)
        raise RecordError(f"{what}: {kind} has shape {array.shape}, needs {needs}")
    return array


def _record_in(folder: Path) -> Path:
    """Return the only record of a run folder."""
    found = [*sorted(folder.glob("*.npz")), *sorted(folder.glob("*.rows"))]
    found = [each for each in found if each.name != START_FILE]
    if len(found) != 1:
        has = ", ".join(each.name for each in found) or "none"
        raise RecordError(f"log '{folder}': needs one record, or the path of one; has {has}")
    return found[0]


def _bag_file(folder: Path) -> Path:
    if folder.is_file():
        return folder
    files = sorted([*folder.glob("*.db3"), *folder.glob("*.mcap")])
    if not files:
        raise RecordError(f"log '{folder}': has no .db3 or .mcap, needs one")
    return files[0]


def _checksum(path: Path) -> str:
    return _digest(read_bytes(path, f"log '{path}': cannot be read"))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _of(arrays: Mapping[str, np.ndarray]) -> str:
    return ", ".join(sorted(arrays)) or "none"
