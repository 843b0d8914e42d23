"""The job ``nengo-forcectl jacobian``: train, compare, check the weights, write a report.

The run folder holds ``network.npz`` (`LearnedKinematics.load`), ``comparison.npz`` (q, both
Jacobians, the rows' weights, the training configurations), ``summary.json``, the pictures and
``report.html``. `read_jacobian_run` and `summary_of` recompute every number from the arrays.
"""

import dataclasses
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

import arms
from arms import Arm

from ...kinematics.compare import Comparison, compare_jacobians, nearest_distance
from ...kinematics.learned import LearnedKinematics
from ...kinematics.training import Progress, TrainingPlan, region, sample, training
from ..job import Watch, summary_of_settings, unwatched
from ..report.notices import Notices
from ..report.reporting import Reporting
from ..run_folder import RunFolder
from .babbling import online_training
from .jacobian_report import JACOBIAN_REPORT
from .jacobian_run import JacobianRun, read_jacobian_run
from .jacobian_settings import JacobianSettings

AGAINST = ("relative_error", "velocity_error", "manipulability")  # measures shown against distances


def run_jacobian(settings: JacobianSettings, watch: Watch = unwatched) -> JacobianRun:
    """Train and compare by the settings; an interrupted training keeps the best network so far.

    Args:
        settings: settings of the command.
        watch: called after every epoch.

    Raises:
        ArmError: the arm is unknown, or its file is broken.
        ConfigurationError: too few samples, or the arm's tool does not move.
        RecordError: the run folder exists or cannot be written.
    """
    with Notices() as notices:
        arm = arms.load(settings.arm, tip=settings.tip)
        plan = _plan(arm, settings)
        folder = RunFolder("jacobian", settings)
        asked = summary_of_settings("jacobian", settings, {})
        with Reporting(folder.path, read_jacobian_run, JACOBIAN_REPORT, asked) as report:
            trained = _train(plan, settings, watch)
            summary = asked | _compared(plan, trained, settings, folder)
            folder.write_summary(summary | {"warnings": list(notices.lines)})
    return report.run


def _compared(
    plan: TrainingPlan, trained: "_Training", settings: JacobianSettings, folder: RunFolder
) -> dict[str, Any]:
    """Compare the Jacobians, write the arrays, and return what the summary says of them."""
    arm, learned, q_data = plan.arm, trained.best, np.array(trained.data)
    q = sample(*plan.bounds, settings.test, np.random.default_rng([settings.seed, 3]))
    rows = list(learned.rows)
    weights = row_weights(arm, learned, q)
    comparison = compare_jacobians(
        learned.jacobian, lambda q: arm.jacobian(q)[:, rows], q, weights=weights
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
    return {
        **summary_of(comparison, q_data),
        "rows": rows,
        "region": [bound.tolist() for bound in plan.bounds],
        "training_seconds": trained.seconds,
        "interrupted": trained.interrupted,
        "curve": [dataclasses.asdict(each) for each in trained.curve],
        "weights": _checked_weights(arm, settings),
        "joints": list(arm.joint_names),
    }


@dataclass
class _Training:
    """The result of a training."""

    curve: list[Progress]  # one entry per epoch
    data: list[Any]  # training configurations
    seconds: float = 0.0
    interrupted: bool = False
    network: LearnedKinematics | None = None  # the best so far

    @property
    def best(self) -> LearnedKinematics:
        """The network with the smallest error; there is at least one epoch."""
        assert self.network is not None
        return self.network


def _train(plan: TrainingPlan, settings: JacobianSettings, watch: Watch) -> _Training:
    training, began = _Training([], []), time.perf_counter()
    least = np.inf
    try:
        for learned, progress in _epochs(plan, settings, training.data):
            training.curve.append(progress)
            if progress.jacobian_error < least:
                least, training.network = progress.jacobian_error, learned
            error = f"error of J {100 * progress.jacobian_error:.3g} %"
            last = f"loss {progress.loss:.2e}, {error}"
            watch("training", progress.epoch, settings.epochs, last)
    except KeyboardInterrupt:
        if training.network is None:
            raise
        training.interrupted = True
    training.seconds = time.perf_counter() - began
    return training


def _checked_weights(arm: Arm, settings: JacobianSettings) -> list[dict[str, Any]] | None:
    if not settings.weights:
        return None
    from .weight_check import check_weights  # TensorFlow

    return check_weights(arm, settings.seed, settings.engine)


def _plan(arm: Arm, settings: JacobianSettings) -> TrainingPlan:
    return TrainingPlan(
        arm=arm,
        bounds=region(arm, settings.half_range),
        neurons=settings.neurons,
        samples=settings.samples,
        epochs=settings.epochs,
        seed=settings.seed,
        orientation=settings.task == "pose",
    )


def _epochs(
    plan: TrainingPlan, settings: JacobianSettings, visited: list[Any]
) -> Iterator[tuple[LearnedKinematics, Progress]]:
    """Yield network and progress of every epoch; append its configurations to ``visited``."""
    if settings.train == "online":
        return online_training(plan, visited, settings.engine)
    return training(plan, settings.train, visited)


def row_weights(
    arm: Arm, learned: LearnedKinematics, q: Float[np.ndarray, "k n"]
) -> Float[np.ndarray, "rows"]:
    """Return 1 for linear rows; for angular ones the arm's characteristic length [m].

    This length gives both halves of J equal weight: it is the ratio of their RMS Frobenius norms
    over the configurations (a characteristic length as in Angeles 2007, section 4.9).
    """
    J, rows = arm.jacobian(q), np.array(learned.rows)
    linear, angular = rows[rows < 3], rows[rows >= 3]
    if not len(angular):
        return np.ones(len(rows))
    length = np.sqrt(np.sum(J[:, linear] ** 2) / np.sum(J[:, angular] ** 2))
    return np.where(rows < 3, 1.0, length)


def summary_of(comparison: Comparison, data: Float[np.ndarray, "samples n"]) -> dict[str, Any]:
    """Return all numbers of the report about two Jacobians."""
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
