"""The layouts of all blocks: the name of every field that a kernel reads or writes.

Compiled code gets a block's address and a field's place (`access`). Each constant is the place of
one field; its comment gives the unit.
"""

from .block import Layout

# Return codes of kernels that did nothing: a wrong size or a state that is not credible; a number
# that is not finite.
NOTHING, NOT_FINITE = -1, -2

HUGE = 1e100
"""Bound on all inputs of a cycle, so that sums and products of two stay finite."""

# Modes of a guard: limit the cycle's torque; come to rest; come to rest by the model, by q and the
# model, or by dq and the model.
GO, STOP, BLIND, BY_Q, BY_DQ = range(5)

# Findings of a guard, or'ed: the limits that changed the torque; a torque that is not finite; a
# state that repeats the last one bit for bit although the joints move; a tool outside its box; a
# change of q that dq explains only in part, or not at all; a wrench that the torques contradict; a
# force at the tool that is too large; links that are kept apart; links in touch.
MET_POSITION, MET_VELOCITY, MET_TORQUE, MET_RATE, MET_BOX, MET_FORCE = 1, 2, 4, 8, 16, 32
MET_NOT_FINITE, MET_FROZEN, MET_OUTSIDE, MET_SUSPECT, MET_LIE = 64, 128, 256, 512, 1024
MET_LIE_WRENCH, MET_PRESSED = 2048, 4096
MET_CLEARANCE, MET_TOUCHED = 8192, 16384

# Modes of a learner: its weights stay, and it adds what they give; they change; they stay, and its
# observer goes on.
FREEZE, LEARN, HOLD = range(3)

FADED = 1e-15
"""Filtered numbers below this become 0: below 1e-308 a processor is a hundred times slower."""

FACTOR_COLUMNS = 8  # of `Consolidation`'s Cholesky factor that one cycle computes
WEIGHT_ROWS = 64  # features whose weights one cycle computes

# An arm: its compiled equations and its terms at the present state, in the order of `Terms`.
ARM = Layout("arm")
ARM_DOF = ARM.add("dof", whole=True)
ARM_KERNEL = ARM.add("kernel", whole=True)  # address of the kernel of all `Terms`
ARM_TAU_MAX = ARM.add("tau_max", "n")  # [N m]
ARM_POSE = ARM.add("pose", "4 4")
ARM_J = ARM.add("J", "6 n")
ARM_DJ = ARM.add("dJ", "6 n")
ARM_M = ARM.add("M", "n n")
ARM_C = ARM.add("C", "n n")
ARM_G = ARM.add("g", "n")
ARM_FRICTION_KERNEL = ARM.add("friction_kernel", whole=True)  # address; 0: it knows no friction


# The inputs of a cycle: a `State` and a `Reference` of k numbers, n for joints or 3 for the tool.
INPUT = Layout("input")
INPUT_Q = INPUT.add("q", "n")
INPUT_DQ = INPUT.add("dq", "n")
INPUT_WRENCH = INPUT.add("wrench", "6")  # measured by the sensor
INPUT_X = INPUT.add("x", "k")
INPUT_DX = INPUT.add("dx", "k")
INPUT_DDX = INPUT.add("ddx", "k")
INPUT_R = INPUT.add("R", "3 3")
INPUT_OMEGA = INPUT.add("omega", "3")
INPUT_DOMEGA = INPUT.add("domega", "3")
INPUT_PRESS = INPUT.add("press", "6")  # wrench to exert

# The output of a control law: a `Command` for m rows of the task.
COMMAND = Layout("command")
COMMAND_TAU = COMMAND.add("tau", "n")
COMMAND_ERROR = COMMAND.add("error", "n")
COMMAND_TASK_TORQUE = COMMAND.add("task_torque", "n")
COMMAND_DQ_R = COMMAND.add("dq_r", "n")
COMMAND_DDQ_R = COMMAND.add("ddq_r", "n")
COMMAND_MOBILITY = COMMAND.add("mobility", "m n")
COMMAND_TASK_ERROR = COMMAND.add("task_error", "m")
COMMAND_SINGULARITY = COMMAND.add("singularity")
COMMAND_OUT_OF_REACH = COMMAND.add("out_of_reach")
COMMAND_DQ_S = COMMAND.add("dq_s", "n")
COMMAND_FRICTION = COMMAND.add("friction", "n")

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
TASK_FACTOR = TASK_LAW.add("factor", "n n")  # of M
TASK_INVERSE = TASK_LAW.add("inverse", "m m")  # Lambda^-1, then its factor
TASK_TRIAL = TASK_LAW.add("trial", "m m")  # its factor without a limit
TASK_EIGENVALUES = TASK_LAW.add("eigenvalues", "m m")
TASK_EIGENVECTORS = TASK_LAW.add("eigenvectors", "m m")
TASK_COLUMN = TASK_LAW.add("column", "m")
TASK_DDQ = TASK_LAW.add("ddq", "n")  # of the joints, near a singularity [rad/s^2]
TASK_GAIN = TASK_LAW.add("gain", "n")  # of ddq, over the tool's along its heaviest direction
TASK_ALONG = TASK_LAW.add("along", "n")  # friction's part along the task [N m]

# The null space of a law of the tool: its secondary tasks, one block each.
POSTURE, DAMPING, LIMITS, OBSTACLE, MANIPULABILITY, GIVEN, COLLISION = range(7)  # their kinds
NULL_SPACE = Layout("null space")
NULL_CALLS = NULL_SPACE.add("calls", "tasks", whole=True)  # their kernels; 0: given
NULL_BLOCKS = NULL_SPACE.add("blocks", "tasks", whole=True)  # their addresses
NULL_TAU_0 = NULL_SPACE.add("tau_0", "n")  # their sum [N m]

POSTURE_TASK = Layout("posture")
POSTURE_Q = POSTURE_TASK.add("q", "n")  # [rad]
POSTURE_K = POSTURE_TASK.add("k", "n")  # [N m/rad]

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
OBSTACLE_SPHERES = OBSTACLE_TASK.add("spheres", "spheres 4")  # centre, radius [m]
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

# A yielding reference: `Admittance`, its matrices A, B and G, and work space.
YIELD_A, YIELD_B, YIELD_G = range(3)
YIELD = Layout("yield")
YIELD_STEPS = YIELD.add("steps", "3 6 6")
YIELD_DT = YIELD.add("dt")  # [s]
YIELD_MOVING = YIELD.add("moving", "2 6")  # c [m], [rad], and dc
YIELD_BEFORE = YIELD.add("before", "6")  # dc in the last cycle

# A filter of first order: `LowPass`.
LOW_PASS = Layout("low pass")
LOW_PASS_SHARE = LOW_PASS.add("share")  # 1 - exp(-K dt)
LOW_PASS_INPUT = LOW_PASS.add("input", "k")  # v
LOW_PASS_LAST = LOW_PASS.add("last", "k")  # v one cycle ago
LOW_PASS_VALUE = LOW_PASS.add("value", "k")  # f

# An observer of the torque that the model lacks: `MomentumObserver`.
OBSERVER = Layout("observer")
OBSERVER_SHARE = OBSERVER.add("share")  # 1 - exp(-K dt)
OBSERVER_DT = OBSERVER.add("dt")  # [s]
OBSERVER_SENT = OBSERVER.add("sent", "n")  # torque of the last cycle [N m]
OBSERVER_MOMENTUM = OBSERVER.add("momentum", "n")  # p of the last cycle [N m s]
OBSERVER_BIAS = OBSERVER.add("bias", "n")  # b of the last cycle [N m]
OBSERVER_UNMODELLED = OBSERVER.add("unmodelled", "n")  # r [N m]

