"""The null space of a law of the tool: its secondary tasks, one block each."""

from ..block import Layout

POSTURE, DAMPING, LIMITS, OBSTACLE, MANIPULABILITY, GIVEN, COLLISION = range(7)  # their kinds
NULL_SPACE = Layout("null space")
NULL_CALLS = NULL_SPACE.add("calls", "tasks", whole=True)  # their kernels; 0: given
NULL_BLOCKS = NULL_SPACE.add("blocks", "tasks", whole=True)  # their addresses
NULL_WITHHELD = NULL_SPACE.add("withheld")  # share of the posture springs that yields
NULL_TAU_0 = NULL_SPACE.add("tau_0", "n")  # their sum [N m]
NULL_FACTOR = NULL_SPACE.add("factor", "n n")  # of M

POSTURE_TASK = Layout("posture")
POSTURE_Q = POSTURE_TASK.add("q", "n")  # [rad]
POSTURE_K = POSTURE_TASK.add("k", "n")  # [N m/rad]
POSTURE_K_FIRM = POSTURE_TASK.add("k_firm", "n")  # before a learner softened it [N m/rad]
POSTURE_SHARE = POSTURE_TASK.add("share")  # of the springs' torque
POSTURE_DQ_MAX = POSTURE_TASK.add("dq_max", "n")  # of the arm [rad/s]
POSTURE_COLUMN = POSTURE_TASK.add("column", "n")  # work space

DAMPING_TASK = Layout("damping")
DAMPING_KV = DAMPING_TASK.add("kv")  # [1/s]

LIMITS_TASK = Layout("joint limits")
LIMITS_LOWER = LIMITS_TASK.add("lower", "n")  # [rad]
LIMITS_UPPER = LIMITS_TASK.add("upper", "n")  # [rad]
LIMITS_MARGIN = LIMITS_TASK.add("margin")  # [rad]
LIMITS_K = LIMITS_TASK.add("k")  # [N m/rad]

OBSTACLE_TASK = Layout("obstacle")
OBSTACLE_KERNEL = OBSTACLE_TASK.add("kernel", whole=True)  # address of pose and J at the point
OBSTACLE_POINT = OBSTACLE_TASK.add("point", "3")  # [m]
OBSTACLE_SPHERES = OBSTACLE_TASK.add("spheres", "spheres 4")  # centre (3), radius [m]
RADIUS = 3  # its place in a sphere
OBSTACLE_MARGIN = OBSTACLE_TASK.add("margin")  # [m]
OBSTACLE_K = OBSTACLE_TASK.add("k")  # [N/m]
OBSTACLE_POSE = OBSTACLE_TASK.add("pose", "4 4")
OBSTACLE_J = OBSTACLE_TASK.add("J", "6 n")
OBSTACLE_AWAY = OBSTACLE_TASK.add("away", "3")  # from the centre [m]

MANIPULABILITY_TASK = Layout("manipulability")
MANIPULABILITY_KERNEL = MANIPULABILITY_TASK.add("kernel", whole=True)  # address of J and dJdq
MANIPULABILITY_K = MANIPULABILITY_TASK.add("k")  # [N m]
MANIPULABILITY_ROWS = MANIPULABILITY_TASK.add("rows", "m", whole=True)
MANIPULABILITY_J = MANIPULABILITY_TASK.add("J", "6 n")
MANIPULABILITY_DJDQ = MANIPULABILITY_TASK.add("dJdq", "6 n n")
MANIPULABILITY_FACTOR = MANIPULABILITY_TASK.add("factor", "m m")  # of J J^T
MANIPULABILITY_COLUMNS = MANIPULABILITY_TASK.add("columns", "n m")  # of (J J^T)^-1 J

GIVEN_TASK = Layout("given")  # torque given by a task in Python
GIVEN_TAU_0 = GIVEN_TASK.add("tau_0", "n")  # [N m]
