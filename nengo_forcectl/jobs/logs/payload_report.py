"""What `nengo-forcectl payload` reports: a sentence, a table and a figure."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..report.answer import Answer
from ..report.reporting import JobReport
from ..run_folder import Run
from .percent_grid import percent_grid

if TYPE_CHECKING:
    from ..report.figure_sheet import Drawn


def payload_answer(run: Run) -> Answer:
    """Return the answer of a search for a payload."""
    summary, found = run.summary, run.summary["payload"]
    com = ", ".join(
        f"{value:.3f} ± {spread:.3f}"
        for value, spread in zip(found["com"], found["com_deviation"], strict=True)
    )
    moments = ", ".join(
        f"{found['inertia'][k][k]:.4f} ± {found['inertia_deviation'][k][k]:.4f}" for k in range(3)
    )
    sentence = (
        f"The payload weighs {found['mass']:.3f} ± {found['mass_deviation']:.3f} kg; its centre is "
        f"at ({com}) m in the tool frame."
    )
    failure = ""
    if found["known"]:
        sentence += " The motion was enough to know mass and centre."
    else:
        failure = f"The payload is not known: {found['reason']}."
    rows = {"without the payload": summary["error_before"], "with it": summary["error"]}
    parts = (
        tuple(summary["text"]),
        f"Inertia: {moments} kg m^2 (xx, yy, zz about the centre)",
        percent_grid(rows, "|tau - prediction| / |tau| in % on the loaded log"),
        "Model with it: model.json",
    )
    return Answer(sentence, parts, failure)


def _figures(run: Run) -> Mapping[str, "Drawn"]:
    from .log_figures import payload_figures  # matplotlib

    return payload_figures(run.summary["error_before"], run.summary["error"])


PAYLOAD_REPORT: JobReport[Run] = JobReport(
    answer=payload_answer, summary=lambda run: run.summary, figures=_figures
)