# The input of a network: `StateEncoding` of d numbers.
ENCODING = Layout("encoding")
ENCODING_PARTS = ENCODING.add("parts", whole=True)  # how many of q, dq, ddq it uses
ENCODING_PERIODIC = ENCODING.add("periodic", "periodic", whole=True)  # joints
ENCODING_CENTRE = ENCODING.add("centre", "d")
ENCODING_SCALE = ENCODING.add("scale", "d")
ENCODING_LOWER = ENCODING.add("lower", "d")
ENCODING_UPPER = ENCODING.add("upper", "d")
ENCODING_LIFT = ENCODING.add("lift")  # of the sphere's last axis

# The neurons of a layer: `NeuronModel` at a control period, and their state.
RECTIFIES, LEAKS, RECTIFIES_SPIKING, LEAKS_SPIKING = range(4)  # kinds, the last two spike
NEURONS = Layout("neurons")
NEURONS_KIND = NEURONS.add("kind", whole=True)
NEURONS_TAU_RC = NEURONS.add("tau_rc")  # of the membrane [s]
NEURONS_TAU_REF = NEURONS.add("tau_ref")  # refractory time after a spike [s]
NEURONS_MIN_VOLTAGE = NEURONS.add("min_voltage")
NEURONS_AMPLITUDE = NEURONS.add("amplitude")
NEURONS_DT = NEURONS.add("dt")  # [s]
NEURONS_DECAY = NEURONS.add("decay")  # of the synapse in a cycle; 0: there is none
NEURONS_START = NEURONS.add("start", "neurons")  # voltage at the beginning of a motion
NEURONS_CURRENT = NEURONS.add("current", "neurons")  # J
NEURONS_FIRED = NEURONS.add("fired", "neurons")  # of this cycle, before the synapse [Hz]
NEURONS_VOLTAGE = NEURONS.add("voltage", "neurons")
NEURONS_REFRACTORY = NEURONS.add("refractory", "neurons")  # left of it [s]
NEURONS_ACTIVITY = NEURONS.add("activity", "neurons")  # behind the synapse, for the next cycle [Hz]
NEURONS_RUNNING = NEURONS.add("running", "1")  # 1: the state is that of the last cycle
TALLY_SPIKES, TALLY_CYCLES = range(2)
NEURONS_TALLY = NEURONS.add("tally", "2")  # all spikes and cycles so far

# One layer of neurons on an encoding: `NetworkArrays` without its weights.
NETWORK = Layout("network")
NETWORK_ENCODING = NETWORK.add("encoding", whole=True)  # address of a block
NETWORK_MEASURED = NETWORK.add("measured", whole=True)  # 1: it uses dq, 0: dq_r
NETWORK_ENCODERS = NETWORK.add("encoders", "inputs neurons")  # transposed
NETWORK_BIAS = NETWORK.add("bias", "neurons")
NETWORK_U = NETWORK.add("u", "inputs")  # the state on a sphere
NETWORK_NEURONS = NETWORK.add("neurons", whole=True)  # address; 0: they rectify, without a synapse

# A body fixed to the tool: its motion, and the momenta and forces of its ten parameters, in the
# tool's axes.
# Ten parameters of a body, one link's of `Arm.inertial_parameters`: places of the mass, the first
# moment (3) and the inertia's entries.
PARAMETERS, MASS, MOMENT = 10, 0, 1
XX, XY, YY, XZ, YZ, ZZ = range(4, 10)
BODY = Layout("body")
BODY_GRAVITY = BODY.add("gravity", "3")  # in the base frame [m/s^2]
BODY_V = BODY.add("V", "6 n")  # twist of the tool frame over dq
BODY_DV = BODY.add("dV", "6 n")  # its derivative
BODY_TWIST = BODY.add("twist", "6")  # V dq
BODY_DRIFT = BODY.add("drift", "6")  # dV dq
BODY_UP = BODY.add("up", "3")  # minus gravity, in the tool's axes [m/s^2]
BODY_RATE = BODY.add("rate", "6")  # acceleration less gravity
BODY_MOMENTA = BODY.add("momenta", "6 10")
BODY_MOMENTUM = BODY.add("momentum", "6")  # of all parameters
BODY_FORCES = BODY.add("forces", "6 10")
BODY_WEIGHED = BODY.add("weighed", "6 n")  # inertia times V or dV

# What a joint's neurons see: `JointEncoding` of (asinh(dq / v), q), scaled.
VISCOUS, DRY, OFFSET = range(3)  # a joint's direct inputs
FRICTION = 3  # their number
PACE, ANGLE = range(2)  # what the neurons see: the speed by its order of size, and the angle
SEEN = 2  # their number
JOINTS = Layout("joint encoding")
JOINTS_SLOW = JOINTS.add("slow")  # v [rad/s]
JOINTS_SPEED = JOINTS.add("speed", "n")  # of dq at a scaled 1 [rad/s]
JOINTS_CENTRE = JOINTS.add("centre", "n")  # of q [rad]
JOINTS_SPREAD = JOINTS.add("spread", "n")  # of q at a scaled 1 [rad]
JOINTS_LOWER = JOINTS.add("lower", "n 2")  # bounds, scaled
JOINTS_UPPER = JOINTS.add("upper", "n 2")
JOINTS_LIFT = JOINTS.add("lift")  # of the sphere's last axis

# What the tool's neurons see: `ToolEncoding` of x, dx and two columns of R.
DIRECT = 7  # direct inputs of the tool
ONE, PLACE, SPEED = 0, 1, 4  # of them: 1, x - x_0 from here on, dx from here on
POSITION, VELOCITY, ROTATION = 0, 3, 6  # places of x, dx and two columns of R in z
TOOL = Layout("tool encoding")
TOOL_CENTRE = TOOL.add("centre", "12")
TOOL_SCALE = TOOL.add("scale", "12")
TOOL_LOWER = TOOL.add("lower", "12")  # bounds before scaling
TOOL_UPPER = TOOL.add("upper", "12")
TOOL_LIFT = TOOL.add("lift")  # of the spheres' last axes

