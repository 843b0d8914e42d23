"""The TOML file of a sweep.

job = "reach"
records = false             # true: keep the arrays of every cell, too

[settings]                  # of all cells: the options of the job
passes = 2

[sweep]                     # every combination of these
arm = ["planar2", "ur5"]
adapt = ["observer", "structured"]
seed = [0, 1, 2]
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from ... import jobs
from ...errors import ConfigurationError
from ..cells.identity import absolute
from ..settings_file import option_name, read_settings_file, settings_from

NAMES = ("job", "records", "settings", "sweep")
NOT_IN_CELLS = ("out", "json", "view")  # options that are of the sweep, not of a cell


class SweptJob(NamedTuple):
    """A job that can be swept; names in `nengo_forcectl.jobs`."""

    settings: str
    run: str
    figures: tuple[str, ...] = ()  # what of its summary the table shows; of a list, its last
    means: tuple[str, ...] = ()  # the same, but of numbers by joint their mean; names with dots


JACOBIANS = ("relative_error", "velocity_error", "torque_error", "curve")
JOBS = {
    "reach": SweptJob("ReachSettings", "run_reach", ("rms_mm",)),
    "press": SweptJob("PressSettings", "run_press", ("runs",)),
    "wipe": SweptJob("WipeSettings", "run_wipe", ("runs",)),
    "jacobian": SweptJob("JacobianSettings", "run_jacobian", JACOBIANS),
    "replay": SweptJob("ReplaySettings", "run_replay", means=("parts.errors.all",)),
    "identify": SweptJob("IdentifySettings", "run_identify", means=("error_unseen", "error_model")),
    "payload": SweptJob("PayloadSettings", "run_payload", ("payload",)),
}


@dataclass(frozen=True)
class Sweep:
    """A job, settings of all its cells, and the values of each setting that differs.

    Cells are numbered as nested loops over ``axes`` run, the last axis fastest.
    """

    where: str  # what holds it, for messages
    job: str
    common: Mapping[str, Any]
    axes: Mapping[str, list[Any]]
    records: bool

    def __len__(self) -> int:
        return math.prod(map(len, self.axes.values()))

    def key(self, number: int) -> dict[str, Any]:
        """Return the values of the axes in a cell."""
        found = {}
        for name, values in reversed(list(self.axes.items())):
            number, place = divmod(number, len(values))
            found[name] = values[place]
        return {name: found[name] for name in self.axes}

    def settings(self, number: int) -> Any:
        """Return the settings of a cell; paths of files are absolute.

        Raises:
            ConfigurationError: a name or a value is not one of the job's options.
        """
        key = self.key(number)
        where = f"{self.where}: cell {text_of(key)}" if key else self.where
        settings = settings_from(
            getattr(jobs, JOBS[self.job].settings), {**self.common, **key}, where
        )
        return replace(settings, **_absolute(settings))


def read_sweep_file(path: Path) -> Sweep:
    """Return the sweep that a file describes; all its cells have valid settings.

    Raises:
        RecordError: the file cannot be read, or is no TOML.
        ConfigurationError: a name or a value in it is not valid.
    """
    data, where = read_settings_file(path), f"sweep file '{path}'"
    for name in data:
        _check(where, name in NAMES, name, f"is not known, needs some of {', '.join(NAMES)}")
    job, records = data.get("job"), data.get("records", False)
    _check(where, job in JOBS, "job", f"is {job!r}, needs one of {', '.join(JOBS)}")
    _check(where, isinstance(records, bool), "records", f"is {records!r}, needs true or false")
    common, axes = data.get("settings", {}), data.get("sweep", {})
    for name, table in (("settings", common), ("sweep", axes)):
        _check(where, isinstance(table, dict), name, f"is {table!r}, needs a table, [{name}]")
        for option in table:
            known = option.replace("_", "-") not in NOT_IN_CELLS
            _check(where, known, f"[{name}] {option}", "is of the whole sweep, needs to go")
    for option, values in axes.items():
        name = f"[sweep] {option}"
        good = isinstance(values, list) and bool(values)
        _check(where, good, name, f"is {values!r}, needs a list of values")
        different = all(each not in values[:k] for k, each in enumerate(values))
        _check(where, different, name, "has a value twice, needs each once")
        twice = option_name(option) in {option_name(each) for each in common}
        _check(where, not twice, name, "is in [settings], too; needs one of them")
    sweep = Sweep(where, str(job), common, axes, records)
    for number in range(len(sweep)):
        sweep.settings(number)
    return sweep


def text_of(key: Mapping[str, Any]) -> str:
    """Return the values of a cell in a few words."""
    return ", ".join(f"{name} {_plain(value)}" for name, value in key.items())


def _plain(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _absolute(settings: Any) -> dict[str, Any]:
    """Return the settings with the absolute paths of files: a worker may be in another folder."""
    return {
        name: tuple(map(absolute, value)) if isinstance(value, tuple) else absolute(value)
        for name, value in vars(settings).items()
    }


def _check(where: str, good: bool, name: str, problem: str) -> None:
    if not good:
        raise ConfigurationError(f"{where}: {name}: {problem}")
