"""The job ``nengo-forcectl jacobian``: train, compare, check the weights, leave a report.

The run folder holds ``network.npz`` (`LearnedKinematics.load`), ``comparison.npz`` (q, both
Jacobians, the rows' weights, the configurations learned from), ``summary.json``, the pictures and
``report.html``. `read_comparison` and `summary_of` recompute every number from the arrays.
"""

import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

import arms
from arms import Arm

from ...errors import ArmError, NetworkError, RecordError
from ...kinematics.compare import Comparison, compare_jacobians, compare_matrices, nearest_distance
from ...kinematics.learned import LearnedKinematics
from ...kinematics.training import Progress, Watch, check_samples, region, sample, training
from ...support.files import interpreting, read_json, read_npz
from ..job import RunFolder, versions
from .babbling import online_training
from .jacobian_settings import JacobianSettings

AGAINST = ("relative_error", "velocity_error", "manipulability")  # shown against distances


class JacobianRun(NamedTuple):
    """A run as read back from its folder."""

    folder: Path
    summary: dict[str, Any]
    arm: Arm
    learned: LearnedKinematics
    comparison: Comparison
    data: Float[np.ndarray, "samples n"]  # configurations learned from


def run(settings: JacobianSettings, watch: Watch | None = None) -> JacobianRun:
    """Train and compare as the settings say; an interrupted training keeps the best so far.

    Raises:
        ArmError: the arm is unknown, or its file is broken.
        ConfigurationError: too few samples, or an arm whose tool does not move.
        RecordError: the run folder exists or cannot be written.
    """
    arm = arms.load(settings.arm, tip=settings.tip)
    bounds = region(arm, settings.half_range)
    check_samples(settings.samples, settings.epochs, bounds[0])
    folder = RunFolder("jacobian", settings.out)
    began, interrupted = time.perf_counter(), False
    data: list[Any] = []
    best: tuple[float, LearnedKinematics] | None = None
    curve: list[Progress] = []
    try:
        for learned, progress in _epochs(arm, settings, bounds, data):
            curve.append(progress)
            if best is None or progress.jacobian_error < best[0]:
                best = progress.jacobian_error, learned
            if watch is not None:
                watch(progress)
    except KeyboardInterrupt:
        if best is None:
            raise
        interrupted = True
    assert best is not None  # there is at least one epoch
    seconds = time.perf_counter() - began
    learned, q_data = best[1], np.array(data)
    q = sample(*bounds, settings.test, np.random.default_rng([settings.seed, 3]))
    rows = list(learned.rows)
    comparison = compare_jacobians(
        learned.jacobian,
        lambda q: arm.jacobian(q)[:, rows],
        q,
        weights=row_weights(arm, learned, q),
    )
    arrays = {
        "q": q,
        "learned": comparison.learned,
        "analytic": comparison.analytic,
        "weights": comparison.weights,
        "data": q_data,
    }
    folder.write_record("comparison", arrays)
    folder.write_record("network", learned.arrays())
    checked = None
    if settings.weights:
        from .weight_check import check_weights

        checked = check_weights(arm, settings.seed)
    summary = {
        "verb": "jacobian",
        **summary_of(comparison, q_data),
        "rows": rows,
        "region": [bound.tolist() for bound in bounds],
        "training_seconds": seconds,
        "interrupted": interrupted,
        "curve": [dataclasses.asdict(each) for each in curve],
        "weights": checked,
        "joints": list(arm.joint_names),
        "settings": dataclasses.asdict(settings)
        | {"out": None if settings.out is None else str(settings.out)},
        "versions": versions(),
    }
    folder.write_summary(summary)
    result = read_jacobian_run(folder.path)
    from .jacobian_figures import figures  # matplotlib is wanted at the end only
    from .jacobian_report import report

    drawn = figures(result)
    for name, figure in drawn.items():
        folder.write(f"{name}.png", figure.savefig)
    html = report(result, list(drawn))
    folder.write("report.html", lambda stream: stream.write(html.encode()))
    return result


def _epochs(
    arm: Arm,
    settings: JacobianSettings,
    bounds: tuple[Float[np.ndarray, "n"], Float[np.ndarray, "n"]],
    data: list[Any],
) -> Iterator[tuple[LearnedKinematics, Progress]]:
    """Networks and progress, epoch by epoch; ``data`` gets the configurations learned from."""
    numbers = settings.neurons, settings.samples, settings.epochs, settings.seed
    pose, how = settings.task == "pose", settings.train
    if how == "online":
        return online_training(arm, *numbers, pose, bounds, data)
    return training(arm, how, *numbers, pose, bounds, data)


def row_weights(
    arm: Arm, learned: LearnedKinematics, q: Float[np.ndarray, "k n"]
) -> Float[np.ndarray, "rows"]:
    """Return 1 for linear rows; for angular ones the arm's characteristic length [m].

    It is the length that makes both halves of J count alike: the ratio of their RMS Frobenius norms
    over the configurations (a characteristic length as in Angeles 2007, section 4.9).
    """
    J, rows = arm.jacobian(q), np.array(learned.rows)
    linear, angular = rows[rows < 3], rows[rows >= 3]
    if not len(angular):
        return np.ones(len(rows))
    length = np.sqrt(np.sum(J[:, linear] ** 2) / np.sum(J[:, angular] ** 2))
    return np.where(rows < 3, 1.0, length)


def summary_of(comparison: Comparison, data: Float[np.ndarray, "samples n"]) -> dict[str, Any]:
    """Return every number that the report says about two Jacobians."""
    far = nearest_distance(comparison.q, data)
    against = {
        "distance_to_singularity": comparison.singularity,
        "distance_to_data": far,
    }
    return comparison.distributions() | {
        "characteristic_length": float(comparison.weights[-1]),
        "against": {
            name: {each: comparison.measures[each].against(distance) for each in AGAINST}
            for name, distance in against.items()
        },
    }


def read_jacobian_run(folder: Path | str) -> JacobianRun:
    """Read a run folder.

    Raises:
        RecordError: the folder holds no readable run.
    """
    folder = Path(folder)
    problem = f"run folder '{folder}': holds no run that can be read"
    summary = read_json(folder / "summary.json", problem)
    arrays = read_npz(folder / "comparison.npz", problem)
    try:
        with interpreting(problem):
            settings = summary["settings"]
            matrices = (arrays[name] for name in ("q", "learned", "analytic", "weights"))
            comparison, data = compare_matrices(*matrices), arrays["data"]
            arm = arms.load(settings["arm"], tip=settings["tip"])
    except (ArmError, NetworkError) as error:
        raise RecordError(f"{problem} ({error})") from None
    learned = LearnedKinematics.load(folder / "network.npz", arm)
    return JacobianRun(folder, summary, arm, learned, comparison, data)
