"""A body fixed to the tool, and the load that a guard looks for."""

from ..block import Layout

# Ten parameters of a body, one link's of `Arm.inertial_parameters`: places of the mass, the first
# moment (3) and the inertia's entries.
PARAMETERS, MASS, MOMENT = 10, 0, 1
XX, XY, YY, XZ, YZ, ZZ = range(4, 10)

# A body fixed to the tool: its motion, and the momenta and forces of its ten parameters, in the
# tool's axes.
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

# A load that a guard looks for while limits act. See `find_load`; columns are of `carried_body`.
LOAD = Layout("load")
LOAD_BODY = LOAD.add("body", whole=True)  # address of a block
LOAD_COUNT = LOAD.add("count")  # of the equations, which fade
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
LOAD_GIVENS = LOAD.add("givens", "s n")  # the same s cycles ago
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
LOAD_LATE = LOAD.add("late")  # that delay, if the motion shows it clearly, else 0 [cycles]
LOAD_TIMELY = LOAD.add("timely")  # 1: the motion shows that sensors are not late
LOAD_MISFIT = LOAD.add("misfit")  # share of the size that the load leaves
LOAD_RECENT = LOAD.add("recent")  # size of the last cycles
LOAD_LEFT = LOAD.add("left")  # what the load found before has left of that
LOAD_HELD = LOAD.add("held", "n")  # torque that friction may have held [N m]
LOAD_FACTOR = LOAD.add("factor", "10 10")
LOAD_ROW = LOAD.add("row", "10")
LOAD_THETA = LOAD.add("theta", "10")  # the parameters
LOAD_FIRST = LOAD.add("first", "3")  # nearest first moment of a body
LOAD_MOMENTS = LOAD.add("moments", "3 3")  # nearest second moments
LOAD_AXES = LOAD.add("axes", "3 3")
# The search for the body that explains the motion best; see `approach_body`.
LOAD_NEAR = LOAD.add("near", "10")  # z, a body's parameters
LOAD_PULL = LOAD.add("pull", "10")  # u
LOAD_SHIFTED = LOAD.add("shifted", "10")  # x, then x + u
LOAD_STIFF = LOAD.add("stiff", "10 10")  # factor of the information with the measure
LOAD_PSEUDO = LOAD.add("pseudo", "4 4")  # pseudo-inertia, then its eigenvalues
LOAD_TURNS = LOAD.add("turns", "4 4")  # its axes
