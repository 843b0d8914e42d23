"""What `nengo-forcectl jacobian` reports: a sentence, tables and figures."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..report.answer import Answer, Grid, Row, number
from ..report.reporting import JobReport

if TYPE_CHECKING:
    from ..report.figure_sheet import Drawn
    from .jacobian_run import JacobianRun

MEASURES = {
    "relative_error": ("error of J, Frobenius", 100, "%"),
    "angle_largest": ("direction of easiest motion", 57.29577951308232, "deg"),
    "angle_smallest": ("direction of hardest motion", 57.29577951308232, "deg"),
    "manipulability": ("manipulability", 100, "%"),
    "condition": ("condition number", 100, "%"),
    "null_angle": ("null space", 57.29577951308232, "deg"),
    "velocity_error": ("velocity of the tool, RMS", 100, "%"),
    "torque_error": ("torque of a force, worst", 100, "%"),
}
"""Title, factor and unit of each measure with one number per configuration."""

MISSING = (
    "The last column counts configurations where a measure does not exist: at a singularity, where "
    "two singular values are equal, or without a null space."
)
CHECKED = (
    "Largest relative deviation of autodiff's dF/dw from closed form and from finite differences, "
    "and of J M^-1 dF/dw from the change of the tool's acceleration in simulation, of that many "
    "tried weights."
)


def jacobian_answer(run: "JacobianRun") -> Answer:
    """Return the answer of a comparison of Jacobians."""
    summary, settings = run.summary, run.summary["settings"]
    found = summary["relative_error"]
    sentence = (
        f"The learned J is off by {number(100 * found['median'])} % at the median and "
        f"{number(100 * found['p95'])} % at the 95th percentile of {settings['test']:,} "
        f"configurations it never saw. {settings['neurons']:,} neurons learned it from "
        f"{len(run.data):,} samples ({settings['train']}) in {summary['training_seconds']:.1f} s."
    )
    if settings["task"] == "pose":
        length = number(summary["characteristic_length"])
        sentence += f" Angular rows count with a length of {length} m."
    grids = [_measures(run), *([_weights(summary)] if summary["weights"] else [])]
    interrupted = "The training was interrupted; this is the best network until then."
    return Answer(sentence, tuple(grids), interrupted if summary["interrupted"] else "")


def _measures(run: "JacobianRun") -> Grid:
    heads = ("", "median", "95 %", "largest", "does not exist")
    rows = tuple(_row(run.summary, name) for name in MEASURES)
    return Grid(heads, rows, f"{run.arm.name}, learned against analytic J", MISSING)


def _row(summary: Mapping[str, Any], name: str) -> Row:
    """Return title, median, 95th percentile, maximum and number of missing values, as text."""
    title, factor, unit = MEASURES[name]
    found = summary[name]
    if found["median"] is None:
        return f"{title} [{unit}]", "does not exist", "", "", str(found["missing"])
    numbers = [number(factor * found[key]) for key in ("median", "p95", "largest")]
    return f"{title} [{unit}]", *numbers, str(found["missing"])


def _weights(summary: Mapping[str, Any]) -> Grid:
    """Return the check of the weights' Jacobian."""
    heads = ("weights", "shape", "closed form", "differences", "tried", "acceleration")
    rows = [
        (
            row["name"],
            " x ".join(map(str, row["shape"])),
            *(f"{row[key]:.1e}" for key in ("closed_form", "differences")),
            str(row["in_simulator"]),
            f"{row['acceleration']:.1e}",
        )
        for row in summary["weights"]
    ]
    return Grid(heads, tuple(rows), "dF/dw and J M^-1 dF/dw, relative deviations", CHECKED)


def _figures(run: "JacobianRun") -> Mapping[str, "Drawn"]:
    from .jacobian_figures import figures  # matplotlib

    return figures(run)


JACOBIAN_REPORT: "JobReport[JacobianRun]" = JobReport(
    answer=jacobian_answer, summary=lambda run: run.summary, figures=_figures
)
