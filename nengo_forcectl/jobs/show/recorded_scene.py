"""What a run's folder says of its scene, and its records as the view takes them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

import arms
from arms import Arm

from ...errors import ConfigurationError
from ...robots.log import tool_error
from ...sim.surfaces import TIP, Peg, Table
from ...support.files import interpreting
from ...view.looks import looks_of
from ...view.shown import Rows, Shown, rows_of
from ..run_folder import Run
from ..viewing import colours_of, title_of

VERBS = ("reach", "press", "wipe", "run")
ROBOT = "fr3"  # the arm of `run`
APART = 1e-4  # distance of two positions of the reference [m]


def recorded_scene(run: Run) -> tuple[Shown, dict[str, Rows]]:
    """Return the scene of a run, and the records of its controllers.

    Raises:
        ArmError: the arm is not there any more, or has other joints.
        ConfigurationError: the run is of another verb, or holds no record.
        RecordError: the folder has another form.
    """
    summary, records = run.summary, {name: each for name, each in run.records.items() if each}
    if summary.get("verb") not in VERBS:
        raise ConfigurationError(
            f"run folder '{run.folder}': is of '{summary.get('verb')}', needs a run of "
            f"{', '.join(VERBS)}"
        )
    if not records:
        raise ConfigurationError(f"run folder '{run.folder}': holds no cycle to show")
    with interpreting(f"run folder '{run.folder}': holds no run that can be shown"):
        settings, verb = summary["settings"], summary["verb"]
        source = settings.get("arm", ROBOT)
        arm = arms.load(source, tip=settings.get("tip"))
        _check_joints(run, arm)
        first = next(iter(records.values()))
        period = float(summary["dt"])
        shown = Shown(
            *title_of(verb, settings),
            arm,
            looks_of(arm, source),
            np.array(summary["start" if "start" in summary else "home"], dtype=float),
            _targets(summary),
            _path(first["reference"]),
            colours_of({name: _controller(summary, name) for name in records}),
            period,
            float(settings["payload"]),
            float(settings.get("friction", 0.0)),
            None if summary.get("tool") is None else np.array(summary["tool"], dtype=float),
            _surface(arm, summary) if "gap" in summary else None,
            simulated=verb != "run",
        )
        return shown, {
            name: rows_of(
                record | {"payload": _payloads(summary, name, record)}, period, len(record["time"])
            )
            for name, record in records.items()
            if len(record["time"]) > 1
        }


def _check_joints(run: Run, arm: Arm) -> None:
    joints = run.summary["joints"]
    if list(arm.joint_names) != joints:
        raise ConfigurationError(
            f"run folder '{run.folder}': its arm has the joints {', '.join(map(str, joints))}; "
            f"arm '{arm.name}' has {', '.join(arm.joint_names)}"
        )


def _controller(summary: Mapping[str, Any], name: str) -> str:
    """Return the controller of a record: with surfaces, a record is of a controller on one."""
    return summary.get("runs", {}).get(name, {}).get("adapt", name)


def _targets(summary: Mapping[str, Any]) -> np.ndarray:
    targets = [*summary.get("targets", []), *summary.get("unseen_targets", [])]
    return np.array(targets, dtype=float).reshape(-1, 3)


def _path(reference: np.ndarray) -> np.ndarray:
    """Return the reference where it moves, without what it repeats."""
    seen: dict[tuple[int, ...], np.ndarray] = {}
    for point in reference[::10]:
        seen.setdefault(tuple(np.round(point / (20 * APART)).astype(int)), point)
    path = np.array([*seen.values()])
    return path if len(path) > 1 else np.empty((0, 3))


def _surface(arm: Arm, summary: Mapping[str, Any]) -> Table | Peg:
    normal = np.array(summary["normal"], dtype=float)
    point = arm.pose(summary["start"])[:3, 3] - (summary["gap"] + TIP) * normal
    kind = Peg if summary["settings"].get("surface") == "peg" else Table
    return kind(tuple(point.tolist()), normal=tuple(normal.tolist()))


def _payloads(
    summary: Mapping[str, Any], name: str, record: Mapping[str, np.ndarray]
) -> np.ndarray:
    """Return the payload in every cycle [kg], with what a person has changed."""
    payload = np.full(len(record["time"]), float(summary["settings"]["payload"]))
    for change in summary.get("by_hand", []):
        if change["controller"] == name:
            payload[record["time"] >= change["time"] - 1e-9] = change["payload"]
    return payload


def facts_of(run: Run) -> dict[str, str]:
    """Return a short text for each controller: its error, or what ended it."""
    facts = {}
    for name, record in run.records.items():
        ending = run.summary.get("endings", {}).get(name)
        passes = run.summary.get("rms_mm", {}).get(name, [])
        force = run.summary.get("runs", {}).get(name, {}).get("error_percent")
        if ending:
            facts[name] = ending
        elif force is not None:
            facts[name] = f"force within {force:.2g} %"
        elif passes:
            facts[name] = f"{passes[0]:.3g} to {passes[-1]:.3g} mm RMS"
        elif record and record["tool"].shape == record["reference"].shape:
            rms = float(np.sqrt(np.mean(tool_error(record) ** 2)))
            facts[name] = f"{1e3 * rms:.3g} mm RMS"
        else:
            facts[name] = ""
    return facts
