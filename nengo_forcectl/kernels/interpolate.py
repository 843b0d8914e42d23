"""`MinimumJerk`, compiled."""

from arms.machine.memory import matrix_at, numbers_at
from arms.machine.numba_kernel import part

X, DX, DDX = range(3)  # rows of the output


@part(5, number=True)
def minimum_jerk(points, lines, columns, duration, out, time):
    """Write x, dx and ddx at ``time``, the rows of ``out`` (3, m); NaN if ``time`` is NaN.

    Args:
        points: address of the points, (lines + 1, m).
        lines: their number of lines.
        columns: m.
        duration: address of the duration of a line [s].
        out: address of the result.
        time: time [s].
    """
    place = matrix_at(points, lines + 1, columns)  # pyright: ignore[reportCallIssue]
    result = matrix_at(out, 3, columns)  # pyright: ignore[reportCallIssue]
    seconds = numbers_at(duration, 1)[0]  # pyright: ignore[reportCallIssue]
    passed = min(max(time, 0.0), lines * seconds) / seconds
    line = max(min(int(passed), lines - 1), 0)
    s = passed - line
    if s > 1.0:  # n duration / duration may slightly exceed n
        s = 1.0
    position = s * s * s * (10.0 + s * (-15.0 + 6.0 * s))
    velocity = 30.0 * s * s * (1.0 + s * (-2.0 + s)) / seconds
    acceleration = 60.0 * s * (1.0 + s * (-3.0 + 2.0 * s)) / (seconds * seconds)
    for k in range(columns):
        step = place[line + 1, k] - place[line, k]
        result[X, k] = place[line, k] + position * step
        result[DX, k] = velocity * step
        result[DDX, k] = acceleration * step
