"""The job of `nengo-forcectl identify`: from logs to a model file."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from arms import Arm
from arms.model.model_file import model_data

from ...logs.drive_gains import Gains, find_gains
from ...logs.excitation import Excitation, excite
from ...logs.identification import Identified, identify
from ...logs.motion_log import MotionLog
from ...logs.signals import Signals, signals_of
from ..job import Watch, summary_of_settings, unwatched
from ..report.notices import Notices
from ..report.reporting import Reporting
from ..run_folder import Run, RunFolder, read_run
from .identify_report import IDENTIFY_REPORT
from .identify_settings import IdentifySettings
from .log_settings import about, about_text
from .percent_grid import slides

if TYPE_CHECKING:
    from ..report.figure_sheet import Drawn


def run_identify(settings: IdentifySettings, watch: Watch = unwatched) -> Run:
    """Identify the arm; write ``model.json``, ``model.urdf``, the figure and the summary.

    With ``excite``, write a motion to identify it from instead: ``excite.csv``, which
    `RecordedPath` reads, and its figure.

    Raises:
        RecordError: a log cannot be read or is not of this arm, or the run folder exists.
    """
    with Notices() as notices:
        arm = settings.load_arm()
        return (_design if settings.excite else _identify)(settings, arm, notices, watch)


def _identify(settings: IdentifySettings, arm: Arm, notices: Notices, watch: Watch) -> Run:
    """Identify the arm."""
    steps = len(settings.logs) + 2
    watch("identify", 0, steps, "reading")
    logs = settings.read(settings.logs, arm)
    folder = RunFolder("identify", settings)
    asked = summary_of_settings("identify", settings, {})
    drawn: list[tuple[Identified, MotionLog, Signals]] = []
    report = replace(IDENTIFY_REPORT, figures=lambda run: _figures(*drawn[0]))
    with Reporting(folder.path, read_run, report, asked) as reporting:
        watch("identify", len(logs), steps, "fitting")
        gains = _gains(settings, logs, arm)
        if gains is not None:
            logs = [replace(log, tau=log.tau * gains.factor) for log in logs]
        found = identify(logs, arm, cutoff=settings.cutoff, blocks=settings.blocks)
        watch("identify", steps - 1, steps, "writing")
        states = [signals_of(log, settings.cutoff) for log in logs]
        drawn.append((found, logs[0], states[0]))
        summary = asked | {
            "records": [], "endings": {}, "arm": arm.name, "joints": list(arm.joint_names),
            "sliding": slides(arm),
            "logs": [about(log) for log in logs], "errors": _errors(found, logs, states),
            **as_data(found), "text": [about_text(log) for log in logs],
            "warnings": list(notices.lines),
        }  # fmt: skip
        if gains is not None:
            summary["gains_factor"] = gains.factor.tolist()
            summary["gains_deviation"] = gains.deviation.tolist()
        _write_model(folder, found)
        folder.write_summary(summary)
        watch("identify", steps, steps, "")
    return reporting.run


def _gains(settings: IdentifySettings, logs: list[MotionLog], arm: Arm) -> Gains | None:
    """Return by which factors the drive gains are wrong, from the log with a known mass."""
    if settings.loaded is None or settings.mass is None:
        return None
    rows = settings.rows[:1]
    carrying = replace(settings, rows=rows).read((settings.loaded,), arm)[0]
    return find_gains(logs, carrying, arm, settings.mass, cutoff=settings.cutoff)


def _errors(
    found: Identified, logs: list[MotionLog], states: list[Signals]
) -> dict[str, list[float]]:
    """Return the relative torque error of each log by joint."""
    errors = {}
    for log, each in zip(logs, states, strict=True):
        left = np.linalg.norm(each.tau - found.predict(each), axis=0)
        errors[log.source] = (left / np.linalg.norm(each.tau, axis=0)).tolist()
    return errors


def _write_model(folder: RunFolder, found: Identified) -> None:
    model = model_data(found.arm.chain, identified=as_data(found))
    text = json.dumps(model, indent=1, allow_nan=False) + "\n"
    folder.write("model.json", lambda stream: stream.write(text.encode()))
    urdf = found.arm.to_urdf()
    folder.write("model.urdf", lambda stream: stream.write(urdf.encode()))


def _design(settings: IdentifySettings, arm: Arm, notices: Notices, watch: Watch) -> Run:
    """Design the motion and write it."""
    folder = RunFolder("identify", settings)
    asked = summary_of_settings("identify", settings, {})
    drawn: list[Excitation] = []
    report = replace(IDENTIFY_REPORT, figures=lambda run: _motion_figures(arm, drawn[0]))
    with Reporting(folder.path, read_run, report, asked) as reporting:
        watch("identify", 0, 2, "searching")
        motion = excite(arm, seconds=settings.seconds, box=settings.box, seed=settings.seed)
        drawn.append(motion)
        watch("identify", 1, 2, "writing")
        names = [f"{kind}{j}" for kind in ("x", "dx", "ddx") for j in range(arm.dof)]
        rows = np.column_stack((motion.time, motion.q, motion.dq, motion.ddq))
        lines = [",".join(("time", *names)), *(",".join(map(repr, row)) for row in rows.tolist())]
        text = "\n".join(lines) + "\n"
        folder.write("excite.csv", lambda stream: stream.write(text.encode()))
        summary = asked | {
            "records": [], "endings": {}, "arm": arm.name, "joints": list(arm.joint_names),
            "condition": motion.condition, "condition_random": motion.condition_random,
            "q_range": np.ptp(motion.q, axis=0).tolist(),
            "dq_most": np.abs(motion.dq).max(axis=0).tolist(),
            "tau_most": np.abs(motion.tau).max(axis=0).tolist(),
            "warnings": list(notices.lines),
        }  # fmt: skip
        folder.write_summary(summary)
        watch("identify", 2, 2, "")
    return reporting.run


def as_data(found: Identified) -> dict[str, Any]:
    """Return what was found as numbers and names."""
    deviation = found.deviation
    return {
        "values": {
            name: {"value": float(value), "deviation": float(spread), "prior": float(prior)}
            for name, value, spread, prior in zip(
                found.unknowns.names, found.values, deviation, found.unknowns.prior, strict=True
            )
        },
        "armature": found.arm.armature.tolist(),
        "viscous": found.arm.friction.viscous.tolist(),
        "dry": found.arm.friction.dry.tolist(),
        "offset": found.offset.tolist(),
        "presliding": found.presliding.tolist(),
        "base_parameters": found.base,
        "shown": found.shown,
        "condition": found.condition,
        "noise": found.noise.tolist(),
        "error_model": found.error_model.tolist(),
        "error": found.error.tolist(),
        "error_unseen": found.error_unseen.tolist(),
        "fixed": "geometry, limits, gravity; friction is smoothed by tanh(dq / 0.01 rad/s)",
        "data": [
            {"file": file, "sha256": checksum, "rows": rows}
            for file, checksum, rows in found.sources
        ],
        "still": [joint + 1 for joint in found.still],
    }


def _figures(found: Identified, log: MotionLog, states: Signals) -> Mapping[str, "Drawn"]:
    from .log_figures import identify_figures  # matplotlib

    return identify_figures(found, log, states)


def _motion_figures(arm: Arm, motion: Excitation) -> Mapping[str, "Drawn"]:
    from .log_figures import excitation_figures  # matplotlib

    return excitation_figures(arm, motion)
