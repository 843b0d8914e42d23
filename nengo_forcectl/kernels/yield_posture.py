"""Posture springs yield while the arm cannot follow its reference."""

from arms.machine.numba_kernel import kernel

from .access import matrix, number, set_number, vector, whole
from .algebra import substitute
from .layout import law_fields as at
from .layout.arm_fields import ARM_DOF, COMMAND_MOBILITY, COMMAND_OUT_OF_REACH
from .layout.null_space_fields import NULL_WITHHELD

LATE = 0.1  # time to make up for the errors from which on springs yield fully [s]
QUICKLY, SLOWLY = 0.01, 0.001  # shares of a change that are made in a cycle


@kernel
def yield_posture(law, arm, command, memory):
    """Update the share of the posture springs that yields; see `TaskSpace`.

    A joint at top speed does not move as its spring wants, so the torques that compensate for this
    motion at the other joints would move the tool.
    """
    tasks, wanted = whole(law, at.TASK_NULL_SPACE), 0.0
    if memory == at.OVERRULED or number(command, COMMAND_OUT_OF_REACH) > 0.0:
        wanted = min(time_to_follow(law, arm, command) / LATE, 1.0)
    share = number(tasks, NULL_WITHHELD)
    share += (QUICKLY if wanted > share else SLOWLY) * (wanted - share)
    set_number(tasks, NULL_WITHHELD, share)


@kernel
def time_to_follow(law, arm, command):
    """Return the time in which joints at top speed make up for the errors of position [s]."""
    dq_max, column = vector(law, at.TASK_DQ_MAX), vector(law, at.TASK_COLUMN)
    n, m = whole(arm, ARM_DOF), len(column)
    e, mobility = matrix(law, at.TASK_ERRORS, m), matrix(command, COMMAND_MOBILITY, n)
    for r in range(m):
        column[r] = e[at.ERROR_E, r]
    substitute(matrix(law, at.TASK_INVERSE, m), column)
    longest = 0.0
    for i in range(n):
        way = 0.0
        for r in range(m):
            way += mobility[r, i] * column[r]
        longest = max(longest, abs(way) / dq_max[i])
    return longest
