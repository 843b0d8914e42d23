"""What `nengo-forcectl run` reports: a sentence, tables and figures."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..reach.reach_report import by, found_by
from ..reach.reached import main_controller
from ..report.answer import Answer, Grid, Row, bad_endings, number
from ..report.limits_in_words import limits_in_words
from ..report.reporting import JobReport
from ..run_folder import Run

if TYPE_CHECKING:
    from ..report.figure_sheet import Drawn


def robot_answer(run: Run) -> Answer:
    """Return the answer of a robot's run."""
    summary, failure = run.summary, bad_endings(run.summary)
    if not summary["rms_mm"]:
        return Answer("No controller has moved the robot.", (), failure)
    found = [found_by(name, each) for name, each in summary["learned"].items()]
    heading = "RMS error of the tool in mm, by the model:"
    return Answer(_sentence(summary), (heading, _grid(summary), *found), failure)


def _sentence(summary: Mapping[str, Any]) -> str:
    rms = summary["rms_mm"]
    name = main_controller(list(rms))
    errors, planned = rms[name], summary["settings"]["passes"]
    done = f"{len(errors)} of {planned} passes over {len(summary['targets'])} targets"
    start = f"{by(name)}, the robot completed {done}"
    if not errors:
        return f"{start}."
    sentence = f"{start}; its RMS error, by the model, was {number(errors[0])} mm in pass 1"
    if len(errors) > 1:
        sentence += f" and {number(errors[-1])} mm in pass {len(errors)}"
    if name != "none" and len(rms.get("none", ())) >= len(errors):
        sentence += f"; without learning (none) {number(rms['none'][len(errors) - 1])} mm in that"
    return f"{sentence}."


def _grid(summary: Mapping[str, Any]) -> Grid:
    """Return a table with one row per pass and one column per controller."""
    rms = summary["rms_mm"]
    rows: list[Row] = [
        (f"pass {k + 1}", *(number(each[k]) if k < len(each) else "-" for each in rms.values()))
        for k in range(summary["settings"]["passes"])
    ]
    rows.append(())
    for label, key in (("p50", "p50"), ("p99", "p99"), ("largest", "max")):
        times = [summary["latency_us"][name].get(key) for name in rms]  # none if it broke off
        cells = ["-" if time is None else f"{time:.0f}" for time in times]
        rows.append((f"state to torque, {label} [us]", *cells))
    for event in ("overruns", "torque rate"):
        rows.append((event, *(str(summary["events"][name].get(event, 0)) for name in rms)))
    return Grid(("", *rms), tuple(rows))


def _figures(run: Run) -> Mapping[str, "Drawn"]:
    from .robot_figures import robot_figures  # matplotlib

    return robot_figures(run)


ROBOT_REPORT: JobReport[Run] = JobReport(
    answer=robot_answer,
    summary=lambda run: run.summary,
    figures=_figures,
    limits=lambda run: limits_in_words(run.summary),
)
