"""Which columns of a file are what, and in which units: stated, or guessed from a header."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..errors import ConfigurationError, RecordError
from ..support.validation import check_positive

KINDS = ("time", "q", "dq", "tau", "current")
UNITS: Mapping[str, Mapping[str, float]] = {
    "time": {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9},
    "q": {"rad": 1.0, "deg": np.pi / 180.0},
    "dq": {"rad/s": 1.0, "deg/s": np.pi / 180.0, "rpm": np.pi / 30.0},
    "tau": {"Nm": 1.0, "mNm": 1e-3},
    "current": {"A": 1.0, "mA": 1e-3},
}

# Words of a header, in lower case, for each kind; tried in this order.
WORDS = {
    "time": (
        "time",
        "timestamp",
        "t",
        "stamp",
        "sec",
        "secs",
        "seconds",
        "duration",
        "nanosec",
        "nanosecs",
        "nsec",
        "nsecs",
    ),
    "dq": (
        "dq",
        "qd",
        "vel",
        "velocity",
        "velocities",
        "qdot",
        "dtheta",
        "thetadot",
        "dot",
        "speed",
    ),
    "tau": ("tau", "torque", "torques", "effort", "efforts", "eff", "moment", "trq"),
    "current": ("current", "currents", "i", "amps"),
    "q": ("q", "pos", "position", "positions", "angle", "theta", "joint"),
}
NOT_MEASURED = (
    "target", "desired", "des", "d", "command", "commanded", "cmd", "ref", "reference", "control",
    "goal", "ext", "external", "hat", "filtered", "nominal", "window", "error", "dtau", "ee", "tcp",
    "cartesian", "rate", "success", "temperature", "voltage", "acc", "accel", "acceleration",
    "accelerations", "ddq", "qdd", "ddot", "qddot", "ddtheta",
)  # fmt: skip
NANOSECONDS = ("nanosec", "nanosecs", "nsec", "nsecs")  # beside whole seconds
UNIT_WORDS = {  # of a header, in lower case
    "time": {
        "ms": "ms",
        "msec": "ms",
        "milliseconds": "ms",
        "us": "us",
        "usec": "us",
        "\u00b5s": "us",
        "microseconds": "us",
        "ns": "ns",
        "nanoseconds": "ns",
    },
    "q": {"deg": "deg", "degree": "deg", "degrees": "deg", "\u00b0": "deg"},
    "dq": {"deg": "deg/s", "degree": "deg/s", "degrees": "deg/s", "\u00b0": "deg/s", "rpm": "rpm"},
    "tau": {"mnm": "mNm"},
    "current": {"ma": "mA"},
}
OTHER_UNITS = ("s", "rad", "nm", "n", "m", "a", "-", "1", "")
SPLIT = re.compile("[^a-z\u00b0\u00b5]+")  # between the words of a unit
MEASURED = ("actual", "measured", "meas", "m", "state")


@dataclass(frozen=True)
class LogFormat:
    """How a file of measurements is to be read.

    ``columns`` maps "time", "q", "dq", "tau" or "current" to columns: numbers from 1, such as
    ``"2-7"`` or ``"2,4,6"``, or names of a header, separated by commas, with ``*`` for any text.
    What is not mapped is guessed from the header. ``units`` maps the same names to units, see
    `UNITS`. Torques are measured, or ``gains`` [N m/A] times the motor's current, one gain each
    joint. ``rate`` [Hz] is that of a file without time.

    Raises:
        ConfigurationError: a name or unit is unknown, or a number is not valid.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    gains: Sequence[float] = ()  # [N m/A]
    rate: float | None = None  # [Hz]
    topic: str | None = None  # of a bag; by default the only one with joint states

    def __post_init__(self) -> None:
        for kind in self.columns:
            if kind not in KINDS:
                raise ConfigurationError(f"columns: has {kind!r}, needs some of {', '.join(KINDS)}")
        for kind, unit in self.units.items():
            if kind not in KINDS:
                raise ConfigurationError(f"units: has {kind!r}, needs some of {', '.join(KINDS)}")
            if unit not in UNITS[kind]:
                raise ConfigurationError(
                    f"units: {kind} is {unit!r}, needs one of {', '.join(UNITS[kind])}"
                )
        if self.rate is not None:
            check_positive(self, rate="Hz")
        gains = np.asarray(self.gains, dtype=float)
        if gains.ndim != 1 or not np.isfinite(gains).all() or (gains == 0.0).any():
            raise ConfigurationError(f"gains: is {self.gains}, needs one number a joint, not 0")

    def factor(self, kind: str) -> float:
        """Return the factor that brings a column to SI units."""
        return UNITS[kind][self.units[kind]] if kind in self.units else 1.0


