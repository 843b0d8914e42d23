"""Gravity compensation: the arm floats, and goes where it is pushed."""

from dataclasses import dataclass

import numpy as np

from arms import Terms

from ..contract import Command, Reference, State
from .gains import Gain
from .joint_space import JointLaw, JointSpace


@dataclass(frozen=True)
class Floating(JointSpace):
    """``tau = g(q) - kv dq``: whatever the reference is, the arm stays where it is left.

    It wants nothing, so there is no error to learn from: ``Command.error`` is zero. What a momentum
    observer tells (`DisturbanceObserver`, `ConsolidatingAdaptation`) can take a payload off it.
    """

    kv: Gain = 0.0  # [N m s/rad]

    follows = False

    def law(self, n: int) -> JointLaw:
        """Return the law for ``n`` joints."""
        return JointLaw(f_de=self.gain("kv", n))

    def torque(self, terms: Terms, state: State, reference: Reference) -> Command:
        """Return the torque that holds the arm against gravity alone."""
        nothing = np.zeros(len(state.q))
        tau = terms.g - self.gain("kv", len(state.q)) @ state.dq
        mobility = np.linalg.inv(terms.M)
        return Command(tau, nothing, nothing, nothing, nothing, mobility, nothing)
