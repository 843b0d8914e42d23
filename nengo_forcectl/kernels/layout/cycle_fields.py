"""A whole control cycle, and the same as a C library."""

from ..block import Layout

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
CYCLE_DEFERS = CYCLE.add("defers")  # 1: the loop lets the learner learn when the torque is sent
CYCLE_TAU = CYCLE.add("tau", "n")  # [N m]
CYCLE_TOOL = CYCLE.add("tool", "3")  # [m]
CYCLE_SINGULARITY = CYCLE.add("singularity")
CYCLE_OUT_OF_REACH = CYCLE.add("out_of_reach")
CYCLE_FEEDFORWARD = CYCLE.add("feedforward", "n")  # [N m]

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