def find_columns(
    source: str,
    header: Sequence[str] | None,
    width: int,
    form: LogFormat,
    joints: Sequence[str] = (),
) -> tuple[dict[str, list[int]], list[str]]:
    """Return the places, from 0, of each kind's columns, and notes on what was guessed.

    Args:
        source: name of the file, for messages.
        header: names of the columns, or None.
        width: number of columns.
        form: what is stated.
        joints: the arm's joint names, which a header may hold.

    Raises:
        RecordError: a column is not there, or a kind that is needed cannot be found.
    """
    what = f"log '{source}'"
    found = {
        kind: _stated(what, kind, place, header, width) for kind, place in form.columns.items()
    }
    notes: list[str] = []
    if header is not None:
        for kind in KINDS:
            if kind in found or (kind == "current" and ("tau" in found or not len(form.gains))):
                continue
            if kind == "tau" and ("current" in found or len(form.gains)):
                continue
            columns = _exact(kind, header) or _guess(kind, header, joints)
            if columns:
                found[kind] = columns
                notes.append(f"{kind} is {', '.join(header[k] for k in columns)}")
    _check_found(what, found, header, width, form)
    return found, notes


def _check_found(
    what: str,
    found: Mapping[str, list[int]],
    header: Sequence[str] | None,
    width: int,
    form: LogFormat,
) -> None:
    has = "no header" if header is None else f"the columns {_some(header)}"
    if "q" not in found:
        raise RecordError(
            f"{what}: row 1 has {width} columns and {has}; needs positions, such as "
            "--columns time=1 q=2-7 dq=8-13 tau=14-19"
        )
    if "time" not in found and form.rate is None:
        raise RecordError(f"{what}: row 1 has {has}, no time; needs --columns time=... or --rate")
    if "tau" not in found and "current" not in found:
        if len(form.gains) and header is not None and _guess("tau", header, ()):
            raise RecordError(
                f"{what}: row 1 has {has}, torques but no currents; leave out --gains, or needs "
                "--columns current=..."
            )
        current = header is not None and _guess("current", header, ())
        needs = "--gains, N m/A of each joint" if current else "--columns tau=... or current=..."
        raise RecordError(f"{what}: row 1 has {has}, no torques; needs {needs}")
    kinds: dict[int, str] = {}
    for kind, columns in found.items():
        for k in columns:
            if k in kinds:
                raise RecordError(
                    f"{what}: column {k + 1} is {kinds[k]} and {kind}, needs to be one of them"
                )
            kinds[k] = kind
    n = len(found["q"])
    for kind in ("dq", "tau", "current"):
        if kind in found and len(found[kind]) != n:
            raise RecordError(
                f"{what}: row 1 has {len(found[kind])} columns of {kind} and {n} of q, needs as "
                f"many: --columns {kind}=..."
            )
    if "tau" not in found and not len(form.gains):
        raise RecordError(
            f"{what}: the columns from {found['current'][0] + 1} on are currents, needs --gains, "
            "N m/A of each joint"
        )
    if "tau" not in found and len(form.gains) != n:
        raise RecordError(f"{what}: {len(form.gains)} gains are given, needs {n}, one for each")


def _stated(
    what: str, kind: str, place: str, header: Sequence[str] | None, width: int
) -> list[int]:
    columns: list[int] = []
    for part in place.split(","):
        span = re.fullmatch(r"\s*(\d+)\s*(?:-\s*(\d+))?\s*", part)
        if span:
            first = int(span[1])
            last = int(span[2] or first)
            if not 1 <= first <= last <= width:
                raise RecordError(
                    f"{what}: row 1 has {width} columns; {kind}={place} needs numbers from 1 to "
                    f"{width}"
                )
            columns += range(first - 1, last)
            continue
        pattern = re.compile(".*".join(map(re.escape, part.strip().split("*"))))
        hits = [k for k, name in enumerate(header or ()) if pattern.fullmatch(name.strip())]
        if not hits:
            has = "no header" if header is None else _some(header)
            raise RecordError(f"{what}: row 1 has no column {part!r} for {kind}, but {has}")
        columns += sorted(hits, key=lambda k: _number((header or ())[k], k))
    return columns


