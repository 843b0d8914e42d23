"""The job of `nengo-forcectl replay`: logs through the learner of the control loop."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from arms import Arm

from ...cycle.learner_start import START_FILE, LearnerStart
from ...cycle.structured_cycle import StructuredCycle
from ...errors import ConfigurationError
from ...logs.motion_log import MotionLog
from ...logs.replaying import Replay, log_learner, observe, replay
from ..job import Watch, summary_of_settings, unwatched
from ..reach.reach_job import numbers_of
from ..report.notices import Notices
from ..report.reporting import Reporting
from ..run_folder import Run, RunFolder, read_run
from .log_settings import about, about_text
from .percent_grid import slides
from .replay_report import REPLAY_REPORT
from .replay_settings import ReplaySettings

if TYPE_CHECKING:
    from ..report.figure_sheet import Drawn

EARLY = (2.0, 5.0)  # ends of the first windows of a second log [s]
SHOWN = ("model", "observer", "learner", "learner + observer", "frozen")


class Part(NamedTuple):
    """A log, or the end of one, and what was predicted of it."""

    name: str
    result: Replay
    observer: np.ndarray


def run_replay(settings: ReplaySettings, watch: Watch = unwatched) -> Run:
    """Replay the logs; write the summary, a figure of each log, and ``start.npz``.

    The latter is a `LearnerStart` for the loop.

    Raises:
        RecordError: a log cannot be read or is not of this arm, or the run folder exists.
        ConfigurationError: a setting does not fit the log.
    """
    with Notices() as notices:
        arm = settings.load_arm()
        steps = 4 if settings.then is None else 6
        watch("replay", 0, steps, "reading")
        paths = (settings.log,) if settings.then is None else (settings.log, settings.then)
        logs = settings.read(paths, arm)
        folder = RunFolder("replay", settings)
        asked = summary_of_settings("replay", settings, {})
        parts: list[Part] = []
        report = replace(REPLAY_REPORT, figures=lambda run: _figures(parts))
        with Reporting(folder.path, read_run, report, asked) as reporting:
            watch("replay", 1, steps, "learning")
            learner = log_learner(arm, logs[0])
            parts += _first(settings, logs[0], learner)
            watch("replay", 3, steps, "")
            if settings.then is not None:
                parts.append(_second(settings, logs[1], learner))
                watch("replay", 5, steps, "")
            summary = asked | {
                "gains": dict(learner.learner.gains()),
                "records": [], "endings": {}, "arm": arm.name, "joints": list(arm.joint_names),
                "sliding": slides(arm),
                "logs": [about(log) for log in logs], "text": [about_text(log) for log in logs],
                "parts": [_as_data(arm, part) for part in parts],
                "warnings": list(notices.lines),
            }  # fmt: skip
            LearnerStart.of(learner.learner).write(folder.path / START_FILE)
            folder.write_summary(summary)
            watch("replay", steps, steps, "")
    return reporting.run


def _second(settings: ReplaySettings, log: MotionLog, learner: StructuredCycle) -> Part:
    """Return what was predicted of the second log."""
    on = settings.learn_then
    new_load = on and not settings.same_load
    cutoff, doubt = settings.cutoff, settings.gain_doubt
    second = replay(log, learner, learn=on, new_load=new_load, cutoff=cutoff, gain_error=doubt)
    return Part("then", second, observe(log, learner.arm, cutoff))


def _first(settings: ReplaySettings, log: MotionLog, learner: StructuredCycle) -> list[Part]:
    """Return the first log's parts: all of it, or what was learned from and the rest."""
    cutoff, arm, doubt = settings.cutoff, learner.arm, settings.gain_doubt
    whole = observe(log, arm, cutoff)
    after = settings.freeze_after
    if after is None:
        result = replay(log, learner, cutoff=cutoff, gain_error=doubt)
        return [Part("log", result, whole)]
    k = int(np.searchsorted(log.time, log.time[0] + after)) if after > 1 else 0
    k = k or round(after * len(log.time))
    if k >= len(log.time):
        seconds = log.time[-1] - log.time[0]
        raise ConfigurationError(f"freeze_after: is {after:g}, needs less than {seconds:.4g} s")
    learned = replay(log.rows(0, k), learner, cutoff=cutoff, gain_error=doubt)
    rest = replay(log.rows(k), learner, learn=False, cutoff=cutoff, gain_error=doubt)
    return [Part("learned from", learned, whole[:k]), Part("the rest", rest, whole[k:])]


def _as_data(arm: Arm, part: Part) -> dict[str, Any]:
    """Return the errors of a part, in windows of time, and what was learned at its end."""
    result = part.result
    seconds = float(result.log.time[-1] - result.log.time[0])
    windows = {"all": (0.0, float("inf"))}
    if part.name == "then" and seconds > 2.0 * EARLY[1]:
        windows["0 to 2 s"] = (0.0, EARLY[0])
        windows["2 to 5 s"] = EARLY
        windows["second half"] = (0.5 * seconds, float("inf"))
    own = dict(result.predictions) | {"observer": part.observer}
    shown = _with(result, own)
    names = ["model", "observer", *(["before"] if part.name == "then" else []), *SHOWN[2:]]
    if part.name == "the rest":
        names = ["model", "observer", "frozen"]
    return {
        "name": part.name,
        "file": result.log.source,
        "seconds": seconds,
        "errors": {
            window: {name: shown.error(name, *span).tolist() for name in names}
            for window, span in windows.items()
        },
        "nmse": _nmse(shown, names),
        "learned": numbers_of(result.learned),
        "mass": [
            [float(result.log.time[min(row, len(result.log.time) - 1)] - result.log.time[0]),
             float(weights["payload"][0, 0])]
            for row, weights in result.weights
        ],
    }  # fmt: skip


def _with(result: Replay, predictions: dict[str, np.ndarray]) -> Replay:
    return Replay(result.log, result.measured, predictions, result.learned, result.weights)


def _nmse(result: Replay, names: list[str]) -> dict[str, float]:
    """Return the mean over the joints of the square error over the torque's variance."""
    variance = result.measured.var(axis=0)
    return {
        name: float(
            np.mean(np.mean((result.predictions[name] - result.measured) ** 2, axis=0) / variance)
        )
        for name in names
    }


def _figures(parts: list[Part]) -> Mapping[str, "Drawn"]:
    from .log_figures import replay_figure  # matplotlib

    figures = {}
    for part in parts:
        own = part.result.predictions
        names = ["model", "learner", "frozen", "learner + observer"]
        if part.name == "the rest":
            names = ["model", "frozen"]
        if part.name == "then":
            names.append("before")
        shown = {name: own[name] for name in names}
        drawn = replay_figure(part.result.log, part.result.measured, shown)
        figures[f"replay-{part.name.replace(' ', '-')}"] = drawn
    return figures
