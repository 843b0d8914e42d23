"""An arm, the inputs of a cycle, and the output of a control law."""

from ..block import Layout

# Return codes of kernels that did nothing: a wrong size or a state that is not credible; a number
# that is not finite.
NOTHING, NOT_FINITE = -1, -2

HUGE = 1e100
"""Bound on all inputs of a cycle, so that sums and products of two stay finite."""

ORIGIN = 3
"""Column of a pose that is the position."""

ANGULAR = 3
"""First angular place of a twist or a wrench."""

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
