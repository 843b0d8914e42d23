"""What is estimated from the sensors: filter, observer, predictor, credible states."""

from ..block import Layout

LATEST = 0  # row of a queue of torques: that of the last cycle

FADED = 1e-15
"""Filtered numbers below this become 0: below 1e-308 a processor is a hundred times slower."""

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

# A predictor for delayed sensors: the queue of torques, its observer, its result, work space.
PREDICTOR = Layout("predictor")
PREDICTOR_SHARE = PREDICTOR.add("share")  # of the observer's filter
PREDICTOR_DT = PREDICTOR.add("dt")  # [s]
PREDICTOR_LEARNER = PREDICTOR.add("learner", whole=True)  # address of a structured one's, or 0
PREDICTOR_PAYLOAD = PREDICTOR.add("payload", "10")  # that it has learned, in this cycle's M, C, g
PREDICTOR_ARMATURE = PREDICTOR.add("armature", "n")  # the same [kg m^2]
PREDICTOR_OWN = PREDICTOR.add("own", "n")  # the model's viscous friction [N m s/rad]
PREDICTOR_VISCOUS = PREDICTOR.add("viscous", "n")  # and with what was learned
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

# The sensors of a robot: bounds on a state, the present state, and the last credible one.
SENSORS = Layout("sensors")
SENSORS_Q_LEAST = SENSORS.add("q_least", "n")  # least credible position [rad]
SENSORS_Q_MOST = SENSORS.add("q_most", "n")  # largest credible position [rad]
SENSORS_DQ_MOST = SENSORS.add("dq_most")  # largest credible speed of any joint [rad/s]
SENSORS_Q = SENSORS.add("q", "n")
SENSORS_DQ = SENSORS.add("dq", "n")
SENSORS_Q_BEFORE = SENSORS.add("q_before", "n")
SENSORS_DQ_BEFORE = SENSORS.add("dq_before", "n")