# `Consolidation` of n outputs that are linear in features.
CONSOLIDATION = Layout("consolidation")
CONSOLIDATION_EVERY = CONSOLIDATION.add("every", whole=True)  # cycles of a sample
CONSOLIDATION_PERIOD = CONSOLIDATION.add("period", whole=True)  # cycles between two solutions
CONSOLIDATION_SHARE = CONSOLIDATION.add("share")  # 1 - exp(-K dt)
CONSOLIDATION_NOISE = CONSOLIDATION.add("noise")  # [N m]
CONSOLIDATION_SURPRISE = CONSOLIDATION.add("surprise")  # [N m]
CONSOLIDATION_SLOW = CONSOLIDATION.add("slow")  # seconds of a sample over ``memory``
CONSOLIDATION_QUICK = CONSOLIDATION.add("quick")  # and over ``reset``
CONSOLIDATION_BASIS = CONSOLIDATION.add("basis", "features functions")  # B
CONSOLIDATION_PHI = CONSOLIDATION.add("phi", "features")  # of this cycle
CONSOLIDATION_SUPPLIED = CONSOLIDATION.add("supplied", "n")  # F = W phi [N m]
CONSOLIDATION_LACKING = CONSOLIDATION.add("lacking", "n")  # y [N m]
CONSOLIDATION_SQUARE = CONSOLIDATION.add("square")  # |e|^2 of the prediction error [(N m)^2]
CONSOLIDATION_WEIGHTS = CONSOLIDATION.add("weights", "n features")  # W
CONSOLIDATION_LAST = CONSOLIDATION.add("last", "features")  # phi one cycle ago
CONSOLIDATION_FILTERED = CONSOLIDATION.add("filtered", "features")  # phi_f
CONSOLIDATION_SAMPLED = CONSOLIDATION.add("sampled", "features")  # phi_f being projected
CONSOLIDATION_Z_NEXT = CONSOLIDATION.add("z_next", "functions")  # z being projected
CONSOLIDATION_Z = CONSOLIDATION.add("z", "functions")  # z being added
CONSOLIDATION_Y_NEXT = CONSOLIDATION.add("y_next", "n")  # y of z_next
CONSOLIDATION_Y_DONE = CONSOLIDATION.add("y_done", "n")  # y of z
CONSOLIDATION_KEEP_NEXT = CONSOLIDATION.add("keep_next")  # lambda of z_next
CONSOLIDATION_KEEP_DONE = CONSOLIDATION.add("keep_done")  # lambda of z
CONSOLIDATION_INFORMATION = CONSOLIDATION.add("information", "functions functions")  # Lambda
CONSOLIDATION_MOMENT = CONSOLIDATION.add("moment", "functions n")  # b
CONSOLIDATION_FACTOR = CONSOLIDATION.add("factor", "functions functions")
CONSOLIDATION_SOLUTION = CONSOLIDATION.add("solution", "n functions")
CONSOLIDATION_WEIGHTS_NEXT = CONSOLIDATION.add("weights_next", "n features")
CONSOLIDATION_BUMP = CONSOLIDATION.add("bump", "n")  # F of the old W less F of the new [N m]
CONSOLIDATION_CYCLE = CONSOLIDATION.add("cycle")  # number of learning cycles
CONSOLIDATION_JOB = CONSOLIDATION.add("job")  # current job of the solution, or NO_JOB
CONSOLIDATION_BEGUN = CONSOLIDATION.add("begun")  # 1: the last cycle was learned from
NO_JOB = -1.0

# A learner of two time scales: an observer, and a network trained by `Consolidation`.
LEARNER = Layout("consolidating learner")
LEARNER_LAW = LEARNER.add("law", whole=True)  # address of a block
LEARNER_OBSERVER = LEARNER.add("observer", whole=True)  # address of a block
LEARNER_NETWORK = LEARNER.add("network", whole=True)  # address; 0: it is in Python
LEARNER_DECAY = LEARNER.add("decay")  # of the offset in a cycle
LEARNER_TORQUE = LEARNER.add("torque", "n")  # F_f [N m]
LEARNER_TORQUE_LAST = LEARNER.add("torque_last", "n")  # F one cycle ago [N m]
LEARNER_OFFSET = LEARNER.add("offset", "n")  # absorbs the change of F by new weights [N m]
LEARNER_FEEDFORWARD = LEARNER.add("feedforward", "n")  # torque of the learner [N m]

# `StructuredLeastSquares` of n outputs and p weights, for s delays of the torque.
REGRESSION = Layout("structured least squares")
REGRESSION_NEURONS = REGRESSION.add("neurons", whole=True)  # address of a block
REGRESSION_EVERY = REGRESSION.add("every", whole=True)  # cycles of a sample
REGRESSION_PERIOD = REGRESSION.add("period", whole=True)  # cycles between two solutions
REGRESSION_SHARE = REGRESSION.add("share")  # 1 - exp(-K dt)
REGRESSION_FLOOR = REGRESSION.add("floor")  # least noise [N m]
REGRESSION_SPREAD = REGRESSION.add("spread")  # noise over the residual's mean square
REGRESSION_DELAYED = REGRESSION.add("delayed")  # share of the misfit that a delay must leave
REGRESSION_SIZE = REGRESSION.add("size", "p")  # prior standard deviations
REGRESSION_GROUP = REGRESSION.add("group", "p", whole=True)
REGRESSION_POSITIVE = REGRESSION.add("positive", "p", whole=True)  # 1: the weight is >= 0
REGRESSION_REACH = REGRESSION.add("reach")  # farthest credible centre of a payload [m]
REGRESSION_HOME = REGRESSION.add("home", "n n")  # M at one state of the sample
REGRESSION_CHANGES = REGRESSION.add("changes", "links n n")  # of it, by links of unit size
REGRESSION_CHANGED = REGRESSION.add("changed", "n n")
REGRESSION_PRECISION = REGRESSION.add("precision", "n")  # of each joint's torque, over the noise's
REGRESSION_RAW = REGRESSION.add("raw", "n p")  # columns of this cycle, times the sizes
REGRESSION_Y = REGRESSION.add("y", "n")  # torque that the model lacks in this cycle [N m]
REGRESSION_QUEUE = REGRESSION.add("queue", "s n")  # torques sent, the latest first [N m]
REGRESSION_FILLED = REGRESSION.add("filled")  # torques in the queue
REGRESSION_PHI = REGRESSION.add("phi", "n p")  # columns, filtered
REGRESSION_LACKING = REGRESSION.add("lacking", "n")  # y, filtered
REGRESSION_LATE = REGRESSION.add("late", "n s")  # what a delay adds to it
REGRESSION_PHI_LAST = REGRESSION.add("phi_last", "n p")  # columns of the last sample
REGRESSION_Y_LAST = REGRESSION.add("y_last", "n s")  # y of the last sample, for every delay
REGRESSION_INFORMATION = REGRESSION.add("information", "p p")  # Lambda
REGRESSION_MOMENT = REGRESSION.add("moment", "p s")  # b, for every delay
REGRESSION_SQUARE = REGRESSION.add("square", "s")  # sum of y^2, for every delay
REGRESSION_BOTH = REGRESSION.add("both", "s")  # sum of y of a delay times y of the next one
REGRESSION_ROW = REGRESSION.add("row")  # samples since the last gap
REGRESSION_PHI_BENDS = REGRESSION.add("phi_bends", "n p 2")  # its first and second difference
REGRESSION_Y_BENDS = REGRESSION.add("y_bends", "n 2")  # those of y
REGRESSION_WHITE = REGRESSION.add("white")  # square of the white noise in y [(N m)^2]
REGRESSION_SAMPLES = REGRESSION.add("samples")  # numbers in these sums
REGRESSION_VARIANCE = REGRESSION.add("variance", "p")  # of the prior, over size^2
REGRESSION_NOISE = REGRESSION.add("noise")  # r^2 [(N m)^2]
REGRESSION_WEIGHTS = REGRESSION.add("weights", "p")  # w, over the sizes
REGRESSION_BEFORE = REGRESSION.add("before", "p")  # the weights before
REGRESSION_DEVIATIONS = REGRESSION.add("deviations", "p")  # of w, over the sizes
REGRESSION_DELAY = REGRESSION.add("delay")  # found [cycles]
REGRESSION_CYCLE = REGRESSION.add("cycle")  # learning cycles
REGRESSION_SINCE = REGRESSION.add("since")  # learning cycles since the last change
REGRESSION_REPAIRED = REGRESSION.add("repaired")  # solutions that were not physical
REGRESSION_STAGES = REGRESSION.add("stages", whole=True)  # of a solution, in an early cycle
REGRESSION_ROUNDS = REGRESSION.add("rounds")  # solutions since the start or a change
REGRESSION_JOB = REGRESSION.add("job")  # current job of the solution, or NO_JOB
REGRESSION_CHOSEN = REGRESSION.add("chosen")  # delay of the solution [cycles]
REGRESSION_NEXT = REGRESSION.add("next", "p")  # weights of the solution
REGRESSION_TARGET = REGRESSION.add("target", "p s")  # b of the solution
REGRESSION_TARGET_SQUARE = REGRESSION.add("target_square", "s")  # sum of y^2 of the solution
REGRESSION_TARGET_BOTH = REGRESSION.add("target_both", "s")  # sum of products of the solution
REGRESSION_TARGET_SAMPLES = REGRESSION.add("target_samples")  # numbers in them
REGRESSION_FACTOR = REGRESSION.add("factor", "p p")
REGRESSION_INVERSE = REGRESSION.add("inverse", "p p")  # of the factor
REGRESSION_COVARIANCE = REGRESSION.add("covariance", "p p")
REGRESSION_FITS = REGRESSION.add("fits", "s")  # misfit of every delay [(N m)^2]
REGRESSION_TRIALS = REGRESSION.add("trials", "s p")  # weights of every delay
REGRESSION_FIXED = REGRESSION.add("fixed", "p", whole=True)  # 1: kept at its value
REGRESSION_GROUP_SQUARE = REGRESSION.add("group_square", "groups")
REGRESSION_GROUP_KNOWN = REGRESSION.add("group_known", "groups")
REGRESSION_FIRST = REGRESSION.add("first", "3")  # nearest physical first moment [kg m]
REGRESSION_BODY = REGRESSION.add("body", "10")  # parameters of the payload
REGRESSION_MOMENTS = REGRESSION.add("moments", "3 3")  # of the payload's mass
REGRESSION_AXES = REGRESSION.add("axes", "3 3")

