"""The job of `nengo-forcectl identify`: from logs to a model file."""

import json
from dataclasses import replace
from typing import Any

import numpy as np

from arms import Arm
from arms.model.model_file import model_data

from ...logs.drive_gains import find_gains
from ...logs.excitation import excite
from ...logs.identification import Identified, identify
from ...logs.motion_log import MotionLog
from ...logs.signals import Signals, signals_of
from ..job import Watch, summary_of_settings, unwatched
from ..run_folder import Run, RunFolder
from .identify_settings import IdentifySettings
from .log_settings import about, about_text


def run_identify(settings: IdentifySettings, watch: Watch = unwatched) -> Run:
    """Identify the arm; write ``model.json``, ``model.urdf``, the figure and the summary.

    With ``excite``, write a motion to identify it from instead: ``excite.csv``, which
    `RecordedPath` reads, and its figure.

    Raises:
        RecordError: a log cannot be read or is not of this arm, or the run folder exists.
    """
    arm = settings.load_arm()
    if settings.excite:
        return _design(settings, arm, watch)
    steps = len(settings.logs) + 2
    watch("identify", 0, steps, "reading")
    logs = settings.read(settings.logs, arm)
    watch("identify", len(logs), steps, "fitting")
    gains = None
    if settings.loaded is not None and settings.mass is not None:
        rows = settings.rows[:1]
        carrying = replace(settings, rows=rows).read((settings.loaded,), arm)[0]
        gains = find_gains(logs, carrying, arm, settings.mass, cutoff=settings.cutoff)
        logs = [replace(log, tau=log.tau * gains.factor) for log in logs]
    found = identify(logs, arm, cutoff=settings.cutoff, blocks=settings.blocks)
    watch("identify", steps - 1, steps, "writing")
    folder = RunFolder("identify", settings)
    errors = {}
    first = None
    for log in logs:
        states = signals_of(log, settings.cutoff)
        first = first or (log, states)
        left = np.linalg.norm(states.tau - found.predict(states), axis=0)
        errors[log.source] = (left / np.linalg.norm(states.tau, axis=0)).tolist()
    summary = summary_of_settings(settings, {})
    loaded = None if settings.loaded is None else str(settings.loaded)
    paths = {"logs": [str(path) for path in settings.logs], "loaded": loaded}
    summary["settings"] |= paths
    summary |= {
        "records": [], "endings": {}, "arm": arm.name, "joints": list(arm.joint_names),
        "logs": [about(log) for log in logs], "errors": errors, **as_data(found),
        "text": [about_text(log) for log in logs],
    }  # fmt: skip
    if gains is not None:
        summary["gains_factor"] = gains.factor.tolist()
        summary["gains_deviation"] = gains.deviation.tolist()
    model = model_data(found.arm.chain, identified=as_data(found))
    text = json.dumps(model, indent=1, allow_nan=False) + "\n"
    folder.write("model.json", lambda stream: stream.write(text.encode()))
    urdf = found.arm.to_urdf()
    folder.write("model.urdf", lambda stream: stream.write(urdf.encode()))
    assert first is not None
    _draw(folder, found, *first)
    folder.write_summary(summary)
    watch("identify", steps, steps, "")
    return Run(folder.path, summary, {})


def _design(settings: IdentifySettings, arm: Arm, watch: Watch) -> Run:
    """Design the motion and write it."""
    from .log_figures import excitation_figure  # matplotlib

    watch("identify", 0, 2, "searching")
    motion = excite(arm, seconds=settings.seconds, box=settings.box, seed=settings.seed)
    watch("identify", 1, 2, "writing")
    folder = RunFolder("identify", settings)
    names = [f"{kind}{j}" for kind in ("x", "dx", "ddx") for j in range(arm.dof)]
    rows = np.column_stack((motion.time, motion.q, motion.dq, motion.ddq))
    lines = [",".join(("time", *names)), *(",".join(map(repr, row)) for row in rows.tolist())]
    text = "\n".join(lines) + "\n"
    folder.write("excite.csv", lambda stream: stream.write(text.encode()))
    figure = excitation_figure(arm, motion)
    folder.write("excite.png", lambda stream: figure.savefig(stream, format="png"))
    summary = summary_of_settings(settings, {})
    summary |= {
        "records": [], "endings": {}, "arm": arm.name, "joints": list(arm.joint_names),
        "condition": motion.condition, "condition_random": motion.condition_random,
        "q_range": np.ptp(motion.q, axis=0).tolist(),
        "dq_most": np.abs(motion.dq).max(axis=0).tolist(),
        "tau_most": np.abs(motion.tau).max(axis=0).tolist(),
    }  # fmt: skip
    folder.write_summary(summary)
    watch("identify", 2, 2, "")
    return Run(folder.path, summary, {})


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


def _draw(folder: RunFolder, found: Identified, log: MotionLog, states: Signals) -> None:
    from .log_figures import identify_figure  # matplotlib

    figure = identify_figure(found, log, states)
    folder.write("identify.png", lambda stream: figure.savefig(stream, format="png"))
