"""Kernels that are called by their addresses: which one for each kind of law, learner and task.

Each is compiled alone, and only if it is used: see `arms.machine.object_files.Part`.
"""

from arms.machine.object_files import Part

from .layout.cycle_fields import CONSOLIDATES, DESCENDS, JOINTS_LAW, STRUCTURES, TOOL_LAW
from .layout.null_space_fields import COLLISION, DAMPING, LIMITS, MANIPULABILITY, OBSTACLE, POSTURE


def _part(module: str, name: str) -> Part:
    return Part(f"{__package__}.{module}", name)


control_task = _part("control_task", "control_task")
control_joints = _part("control_joints", "control_joints")
complete_command = _part("control_joints", "complete_command")
LAWS = {TOOL_LAW: control_task, JOINTS_LAW: control_joints}

supply_structured = _part("learn_structure", "supply_structured")
observe_lack = _part("observe_motion", "observe_lack")
renew = _part("renew_weights", "renew")
advance_neurons = _part("fire", "advance_neurons")
fire_structure = _part("fire_structure", "fire_structure")
finish_structured = _part("learn_structure", "finish_structured")
solve_regression = _part("solve_regression", "solve_regression")
forget_load = _part("between_cycles", "forget_load")
complete_sums = _part("between_cycles", "complete_sums")
LEARNERS = {
    CONSOLIDATES: _part("learn", "supply_consolidated"),
    DESCENDS: _part("descend", "supply_descending"),
    STRUCTURES: supply_structured,
}
STEPS: dict[int, dict[str, Part]] = {
    CONSOLIDATES: {},
    DESCENDS: {},
    STRUCTURES: {
        "solve_call": solve_regression, "observe_call": observe_lack, "renew_call": renew,
        "finish_call": finish_structured,
    },
}  # fmt: skip
"""Kernels that a learner's calls, by the fields of its block that hold their addresses."""

TASKS = {
    POSTURE: _part("control_null_space", "hold_posture"),
    DAMPING: _part("control_null_space", "damp"),
    LIMITS: _part("control_null_space", "avoid_limits"),
    OBSTACLE: _part("control_null_space", "avoid_spheres"),
    MANIPULABILITY: _part("control_null_space", "raise_manipulability"),
    COLLISION: _part("control_null_space", "avoid_collisions"),
}
"""The kernel of each kind of secondary task."""

correct_model = _part("learned_body", "correct_model")
find_load, carry_load = _part("find_load", "find_load"), _part("find_load", "carry_load")
remember_load = _part("remember_load", "remember_load")
recall_load = _part("recall_load", "recall_load")
find_near = _part("bound_clearance", "find_near")
add_gaps = _part("bound_clearance", "add_gaps")
protect, protect_alone = _part("protect", "protect"), _part("protect", "protect_alone")
keep_limits, credible = _part("protect", "keep_limits"), _part("protect", "credible")
predict = _part("predict", "predict")
run_cycle = _part("control_cycle", "run_cycle")
SUPERVISED = run_cycle, credible, predict
"""Kernels that a C library's supervisor calls, in the order of its ``calls``."""

WATCHING = tuple(
    _part("watch", name)
    for name in ("begin_cycle", "stop", "reset", "feel", "accept", "look", "protect_apart")
)
"""Those that `Safe` calls."""

control_null_space = _part("control_null_space", "control_null_space")
activate, supply_scales = _part("learn", "activate"), _part("learn", "supply_scales")
step_consolidation = _part("consolidate", "step_consolidation")
replace_square = _part("consolidate", "replace_square")
evaluate, descend = _part("descend", "evaluate"), _part("descend", "descend")
propagate_back = _part("descend", "propagate_back")
add_push, observe = _part("observe", "add_push"), _part("observe", "observe")
update_low_pass = _part("observe", "update_low_pass")
sample_low_pass = _part("observe", "sample_low_pass")
share_torque = _part("share_torque", "share_torque")

judge_state = _part("judge", "judge_state")
minimum_jerk = _part("interpolate", "minimum_jerk")
encode_rows = _part("encode", "encode_rows")
encode_joints_rows = _part("encode_structure", "encode_joints_rows")
encode_tool_rows = _part("encode_structure", "encode_tool_rows")
select_tool_rows = _part("encode_structure", "select_tool_rows")
build_up_rows = _part("follow_presliding", "build_up_rows")
body_rows = _part("carried_body", "body_rows")
armature_rows = _part("carried_body", "armature_rows")
ROWS = (
    encode_rows, encode_joints_rows, encode_tool_rows, select_tool_rows, body_rows, armature_rows,
    build_up_rows,
)  # fmt: skip
"""Those that work on many states at once; their argument is the address of what `pack` returns."""

_GUARDED = (
    control_task, keep_limits, find_load, protect_alone, run_cycle, protect, carry_load, credible,
    remember_load, recall_load,
)  # fmt: skip
_STRUCTURED = supply_structured, *STEPS[STRUCTURES].values(), correct_model, complete_sums
USUAL = (
    minimum_jerk, *_GUARDED, TASKS[POSTURE], *WATCHING, judge_state, *ROWS, *_STRUCTURED,
)  # fmt: skip
"""What a default run needs: a cycle without a learner first, each from the longest to compile."""
PARTS = tuple(
    dict.fromkeys((
        *SUPERVISED, *_GUARDED, *LAWS.values(), *TASKS.values(), find_near, add_gaps,
        LEARNERS[CONSOLIDATES], supply_structured, *STEPS[STRUCTURES].values(), correct_model,
        advance_neurons, fire_structure,
    ))
)  # fmt: skip
"""All that a C library calls by their addresses."""
