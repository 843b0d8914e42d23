"""A table of torque errors by joint, and units of tables by joint."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from arms import Arm
from arms.model.chain import position_unit

from ..report.answer import Grid

SLIDING = "; of a sliding joint kg, N s/m and N"


def percent_grid(rows: Mapping[str, Sequence[float]], title: str) -> Grid:
    """Return a table of torque errors in %, one row each, one column a joint."""
    joints = max(map(len, rows.values()))
    heads = ("joint", *(str(j + 1) for j in range(joints)))
    cells = [(name, *(f"{100.0 * value:.3g}" for value in values)) for name, values in rows.items()]
    return Grid(heads, tuple(cells), title)


def mean_percent(values: Sequence[float]) -> str:
    """Return the mean over the joints of relative errors."""
    return f"{100.0 * float(np.mean(values)):.3g} %"


def drives_title(title: str, summary: Mapping[str, Any]) -> str:
    """Return the title of a table of armature, friction and torques, with a sliding joint's units
    if the arm has one."""
    return title + SLIDING * bool(summary.get("sliding", False))


def slides(arm: Arm) -> bool:
    """Return whether an arm has a sliding joint."""
    return any(position_unit(arm.chain, joint) == "m" for joint in range(arm.dof))
