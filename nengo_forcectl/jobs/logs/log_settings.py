"""Settings of the commands that read logs: the arm, and what the columns are."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import arms
from arms import Arm

from ...errors import ConfigurationError
from ...logs.log_files import read_log
from ...logs.log_format import KINDS, LogFormat
from ...logs.motion_log import MotionLog, still_joints
from ...logs.torque_check import check_torques
from ...support.validation import check_positive
from ..job_settings import JobSettings, arm_option, option

COLUMNS_TEXT = (
    f"Meaning of each column ({', '.join(KINDS)}): numbers from 1, such as q=2-7, or names of the "
    "header, such as q=actual_q_*. Others are guessed from the header."
)
UNITS_TEXT = (
    "Units other than s, rad, rad/s, Nm and A: time=ms, us, ns; q=deg; dq=deg/s, rpm; tau=mNm; "
    "current=mA."
)
GAIN_ERROR = 0.05  # standard deviation of drive gains, as a share of them
ROWS_TEXT = (
    "Rows to use of the logs, such as 300:5000, counted from 0 after repairs: one pair for all "
    "logs, or one each."
)


@dataclass(frozen=True, kw_only=True)
class LogSettings(JobSettings):
    """The arm of some logs, and their form."""

    arm: Annotated[str, arm_option()] = "ur10e"

    tip: Annotated[str | None, option("LINK", "the last link")] = None
    """Link that carries the tool; needed where the links of a URDF branch."""

    columns: Annotated[
        tuple[str, ...], option("[KIND=WHERE ...]", "guessed from the header", COLUMNS_TEXT)
    ] = ()

    units: Annotated[tuple[str, ...], option("[KIND=UNIT ...]", "SI", UNITS_TEXT)] = ()

    gains: Annotated[tuple[float, ...], option("[FLOAT ...]", "torques are measured")] = ()
    """Drive gain of each joint [N m/A]: torque is this times the current."""

    rate: Annotated[float | None, option("FLOAT", "from the time")] = None
    """Rate of a log without time [Hz]."""

    topic: Annotated[str | None, option("NAME", "the only one")] = None
    """Topic of joint states in a bag."""

    rows: Annotated[tuple[str, ...], option("[FIRST:STOP ...]", "all", ROWS_TEXT)] = ()

    cutoff: float = 10.0
    """Cutoff of the zero-phase filter of all signals that are compared [Hz]."""

    def __post_init__(self) -> None:
        check_positive(self, cutoff="Hz")
        self.form()
        for pair in self.rows:
            _rows(pair)

    def form(self) -> LogFormat:
        """Return the format of the logs."""
        return LogFormat(
            _pairs("columns", self.columns), _pairs("units", self.units), self.gains, self.rate,
            self.topic,
        )  # fmt: skip

    @property
    def gain_doubt(self) -> float:
        """Standard deviation of the drive gains, as a share of them; 0 for measured torques."""
        return GAIN_ERROR if len(self.gains) else 0.0

    def load_arm(self) -> Arm:
        """Return the arm."""
        return arms.load(self.arm, tip=self.tip)

    def read(self, paths: tuple[Path, ...], arm: Arm) -> list[MotionLog]:
        """Return the logs, each the rows asked for.

        Raises:
            RecordError: a log cannot be read, is not of this arm, or has torques of no arm.
            ConfigurationError: there are neither one nor as many pairs of rows as logs.
        """
        if len(self.rows) not in (0, 1, len(paths)):
            raise ConfigurationError(
                f"rows: has {len(self.rows)} pairs, needs one for all {len(paths)} logs or one each"
            )
        logs = [read_log(path, self.form(), arm) for path in paths]
        pairs = self.rows * len(logs) if len(self.rows) == 1 else self.rows
        logs = [
            log.rows(*_rows(pair))
            for log, pair in zip(logs, pairs or ("0:",) * len(logs), strict=True)
        ]
        for log in logs:
            check_torques(log, arm)
        return logs


def about(log: MotionLog) -> dict[str, object]:
    """Return what a summary says of a log."""
    return {
        "file": log.source,
        "sha256": log.checksum,
        "rows": len(log.time),
        "seconds": float(log.time[-1] - log.time[0]),
        "period": log.period,
        "velocity": "measured" if log.dq is not None else "derivative of the positions",
        "notes": list(log.notes),
        "repaired": dict(log.repaired),
    }


def about_text(log: MotionLog) -> str:
    """Return a line about a log, for people."""
    seconds = log.time[-1] - log.time[0]
    parts = [f"{log.source}: {len(log.time)} rows, {seconds:.1f} s, {1.0 / log.period:.0f} Hz"]
    if log.dq is None:
        parts.append("dq is the derivative of q")
    still = [str(j + 1) for j in still_joints(log)]
    if still:
        parts.append(f"joints that never move: {', '.join(still)}")
    parts += log.notes
    parts += [f"{count} {name}" for name, count in log.repaired.items()]
    return "; ".join(parts)


def _pairs(name: str, texts: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for text in texts:
        kind, equals, value = text.partition("=")
        if not equals or not value:
            raise ConfigurationError(f"{name}: is {text!r}, needs KIND=VALUE, such as q=2-7")
        pairs[kind] = value
    return pairs


def _rows(pair: str) -> tuple[int, int | None]:
    first, colon, stop = pair.partition(":")
    parts = (first or "0", stop or "0")
    if not colon or not all(part.isdigit() for part in parts):
        raise ConfigurationError(f"rows: is {pair!r}, needs FIRST:STOP, such as 300:5000")
    return int(parts[0]), int(stop) if stop else None