# The neurons of each joint, m pairs: what they do, and their part in the regression of p weights
# and s delays. Their columns are in their own joint's row alone.
JOINT_NEURONS = Layout("joint neurons")
JOINT_NEURONS_ENCODERS = JOINT_NEURONS.add("encoders", "n 3 m")  # transposed
JOINT_NEURONS_BIAS = JOINT_NEURONS.add("bias", "n m")
JOINT_NEURONS_SIZE = JOINT_NEURONS.add("size", "n")  # prior deviation of a decoder [N m]
JOINT_NEURONS_WAKE = JOINT_NEURONS.add("wake")  # cycles after a change until they learn
JOINT_NEURONS_DECODERS = JOINT_NEURONS.add("decoders", "n m")  # [N m]
JOINT_NEURONS_FED = JOINT_NEURONS.add("fed", "n m")  # activities at dq_s
JOINT_NEURONS_ACTIVE = JOINT_NEURONS.add("active", "n m")  # at the measured state
JOINT_NEURONS_ACTIVE_LAST = JOINT_NEURONS.add("active_last", "n m")
JOINT_NEURONS_PHI = JOINT_NEURONS.add("phi", "n m")  # columns of a cycle, filtered, times the size
JOINT_NEURONS_PHI_LAST = JOINT_NEURONS.add("phi_last", "n m")  # those of the last sample
JOINT_NEURONS_CROSS = JOINT_NEURONS.add("cross", "p n m")  # sums with the columns of all weights
JOINT_NEURONS_OWN = JOINT_NEURONS.add("own", "n m m")  # and with each other
JOINT_NEURONS_MOMENT = JOINT_NEURONS.add("moment", "n m s")  # and with y, for every delay
JOINT_NEURONS_VARIANCE = JOINT_NEURONS.add("variance", "n")  # of the prior, over size^2
JOINT_NEURONS_KNOWN = JOINT_NEURONS.add("known", "n")  # decoders that the data determine
JOINT_NEURONS_WEIGHTS = JOINT_NEURONS.add("weights", "n m")  # decoders, over the size
JOINT_NEURONS_AWAKE = JOINT_NEURONS.add("awake")  # 1: they are part of the solution
JOINT_NEURONS_LINES = JOINT_NEURONS.add("lines", "p n m")  # L^-1 cross, over r^2
JOINT_NEURONS_FACTOR = JOINT_NEURONS.add("factor", "n m m")  # L of own / r^2 + 1 / variance
JOINT_NEURONS_SOLVED = JOINT_NEURONS.add("solved", "n m s")  # L^-1 moment, over r^2
JOINT_NEURONS_COLUMN = JOINT_NEURONS.add("column", "m")  # work space

