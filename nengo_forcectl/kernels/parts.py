"""Kernels that are called by their addresses: which one for each kind of law, learner and task.

Each is compiled alone, and only if it is used: see `compile.part`.
"""

from typing import Any

from .bound_clearance import add_gaps, find_near
from .control_cycle import run_cycle
from .control_joints import control_joints
from .control_null_space import TASKS
from .control_task import control_task
from .descend import supply_descending
from .find_load import carry_load, find_load
from .layout.cycle_fields import CONSOLIDATES, DESCENDS, JOINTS_LAW, STRUCTURES, TOOL_LAW
from .learn import supply_consolidated
from .learn_structure import observe_lack, renew, supply_structured
from .learned_body import correct_model
from .predict import predict
from .protect import credible, keep_limits, protect, protect_alone
from .solve_regression import solve_regression
from .watch import WATCHING

LAWS = {TOOL_LAW: control_task, JOINTS_LAW: control_joints}
LEARNERS = {
    CONSOLIDATES: supply_consolidated,
    DESCENDS: supply_descending,
    STRUCTURES: supply_structured,
}
STEPS: dict[int, dict[str, Any]] = {
    CONSOLIDATES: {},
    DESCENDS: {},
    STRUCTURES: {
        "observe_call": observe_lack, "solve_call": solve_regression, "renew_call": renew,
    },
}  # fmt: skip
"""Kernels that a learner's calls, by the fields of its block that hold their addresses."""
SUPERVISED = run_cycle, credible, predict
"""Kernels that a C library's supervisor calls, in the order of its ``calls``."""
_DEFAULT = (
    control_task, supply_structured, observe_lack, keep_limits, solve_regression, renew,
    correct_model, find_load, protect_alone, run_cycle, protect, carry_load, credible,
)  # fmt: skip
USUAL = (*_DEFAULT, *WATCHING)
"""What the default controller needs; those that take longest to compile come first."""
PARTS = tuple(
    dict.fromkeys((
        *SUPERVISED, *_DEFAULT, *LAWS.values(), *LEARNERS.values(), find_near, add_gaps,
        *TASKS.values(),
    ))
)  # fmt: skip
"""All that are called by their addresses."""
