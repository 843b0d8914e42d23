"""Control laws: of the joints, of the tool; their integral, and a yielding reference."""

from ..block import Layout

# What a law's memory does in a cycle: nothing, as sensors are not sound; it advances; as the last
# torque was not sent as requested, an integral waits and posture springs yield.
PAUSES, ADVANCES, OVERRULED = range(3)

# The integral of a law: ``dz/dt = gain error``, with a bound on the norm of each group of entries.
INTEGRAL = Layout("integral")
INTEGRAL_Z = INTEGRAL.add("z", "m")
INTEGRAL_GAIN = INTEGRAL.add("gain", "m m")
INTEGRAL_DT = INTEGRAL.add("dt")  # [s]
INTEGRAL_GROUP = INTEGRAL.add("group", "m", whole=True)  # group of each entry
INTEGRAL_BOUND = INTEGRAL.add("bound", "groups")
INTEGRAL_SIZE = INTEGRAL.add("size", "groups")

# A law of the joints: `JointForm` and work space. Its matrices, in order:
JOINT_A_E, JOINT_A_DE, JOINT_C_E, JOINT_C_DE, JOINT_F_E, JOINT_F_DE = range(6)
JOINT_LAW = Layout("joint law")
JOINT_MATRICES = JOINT_LAW.add("matrices", "n 6 n")
JOINT_FOLLOW = JOINT_LAW.add("follow")
JOINT_CORIOLIS = JOINT_LAW.add("coriolis")
JOINT_ROBUST = JOINT_LAW.add("robust")  # [N m]
JOINT_BOUNDARY = JOINT_LAW.add("boundary")  # [rad/s]
JOINT_FEEDBACK_A = JOINT_LAW.add("feedback_a")  # share of the acceleration in `Command.error`
JOINT_FEEDBACK_F = JOINT_LAW.add("feedback_f")  # share of the torque
JOINT_INTEGRAL = JOINT_LAW.add("integral", whole=True)  # address of a block, or 0
JOINT_E = JOINT_LAW.add("e", "n")
JOINT_DE = JOINT_LAW.add("de", "n")
JOINT_ACCELERATION = JOINT_LAW.add("acceleration", "n")  # factor of M
JOINT_FEEDBACK = JOINT_LAW.add("feedback", "n")  # the feedback's part of it
JOINT_VELOCITY = JOINT_LAW.add("velocity", "n")  # factor of C
JOINT_FACTOR = JOINT_LAW.add("factor", "n n")  # of M

# A law of the tool: `TaskForm` and work space. Its matrices, in order:
TASK_A_E, TASK_A_DE, TASK_A_F, TASK_A_Z = range(4)
TASK_F_E, TASK_F_DE, TASK_F_F, TASK_F_Z = range(4, 8)
TASK_A_FF, TASK_F_R_FF, TASK_F_H = range(8, 11)
TASK_LAW = Layout("task law")
TASK_ROWS = TASK_LAW.add("rows", "m", whole=True)  # of J
TASK_MATRICES = TASK_LAW.add("matrices", "m 11 m")
TASK_DAMPING = TASK_LAW.add("damping")  # [1/sqrt(kg)]
TASK_INERTIA_MAX = TASK_LAW.add("inertia_max")  # [kg], [kg m^2]
TASK_DQ_MAX = TASK_LAW.add("dq_max", "n")  # of the arm [rad/s]
TASK_FREE = TASK_LAW.add("free", "6")  # 1: the wrench along this row is only compensated
TASK_NULL_SPACE = TASK_LAW.add("null_space", whole=True)  # address of a block
TASK_YIELD = TASK_LAW.add("yield", whole=True)  # address of a block, or 0
TASK_INTEGRAL = TASK_LAW.add("integral", whole=True)  # address of a block, or 0
TASK_TURN = TASK_LAW.add("turn", "3")  # error of orientation
TASK_ROTATION = TASK_LAW.add("rotation", "3 3")  # from the tool's orientation to the wanted one
TASK_ERRORS = TASK_LAW.add("errors", "4 m")  # one row a kind, in this order:
ERROR_E, ERROR_DE, ERROR_PUSH, ERROR_Z = range(4)  # e, de, f_r + f, z
TASK_AHEAD = TASK_LAW.add("ahead", "m")  # ddx_r
TASK_FEEDBACK = TASK_LAW.add("feedback", "m")  # acceleration, then the force that gives it
TASK_FORWARD = TASK_LAW.add("forward", "m")  # the same of the feed-forward
TASK_VELOCITY = TASK_LAW.add("velocity", "m")  # dx_r, then the momentum that it has
TASK_NOW = TASK_LAW.add("now", "m")  # dx, then the momentum that it has
TASK_DRIFT = TASK_LAW.add("drift", "m")  # of the tool by tau_0, then the compensating force
TASK_FORCE = TASK_LAW.add("force", "m")
TASK_PRESS = TASK_LAW.add("press", "m")
TASK_INVERSE = TASK_LAW.add("inverse", "m m")  # Lambda^-1, then its factor
TASK_TRIAL = TASK_LAW.add("trial", "m m")  # its factor without a limit
TASK_EIGENVALUES = TASK_LAW.add("eigenvalues", "m m")
TASK_EIGENVECTORS = TASK_LAW.add("eigenvectors", "m m")
TASK_COLUMN = TASK_LAW.add("column", "m")
TASK_DDQ = TASK_LAW.add("ddq", "n")  # of the joints, near a singularity [rad/s^2]
TASK_GAIN = TASK_LAW.add("gain", "n")  # of ddq, over the tool's along its heaviest direction
TASK_WEIGHT = TASK_LAW.add("weight", "n")  # of each joint's excess of speed there
TASK_ALONG = TASK_LAW.add("along", "n")  # friction's part along the task [N m]

# A yielding reference: `Admittance`, its matrices A, B and G, and work space.
YIELD_A, YIELD_B, YIELD_G = range(3)
YIELD = Layout("yield")
YIELD_STEPS = YIELD.add("steps", "3 6 6")
YIELD_DT = YIELD.add("dt")  # [s]
YIELD_MOVING = YIELD.add("moving", "2 6")  # two rows, in this order:
MOVED, MOVES = range(2)  # the offset c [m], [rad], and dc
YIELD_BEFORE = YIELD.add("before", "6")  # dc in the last cycle
