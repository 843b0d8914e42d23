"""`Presliding`: dry friction that builds up over a short way after a joint has turned back."""

from ..block import Layout

PRESLIDING = Layout("presliding of the joints")
PRESLIDING_DISTANCE = PRESLIDING.add("distance")  # d [rad]
PRESLIDING_START = PRESLIDING.add("start")  # share before anything is known
PRESLIDING_DOUBT = PRESLIDING.add("doubt")  # duration that the start counts for [s]
PRESLIDING_DT = PRESLIDING.add("dt")  # duration of a cycle [s]
PRESLIDING_PASSED = PRESLIDING.add("passed")  # share of a change that the filters pass in a cycle
PRESLIDING_KEEP = PRESLIDING.add("keep")  # share of the integrals that a cycle keeps
PRESLIDING_BUILT = PRESLIDING.add("built", "n")  # z along the measured motion
PRESLIDING_BUILT_FED = PRESLIDING.add("built_fed", "n")  # along the motion that the law asks for
PRESLIDING_SHARE = PRESLIDING.add("share", "n")  # s, between 0 and 1
PRESLIDING_APART = PRESLIDING.add("apart", "n")  # z - tanh(dq / v)
PRESLIDING_MISFIT = PRESLIDING.add("misfit", "n")  # what all others leave, filtered [N m]
PRESLIDING_DIFFERENCE = PRESLIDING.add("difference", "n")  # the last but one, filtered
PRESLIDING_MOMENT = PRESLIDING.add("moment", "n")  # integral of both's product [(N m)^2 s]
PRESLIDING_SQUARE = PRESLIDING.add("square", "n")  # and of the difference's square [(N m)^2 s]
