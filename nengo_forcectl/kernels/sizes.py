"""Numbers that kernels and the shells around them share; this module needs no numba."""

import math

from arms.machine.shape_rows import CONTACTS

AHEAD = (0.0625, 0.125, 0.25, 0.375, 0.5, 0.75, math.inf)
"""Prediction times on the way to rest, as shares of its duration."""

WALLS = 6 * len(AHEAD)
"""Largest number of the box's bounds: two walls per axis and prediction time."""

GAPS = len(AHEAD) * CONTACTS
"""Largest number of the bounds of a pair of shapes: its contacts at every prediction time."""

# Of the comparison of sensors with each other; for a sliding joint in metres.
WINDOW = 0.01  # of the comparison of q with dq [s]
COARSE = 2e-3  # resolution of q assumed before the joint has moved [rad]
NOISY = 2e-4  # noise of q assumed at the start [rad]

INTERVALS = 64  # of motion that `remember_load` keeps

DELAYS = 6  # whole delays that `find_load` tries, between which others lie: 0, 1, ... cycles

CREDIBLE, NOT_CREDIBLE, FROZEN = 0, 1, 2
"""What `judge_state` returns."""
