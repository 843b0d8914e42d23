"""The learner of a structured network: body, joints and tool; gains, and the fast part."""

from ..block import Layout

STRUCTURED = Layout("structured learner")
STRUCTURED_LAW = STRUCTURED.add("law", whole=True)  # address of a block
STRUCTURED_BODY = STRUCTURED.add("body", whole=True)  # address of a block
STRUCTURED_RIPPLE = STRUCTURED.add("ripple", whole=True)  # address of a block
STRUCTURED_PRESLIDING = STRUCTURED.add("presliding", whole=True)  # address of a block
STRUCTURED_OBSERVE_CALL = STRUCTURED.add("observe_call", whole=True)  # of `observe_lack`
STRUCTURED_SOLVE_CALL = STRUCTURED.add("solve_call", whole=True)  # of `solve_regression`
STRUCTURED_FINISH_CALL = STRUCTURED.add("finish_call", whole=True)  # of `finish_structured`
STRUCTURED_RENEW_CALL = STRUCTURED.add("renew_call", whole=True)  # of `renew`
STRUCTURED_FIRE_CALL = STRUCTURED.add("fire_call", whole=True)  # of `fire_structure`
STRUCTURED_POPULATION = STRUCTURED.add("population", whole=True)  # address of a block, or 0
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
STRUCTURED_PUSH = STRUCTURED.add("push", "n")  # J^T of the measured wrench [N m]
STRUCTURED_PUSH_LAST = STRUCTURED.add("push_last", "n")  # that of the cycle before
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
STRUCTURED_TOOL_ENCODERS = STRUCTURED.add("tool_encoders", "4 t")  # transposed
STRUCTURED_TOOL_BIAS = STRUCTURED.add("tool_bias", "t")
STRUCTURED_TOOL_ACTIVE = STRUCTURED.add("tool_active", "t")  # activities of the tool's neurons
STRUCTURED_TOOL_DECODERS = STRUCTURED.add("tool_decoders", "3 t")  # [N]
STRUCTURED_NEURON_TORQUE = STRUCTURED.add("neuron_torque", "n")  # by the joints' neurons [N m]
STRUCTURED_NEURON_FORCE = STRUCTURED.add("neuron_force", "3")  # by the tool's [N]
STRUCTURED_TOOL_PULL = STRUCTURED.add("tool_pull", "n 3 t")  # J^T of the activities
STRUCTURED_TOOL_PULL_LAST = STRUCTURED.add("tool_pull_last", "n 3 t")
STRUCTURED_PULL = STRUCTURED.add("pull", "n 21")  # J^T of the tool's inputs
STRUCTURED_PULL_LAST = STRUCTURED.add("pull_last", "n 21")
STRUCTURED_RUBBED = STRUCTURED.add("rubbed", "n")  # friction supplied in the last cycle [N m]
STRUCTURED_RUBS = STRUCTURED.add("rubs", "n")  # and in this one
STRUCTURED_VISCOUS = STRUCTURED.add("viscous", "n")  # friction supplied in this cycle [N m]
STRUCTURED_DRY = STRUCTURED.add("dry", "n")
STRUCTURED_DQ_MAX = STRUCTURED.add("dq_max", "n")  # [rad/s]
STRUCTURED_SUPPLIED = STRUCTURED.add("supplied", "n")  # F of joints and tool [N m]
STRUCTURED_GAIN = STRUCTURED.add("gain", "n")  # K of each joint [1/s]
STRUCTURED_GAIN_MOST = STRUCTURED.add("gain_most", "n")  # [1/s]
STRUCTURED_GAIN_TOP = STRUCTURED.add("gain_top")  # what that grows towards [1/s]
STRUCTURED_PATIENCE = STRUCTURED.add("patience", "n")  # time constant of this growth [s]
STRUCTURED_GAIN_START = STRUCTURED.add("gain_start")  # [1/s]
STRUCTURED_SOFTNESS = STRUCTURED.add("softness")  # bandwidth of the posture over the firm one
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
STRUCTURED_LATE_ARM = STRUCTURED.add("late_arm", whole=True)  # block of a predictor, or 0
STRUCTURED_LATE_INPUT = STRUCTURED.add("late_input", whole=True)  # its late state
STRUCTURED_ON_WAY = STRUCTURED.add("on_way", "late n")  # torques that no state shows yet
STRUCTURED_WAITS = STRUCTURED.add("waits")  # 1: this cycle has not been learned from yet
STRUCTURED_BEGUN = STRUCTURED.add("begun")  # 1: the last cycle was learned from
STRUCTURED_SLOW = STRUCTURED.add("slow")  # usual square of the misfit [(N m)^2]
STRUCTURED_QUIET = STRUCTURED.add("quiet")  # least of it [(N m)^2]
STRUCTURED_JUMP = STRUCTURED.add("jump")  # multiple of it that is a change
STRUCTURED_RECENT = STRUCTURED.add("recent")  # the square's mean over a second, in a log
STRUCTURED_USUAL = STRUCTURED.add("usual")  # the same over 20 s
STRUCTURED_RECENT_SHARE = STRUCTURED.add("recent_share")  # of a cycle in these means
STRUCTURED_USUAL_SHARE = STRUCTURED.add("usual_share")
STRUCTURED_CHANGES = STRUCTURED.add("changes")  # how many were found
STRUCTURED_FEEDFORWARD = STRUCTURED.add("feedforward", "n")  # torque of the learner [N m]
