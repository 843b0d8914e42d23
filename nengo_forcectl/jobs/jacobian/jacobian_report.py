"""The report of a comparison of Jacobians: one self-contained HTML file."""

import base64
import html
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .jacobian_job import JacobianRun

CAPTIONS = {
    "error_by_joint": "Which columns (joints) and rows (directions) of the learned J are wrong.",
    "error_map": "Where the tool is when the learned J is wrong.",
    "ellipses": "How fast the tool can go in each direction: the arm's own J (solid) and the "
    "learned one (dashed).",
    "learning_curve": "How the errors fell while it learned, on configurations it never saw.",
    "against_distance": "Errors against the distance to a singularity and to the samples.",
    "worst": "The configurations where the learned J is furthest off.",
}
STYLE = """body{font:15px/1.5 sans-serif;max-width:1100px;margin:2em auto;padding:0 1em;color:#222}
img{max-width:100%}table{border-collapse:collapse}td,th{padding:.2em .9em;text-align:right;
border-bottom:1px solid #ddd}td:first-child,th:first-child{text-align:left}
figcaption{color:#555}figure{margin:2em 0}"""


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


def cells(summary: dict[str, Any], name: str) -> list[str]:
    """Return title, median, 95th percentile, maximum and number of missing values, as text."""
    title, factor, unit = MEASURES[name]
    found = summary[name]
    if found["median"] is None:
        return [f"{title} [{unit}]", "does not exist", "", "", str(found["missing"])]
    numbers = [f"{factor * found[key]:.3g}" for key in ("median", "p95", "largest")]
    return [f"{title} [{unit}]", *numbers, str(found["missing"])]


WEIGHT_HEADS = (
    "weights", "shape", "closed form", "differences", "tried", "acceleration",
)  # fmt: skip


def weight_cells(row: dict[str, Any]) -> list[str]:
    """Return a row of the weight check as text."""
    numbers = [f"{row[key]:.1e}" for key in ("closed_form", "differences")]
    shape = " x ".join(map(str, row["shape"]))
    return [row["name"], shape, *numbers, str(row["in_simulator"]), f"{row['acceleration']:.1e}"]


def report(run: "JacobianRun", pictures: list[str]) -> str:
    """Return the page; ``pictures`` are names of PNG files in the run's folder."""
    summary, settings = run.summary, run.summary["settings"]
    found = summary["relative_error"]
    heads = ["", "median", "95 %", "largest", "does not exist"]
    parts = [
        f"<h1>Learned against analytic Jacobian: {html.escape(run.arm.name)}</h1>",
        f"<p><b>The learned J is off by {100 * found['median']:.3g} % at the median and "
        f"{100 * found['p95']:.3g} % at the 95th percentile</b> of {settings['test']:,} "
        f"configurations it never saw. {settings['neurons']:,} neurons, {settings['train']}, "
        f"{settings['samples']:,} samples, seed {settings['seed']}, trained in "
        f"{summary['training_seconds']:.1f} s{', interrupted' if summary['interrupted'] else ''}.",
        f"Angular rows count with a length of {summary['characteristic_length']:.3g} m."
        if settings["task"] == "pose"
        else "",
        "</p>",
        _table(heads, [cells(summary, name) for name in MEASURES]),
        "<p>The last column counts configurations where a measure does not exist: at a "
        "singularity, where two singular values are equal, or without a null space.</p>",
    ]
    for name in pictures:
        data = base64.b64encode((run.folder / f"{name}.png").read_bytes()).decode()
        caption = html.escape(CAPTIONS[name])
        parts.append(
            f'<figure><img alt="{caption}" src="data:image/png;base64,{data}">'
            f"<figcaption>{caption}</figcaption></figure>"
        )
    if summary["weights"]:
        parts += [
            "<h2>The weights' Jacobian</h2><p>Largest deviation of autodiff's dF/dw from closed "
            "form and from finite differences, and of J M<sup>-1</sup> dF/dw from the change of "
            "the tool's acceleration in simulation of that many tried weights; relative.</p>",
            _table(list(WEIGHT_HEADS), [weight_cells(row) for row in summary["weights"]]),
        ]
    body = "\n".join(parts)
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>'
        f"{html.escape(run.arm.name)}: learned Jacobian</title><style>{STYLE}</style></head>"
        f"<body>{body}</body></html>\n"
    )


def _table(heads: list[str], rows: list[list[str]]) -> str:
    head = "".join(f"<th>{html.escape(text)}</th>" for text in heads)
    lines = ["".join(f"<td>{html.escape(text)}</td>" for text in row) for row in rows]
    return f"<table><tr>{head}</tr>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"
