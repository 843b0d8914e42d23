"""The plan of a sweep, written once: what its folder may be gone on with."""

import dataclasses
import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...errors import RecordError
from ...support.files import read_json
from ..job_settings import WorkerSettings
from ..run_folder import RunFolder
from .identity import difference

PLAN = "plan.json"


@contextmanager
def planned_folder(
    verb: str, settings: WorkerSettings, asked: Mapping[str, Any], found: Mapping[str, Any]
) -> Iterator[RunFolder]:
    """Open the folder of a sweep for this process alone: a new one, or one to go on with.

    Args:
        verb: verb of the command line.
        settings: settings of the command; ``out`` is the folder, None: the next free one.
        asked: what is asked for, as JSON has it.
        found: identity of this process, and what else the plan is to hold.

    Raises:
        RecordError: the folder is of something else, was begun with other settings or another
            version, is in use, or cannot be written.
    """
    plan = {"verb": verb, "asked": json.loads(json.dumps(asked)), **found}
    out = settings.out
    if out is not None and (out / PLAN).exists():
        folder = RunFolder.existing(out)
        _check_same(out, plan)
    else:
        folder = RunFolder(verb, settings)
        text = json.dumps(plan, indent=1, allow_nan=False) + "\n"
        folder.write(PLAN, lambda stream: stream.write(text.encode()))
    with _alone(folder.path):
        yield folder


def asked(settings: WorkerSettings) -> dict[str, Any]:
    """Return the settings on which the results depend, as JSON has them."""
    fields, where = dataclasses.asdict(settings), dataclasses.fields(WorkerSettings)
    for each in where:
        del fields[each.name]
    return fields


def read_plan(folder: Path) -> dict[str, Any]:
    """Return the plan of a sweep's folder.

    Raises:
        RecordError: there is none, or it cannot be read.
    """
    return read_json(folder / PLAN, f"run folder '{folder}': holds no plan that can be read")


def _check_same(folder: Path, plan: Mapping[str, Any]) -> None:
    before, what = read_plan(folder), f"run folder '{folder}'"
    if before.get("verb") != plan["verb"]:
        raise RecordError(f"{what}: is of {before.get('verb')!r}, needs one of {plan['verb']!r}")
    old, new = before.get("asked", {}), plan["asked"]
    for name in {**old, **new}:
        if old.get(name) != new.get(name):
            raise RecordError(
                f"{what}: was begun with {name} {_short(old.get(name))}, not "
                f"{_short(new.get(name))}; needs the same settings, or another --out"
            )
    other = difference(before, plan)
    if other is not None:
        raise RecordError(f"{what}: was begun with {other}; needs the same, or another --out")


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other processes out of a folder; a killed process keeps nobody out."""
    try:
        lock = (folder / "lock").open("a")
    except OSError as error:
        raise RecordError(f"run folder '{folder}': cannot be written ({error.strerror})") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RecordError(f"run folder '{folder}': another process works on it") from None
        yield
