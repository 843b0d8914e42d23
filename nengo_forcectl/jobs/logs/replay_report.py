"""What `nengo-forcectl replay` reports: a sentence, tables and figures."""

from collections.abc import Mapping
from typing import Any

from ..report.answer import Answer, Grid
from ..report.reporting import JobReport
from ..run_folder import Run
from .percent_grid import drives_title, mean_percent, percent_grid


def replay_answer(run: Run) -> Answer:
    """Return the answer of a replay."""
    summary = run.summary
    parts: list[str | Grid | tuple[str, ...]] = [tuple(summary["text"])]
    for part in summary["parts"]:
        title = "" if part["name"] == "log" else f"{part['name']} ({part['seconds']:.1f} s): "
        rows = {
            name if window == "all" else f"{name}, {window}": errors
            for window, each in part["errors"].items()
            for name, errors in each.items()
        }
        nmse = ", ".join(f"{name} {value:.4f}" for name, value in part["nmse"].items())
        parts += [
            percent_grid(rows, f"{title}|tau - prediction| / |tau| in %"),
            f"mean nMSE: {nmse}",
        ]
    parts.append(_found(summary))
    return Answer(_sentence(summary), tuple(parts))


def _sentence(summary: Mapping[str, Any]) -> str:
    sentences = [_predicted(part) for part in summary["parts"]]
    first, last = (summary["parts"][k]["learned"] for k in (0, -1))
    payload = last["payload"]
    com = " ".join(f"{each:.3f}" for each in payload["com"])
    sentences.append(
        f"Learned beyond the model: {payload['mass']:.3f} ± {payload['mass_deviation']:.2g} kg at "
        f"({com}) m from the tool frame; unexplained {last['noise']:.3g} N m."
    )
    if summary["parts"][-1]["name"] == "then":
        change = payload["mass"] - first["payload"]["mass"]
        sentences.append(
            f"From the first log to the second, the payload has changed by {change:.3f} ± "
            f"{payload['mass_deviation']:.2g} kg."
        )
    return " ".join(sentences)


def _predicted(part: Mapping[str, Any]) -> str:
    """Return how well a part of the logs was predicted, mean over the joints."""
    errors = part["errors"]["all"]
    model = f"the model alone with {mean_percent(errors['model'])}"
    if part["name"] == "the rest":
        what = "In the rest, which it did not learn from, it predicted the torques with an error of"
        return f"{what} {mean_percent(errors['frozen'])}, {model}."
    where = {"log": "the log", "learned from": "the first part", "then": "the second log"}
    return (
        f"In {where[part['name']]} the learner predicted the torques with an error of "
        f"{mean_percent(errors['learner'])} while it learned, {model} (mean over the joints)."
    )


def _found(summary: Mapping[str, Any]) -> Grid:
    """Return what was found beyond the model, with standard deviations."""
    learned = summary["parts"][-1]["learned"]
    friction = learned["friction"]
    columns = {
        "armature\n[kg m^2]": learned["armature"],
        "viscous\n[N m s/rad]": friction["viscous"],
        "dry\n[N m]": friction["dry"],
        "constant\n[N m]": learned["offset"],
    }
    rows = [
        (
            f"{j + 1} {joint}",
            *(f"{each['value'][j]:.3g} ± {each['deviation'][j]:.1g}" for each in columns.values()),
            f"{friction['presliding'][j]:.2f}",
            f"{friction['neurons'][j]:.3g}",
        )
        for j, joint in enumerate(summary["joints"])
    ]
    heads = ("joint", *columns, "presliding\nshare", "neurons\n[N m]")
    title = drives_title("learned beyond the model, ± standard deviation", summary)
    return Grid(heads, tuple(rows), title)


REPLAY_REPORT: JobReport[Run] = JobReport(
    answer=replay_answer, summary=lambda run: run.summary, figures=lambda run: {}
)
