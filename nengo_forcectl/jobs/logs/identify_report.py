"""What `nengo-forcectl identify` reports: a sentence, tables and a figure."""

from collections.abc import Mapping
from typing import Any

from ..report.answer import Answer, Grid
from ..report.reporting import JobReport
from ..run_folder import Run
from .percent_grid import drives_title, mean_percent, percent_grid

DRIVES = {
    "armature": "armature\n[kg m^2]",
    "viscous": "viscous\n[N m s/rad]",
    "dry": "dry\n[N m]",
    "offset": "constant\n[N m]",
}


def identify_answer(run: Run) -> Answer:
    """Return the answer of an identification, or of the design of a motion."""
    summary = run.summary
    return _motion(summary) if summary["settings"]["excite"] else _identified(summary)


def _motion(summary: Mapping[str, Any]) -> Answer:
    sentence = (
        f"A motion of {summary['settings']['seconds']:g} s from rest to rest, with a condition of "
        f"{summary['condition']:.0f} ({summary['condition_random']:.0f} for a random one)."
    )
    warning = (
        "Look at it in a simulator first: whether the arm touches itself or a table is not checked."
    )
    return Answer(sentence, (warning, "Motion: excite.csv (RecordedPath.read)"))


def _identified(summary: Mapping[str, Any]) -> Answer:
    rows = {"model before": summary["error_model"], "identified": summary["error"]}
    rows["identified, unseen blocks of time"] = summary["error_unseen"]
    if len(summary["errors"]) > 1:
        rows |= {name.rpartition("/")[2]: each for name, each in summary["errors"].items()}
    sentence = (
        f"On blocks of time that it was not fitted to, the identified model predicts the torques "
        f"with an error of {mean_percent(summary['error_unseen'])}, the model before with "
        f"{mean_percent(summary['error_model'])}, mean over the joints; {summary['shown']} of "
        f"{summary['base_parameters']} base parameters are known better than before (condition "
        f"{summary['condition']:.0f}). Links are bodies, and friction is not negative."
    )
    lines = [*summary["text"]]
    if "gains_factor" in summary:
        factors = zip(summary["gains_factor"], summary["gains_deviation"], strict=True)
        text = ", ".join(f"{value:.3f} ± {spread:.3f}" for value, spread in factors)
        lines.append(f"Torques are these factors times those given, by the known mass: {text}")
    still = summary["still"]
    failure = f"Joints that never move: {', '.join(map(str, still))}." if still else ""
    title = "|tau - prediction| / |tau| in %"
    model = "Model: model.json (for arms.load and --arm), model.urdf"
    parts = (tuple(lines), percent_grid(rows, title), _drives(summary), model)
    return Answer(sentence, parts, failure)


def _drives(summary: Mapping[str, Any]) -> Grid:
    rows = [
        (
            f"{j + 1} {joint}",
            *(_known(summary["values"][f"{joint}.{kind}"]) for kind in DRIVES),
            f"{summary['presliding'][j]:.2f}",
        )
        for j, joint in enumerate(summary["joints"])
    ]
    title = drives_title("drives, ± standard deviation", summary)
    return Grid(("joint", *DRIVES.values(), "presliding\nshare"), tuple(rows), title)


def _known(each: dict[str, float]) -> str:
    return f"{each['value']:.3g} ± {each['deviation']:.1g}"


IDENTIFY_REPORT: JobReport[Run] = JobReport(
    answer=identify_answer, summary=lambda run: run.summary, figures=lambda run: {}
)