# The learner of a structured network: body, joints and tool; gains, and the fast part.
STRUCTURED = Layout("structured learner")
STRUCTURED_LAW = STRUCTURED.add("law", whole=True)  # address of a block
STRUCTURED_BODY = STRUCTURED.add("body", whole=True)  # address of a block
STRUCTURED_OBSERVE_CALL = STRUCTURED.add("observe_call", whole=True)  # of `observe_lack`
STRUCTURED_SOLVE_CALL = STRUCTURED.add("solve_call", whole=True)  # of `solve_regression`
STRUCTURED_RENEW_CALL = STRUCTURED.add("renew_call", whole=True)  # of `renew`
STRUCTURED_JOINTS = STRUCTURED.add("joints", whole=True)  # address of a block
STRUCTURED_TOOL = STRUCTURED.add("tool", whole=True)  # address of a block
STRUCTURED_TASK = STRUCTURED.add("task", whole=True)  # address of a law of the tool, or 0
STRUCTURED_POSTURE = STRUCTURED.add("posture", whole=True)  # address of the law's, or 0
STRUCTURED_DT = STRUCTURED.add("dt")  # [s]
STRUCTURED_MODEL = STRUCTURED.add("model", whole=True)  # kernel of the next two fields
STRUCTURED_DG = STRUCTURED.add("dg", "n 3")  # torque of unit gravity
STRUCTURED_REGRESSOR = STRUCTURED.add("regressor", "n parameters")  # of all links
STRUCTURED_CHOSEN = STRUCTURED.add("chosen", "links", whole=True)  # its columns that are learned
STRUCTURED_GRAVITY = STRUCTURED.add("gravity", "3")  # learned change [m/s^2]
STRUCTURED_LINKS = STRUCTURED.add("links", "links")  # of the chosen parameters
STRUCTURED_Q_LAST = STRUCTURED.add("q_last", "n")
STRUCTURED_Q_HALF = STRUCTURED.add("q_half", "n")  # in the middle of the cycle
STRUCTURED_DQ_HALF = STRUCTURED.add("dq_half", "n")
STRUCTURED_DDQ_HALF = STRUCTURED.add("ddq_half", "n")
STRUCTURED_M = STRUCTURED.add("M", "n n")  # terms of the model without what was learned
STRUCTURED_C = STRUCTURED.add("C", "n n")
STRUCTURED_G = STRUCTURED.add("g", "n")
STRUCTURED_PAYLOAD = STRUCTURED.add("payload", "10")  # learned parameters of the body
STRUCTURED_ARMATURE = STRUCTURED.add("armature", "n")  # [kg m^2]
STRUCTURED_NEW_PAYLOAD = STRUCTURED.add("new_payload", "10")  # changes a guard has not seen
STRUCTURED_NEW_ARMATURE = STRUCTURED.add("new_armature", "n")
STRUCTURED_NEW_M = STRUCTURED.add("new_M", "n n")  # what they add to M, C, g
STRUCTURED_NEW_C = STRUCTURED.add("new_C", "n n")
STRUCTURED_NEW_G = STRUCTURED.add("new_g", "n")
STRUCTURED_FRICTION = STRUCTURED.add("friction", "n 3")  # [N m]
STRUCTURED_FORCE = STRUCTURED.add("force", "3 7")  # [N], [N/m], [N s/m]
STRUCTURED_CARRIED = STRUCTURED.add("carried", "n")  # torque for the learned body [N m]
STRUCTURED_DDQ = STRUCTURED.add("ddq", "n")  # acceleration that the law asks for
STRUCTURED_FACTOR = STRUCTURED.add("factor", "n n")  # of M
STRUCTURED_SENT = STRUCTURED.add("sent", "n")  # torque of the last cycle [N m]
STRUCTURED_MOMENTUM = STRUCTURED.add("momentum", "n")  # p of the last cycle [N m s]
STRUCTURED_BIAS = STRUCTURED.add("bias", "n")  # b of the last cycle [N m]
STRUCTURED_BODY_P = STRUCTURED.add("body_p", "n 10")  # columns of p in this cycle
STRUCTURED_BODY_B = STRUCTURED.add("body_b", "n 10")  # columns of b in this cycle
STRUCTURED_BODY_P_LAST = STRUCTURED.add("body_p_last", "n 10")
STRUCTURED_BODY_B_LAST = STRUCTURED.add("body_b_last", "n 10")
STRUCTURED_DQ_LAST = STRUCTURED.add("dq_last", "n")
STRUCTURED_X = STRUCTURED.add("x", "n 3")  # joints' inputs
STRUCTURED_X_LAST = STRUCTURED.add("x_last", "n 3")
STRUCTURED_JOINT_U = STRUCTURED.add("joint_u", "n 3")
STRUCTURED_Y = STRUCTURED.add("y", "7")  # tool's inputs
STRUCTURED_TOOL_U = STRUCTURED.add("tool_u", "17")
STRUCTURED_PULL = STRUCTURED.add("pull", "n 21")  # J^T of the tool's inputs
STRUCTURED_PULL_LAST = STRUCTURED.add("pull_last", "n 21")
STRUCTURED_RUBBED = STRUCTURED.add("rubbed", "n")  # friction supplied in the last cycle [N m]
STRUCTURED_RUBS = STRUCTURED.add("rubs", "n")  # and in this one
STRUCTURED_VISCOUS = STRUCTURED.add("viscous", "n")  # friction supplied in this cycle [N m]
STRUCTURED_DRY = STRUCTURED.add("dry", "n")
STRUCTURED_SUPPLIED = STRUCTURED.add("supplied", "n")  # F of joints and tool [N m]
STRUCTURED_GAIN = STRUCTURED.add("gain", "n")  # K of each joint [1/s]
STRUCTURED_GAIN_MOST = STRUCTURED.add("gain_most", "n")  # [1/s]
STRUCTURED_GAIN_START = STRUCTURED.add("gain_start")  # [1/s]
STRUCTURED_SOFTNESS = STRUCTURED.add("softness")  # bandwidth of the posture over K
STRUCTURED_K_NULL = STRUCTURED.add("k_null", "n")  # of the law's posture [N m/rad]
STRUCTURED_K_WANTED = STRUCTURED.add("k_wanted", "n")  # stiffness that the posture moves to
STRUCTURED_HOME_V = STRUCTURED.add("home_V", "6 n")  # V at the posture
STRUCTURED_HOME_WEIGHED = STRUCTURED.add("home_weighed", "6 n")  # work space
STRUCTURED_HOME_M = STRUCTURED.add("home_M", "n")  # diagonal of M there, without what was learned
STRUCTURED_ONE = STRUCTURED.add("one", "10")  # work space
STRUCTURED_LOOP = STRUCTURED.add("loop")  # 1: a control loop has what was learned in its gains
STRUCTURED_BELIEVED = STRUCTURED.add("believed")  # share of the payload's inertia in the model
STRUCTURED_ADDED = STRUCTURED.add("added", "n")  # by the payload to that diagonal [kg m^2]
STRUCTURED_DOUBT = STRUCTURED.add("doubt", "n")  # variance of it
STRUCTURED_INERTIA = STRUCTURED.add("inertia", "n")  # and with it [kg m^2]
STRUCTURED_FAST = STRUCTURED.add("fast", "n")  # m [N m]
STRUCTURED_FAST_LAST = STRUCTURED.add("fast_last", "n")
STRUCTURED_SHAKE = STRUCTURED.add("shake", "n")  # mean square of m's change in a cycle [(N m)^2]
STRUCTURED_LOUD = STRUCTURED.add("loud", "n")  # where a joint is too loud [(N m)^2]
STRUCTURED_BACKED_OFF = STRUCTURED.add("backed_off")  # how often a gain was reduced
STRUCTURED_BUMP = STRUCTURED.add("bump", "n")  # absorbs the change by new weights [N m]
STRUCTURED_BUMP_KEEP = STRUCTURED.add("bump_keep")  # of it in a cycle
STRUCTURED_TOTAL = STRUCTURED.add("total", "n")  # torque asked for in the last cycle [N m]
STRUCTURED_RENEWED = STRUCTURED.add("renewed")  # 1: the weights have changed since then
STRUCTURED_FROZEN = STRUCTURED.add("frozen")  # 1: the last cycle had no m and no bump
STRUCTURED_BEGUN = STRUCTURED.add("begun")  # 1: the last cycle was learned from
STRUCTURED_SLOW = STRUCTURED.add("slow")  # usual square of the misfit [(N m)^2]
STRUCTURED_QUIET = STRUCTURED.add("quiet")  # least of it [(N m)^2]
STRUCTURED_JUMP = STRUCTURED.add("jump")  # multiple of it that is a change
STRUCTURED_CHANGES = STRUCTURED.add("changes")  # how many were found
STRUCTURED_FEEDFORWARD = STRUCTURED.add("feedforward", "n")  # torque of the learner [N m]

# A learner of one time scale: one layer of rectified-linear neurons trained by `Gradient`.
DESCENT = Layout("descending learner")
DESCENT_DT = DESCENT.add("dt")  # [s]
DESCENT_GAMMA = DESCENT.add("gamma")
DESCENT_SIGMA = DESCENT.add("sigma")
DESCENT_BOUND = DESCENT.add("bound")
DESCENT_E_MOD = DESCENT.add("e_mod")
DESCENT_DEAD_ZONE = DESCENT.add("dead_zone")
DESCENT_NORMALISE = DESCENT.add("normalise")
DESCENT_LEARN_ENCODERS = DESCENT.add("learn_encoders", whole=True)  # 1: encoders learn
DESCENT_LEARN_BIAS = DESCENT.add("learn_bias", whole=True)
DESCENT_LEARN_DECODERS = DESCENT.add("learn_decoders", whole=True)
DESCENT_CENTRE = DESCENT.add("centre", "inputs")  # of (q, dq)
DESCENT_SCALE = DESCENT.add("scale", "inputs")
DESCENT_ENCODERS = DESCENT.add("encoders", "inputs neurons")  # scaled, transposed
DESCENT_BIAS = DESCENT.add("bias", "neurons")
DESCENT_DECODERS = DESCENT.add("decoders", "n neurons")
DESCENT_X = DESCENT.add("x", "inputs")
DESCENT_ERROR = DESCENT.add("error", "n")  # s [N m]
DESCENT_ONE = DESCENT.add("one", "1")  # a 1, the input of the biases
DESCENT_ACTIVITY = DESCENT.add("activity", "neurons")  # a
DESCENT_BACK = DESCENT.add("back", "neurons")  # (D^T s) where a > 0
DESCENT_FEEDFORWARD = DESCENT.add("feedforward", "n")  # F = D a [N m]

