"""A comparison of Jacobians, read from its run folder."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

import arms
from arms import Arm

from ...errors import ArmError, NetworkError, RecordError
from ...kinematics.compare import Comparison, compare_matrices
from ...kinematics.learned import LearnedKinematics
from ...support.files import interpreting, read_json, read_npz


class JacobianRun(NamedTuple):
    """A run read from its folder."""

    folder: Path
    summary: dict[str, Any]
    arm: Arm
    learned: LearnedKinematics
    comparison: Comparison
    data: Float[np.ndarray, "samples n"]  # training configurations


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
