"""Learners of one layer of neurons: `Consolidation` and `Gradient`."""

from ..block import Layout

# Modes of a learner: its weights stay, and it adds what they give; they change; they stay, and its
# observer goes on.
FREEZE, LEARN, HOLD = range(3)

FACTOR_COLUMNS = 8  # of `Consolidation`'s Cholesky factor that one cycle computes
WEIGHT_ROWS = 64  # features whose weights one cycle computes

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
