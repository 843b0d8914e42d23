"""What `nengo-forcectl press` and ``wipe`` report: a sentence, a table and figures."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..report.answer import Answer, Cell, Grid, bad_endings, listing, number
from ..report.limits_in_words import limits_in_words
from ..report.reporting import JobReport
from ..run_folder import Run
from .contact_settings import LIMITS, stiffness_text

if TYPE_CHECKING:
    from ..report.figure_sheet import Drawn

BOUNDS = (
    f"Bounds: overshoot at most {LIMITS['overshoot_percent']:g} %, on the surface from "
    f"{LIMITS['last_bounce_s']:g} s on, force within {LIMITS['error_percent']:g} %"
)

ROLES = {"none": "Without adaptation (none)", "exact": "With everything known (exact)"}
COLUMNS = (
    "impact: largest force in the first 0.1 s of contact; overshoot: of the whole run; last off: "
    "last time off the surface after the first contact; settled: from then on within 2 %; force "
    "and path: largest deviation at rest or while wiping. Red: beyond the bounds."
)


def contact_answer(run: Run) -> Answer:
    """Return the answer of a run of pressing or wiping."""
    summary, settings = run.summary, run.summary["settings"]
    failure = bad_endings(summary)
    if not summary["runs"]:
        return Answer("No controller has moved the arm.", (), failure)
    adaptations = list(dict.fromkeys(each["adapt"] for each in summary["runs"].values()))
    name = next((each for each in adaptations[::-1] if each not in ("none", "exact")), None)
    name = name or adaptations[-1]
    sentence = f"{_kept(summary, name)}; {_worst(summary, name)}."
    if name != "none" and "none" in adaptations:
        sentence += f" {_kept(summary, 'none')}; {_worst(summary, 'none')}."
    sentence += (
        f" The model knows neither the payload of {settings['payload']:g} kg nor the friction of "
        f"{settings['friction']:g} N m s/rad. {BOUNDS}."
    )
    what = f"{settings['force']:g} N by {settings['law']} force and position control:"
    return Answer(sentence, (what, contact_grid(summary)), failure)


def is_good(run: Mapping[str, Any]) -> bool:
    """Return whether a run kept its bounds."""
    return all(run[name] is not None and run[name] <= most for name, most in LIMITS.items())


def _kept(summary: Mapping[str, Any], name: str) -> str:
    """Return on which surfaces an adaptation kept the bounds, those where it did not first."""
    runs = [each for each in summary["runs"].values() if each["adapt"] == name]
    bad = [stiffness_text(each["stiffness"]) for each in runs if not is_good(each)]
    good, planned = len(runs) - len(bad), len(summary["settings"]["stiffness"])
    verb = {"press": "presses", "wipe": "wipes"}[summary["verb"]]
    does = (
        f"{ROLES.get(name, f'With {name}')}, the arm {verb} with {summary['settings']['force']:g} N"
    )
    surfaces = f"on {good} of {planned} surface{'s' if planned > 1 else ''}"
    if not bad:
        return f"{does} and keeps its bounds {surfaces}"
    return f"{does}, leaves its bounds at {listing(bad)} N/m and keeps them {surfaces}"


def _worst(summary: Mapping[str, Any], name: str) -> str:
    """Return the largest errors of an adaptation over all surfaces."""
    runs = [each for each in summary["runs"].values() if each["adapt"] == name]
    parts = []
    if any(each["landed_s"] is None for each in runs):
        parts.append("it did not touch every surface")
    words = {
        "overshoot_percent": "overshoot",
        "error_percent": "force error",
        "path_mm": "path error",
    }
    for key, word in words.items():
        values = [each[key] for each in runs if each.get(key) is not None]
        if values:
            unit = "mm" if key == "path_mm" else "%"
            parts.append(f"largest {word} {figure_text(max(values))} {unit}")
    return ", ".join(parts)


def contact_grid(summary: Mapping[str, Any]) -> Grid:
    """Return one row per run, with values beyond the bounds marked."""
    columns = {
        "impact_N": "impact\n[N]",
        "overshoot_percent": "overshoot\n[%]",
        "last_bounce_s": "last off\n[s]",
        "settled_s": "settled\n[s]",
        "error_percent": "force\n± [%]",
    }
    if summary["verb"] == "wipe":
        del columns["settled_s"]
        columns["path_mm"] = "path\n± [mm]"
    rows = [
        (run["adapt"], stiffness_text(run["stiffness"]), *(_cell(run, name) for name in columns))
        for run in summary["runs"].values()
    ]
    return Grid(("adaptation", "stiffness\n[N/m]", *columns.values()), tuple(rows), note=COLUMNS)


def _cell(run: Mapping[str, Any], name: str) -> Cell:
    value = run[name]
    beyond = value is None or value > LIMITS.get(name, float("inf"))
    return Cell("-" if value is None else figure_text(value), "bad" if beyond else "")


def figure_text(value: float) -> str:
    """Return a figure of the table; what is below 0 did not overshoot."""
    return number(max(value, 0.0))


def _figures(run: Run) -> Mapping[str, "Drawn"]:
    from .contact_figures import press_figures, wipe_figures  # matplotlib

    draw = press_figures if run.summary["verb"] == "press" else wipe_figures
    return draw(run)


CONTACT_REPORT: JobReport[Run] = JobReport(
    answer=contact_answer,
    summary=lambda run: run.summary,
    figures=_figures,
    limits=lambda run: limits_in_words(run.summary),
)
