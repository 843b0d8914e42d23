"""The guard of an arm's limits: its modes, its findings and its memory."""

from ..block import Layout

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
GUARD_BOX = GUARD.add("box", "2 3")  # corners of the tool's box, in this order [m]:
BOX_LOWER, BOX_UPPER = range(2)
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
GUARD_RUBS = GUARD.add("rubs", "n")  # friction that the learner makes up for [N m]
GUARD_RUBBED = GUARD.add("rubbed", "n")  # the same, filtered like r [N m]
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
GUARD_FORCE_MAX = GUARD.add("force_max", "2")  # limits of the wrench, in this order [N], [N m]:
FORCE_HALF, MOMENT_HALF = range(2)
GUARD_FEELS = GUARD.add("feels")  # no wrench; the first one; one after others:
NOT_FELT, FELT_FIRST, FELT_BEFORE = 0.0, 1.0, 2.0
GUARD_WRENCH = GUARD.add("wrench", "6")  # measured [N], [N m]
GUARD_FELT = GUARD.add("felt", "6")  # the same, filtered like r
GUARD_BEFORE = GUARD.add("before", "6")  # the same before contact
GUARD_LOADED = GUARD.add("loaded", "n")  # r without the wrench, before contact [N m]
GUARD_CONTRADICTED = GUARD.add("contradicted")  # cycles in which the torques contradict the wrench
GUARD_HIDDEN = GUARD.add("hidden")  # force that the wrench does not show [N]
GUARD_INNOVATION = GUARD.add("innovation", "n")  # of q in a cycle of a stop BY_Q, W dt e [rad]
GUARD_ROW = GUARD.add("row", "n")  # of the force's bound on ddq
GUARD_ASKED = GUARD.add("asked", "n")  # the cycle's torque [N m]
GUARD_WITHHELD = GUARD.add("withheld", "n")  # of the last request, within its rate [N m]
GUARD_TAU = GUARD.add("tau", "n")  # [N m]
GUARD_HOLD = GUARD.add("hold", "n")  # torque at zero acceleration, C dq + g - r [N m]
GUARD_DDQ = GUARD.add("ddq", "n")  # acceleration by ``tau`` [rad/s^2]
GUARD_REST = GUARD.add("rest", "n")  # acceleration that brings the arm to rest [rad/s^2]
GUARD_REST_TAU = GUARD.add("rest_tau", "n")  # its torque [N m]
GUARD_FACTOR = GUARD.add("factor", "n n")  # of M
GUARD_LEAST = GUARD.add("least", "n")  # acceleration within the joints' bounds [rad/s^2]
GUARD_LARGEST = GUARD.add("largest", "n")
GUARD_NEAREST = GUARD.add("nearest")  # 1: ddq becomes the nearest of them; 0: it is clipped
GUARD_CROSSED = GUARD.add("crossed")  # 1: a bound of box or clearance has acted
GUARD_WANTED = GUARD.add("wanted", "n")  # acceleration that a torque is sought for [rad/s^2]
GUARD_WEAK = GUARD.add("weak", "n")  # 1, -1: joint at an upper or lower bound; see `keep_motors`
GUARD_WEAK_M = GUARD.add("weak_M", "n n")  # M of some joints
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
GUARD_MEMORY_LOAD = GUARD.add("memory_load", whole=True)  # address of a block; see `remember_load`
GUARD_REMEMBER_CALL = GUARD.add("remember_call", whole=True)  # address of `remember_load`
GUARD_RECALL_CALL = GUARD.add("recall_call", whole=True)  # address of `recall_load`
GUARD_RECALLED = GUARD.add("recalled")  # 1: the model of a stop has that load, if there is one
GUARD_DRAG = GUARD.add("drag", "n")  # friction by which r changes in such a stop [N m s/rad]
GUARD_AWAKE = GUARD.add("awake")  # cycles for which a load is still looked for
GUARD_LADEN = GUARD.add("laden")  # 1: a load was found that explains the motion
GUARD_LATE = GUARD.add("late", "n")  # change of r by the delay that was found [N m]
GUARD_LACK = GUARD.add("lack", "n")  # change of r by that load [N m]

# What goes from one cycle to the next, from here to there.
GUARD_MEMORY, GUARD_MEMORY_LAST = GUARD_RUBS, GUARD_DQ