# A whole control cycle: the addresses of its parts' blocks, and its outputs.
TOOL_LAW, JOINTS_LAW = range(2)  # kinds of laws
FIXED, CONSOLIDATES, DESCENDS, STRUCTURES = range(4)  # kinds of learners
CYCLE = Layout("cycle")
CYCLE_ARM = CYCLE.add("arm", whole=True)
CYCLE_INPUT = CYCLE.add("input", whole=True)
CYCLE_COMMAND = CYCLE.add("command", whole=True)
CYCLE_LAW_CALL = CYCLE.add("law_call", whole=True)  # address of the law's kernel
CYCLE_LAW = CYCLE.add("law", whole=True)
CYCLE_LEARNER_KIND = CYCLE.add("learner_kind", whole=True)
CYCLE_LEARNER = CYCLE.add("learner", whole=True)
CYCLE_SUPPLY_CALL = CYCLE.add("supply_call", whole=True)  # address of the learner's kernel
CYCLE_MODEL_CALL = CYCLE.add("model_call", whole=True)  # of `correct_model`, or 0
CYCLE_GUARD_CALL = CYCLE.add("guard_call", whole=True)  # of `protect`
CYCLE_TAU = CYCLE.add("tau", "n")  # [N m]
CYCLE_TOOL = CYCLE.add("tool", "3")  # [m]
CYCLE_SINGULARITY = CYCLE.add("singularity")
CYCLE_OUT_OF_REACH = CYCLE.add("out_of_reach")
CYCLE_FEEDFORWARD = CYCLE.add("feedforward", "n")  # [N m]

# The sensors of a robot: bounds on a state, the present state, and the last credible one.
SENSORS = Layout("sensors")
SENSORS_Q_LEAST = SENSORS.add("q_least", "n")  # least credible position [rad]
SENSORS_Q_MOST = SENSORS.add("q_most", "n")  # largest credible position [rad]
SENSORS_DQ_MOST = SENSORS.add("dq_most")  # largest credible speed of any joint [rad/s]
SENSORS_Q = SENSORS.add("q", "n")
SENSORS_DQ = SENSORS.add("dq", "n")
SENSORS_Q_BEFORE = SENSORS.add("q_before", "n")
SENSORS_DQ_BEFORE = SENSORS.add("dq_before", "n")

# Pairs of shapes that must not touch, their distances, and r bounds that keep them apart. See
# `arms.machine.distances` for the first fields.
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

# The guard of an arm's limits (`Safe`): limits, gains, memory and work space. The tool has at most
# w bounds; see `bound_tool`.
GUARD = Layout("guard")
GUARD_Q_LOWER = GUARD.add("q_lower", "n")  # inside the margin [rad]
GUARD_Q_UPPER = GUARD.add("q_upper", "n")  # inside the margin [rad]
GUARD_DQ_MAX = GUARD.add("dq_max", "n")  # [rad/s]
GUARD_TAU_MAX = GUARD.add("tau_max", "n")  # [N m]
GUARD_BRAKING = GUARD.add("braking", "n")  # a [rad/s^2]
GUARD_STOPPING = GUARD.add("stopping", "n")  # deceleration of a stop, if the motors can [rad/s^2]
GUARD_TAU_STEP = GUARD.add("tau_step", "n")  # largest change of the torque in a cycle [N m]
GUARD_BOX = GUARD.add("box", "2 3")  # lower and upper corner of the tool's box [m]
GUARD_Q_LEAST = GUARD.add("q_least", "n")  # least credible position [rad]
GUARD_Q_MOST = GUARD.add("q_most", "n")  # largest credible position [rad]
GUARD_DQ_MOST = GUARD.add("dq_most")  # largest credible speed of any joint [rad/s]
GUARD_POSITION_GAIN = GUARD.add("position_gain")  # k [1/s]
GUARD_POSITION_RATE = GUARD.add("position_rate")  # to the speed allowed near a limit [1/s]
GUARD_SPEED_RATE = GUARD.add("speed_rate")  # to the top speed [1/s]
GUARD_EAGERNESS = GUARD.add("eagerness", "n")  # factor of that rate above the top speed
GUARD_SIDE = GUARD.add("side", "n")  # time since the joint was too fast [s]; its sign: which way
GUARD_WARY = GUARD.add("wary", "n")  # time for which a joint that swings is only braked as before
GUARD_OVER = GUARD.add("over", "n")  # speed above the top speed in the last cycle [rad/s]
GUARD_LEARNER = GUARD.add("learner", whole=True)  # address of a structured one, or 0
GUARD_MODEL_CALL = GUARD.add("model_call", whole=True)  # address of `correct_model`, or 0
GUARD_LIMITS_CALL = GUARD.add("limits_call", whole=True)  # address of `keep_limits`
GUARD_DT = GUARD.add("dt")  # control period [s]
GUARD_OBSERVER_GAIN = GUARD.add("observer_gain")  # [1/s]
GUARD_POSE_KERNEL = GUARD.add("pose_kernel", whole=True)  # address of the arm's; 0 without a box
GUARD_J_KERNEL = GUARD.add("J_kernel", whole=True)  # address of the arm's; 0 without a box
GUARD_MOMENTUM = GUARD.add("momentum", "n")  # of the observer [N m s]
GUARD_BIAS = GUARD.add("bias", "n")  # of the observer [N m]
GUARD_UNMODELLED = GUARD.add("unmodelled", "n")  # r [N m]
GUARD_SENT = GUARD.add("sent", "n")  # the last torque sent [N m]
GUARD_Q = GUARD.add("q", "n")  # the last state
GUARD_DQ = GUARD.add("dq", "n")
GUARD_BELIEVED_Q = GUARD.add("believed_q", "n")  # state that the limits act on
GUARD_BELIEVED_DQ = GUARD.add("believed_dq", "n")
GUARD_DOUBTED = GUARD.add("doubted")  # cycles since the last reading that is not suspect
GUARD_SINCE = GUARD.add("since")  # time of frozen states since the observer's last one [s]
GUARD_COMPARES = GUARD.add("compares")  # 1: the next reading can be compared with the last
GUARD_DRIFT = GUARD.add("drift", "n")  # s, see `compare_joints` [rad]
GUARD_SLOW = GUARD.add("slow", "n")  # dq, low-passed
GUARD_SWING = GUARD.add("swing", "n")  # largest h of the window [rad/s]
GUARD_LAG_MOMENT = GUARD.add("lag_moment")  # sum of s h [rad^2/s]
GUARD_LAG_SQUARE = GUARD.add("lag_square")  # sum of h^2 [rad^2/s^2]
GUARD_GRAIN = GUARD.add("grain", "n")  # resolution of q [rad]
GUARD_SQUARE = GUARD.add("square", "n")  # of the noise of q [rad^2]
GUARD_LIAR = GUARD.add("liar")  # joint whose q and dq contradict each other
GUARD_SAME_Q = GUARD.add("same_q", "n")  # cycles with the same q
GUARD_SAME_DQ = GUARD.add("same_dq", "n")  # cycles with the same dq
GUARD_AGE = GUARD.add("age")  # cycles since the copies of r
GUARD_R_NEXT = GUARD.add("r_next", "n")  # a copy of r, at most KEPT cycles old [N m]
GUARD_R_OLD = GUARD.add("r_old", "n")  # a copy of r, at least KEPT cycles old [N m]
GUARD_FALLBACK = GUARD.add("fallback")  # mode of the stop after that
GUARD_FORCE_MAX = GUARD.add("force_max", "2")  # limits of the wrench [N], [N m]
GUARD_FEELS = GUARD.add("feels")  # 0: there is no wrench; 1: there is; 2: there was one before
GUARD_WRENCH = GUARD.add("wrench", "6")  # measured [N], [N m]
GUARD_FELT = GUARD.add("felt", "6")  # the same, filtered like r
GUARD_BEFORE = GUARD.add("before", "6")  # the same before contact
GUARD_LOADED = GUARD.add("loaded", "n")  # r without the wrench, before contact [N m]
GUARD_CONTRADICTED = GUARD.add("contradicted")  # cycles in which the torques contradict the wrench
GUARD_HIDDEN = GUARD.add("hidden")  # force that the wrench does not show [N]
GUARD_INNOVATION = GUARD.add("innovation", "n")  # of q in a cycle of a stop BY_Q, W dt e [rad]
GUARD_ROW = GUARD.add("row", "n")  # of the force's bound on ddq
GUARD_ASKED = GUARD.add("asked", "n")  # the cycle's torque [N m]
GUARD_TAU = GUARD.add("tau", "n")  # [N m]
GUARD_HOLD = GUARD.add("hold", "n")  # torque at zero acceleration, C dq + g - r [N m]
GUARD_DDQ = GUARD.add("ddq", "n")  # acceleration by ``tau`` [rad/s^2]
GUARD_REST = GUARD.add("rest", "n")  # acceleration that brings the arm to rest [rad/s^2]
GUARD_REST_TAU = GUARD.add("rest_tau", "n")  # its torque [N m]
GUARD_FACTOR = GUARD.add("factor", "n n")  # of M
GUARD_WANTED = GUARD.add("wanted", "n")  # acceleration that a torque is sought for [rad/s^2]
GUARD_WEAK = GUARD.add("weak", "n")  # 1, -1: joint whose motor gives all it has; see `keep_motors`
GUARD_WEAK_M = GUARD.add("weak_M", "n n")  # M of these joints
GUARD_WALLS = GUARD.add("walls", "w n")  # rows of the tool's bounds on ddq
GUARD_WALL_MOST = GUARD.add("wall_most", "w")  # their right-hand sides [m/s]
GUARD_PUSH = GUARD.add("push", "n")  # M^-1 row
GUARD_STOP_Q = GUARD.add("stop_q", "n")  # positions on the way to rest [rad]
GUARD_STOP_DQ = GUARD.add("stop_dq", "n")  # velocities on the way to rest [rad/s]
GUARD_STOP_SLOPE = GUARD.add("stop_slope", "n")  # slope of the displacement over dq [s]
GUARD_STOP_POSE = GUARD.add("stop_pose", "4 4")  # of the tool on the way to rest
GUARD_STOP_J = GUARD.add("stop_J", "6 n")
GUARD_TOOL_SPEED = GUARD.add("tool_speed", "3")  # at the last prediction time [m/s]
GUARD_PAIRS = GUARD.add("pairs", whole=True)  # address of a block; 0 without a clearance
GUARD_LOAD = GUARD.add("load", whole=True)  # address of a block
GUARD_FIND_CALL = GUARD.add("find_call", whole=True)  # address of `find_load`
GUARD_CARRY_CALL = GUARD.add("carry_call", whole=True)  # address of `carry_load`
GUARD_AWAKE = GUARD.add("awake")  # cycles for which a load is still looked for
GUARD_LADEN = GUARD.add("laden")  # 1: a load was found that explains the motion
GUARD_LACK = GUARD.add("lack", "n")  # change of r by that load [N m]

