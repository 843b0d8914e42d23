"""Kernels that are called by their addresses: which one for each kind of law, learner and task.

Each is compiled alone, and only if it is used: see `part.Part`.
"""

from .layout.cycle_fields import CONSOLIDATES, DESCENDS, JOINTS_LAW, STRUCTURES, TOOL_LAW
from .layout.null_space_fields import COLLISION, DAMPING, LIMITS, MANIPULABILITY, OBSTACLE, POSTURE
from .part import Part

control_task = Part("control_task", "control_task")
control_joints = Part("control_joints", "control_joints")
complete_command = Part("control_joints", "complete_command")
LAWS = {TOOL_LAW: control_task, JOINTS_LAW: control_joints}

supply_structured = Part("learn_structure", "supply_structured")
observe_lack = Part("learn_structure", "observe_lack")
renew = Part("learn_structure", "renew")
solve_regression = Part("solve_regression", "solve_regression")
LEARNERS = {
    CONSOLIDATES: Part("learn", "supply_consolidated"),
    DESCENDS: Part("descend", "supply_descending"),
    STRUCTURES: supply_structured,
}
STEPS: dict[int, dict[str, Part]] = {
    CONSOLIDATES: {},
    DESCENDS: {},
    STRUCTURES: {
        "observe_call": observe_lack, "solve_call": solve_regression, "renew_call": renew,
    },
}  # fmt: skip
"""Kernels that a learner's calls, by the fields of its block that hold their addresses."""

TASKS = {
    POSTURE: Part("control_null_space", "hold_posture"),
    DAMPING: Part("control_null_space", "damp"),
    LIMITS: Part("control_null_space", "avoid_limits"),
    OBSTACLE: Part("control_null_space", "avoid_spheres"),
    MANIPULABILITY: Part("control_null_space", "raise_manipulability"),
    COLLISION: Part("control_null_space", "avoid_collisions"),
}
"""The kernel of each kind of secondary task."""

correct_model = Part("learned_body", "correct_model")
find_load, carry_load = Part("find_load", "find_load"), Part("find_load", "carry_load")
find_near = Part("bound_clearance", "find_near")
add_gaps = Part("bound_clearance", "add_gaps")
protect, protect_alone = Part("protect", "protect"), Part("protect", "protect_alone")
keep_limits, credible = Part("protect", "keep_limits"), Part("protect", "credible")
predict = Part("predict", "predict")
run_cycle = Part("control_cycle", "run_cycle")
SUPERVISED = run_cycle, credible, predict
"""Kernels that a C library's supervisor calls, in the order of its ``calls``."""

WATCHING = tuple(
    Part("watch", name)
    for name in ("begin_cycle", "stop", "reset", "feel", "accept", "look", "protect_apart")
)
"""Those that `Safe` calls."""

judge_state = Part("judge", "judge_state")
minimum_jerk = Part("interpolate", "minimum_jerk")
encode_rows = Part("encode", "encode_rows")
encode_joints_rows = Part("encode_structure", "encode_joints_rows")
encode_tool_rows = Part("encode_structure", "encode_tool_rows")
select_tool_rows = Part("encode_structure", "select_tool_rows")
body_rows = Part("carried_body", "body_rows")
armature_rows = Part("carried_body", "armature_rows")
ROWS = (
    encode_rows, encode_joints_rows, encode_tool_rows, select_tool_rows, body_rows, armature_rows,
)  # fmt: skip
"""Those that work on many states at once; their argument is the address of a `part.pack`."""

_DEFAULT = (
    control_task, supply_structured, observe_lack, keep_limits, solve_regression, renew,
    correct_model, find_load, protect_alone, run_cycle, protect, carry_load, credible,
)  # fmt: skip
USUAL = (minimum_jerk, *ROWS, *_DEFAULT, *WATCHING, judge_state)
"""What a default run needs: first what it needs first, then what takes longest to compile."""
PARTS = tuple(
    dict.fromkeys((
        *SUPERVISED, *_DEFAULT, *LAWS.values(), *LEARNERS.values(), find_near, add_gaps,
        *TASKS.values(),
    ))
)  # fmt: skip
"""All that a C library calls by their addresses."""
