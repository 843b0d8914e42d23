"""`Ripple`: torques that repeat many times a turn of a joint."""

from ..block import Layout

LOWER, UPPER = 0, 1  # halves of the spectrum
FORTH, BACK = 0, 1  # directions of a joint

# The ripple of n joints, and spectra of w whole numbers of periods a turn, one a direction.
RIPPLE = Layout("ripple of the joints")
RIPPLE_LEAST = RIPPLE.add("least")  # first number of periods of the spectrum
RIPPLE_QUIET = RIPPLE.add("quiet", "n")  # amplitude that is none [N m]
RIPPLE_MOST = RIPPLE.add("most", "n")  # largest amplitude [N m]
RIPPLE_FROZEN = RIPPLE.add("frozen")  # 1: it stays as it is
RIPPLE_VISIT = RIPPLE.add("visit")  # which half of which joint's spectrum is next
RIPPLE_COSINES = RIPPLE.add("cosines", "n 2 w")  # integral of r cos(k q) |dq| [N m rad]
RIPPLE_SINES = RIPPLE.add("sines", "n 2 w")
RIPPLE_TRAVEL = RIPPLE.add("travel", "n 2 2")  # integral of |dq|, of both halves of each [rad]
RIPPLE_SQUARE = RIPPLE.add("square", "n")  # integral of r^2 |dq|, of all [(N m)^2 rad]
RIPPLE_PERIODS = RIPPLE.add("periods", "n")  # periods a turn that were found; 0: none
RIPPLE_WAVES = RIPPLE.add("waves", "n 2 2")  # integrals of products of its sine and cosine [rad]
RIPPLE_MOMENT = RIPPLE.add("moment", "n 2")  # and of these and r [N m rad]
RIPPLE_AMPLITUDE = RIPPLE.add("amplitude", "n 2")  # of sine and cosine [N m]
RIPPLE_FED = RIPPLE.add("fed", "n")  # torque supplied in this cycle [N m]
RIPPLE_TAKEN = RIPPLE.add("taken", "n")  # in the middle of the last one [N m]
RIPPLE_LACKING = RIPPLE.add("lacking", "n")  # r: what all others leave of the torque [N m]
SINE, COSINE = 0, 1
