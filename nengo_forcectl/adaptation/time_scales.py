"""The blocks of a learner of two time scales."""

import math

import numpy as np

from ..estimation.observer import observer_block
from ..kernels.block import Block
from ..kernels.layout.learner_fields import LEARNER
from ..learning.consolidation import Consolidation
from ..learning.law import Arrays

MOTION = "torque", "torque_last", "filtered", "last", "offset", "sent", "unmodelled"
"""Fields that belong to one motion and are cleared for the next."""


class TimeScales:
    """The blocks of a consolidating learner: an observer, a law, and their link.

    Args:
        law: the learning law.
        w: the network's weights, by name; F is linear in them, row by row.
        dt: control period [s].

    Raises:
        NetworkError: the law's basis is for another number of features.
        ConfigurationError: the law's period is too short for its work.
    """

    def __init__(self, law: Consolidation, w: Arrays, dt: float) -> None:
        remembered = law.start(w)
        remembered.set_period(dt)
        self.law = remembered.block
        np.concatenate(list(w.values()), axis=1, out=self.law["weights"])
        n = len(self.law["weights"])
        self.observer = observer_block(n, law.gain, dt)
        addresses = {"law": self.law.address, "observer": self.observer.address}
        decay = {"decay": math.exp(-law.gain * dt)}
        self.block = Block(LEARNER, {"n": n}, addresses | decay, keeps=(self.law, self.observer))
        self.memory = {
            "weights": self.law["weights"],
            **remembered,
            **{name: self.block[name] for name in ("torque", "torque_last", "offset")},
            **{name: self.observer[name] for name in ("sent", "momentum", "bias", "unmodelled")},
        }
        """Everything learned and remembered, by name."""

    def forget_motion(self) -> None:
        """Clear the last motion: what the weights have not yet learned is observed anew."""
        for name in MOTION:
            self.memory[name][:] = 0.0
        self.law["begun"][...] = 0.0  # no balance has begun
