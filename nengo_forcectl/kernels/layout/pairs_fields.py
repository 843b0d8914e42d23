"""Pairs of shapes that must not touch, their distances, and r bounds that keep them apart.

See `arms.machine.distances` for the first fields.
"""

from ..block import Layout

PAIRS = Layout("collision pairs")
PAIRS_KERNEL = PAIRS.add("kernel", whole=True)  # address of the arm's screws
PAIRS_BODIES = PAIRS.add("bodies", "b 18")  # the arm's screws
PAIRS_OF = PAIRS.add("of", "s", whole=True)  # body of every shape, or -1
PAIRS_SHAPES = PAIRS.add("shapes", "s 7")  # [m]
PAIRS_ENDS = PAIRS.add("ends", "s 6")  # [m]
PAIRS_FIRST = PAIRS.add("first", "p", whole=True)  # shape
PAIRS_SECOND = PAIRS.add("second", "p", whole=True)  # shape
PAIRS_SIGNS = PAIRS.add("signs", "p b")
PAIRS_COORDINATES = PAIRS.add("coordinates", "b", whole=True)  # joint of every body
PAIRS_REACH = PAIRS.add("reach", "p n")  # bound on every entry of the Jacobian [m/rad]
PAIRS_MARGIN = PAIRS.add("margin")  # distance to keep, or at which a push begins [m]
PAIRS_K = PAIRS.add("k")  # of a push [N/m]
PAIRS_DISTANCE = PAIRS.add("distance", "p")  # at the present state [m]
PAIRS_J = PAIRS.add("J", "p n")  # [m/rad]
PAIRS_NEAR_CALL = PAIRS.add("near_call", whole=True)  # address of `find_near`
PAIRS_GAPS_CALL = PAIRS.add("gaps_call", whole=True)  # address of `add_gaps`
PAIRS_COUNT = PAIRS.add("count")  # of the pairs that are near
PAIRS_NEAR = PAIRS.add("near", "p", whole=True)  # pairs whose bounds can matter in this cycle
PAIRS_SPEED = PAIRS.add("speed", "p 3")  # of approach at the last prediction time [m/s]
PAIRS_ROWS = PAIRS.add("rows", "r n")  # of the bounds on ddq [m s/rad]
PAIRS_MOST = PAIRS.add("most", "r")  # their right-hand sides [m/s]
