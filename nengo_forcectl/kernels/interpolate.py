"""`MinimumJerk`, compiled."""

from .compile import kernel

X, DX, DDX = range(3)  # rows of the output


@kernel
def minimum_jerk(points, duration, time, out):
    """Write x, dx and ddx at ``time``, the rows of ``out`` (3, m); NaN if ``time`` is NaN."""
    lines = len(points) - 1
    passed = min(max(time, 0.0), lines * duration) / duration
    line = max(min(int(passed), lines - 1), 0)
    s = passed - line
    if s > 1.0:  # n duration / duration may slightly exceed n
        s = 1.0
    position = s * s * s * (10.0 + s * (-15.0 + 6.0 * s))
    velocity = 30.0 * s * s * (1.0 + s * (-2.0 + s)) / duration
    acceleration = 60.0 * s * (1.0 + s * (-3.0 + 2.0 * s)) / (duration * duration)
    for k in range(points.shape[1]):
        step = points[line + 1, k] - points[line, k]
        out[X, k] = points[line, k] + position * step
        out[DX, k] = velocity * step
        out[DDX, k] = acceleration * step
