"""The bounds on an acceleration that keep an arm's links apart, and off obstacles."""

import math

from arms.machine.distances import find_distances, measure, place_shapes
from arms.machine.invoke import invoke
from arms.machine.numba_kernel import kernel, part
from arms.machine.shape_rows import (
    CLOSEST,
    CONTACTS,
    HIGH,
    LOW,
    SCREWS,
    SEGMENT,
    SHAPE,
)

from .access import matrix, number, set_number, span, vector, whole, wholes
from .come_to_rest import INSIDE, coming_to_rest, room
from .layout import pairs_fields as at
from .layout.guard_fields import (
    GUARD_BELIEVED_DQ,
    GUARD_BELIEVED_Q,
    GUARD_BRAKING,
    GUARD_DDQ,
    GUARD_PAIRS,
    GUARD_POSITION_GAIN,
    GUARD_REST,
    GUARD_STOP_DQ,
    GUARD_STOP_Q,
    GUARD_STOP_SLOPE,
    MET_TOUCHED,
)

SURE = 2.0  # factor of the requested acceleration up to which a pair that is left out is safe


@kernel
def measure_pairs(pairs, q, dq):
    """Write the distances and Jacobians of all pairs at q to their block; dq is not used."""
    n = len(q)
    invoke(whole(pairs, at.PAIRS_KERNEL), q, dq, span(pairs, at.PAIRS_BODIES, at.PAIRS_BODIES))  # pyright: ignore[reportCallIssue]
    find_distances(
        matrix(pairs, at.PAIRS_BODIES, SCREWS),
        wholes(pairs, at.PAIRS_OF),
        matrix(pairs, at.PAIRS_SHAPES, SHAPE),
        matrix(pairs, at.PAIRS_ENDS, SEGMENT),
        wholes(pairs, at.PAIRS_FIRST),
        wholes(pairs, at.PAIRS_SECOND),
        matrix(pairs, at.PAIRS_SIGNS, len(matrix(pairs, at.PAIRS_BODIES, SCREWS))),
        wholes(pairs, at.PAIRS_COORDINATES),
        vector(pairs, at.PAIRS_DISTANCE),
        matrix(pairs, at.PAIRS_J, n),
    )


@part(2)
def find_near(guard, pairs):
    """Measure all pairs; list those whose bounds the acceleration can violate.

    On the way to rest a distance shrinks by less than ``reach |way|``, with reach a bound on its
    Jacobian at any q. While a joint comes to rest, k times the way that it has left is at least its
    speed. So the right-hand sides of all bounds of a pair are at least ``k (d - reach |way|)``,
    and their left-hand sides at most ``reach D |ddq - rest|``.

    Writes the number of pairs in the list; returns MET_TOUCHED if any are in touch, else 0.
    """
    q, dq = vector(guard, GUARD_BELIEVED_Q), vector(guard, GUARD_BELIEVED_DQ)
    n, k = len(q), number(guard, GUARD_POSITION_GAIN)
    ddq, rest = vector(guard, GUARD_DDQ), vector(guard, GUARD_REST)
    braking, spread = vector(guard, GUARD_BRAKING), vector(guard, GUARD_STOP_SLOPE)
    distance, speed = vector(pairs, at.PAIRS_DISTANCE), matrix(pairs, at.PAIRS_SPEED, CONTACTS)
    reach, J = matrix(pairs, at.PAIRS_REACH, n), matrix(pairs, at.PAIRS_J, n)
    near, margin = wholes(pairs, at.PAIRS_NEAR), number(pairs, at.PAIRS_MARGIN)
    measure_pairs(pairs, q, dq)
    for i in range(n):
        way, _, slope = coming_to_rest(dq[i], braking[i], k, math.inf)
        spread[i] = k * abs(way) + SURE * slope * abs(ddq[i] - rest[i])
    count, found = 0, 0
    for pair in range(len(distance)):
        if distance[pair] < 0.0:
            found = MET_TOUCHED
        left = k * (distance[pair] - margin - INSIDE)
        for i in range(n):
            left -= reach[pair, i] * spread[i]
        if left > 0.0:
            continue
        near[count] = pair
        count += 1
        closing = 0.0
        for i in range(n):
            closing -= J[pair, i] * dq[i]
        speed[pair, CLOSEST], speed[pair, LOW], speed[pair, HIGH] = closing, 0.0, 0.0
    set_number(pairs, at.PAIRS_COUNT, count)
    return found


@part(2, number=True)
def add_gaps(guard, row, passed):
    """Add the bounds of all near pairs, ``passed`` [s] after the last prediction time.

    Returns the number of bounds so far.
    """
    pairs, k = whole(guard, GUARD_PAIRS), number(guard, GUARD_POSITION_GAIN)
    count = int(number(pairs, at.PAIRS_COUNT))
    q, dq = vector(guard, GUARD_STOP_Q), vector(guard, GUARD_STOP_DQ)
    n, slope, rest = len(q), vector(guard, GUARD_STOP_SLOPE), vector(guard, GUARD_REST)
    rows, most = matrix(pairs, at.PAIRS_ROWS, n), vector(pairs, at.PAIRS_MOST)
    near, speed = wholes(pairs, at.PAIRS_NEAR), matrix(pairs, at.PAIRS_SPEED, CONTACTS)
    J, margin = matrix(pairs, at.PAIRS_J, n), number(pairs, at.PAIRS_MARGIN)
    bodies, of = matrix(pairs, at.PAIRS_BODIES, SCREWS), wholes(pairs, at.PAIRS_OF)
    shapes, ends = matrix(pairs, at.PAIRS_SHAPES, SHAPE), matrix(pairs, at.PAIRS_ENDS, SEGMENT)
    first, second = wholes(pairs, at.PAIRS_FIRST), wholes(pairs, at.PAIRS_SECOND)
    signs = matrix(pairs, at.PAIRS_SIGNS, len(bodies))
    joints = wholes(pairs, at.PAIRS_COORDINATES)
    invoke(whole(pairs, at.PAIRS_KERNEL), q, dq, span(pairs, at.PAIRS_BODIES, at.PAIRS_BODIES))  # pyright: ignore[reportCallIssue]
    place_shapes(bodies, of, shapes, ends)
    for bound in range(count * CONTACTS):
        pair, contact = near[bound // CONTACTS], bound % CONTACTS
        free = measure(pair, contact, bodies, shapes, ends, first, second, signs, joints, J)
        if math.isinf(free):
            continue
        before, closing, still = speed[pair, contact], 0.0, 0.0
        for i in range(n):
            closing -= J[pair, i] * dq[i]
            rows[row, i] = -J[pair, i] * slope[i]
            still += rows[row, i] * rest[i]
        most[row] = still + room(free - margin - INSIDE, closing, before, passed, k)
        speed[pair, contact] = closing
        row += 1
    return row
