"""`StructuredLeastSquares`, and the neurons of the joints in it."""

from ..block import Layout

UNDELAYED = 0  # the delay of no cycle, and its place in what is computed for every delay
CHANGE, BEND = 0, 1  # places of a first and a second difference

# `StructuredLeastSquares` of n outputs and p weights, for s delays of the torque.
REGRESSION = Layout("structured least squares")
REGRESSION_NEURONS = REGRESSION.add("neurons", whole=True)  # address of a block
REGRESSION_CORE = REGRESSION.add("core", whole=True)  # columns before those of the tool's neurons
REGRESSION_WAKE = REGRESSION.add("wake")  # cycles after a change until these neurons learn
REGRESSION_FIELD = REGRESSION.add("field")  # first variance of these neurons
REGRESSION_EVERY = REGRESSION.add("every", whole=True)  # cycles of a sample
REGRESSION_PERIOD = REGRESSION.add("period", whole=True)  # cycles between two solutions
REGRESSION_ALONE = REGRESSION.add("alone")  # cycles after a change without pairs
REGRESSION_SHARE = REGRESSION.add("share")  # 1 - exp(-K dt)
REGRESSION_CHANGED_AT = REGRESSION.add("changed_at")  # numbers in the sums at the last change
REGRESSION_DISTINCT = REGRESSION.add("distinct")  # numbers in which no error repeats
REGRESSION_FLOOR = REGRESSION.add("floor")  # least noise [N m]
REGRESSION_SPREAD = REGRESSION.add("spread")  # noise over the residual's mean square
REGRESSION_DELAYED = REGRESSION.add("delayed")  # share of the misfit that a delay must leave
REGRESSION_SIZE = REGRESSION.add("size", "p")  # prior standard deviations
REGRESSION_MOST = REGRESSION.add("most", "p")  # greatest variance of the prior, over size^2
REGRESSION_GROUP = REGRESSION.add("group", "p", whole=True)
REGRESSION_POSITIVE = REGRESSION.add("positive", "p", whole=True)  # 1: the weight is >= 0
REGRESSION_FROZEN = REGRESSION.add("frozen", "p", whole=True)  # 1: the weight stays as it is
REGRESSION_REACH = REGRESSION.add("reach")  # farthest credible centre of a payload [m]
REGRESSION_HOME = REGRESSION.add("home", "n n")  # M at one state of the sample
REGRESSION_CHANGES = REGRESSION.add("changes", "links n n")  # of it, by links of unit size
REGRESSION_CHANGED = REGRESSION.add("changed", "n n")
REGRESSION_PRECISION = REGRESSION.add("precision", "n")  # of each joint's torque, over the noise's
REGRESSION_RAW = REGRESSION.add("raw", "n p")  # columns of this cycle, times the sizes
REGRESSION_Y = REGRESSION.add("y", "n")  # torque that the model lacks in this cycle [N m]
REGRESSION_RESTS = REGRESSION.add("rests", "n")  # 1 at rest, 0 far faster than "slow"
REGRESSION_REST = REGRESSION.add("rest", "n")  # the same, filtered
REGRESSION_QUEUE = REGRESSION.add("queue", "s n")  # torques sent, the latest first [N m]
REGRESSION_FILLED = REGRESSION.add("filled")  # torques in the queue
REGRESSION_PHI = REGRESSION.add("phi", "n p")  # columns, filtered
REGRESSION_LACKING = REGRESSION.add("lacking", "n")  # y, filtered
REGRESSION_LATE = REGRESSION.add("late", "n s")  # what a delay adds to it
REGRESSION_PHI_TAKEN = REGRESSION.add("phi_taken", "n p")  # columns of the last sample
REGRESSION_Y_TAKEN = REGRESSION.add("y_taken", "n s")  # y of the last sample, for every delay
REGRESSION_LEFT = REGRESSION.add("left")  # rows of the sums that it has not been added to
REGRESSION_ITSELF = REGRESSION.add("itself")  # 1: it is paired with itself
REGRESSION_PHI_LAST = REGRESSION.add("phi_last", "n p")  # columns of the sample before
REGRESSION_Y_LAST = REGRESSION.add("y_last", "n s")  # y of the sample before
REGRESSION_ROW = REGRESSION.add("row")  # samples since the last gap
REGRESSION_PHI_BENDS = REGRESSION.add("phi_bends", "n p 2")  # its first and second difference
REGRESSION_Y_BENDS = REGRESSION.add("y_bends", "n 2")  # those of y
REGRESSION_STUCK = REGRESSION.add("stuck", "n")  # sum of the misfit's square at rest [(N m)^2]
REGRESSION_STUCK_SHARE = REGRESSION.add("stuck_share", "n")  # samples in it
REGRESSION_SLIDING = REGRESSION.add("sliding", "n")  # sum of that in motion [(N m)^2]
REGRESSION_SLIDING_SHARE = REGRESSION.add("sliding_share", "n")
REGRESSION_TRUST = REGRESSION.add("trust", "n")  # root of the last sample's weight
REGRESSION_TRUST_LAST = REGRESSION.add("trust_last", "n")  # of the one before
REGRESSION_WEIGHT = REGRESSION.add("weight", "n")  # of their pair, times the precision
REGRESSION_MISFIT = REGRESSION.add("misfit")  # mean square of what the weights leave of y
REGRESSION_WHITE = REGRESSION.add("white")  # square of the white noise in y [(N m)^2]
REGRESSION_INFORMATION = REGRESSION.add("information", "p p")  # Lambda, its lower triangle
REGRESSION_MOMENT = REGRESSION.add("moment", "p s")  # b, for every delay
REGRESSION_SQUARE = REGRESSION.add("square", "s")  # sum of y^2, for every delay
REGRESSION_BOTH = REGRESSION.add("both", "s")  # sum of y of a delay times y of the next one
REGRESSION_SAMPLES = REGRESSION.add("samples")  # numbers in these sums
REGRESSION_VARIANCE = REGRESSION.add("variance", "p")  # of the prior, over size^2
REGRESSION_NOISE = REGRESSION.add("noise")  # r^2 [(N m)^2]
REGRESSION_REPEATED = REGRESSION.add("repeated")  # R^2, of errors that repeat [(N m)^2]
REGRESSION_WEIGHTS = REGRESSION.add("weights", "p")  # w, over the sizes
REGRESSION_BEFORE = REGRESSION.add("before", "p")  # the weights before
REGRESSION_DEVIATIONS = REGRESSION.add("deviations", "p")  # of w, over the sizes
REGRESSION_DELAY = REGRESSION.add("delay")  # found [cycles]
REGRESSION_CYCLE = REGRESSION.add("cycle")  # learning cycles
REGRESSION_SINCE = REGRESSION.add("since")  # learning cycles since the last change
REGRESSION_ALONE_UNTIL = REGRESSION.add("alone_until")  # the same after a failure
REGRESSION_REPAIRED = REGRESSION.add("repaired")  # parts of solutions that were
REGRESSION_STAGES = REGRESSION.add("stages", whole=True)  # of a solution, in an early cycle
REGRESSION_JOBS = REGRESSION.add("jobs", whole=True)  # of a solution, in a later cycle
REGRESSION_ROUNDS = REGRESSION.add("rounds")  # solutions since the start or a change
REGRESSION_JOB = REGRESSION.add("job")  # current job of the solution, or NO_JOB
REGRESSION_SOLVED = REGRESSION.add("solved")  # columns of the solution: all, or the core
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
REGRESSION_ANNOUNCED = REGRESSION.add("announced")  # 1: the last change, by `forget_load`
REGRESSION_WAITS = REGRESSION.add("waits")  # 1: too little is known of a new payload
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
JOINT_NEURONS_FROZEN = JOINT_NEURONS.add("frozen")  # 1: they stay as they are
JOINT_NEURONS_DECODERS = JOINT_NEURONS.add("decoders", "n m")  # [N m]
JOINT_NEURONS_FED = JOINT_NEURONS.add("fed", "n m")  # activities at dq_s
JOINT_NEURONS_ACTIVE = JOINT_NEURONS.add("active", "n m")  # at the measured state
JOINT_NEURONS_ACTIVE_LAST = JOINT_NEURONS.add("active_last", "n m")
JOINT_NEURONS_PHI = JOINT_NEURONS.add("phi", "n m")  # columns of a cycle, filtered, times the size
JOINT_NEURONS_PHI_TAKEN = JOINT_NEURONS.add("phi_taken", "n m")  # those of the last sample
JOINT_NEURONS_PHI_LAST = JOINT_NEURONS.add("phi_last", "n m")  # those of the sample before
JOINT_NEURONS_CROSS = JOINT_NEURONS.add("cross", "p n m")  # sums with the columns of all weights
JOINT_NEURONS_OWN = JOINT_NEURONS.add("own", "n m m")  # and with each other
JOINT_NEURONS_MOMENT = JOINT_NEURONS.add("moment", "n m s")  # and with y, for every delay
JOINT_NEURONS_VARIANCE = JOINT_NEURONS.add("variance", "n")  # of the prior, over size^2
JOINT_NEURONS_KNOWN = JOINT_NEURONS.add("known", "n")  # decoders that the data determine
JOINT_NEURONS_WEIGHTS = JOINT_NEURONS.add("weights", "n m")  # decoders, over the size
JOINT_NEURONS_AWAKE = JOINT_NEURONS.add("awake")  # 1: they are part of the solution
JOINT_NEURONS_LINES = JOINT_NEURONS.add("lines", "p n m")  # L^-1 cross, over R^2
JOINT_NEURONS_FACTOR = JOINT_NEURONS.add("factor", "n m m")  # L^-T of own / R^2 + 1 / variance
JOINT_NEURONS_SOLVED = JOINT_NEURONS.add("solved", "s n m")  # L^-1 moment, over R^2
JOINT_NEURONS_COLUMN = JOINT_NEURONS.add("column", "m")  # work space
