"""The motion of the last second that a guard remembers for a stop without sensors.

See `remember_load`. There are n joints, t intervals and u unknowns: the load's ten parameters, then
the friction of each joint.
"""

from ..block import Layout

MEMORY = Layout("memory")
MEMORY_BODY = MEMORY.add("body", whole=True)  # address of a block
MEMORY_BEGUN = MEMORY.add("begun")  # 1: the values below are those of the last cycle
MEMORY_BIAS_LAST = MEMORY.add("bias_last", "n")  # [N m]
MEMORY_DQ_LAST = MEMORY.add("dq_last", "n")
MEMORY_P = MEMORY.add("p", "n 10")  # columns of the momentum
MEMORY_B = MEMORY.add("b", "n 10")
MEMORY_B_LAST = MEMORY.add("b_last", "n 10")
MEMORY_COUNT = MEMORY.add("count")  # cycles of this interval
MEMORY_PASSED = MEMORY.add("passed")  # their time [s]
MEMORY_IMPULSE = MEMORY.add("impulse", "n")  # of the torques in this interval [N m s]
MEMORY_IMPULSES = MEMORY.add("impulses", "n 10")  # of b
MEMORY_WAY = MEMORY.add("way", "n")  # [rad]
MEMORY_GAIN = MEMORY.add("gain", "n")  # momentum less impulse, summed up
MEMORY_GAINS = MEMORY.add("gains", "n 10")  # the same of the columns
MEMORY_WAYS = MEMORY.add("ways", "n")  # sum of the ways
MEMORY_READY = MEMORY.add("ready")  # 1: the means below are those of the last interval
MEMORY_GAIN_LAST = MEMORY.add("gain_last", "n")
MEMORY_GAINS_LAST = MEMORY.add("gains_last", "n 10")
MEMORY_WAYS_LAST = MEMORY.add("ways_last", "n")
MEMORY_STORED = MEMORY.add("stored")  # intervals
MEMORY_SLOT = MEMORY.add("slot")  # of the next one
MEMORY_TORQUES = MEMORY.add("torques", "t n")  # that the model lacks [N m]
MEMORY_COLUMNS = MEMORY.add("columns", "t n 10")  # of the load, by its second moments
MEMORY_SPEEDS = MEMORY.add("speeds", "t n")  # mean speed, negative [rad/s]
MEMORY_INERTIAS = MEMORY.add("inertias", "t n n")  # M
MEMORY_TWISTS = MEMORY.add("twists", "t 6 n")  # V of `carried_body`

# Work space of `sum_motion` and `fit_motion`.
MEMORY_SLOWER = MEMORY.add("slower", "n")
MEMORY_SLOWER_COLUMNS = MEMORY.add("slower_columns", "n 10")
MEMORY_SLOWER_SPEEDS = MEMORY.add("slower_speeds", "n")
MEMORY_LADEN = MEMORY.add("laden", "n n")  # M with the load
MEMORY_WEIGHED = MEMORY.add("weighed", "6 n")
MEMORY_NOISE_FACTOR = MEMORY.add("noise_factor", "n n")  # of the noise of an interval's equations
MEMORY_LEFT_SIDES = MEMORY.add("left_sides", "u n")  # of the equations, over their noise
MEMORY_RIGHT_SIDE = MEMORY.add("right_side", "n")
MEMORY_INFORMATION = MEMORY.add("information", "u u")  # its lower triangle
MEMORY_MOMENT = MEMORY.add("moment", "u")  # information times unknowns
MEMORY_SQUARE = MEMORY.add("square")  # sum of squares of the right-hand sides
MEMORY_FACTOR = MEMORY.add("factor", "u u")
MEMORY_UNKNOWNS = MEMORY.add("unknowns", "u")
MEMORY_CHANGE = MEMORY.add("change", "u")
MEMORY_PSEUDO = MEMORY.add("pseudo", "4 4")  # pseudo-inertia of the load, then its factor
MEMORY_INVERSE = MEMORY.add("inverse", "4 4")  # of the pseudo-inertia
MEMORY_USUAL = MEMORY.add("usual", "4 4")  # inverse of a ball's
MEMORY_COLUMN = MEMORY.add("column", "4")
MEMORY_THETA = MEMORY.add("theta", "10")  # the load's parameters, by its inertia
MEMORY_RUBBING = MEMORY.add("rubbing", "n n")  # factor of the information on friction alone
MEMORY_FRICTION = MEMORY.add("friction", "n")  # viscous [N m s/rad]
MEMORY_NOISE = MEMORY.add("noise")  # of the equations, over that assumed, squared
MEMORY_USED = MEMORY.add("used")  # intervals of the last solution
