"""`StructuredLeastSquares`: the regression's columns, and how it forgets a load."""

from arms.machine.numba_kernel import kernel

from .access import matrix, number, set_number, vector, whole
from .add_sample import end_sample, is_tool_silent, used_columns
from .joint_activity import filter_activities, part_from_neurons
from .layout import regression_fields as at
from .layout.body_fields import PARAMETERS
from .layout.estimation_fields import LATEST
from .layout.learner_fields import NO_JOB

SOON = 25  # usual times between two solutions, in which an announced change is recent
FIRST, LAST = 4, 160  # cycles after a change between which one solution follows the other


@kernel
def filter_columns(law):
    """Filter the cycle's columns and y, and what each delay would add to y."""
    raw, y, n = columns_of(law), vector(law, at.REGRESSION_Y), len(vector(law, at.REGRESSION_Y))
    p, share = len(vector(law, at.REGRESSION_VARIANCE)), number(law, at.REGRESSION_SHARE)
    phi, lacking = matrix(law, at.REGRESSION_PHI, p), vector(law, at.REGRESSION_LACKING)
    queue = matrix(law, at.REGRESSION_QUEUE, n)
    late, used = matrix(law, at.REGRESSION_LATE, len(queue)), used_columns(law)
    rests, rest = vector(law, at.REGRESSION_RESTS), vector(law, at.REGRESSION_REST)
    for i in range(n):
        rest[i] += share * (rests[i] - rest[i])
        lacking[i] += share * (y[i] - lacking[i])
        for k in range(used):
            phi[i, k] += share * (raw[i, k] - phi[i, k])
        for s in range(len(queue)):
            late[i, s] += share * (queue[s, i] - queue[LATEST, i] - late[i, s])
    filter_activities(law, share)


@kernel
def columns_of(law):
    """Return Phi of the cycle, times the sizes, (n, p)."""
    return matrix(law, at.REGRESSION_RAW, len(vector(law, at.REGRESSION_VARIANCE)))


@kernel
def queue_torque(law, sent):
    """Put the torque of the last cycle (n,) first in the queue."""
    queue = matrix(law, at.REGRESSION_QUEUE, len(sent))
    for s in range(len(queue) - 1, 0, -1):
        for i in range(len(sent)):
            queue[s, i] = queue[s - 1, i]
    for i in range(len(sent)):
        queue[LATEST, i] = sent[i]
    set_number(law, at.REGRESSION_FILLED, min(number(law, at.REGRESSION_FILLED) + 1.0, len(queue)))


@kernel
def is_filled(law):
    """Whether the queue holds the torques of all delays."""
    return number(law, at.REGRESSION_FILLED) >= len(vector(law, at.REGRESSION_SQUARE))


@kernel
def is_early(law):
    """Whether the start or a change is some cycles ago, and not yet many."""
    since = number(law, at.REGRESSION_SINCE)
    return since >= FIRST and since <= LAST


@kernel
def is_announced(law):
    """Whether a change of the payload was announced SOON solutions ago, or less."""
    soon = number(law, at.REGRESSION_SINCE) < SOON * whole(law, at.REGRESSION_PERIOD)
    return soon and number(law, at.REGRESSION_ANNOUNCED) != 0.0


