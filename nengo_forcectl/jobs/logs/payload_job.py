"""The job of `nengo-forcectl payload`: two logs, or a log and a robot; one body."""

import json
from collections.abc import Mapping
from typing import Any

from arms import Arm
from arms.model.model_file import model_data

from ...logs.log_files import read_log
from ...logs.motion_log import MotionLog
from ...logs.payload_fit import find_payload
from ..job import Watch, summary_of_settings, unwatched
from ..report.notices import Notices
from ..report.reporting import Reporting
from ..run_folder import Run, RunFolder, read_run
from .log_settings import about, about_text
from .payload_motion import motion_of, move, robot_of
from .payload_report import PAYLOAD_REPORT
from .payload_settings import PayloadSettings

LOADED = "loaded"  # name of the record of a robot


def run_payload(settings: PayloadSettings, watch: Watch = unwatched) -> Run:
    """Find the payload; write the summary, and the identified arm with the payload as a model.

    A robot in place of the second log moves around where it is, and is recorded in the folder.

    Raises:
        RecordError: a log cannot be read or is not of this arm, or the run folder exists.
        VersionError: the robot's binding is not installed.
        ConfigurationError: the robot's model is another, or a joint is at its limit.
        SimulationError: no robot answers, it is not ready for control, or it was stopped.
    """
    with Notices() as notices:
        watch("payload", 0, 3, "reading")
        asked = summary_of_settings("payload", settings, {})
        if settings.host is None:
            arm = settings.load_arm()
            logs = settings.read((settings.empty, settings.loaded), arm)
            folder = RunFolder("payload", settings)
        else:
            arm, logs, folder = _moved(settings, asked, watch)
        with Reporting(folder.path, read_run, PAYLOAD_REPORT, asked) as report:
            watch("payload", 1, 3, "fitting")
            found = find_payload(
                logs[0], logs[1], arm, gain_error=settings.share, cutoff=settings.cutoff
            )
            watch("payload", 2, 3, "writing")
            payload = {
                "mass": found.mass,
                "com": found.com.tolist(),
                "inertia": found.inertia.tolist(),
                "mass_deviation": found.mass_deviation,
                "com_deviation": found.com_deviation.tolist(),
                "inertia_deviation": found.inertia_deviation.tolist(),
                "known": found.known,
                "reason": found.reason,
            }
            loaded = found.empty.arm.with_payload(found.mass, found.com, found.inertia)
            model = json.dumps(model_data(loaded.chain, payload=payload), indent=1) + "\n"
            folder.write("model.json", lambda stream: stream.write(model.encode()))
            summary = asked | {
                "records": [] if settings.host is None else [LOADED], "endings": {},
                "arm": arm.name, "joints": list(arm.joint_names),
                "logs": [about(log) for log in logs], "text": [about_text(log) for log in logs],
                "payload": payload, "error_before": found.error_before.tolist(),
                "error": found.error.tolist(), "warnings": list(notices.lines),
            }  # fmt: skip
            folder.write_summary(summary)
            watch("payload", 3, 3, "")
    return report.run


def _moved(
    settings: PayloadSettings, asked: Mapping[str, Any], watch: Watch
) -> tuple[Arm, list[MotionLog], RunFolder]:
    """Let the robot move; return its model, both logs, and the folder that has its record."""
    with robot_of(settings) as robot:
        logs = settings.read((settings.empty,), robot.arm)
        path = motion_of(robot, settings.seconds, settings.swing)
        folder = RunFolder("payload", settings)
        folder.write_summary({**asked, "records": []})
        watch("payload", 0, 3, f"moving for {path.end:g} s")
        record = move(robot, path, folder.rows(LOADED))
        folder.write_record(LOADED, record)
        return robot.arm, [*logs, read_log(folder.path / f"{LOADED}.npz", arm=robot.arm)], folder