# A load that a guard looks for while limits act. See `find_load`; columns are of `carried_body`.
LOAD = Layout("load")
LOAD_BODY = LOAD.add("body", whole=True)  # address of a block
LOAD_BEGUN = LOAD.add("begun")  # 1: the last columns are those of the last cycle
LOAD_P = LOAD.add("p", "n 10")  # columns of the momentum
LOAD_B = LOAD.add("b", "n 10")
LOAD_P_LAST = LOAD.add("p_last", "n 10")
LOAD_B_LAST = LOAD.add("b_last", "n 10")
LOAD_FILTERED = LOAD.add("filtered", "n 10")  # columns over a cycle, filtered like r
LOAD_SLOWER = LOAD.add("slower", "n 10")  # the same through the slower filter
LOAD_MOMENTUM_LAST = LOAD.add("momentum_last", "n")  # of the model
LOAD_BIAS_LAST = LOAD.add("bias_last", "n")
LOAD_MOTION = LOAD.add("motion", "n")  # torque of the model's motion, filtered like r [N m]
LOAD_MOTION_SLOWER = LOAD.add("motion_slower", "n")
LOAD_SENT_LAST = LOAD.add("sent_last", "n")  # torque of the cycle before [N m]
LOAD_GIVEN = LOAD.add("given", "n")  # torque sent, filtered like r [N m]
LOAD_GIVEN_SLOWER = LOAD.add("given_slower", "n")
LOAD_LACKS = LOAD.add("lacks", "s n")  # slower less filtered torque, sent s cycles ago [N m]
LOAD_CHANGES = LOAD.add("changes", "s n")  # change of the torque s cycles ago [N m]
LOAD_INFORMATION = LOAD.add("information", "10 10")  # its lower triangle
LOAD_MOMENT = LOAD.add("moment", "s 10")  # information times parameters, by delay
LOAD_SIZE = LOAD.add("size", "s")  # weighted sum of squares of what a load is to explain
LOAD_BOTH = LOAD.add("both", "s")  # the same of products, of a delay and the next one
LOAD_FITTED = LOAD.add("fitted", "10")  # moment of the chosen delay
LOAD_TRIALS = LOAD.add("trials", "s 10")  # parameters by delay
LOAD_DELAY = LOAD.add("delay")  # of the sensors, with the least misfit [cycles]
LOAD_MISFIT = LOAD.add("misfit")  # share of the size that the load leaves
LOAD_RECENT = LOAD.add("recent")  # size of the last cycles
LOAD_LEFT = LOAD.add("left")  # what the load found before has left of that
LOAD_FACTOR = LOAD.add("factor", "10 10")
LOAD_ROW = LOAD.add("row", "10")
LOAD_THETA = LOAD.add("theta", "10")  # the parameters
LOAD_FIRST = LOAD.add("first", "3")  # nearest first moment of a body
LOAD_MOMENTS = LOAD.add("moments", "3 3")  # nearest second moments
LOAD_AXES = LOAD.add("axes", "3 3")

# A predictor for delayed sensors: the queue of torques, its observer, its result, work space.
PREDICTOR = Layout("predictor")
PREDICTOR_SHARE = PREDICTOR.add("share")  # of the observer's filter
PREDICTOR_DT = PREDICTOR.add("dt")  # [s]
PREDICTOR_SENT = PREDICTOR.add("sent", "queue n")  # the latest first [N m]
PREDICTOR_MOMENTUM = PREDICTOR.add("momentum", "n")
PREDICTOR_BIAS = PREDICTOR.add("bias", "n")
PREDICTOR_UNMODELLED = PREDICTOR.add("unmodelled", "n")  # r [N m]
PREDICTOR_BEGUN = PREDICTOR.add("begun", "1")  # 1 if momentum and bias are those of the last cycle
PREDICTOR_Q = PREDICTOR.add("q", "n")  # predicted [rad]
PREDICTOR_DQ = PREDICTOR.add("dq", "n")  # predicted [rad/s]
PREDICTOR_FREE = PREDICTOR.add("free", "n")  # r - C dq - g [N m]
PREDICTOR_DDQ = PREDICTOR.add("ddq", "n")
PREDICTOR_FACTOR = PREDICTOR.add("factor", "n n")  # of M

