"""What ``nengo-forcectl sweep`` prints."""

from collections.abc import Mapping
from typing import Any

from ..job_output import JobBars, Printer, printed
from .sweep_report import SWEEP_REPORT
from .sweep_results import SweepResults


def _data(results: SweepResults) -> Mapping[str, Any]:
    return {
        "folder": str(results.folder),
        "job": results.job,
        "axes": dict(results.axes),
        "complete": results.complete,
        "lost": dict(results.lost),
        "cells": [
            {"cell": cell.number, **cell.key, "failure": cell.failure, **results.figures(cell)}
            for cell in results.cells
        ],
    }


def _lost(results: SweepResults) -> list[str]:
    where = f"the same command with --out {results.folder} runs them again"
    troubles = [f"{count} cells were lost: {why}; {where}" for why, count in results.lost.items()]
    failed = sum(cell.failure is not None for cell in results.cells)
    if failed:
        troubles.append(f"{failed} of {len(results.cells)} cells failed; see results.csv")
    return troubles


SWEEP = Printer(printed(SWEEP_REPORT), _data, lambda settings: JobBars(0), _lost)
