"""Networks: what their neurons see, and the neurons."""

from ..block import Layout

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
NEURONS_CALL = NEURONS.add("call", whole=True)  # of `advance_neurons`
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
NEURONS_OUTPUT = NEURONS.add("output", "neurons")  # behind the synapse, in this cycle [Hz]
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
POSITION, VELOCITY, FIRST_AXIS, SECOND_AXIS = 0, 3, 6, 9  # places of x, dx, R e_1, R e_2 in z
AT_PLACE = 4  # numbers that neurons of the place see: x on a sphere; those of the motion see z
TOOL = Layout("tool encoding")
TOOL_CENTRE = TOOL.add("centre", "12")
TOOL_SCALE = TOOL.add("scale", "12")
TOOL_LOWER = TOOL.add("lower", "12")  # bounds before scaling
TOOL_UPPER = TOOL.add("upper", "12")
TOOL_LIFT = TOOL.add("lift")  # of the spheres' last axes