# What a guard remembers from cycle to cycle, and why it has stopped. See `watch`.
RECENT = 1000  # last cycles in which changed torques are counted
LIMITING = MET_POSITION, MET_VELOCITY, MET_TORQUE, MET_RATE, MET_BOX, MET_FORCE, MET_CLEARANCE
"""The limits whose changes of the torque are counted, in the order of their counts."""
EVENT_STOP, EVENT_GAP, EVENT_END = 7, 8, 9  # places of two more counts
GAP, NEW = 1, 2  # of a state: it is not one period after the last one; it is later than that one
GOES, DOUBTS, TIMELESS, SILENT, UNFELT, WANTS_FORCE, INFINITE, OVERRULED = range(8)
STRAYS, CONTRADICTS, MISFEELS, PRESSES, REPEATS, ASKED, TOUCHES = range(8, 15)
"""Reasons for a controlled stop: none; the state is not credible; its time is no number; no new
state comes; there is no wrench; the reference's wrench is too large; a torque or an input is not
finite; limits act too often; the tool is out of its box; q and dq contradict each other; wrench and
torques do; the force is too large; the same state comes for too long; `stop` was called; links are
in touch."""
WATCH = Layout("watch")
WATCH_GUARD = WATCH.add("guard", whole=True)  # address of a block, as the next ones
WATCH_ARM = WATCH.add("arm", whole=True)
WATCH_INPUT = WATCH.add("input", whole=True)
WATCH_PROTECT_CALL = WATCH.add("protect_call", whole=True)  # address of `protect_alone`
WATCH_OBSERVES = WATCH.add("observes", whole=True)  # 1: the cycle learns from the torque sent
WATCH_BOUNDS_FORCE = WATCH.add("bounds_force", whole=True)  # 1: a limit needs a wrench
WATCH_DT = WATCH.add("dt")  # [s]
WATCH_WATCHDOG = WATCH.add("watchdog")  # cycles
WATCH_PATIENCE = WATCH.add("patience")  # cycles
WATCH_OVERRULED = WATCH.add("overruled")  # share of RECENT
WATCH_FORCE_MAX = WATCH.add("force_max", "2")  # [N], [N m]
WATCH_BEGUN = WATCH.add("begun")  # 1: there was a credible state
WATCH_MET = WATCH.add("met")  # findings of the last cycle
WATCH_TIME = WATCH.add("time")  # of the last state [s]
WATCH_SILENT = WATCH.add("silent")  # cycles without a new state
WATCH_FROZEN = WATCH.add("frozen")  # cycles with the same one
WATCH_ANEW = WATCH.add("anew")  # 1: the robot's clock may begin anew
WATCH_STOPPED = WATCH.add("stopped")  # reason for a controlled stop, or GOES
WATCH_STOP_MODE = WATCH.add("stop_mode")  # of the guard in it
WATCH_FELT = WATCH.add("felt")  # 1: the last state had a wrench
WATCH_BEGINS = WATCH.add("begins")  # of this cycle: ``begun`` of `protect`
WATCH_ELAPSED = WATCH.add("elapsed")  # of this cycle: ``elapsed`` of `protect` [s]
WATCH_LEARNS = WATCH.add("learns")  # 1: this cycle may learn
WATCH_GIVEN = WATCH.add("given", "6")  # wrench of this state [N], [N m]
WATCH_WANTED = WATCH.add("wanted", "6")  # wrench of this reference [N], [N m]
WATCH_SLOT = WATCH.add("slot")  # of this cycle in ``changed``
WATCH_CHANGED = WATCH.add("changed", "1000")  # the limits that changed the torque, or'ed
WATCH_CHANGES = WATCH.add("changes", "8")  # number of such cycles, for each limit and for any
WATCH_SINCE = WATCH.add("since")  # cycles since the last one
WATCH_EVENTS = WATCH.add("events", "9")  # counts, by limit, then stops and gaps

# A cycle within its guard, as a program of its own: a C library. See `supervise`.
CALL_CYCLE, CALL_CREDIBLE, CALL_PREDICT = range(3)  # kernels by address
SUPERVISOR = Layout("supervisor")
SUPERVISOR_CALLS = SUPERVISOR.add("calls", "3", whole=True)  # addresses, in the order above
SUPERVISOR_WATCH = SUPERVISOR.add("watch", whole=True)  # address of a block, as the next ones
SUPERVISOR_CYCLE = SUPERVISOR.add("cycle", whole=True)
SUPERVISOR_PREDICTOR = SUPERVISOR.add("predictor", whole=True)  # or 0
SUPERVISOR_PREDICTOR_ARM = SUPERVISOR.add("predictor_arm", whole=True)
SUPERVISOR_PREDICTOR_INPUT = SUPERVISOR.add("predictor_input", whole=True)
SUPERVISOR_CLEARS = SUPERVISOR.add("clears", "ranges", whole=True)  # addresses, for a new motion
SUPERVISOR_CLEAR_COUNTS = SUPERVISOR.add("clear_counts", "ranges", whole=True)
SUPERVISOR_FUSED = SUPERVISOR.add("fused", whole=True)  # 1: cycle and guard run in one call
SUPERVISOR_FOLLOWS = SUPERVISOR.add("follows", whole=True)  # 1: the law uses the reference
SUPERVISOR_TURNS = SUPERVISOR.add("turns", whole=True)  # 1: it controls an orientation
SUPERVISOR_FEELS = SUPERVISOR.add("feels", whole=True)  # 1: it uses wrenches
SUPERVISOR_NEEDS_WRENCH = SUPERVISOR.add("needs_wrench", whole=True)  # 1: it needs a measured one
SUPERVISOR_MARK = SUPERVISOR.add("mark", "mark")  # the learner's fingerprint
SUPERVISOR_MODE = SUPERVISOR.add("mode")  # LEARN, HOLD or FREEZE
SUPERVISOR_FIRST = SUPERVISOR.add("first")  # 1: no state has come since it was created
SUPERVISOR_OBEYED = SUPERVISOR.add("obeyed")  # 1: the cycle's last torque was sent unchanged
SUPERVISOR_PREDICTED = SUPERVISOR.add("predicted")  # time of the predictor's last state [s]

# What a library knows of its controller's image, a sequence of blocks. Places count words from the
# image's beginning. See `state_block`.
LIBRARY = Layout("library")
LIBRARY_KEY = LIBRARY.add("key", "4", whole=True)  # of layout and equations
LIBRARY_WORDS = LIBRARY.add("words", whole=True)  # of the image
LIBRARY_SUPERVISOR = LIBRARY.add("supervisor", whole=True)  # its place
LIBRARY_FIXED = LIBRARY.add("fixed", "fixed", whole=True)  # places of sizes and choices
LIBRARY_FIXED_VALUES = LIBRARY.add("fixed_values", "fixed", whole=True)
LIBRARY_LINKS = LIBRARY.add("links", "links", whole=True)  # places of addresses
LIBRARY_LINKED = LIBRARY.add("linked", "links", whole=True)  # places that they are of
LIBRARY_COUNTS = LIBRARY.add("counts", "counts", whole=True)  # places of whole numbers
LIBRARY_LEAST = LIBRARY.add("least", "counts")
LIBRARY_MOST = LIBRARY.add("most", "counts")

# The head of a state block, in words; the image follows.
HEAD_MAGIC, HEAD_FORMAT, HEAD_BYTES, HEAD_KEY, HEAD_SUM, HEAD_END = 0, 1, 2, 3, 7, 8
MAGIC = int.from_bytes(b"NGFCTL\r\n", "little")
STATE_FORMAT = 1
TAKEN, NO_MEMORY, NO_STATE, OTHER_FORMAT, OTHER_CONTROLLER, DAMAGED = range(6)
"""What `open_state` returns: 0, or what is wrong: memory too small or not aligned; no state block;
one of another version; one of another controller; a damaged one."""