def _exact(kind: str, header: Sequence[str]) -> list[int]:
    """Return the columns that are named as in our own records: time, q1, q2, ..."""
    names = {name.strip() for name in header}
    if not {"time", "q1"} <= names or "q0" in names:  # some count from 0
        return []
    wanted = re.compile("time" if kind == "time" else rf"{kind}[1-9][0-9]*")
    hits = [k for k, name in enumerate(header) if wanted.fullmatch(name.strip())]
    return sorted(hits, key=lambda k: int(header[k].strip().removeprefix(kind) or 0))


def _guess(kind: str, header: Sequence[str], joints: Sequence[str]) -> list[int]:
    """Return the columns of a kind by the words of their names: measured ones before others."""
    best: list[int] = []
    for wanted in (True, False):
        groups: dict[str, list[int]] = {}
        for k, name in enumerate(header):
            words = words_of(name, joints)
            if kind_of(words) == kind and not set(words) & set(NOT_MEASURED):
                if wanted and not set(words) & set(MEASURED):
                    continue
                groups.setdefault(" ".join(words), []).append(k)
        if groups:
            best = max(groups.values(), key=len)
            break
    if kind == "time":
        rest = [k for k, name in enumerate(header) if set(words_of(name)) & set(NANOSECONDS)]
        whole = [k for k, name in enumerate(header) if set(words_of(name)) & {"sec", "secs"}]
        return [whole[0], rest[0]] if whole and rest else best[:1]

    def place(k: int) -> int:
        named = [j for j, joint in enumerate(joints) if _whole(joint).search(header[k])]
        return named[0] if named else _number(header[k], k)

    return sorted(best, key=place)


def units_of(
    header: Sequence[str] | None, found: Mapping[str, Sequence[int]], form: LogFormat
) -> tuple[LogFormat, list[str]]:
    """Return the format with units that the names of the columns tell, and notes on them."""
    units, notes = dict(form.units), []
    for kind, columns in found.items():
        if header is None or kind in units or len(columns) == 0:
            continue
        told = {_unit(kind, header[k]) for k in columns}
        unit = told.pop()
        if unit is not None and not told:
            units[kind] = unit
            notes.append(f"{kind} is in {unit}")
    return replace(form, units=units), notes


def _unit(kind: str, name: str) -> str | None:
    known = UNIT_WORDS[kind]
    return next((known[word] for word in SPLIT.split(name.lower()) if word in known), None)


def is_unit(text: str) -> bool:
    """Whether a field is a unit, such as rad/s or [deg]."""
    words = [word for word in SPLIT.split(text.lower()) if word]
    known = {word for each in UNIT_WORDS.values() for word in each} | set(OTHER_UNITS)
    return all(word in known for word in words)


def words_of(name: str, joints: Sequence[str] = ()) -> list[str]:
    """Return the words of a header, in lower case, without numbers and joints' names."""
    for joint in sorted(joints, key=len, reverse=True):
        name = _whole(joint).sub(" ", name)
    name = re.sub(r"(?<=[a-z]{2})(?=[A-Z])", " ", name)
    return [word for word in re.split(r"[^a-z]+", name.lower()) if word]


def kind_of(words: Sequence[str]) -> str | None:
    """Return what a column is by its words, or None."""
    for kind, known in WORDS.items():
        if set(words) & set(known):
            return kind
    return None


def joints_in(names: Sequence[str], joints: Sequence[str]) -> list[int] | None:
    """Return the places of joints among names, which may have a prefix; None if one has none."""
    places = []
    for joint in joints:
        hits = [k for k, name in enumerate(names) if name == joint]
        hits = hits or [k for k, name in enumerate(names) if _whole(joint).search(name)]
        if len(hits) != 1:
            return None
        places += hits
    return places


def _whole(joint: str) -> re.Pattern[str]:
    """Return a pattern of a joint's name that is not a part of a longer one."""
    return re.compile(rf"(?<![A-Za-z0-9]){re.escape(joint)}(?![A-Za-z0-9])")


def _number(name: str, other: int) -> int:
    """Return the last number in a name, the joint's."""
    numbers = re.findall(r"\d+", name)
    return int(numbers[-1]) if numbers else other


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:8])
    return shown if len(names) <= 8 else f"{shown} and {len(names) - 8} more"