@kernel
def forget_payload(law):
    """Forget what is known about the payload alone: it has changed.

    Marginalises the sums over its ten parameters, one after the other, so that what is known about
    the others stays. The filters begin anew, because they hold torques of the old payload.
    """
    end_sample(law)
    part_from_neurons(law)
    wake_tool(law)
    p = len(vector(law, at.REGRESSION_VARIANCE))
    square, variance = vector(law, at.REGRESSION_SQUARE), vector(law, at.REGRESSION_VARIANCE)
    information = matrix(law, at.REGRESSION_INFORMATION, p)
    moment = matrix(law, at.REGRESSION_MOMENT, len(square))
    both, noise = vector(law, at.REGRESSION_BOTH), number(law, at.REGRESSION_REPEATED)
    line = vector(law, at.REGRESSION_NEXT)
    for a in range(PARAMETERS):
        whole_part = information[a, a] + noise / variance[a]
        for s in range(len(square)):
            square[s] -= moment[a, s] * moment[a, s] / whole_part
            if s + 1 < len(square):
                both[s] -= moment[a, s] * moment[a, s + 1] / whole_part
        for i in range(p):
            line[i] = information[max(i, a), min(i, a)]
            information[max(i, a), min(i, a)] = 0.0
        line[a] = 0.0
        for i in range(p):
            part = line[i] / whole_part
            if part == 0.0:
                continue
            for k in range(i + 1):
                information[i, k] -= part * line[k]
            for s in range(len(square)):
                moment[i, s] -= part * moment[a, s]
        for s in range(len(square)):
            moment[a, s] = 0.0
        variance[a] = 1.0
    samples = number(law, at.REGRESSION_SAMPLES) - PARAMETERS
    set_number(law, at.REGRESSION_SAMPLES, max(samples, 0.0))
    set_number(law, at.REGRESSION_CHANGED_AT, max(samples, 0.0))
    set_number(law, at.REGRESSION_SINCE, 0.0)
    set_number(law, at.REGRESSION_ALONE_UNTIL, 0.0)
    set_number(law, at.REGRESSION_ANNOUNCED, 0.0)
    set_number(law, at.REGRESSION_WAITS, 0.0)
    set_number(law, at.REGRESSION_JOB, NO_JOB)
    set_number(law, at.REGRESSION_ROUNDS, 0.0)
    clear_filters(law)


@kernel
def wake_tool(law):
    """Let the tool's neurons learn again if they are silent, and forget their samples: the force
    that has changed may be one of the place."""
    variance, first = vector(law, at.REGRESSION_VARIANCE), whole(law, at.REGRESSION_CORE)
    if not is_tool_silent(law):
        return
    information = matrix(law, at.REGRESSION_INFORMATION, len(variance))
    moment = matrix(law, at.REGRESSION_MOMENT, len(vector(law, at.REGRESSION_SQUARE)))
    for i in range(first, len(variance)):
        variance[i] = number(law, at.REGRESSION_FIELD)
        for k in range(i + 1):
            information[i, k] = 0.0
        for s in range(moment.shape[1]):
            moment[i, s] = 0.0
    cross = vector(whole(law, at.REGRESSION_NEURONS), at.JOINT_NEURONS_CROSS)
    for k in range(len(cross) // len(variance) * first, len(cross)):
        cross[k] = 0.0


@kernel
def clear_filters(law):
    """Begin a new motion: the sums stay."""
    lacking = vector(law, at.REGRESSION_LACKING)
    p, n = len(vector(law, at.REGRESSION_VARIANCE)), len(lacking)
    phi = matrix(law, at.REGRESSION_PHI, p)
    late = matrix(law, at.REGRESSION_LATE, len(vector(law, at.REGRESSION_SQUARE)))
    for i in range(n):
        lacking[i] = 0.0
        for k in range(p):
            phi[i, k] = 0.0
        for s in range(late.shape[1]):
            late[i, s] = 0.0
    active = vector(whole(law, at.REGRESSION_NEURONS), at.JOINT_NEURONS_PHI)
    for k in range(len(active)):
        active[k] = 0.0
    set_number(law, at.REGRESSION_ROW, 0.0)


@kernel
def solved_columns(law):
    """Return the number of columns of the solution: all, or those before the tool's neurons."""
    return int(number(law, at.REGRESSION_SOLVED))


@kernel
def of_solution(law, field):
    """Return a square matrix of the solution, with a row for each of its columns."""
    p = solved_columns(law)
    return matrix(law, field, p)[:p]


@kernel
def count_repaired(law):
    """Count a solution, or a part of one, that could not be used."""
    set_number(law, at.REGRESSION_REPAIRED, number(law, at.REGRESSION_REPAIRED) + 1.0)
