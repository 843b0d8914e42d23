"""What the files of a run folder are, in a few words each."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

WORDS = {
    "report.html": "this page",
    "summary.json": "settings, versions and every number of this page",
    "results.json": "settings, versions and every cell",
    "results.csv": "one row per cell: its settings and main figures",
    "cells/": "one file per finished cell",
    "plan.json": "what the folder may be gone on with",
    "lock": "keeps a second process out",
    "run.toml": "the settings, to repeat the run with --config",
    "comparison.npz": "configurations, learned and analytic Jacobian",
    "network.npz": "the learned network, for LearnedKinematics.load",
    "start.npz": "what was learned, a start for the control loop (LearnerStart)",
    "model.json": "the arm as found, for arms.load and --arm",
    "model.urdf": "the arm as found, for other programs",
    "excite.csv": "the motion, for RecordedPath.read",
    "*.npz": "record of every control cycle, for read_run and numpy.load",
    "*.rows": "record of a controller that did not end, for read_run",
    "*.png": "a figure of this page",
    "*/": "the trained controller, for nengo-forcectl export and load_controller",
}
"""By file name or pattern; the first that fits holds."""


def run_files(folder: Path, coming: Iterable[str] = ()) -> list[tuple[str, str]]:
    """Return name and description of each file, and of those that are yet to be written."""
    names = {f"{path.name}/" if path.is_dir() else path.name for path in folder.iterdir()}
    return [(name, describe(name)) for name in sorted(names | set(coming))]


def describe(name: str) -> str:
    """Return what a file is; empty for one of another origin."""
    return next((words for pattern, words in WORDS.items() if fnmatchcase(name, pattern)), "")
