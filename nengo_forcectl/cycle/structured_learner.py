"""The learner of a structured network, for a compiled cycle."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from arms import Arm

from ..control.bound_law import BoundLaw
from ..kernels.block import Block
from ..kernels.layout import POSTURE, REGRESSION, STRUCTURED, STRUCTURES
from ..learning.structured_least_squares import DIRECT, PAYLOAD, Columns, StructuredLeastSquares
from ..networks.structured_encoding import StructuredEncoding

GAIN = 50.0  # most K of a joint's fast part [1/s]
GAIN_START = 20.0  # K until a joint's inertia is known [1/s]
BUMP_RATE = 300.0  # decay of the change by new weights [1/s]
LOUD = 0.01  # root mean square of the fast part's change in a cycle, over tau_max, that backs off
JUMP = 30.0  # multiple of the usual square of the misfit that is a change of the payload
QUIET = 1.0 / 260.0  # least misfit that counts, over the arm's typical torque
NOISE, FLOOR = 1.0 / 43.0, 1.0 / 2600.0  # over the arm's typical torque


class StructuredLearner:
    """Body, joints and tool of a structured network, trained by `StructuredLeastSquares`."""

    kind = STRUCTURES

    def __init__(
        self,
        arm: Arm,
        bound: BoundLaw,
        encoding: StructuredEncoding,
        law: StructuredLeastSquares,
        columns: Columns,
        posture: np.ndarray,
        torque: float,
        dt: float,
        rest: Any = None,
    ) -> None:
        n = arm.dof
        self._law_block = law.block(columns, n, dt)
        tasks = getattr(getattr(bound, "null_space", None), "tasks", ())
        held = next((task.block for task in tasks if task.kind == POSTURE), None)
        terms = arm.terms(posture, np.zeros(n))
        R, M = terms.pose[:3, :3], terms.M.diagonal()
        values = {
            "law": self._law_block.address,
            "body": encoding.body.address,
            "joints": encoding.joints.block.address,
            "tool": encoding.tool.block.address,
            "posture": 0 if held is None else held.address,
            "rest": 0 if rest is None else rest.block.address,
            "dt": dt,
            "gain": GAIN_START,
            "gain_most": GAIN,
            "gain_start": GAIN_START,
            "softness": 0.25,
            "k_null": 0.0 if held is None else held["k"],
            "home_V": np.concatenate((R.T @ terms.J[:3], R.T @ terms.J[3:])),
            "home_M": M,
            "inertia": M,
            "loud": (LOUD * arm.tau_max) ** 2,
            "bump_keep": math.exp(-BUMP_RATE * dt),
            "slow": torque**2,
            "quiet": (QUIET * torque) ** 2,
            "jump": JUMP,
        }
        keeps = (self._law_block, encoding, held, rest)
        self.block = Block(STRUCTURED, {"n": n}, values, keeps=keeps)
        self.rest, self._columns = rest, columns
        self.memory = {field.name: self._law_block[field.name] for field in REGRESSION.fields}
        self.memory |= {field.name: self.block[field.name] for field in STRUCTURED.fields}

    @property
    def found(self) -> Mapping[str, np.ndarray]:
        """What was learned, by name."""
        return {name: self.block[name] for name in ("payload", "armature", "friction", "force")}

    def forget_motion(self) -> None:
        """Begin a new motion."""

    def record_sent(self, tau: np.ndarray) -> None:
        """Record the torque [N m] sent instead of the last step's, without the model's friction."""
        self.block["sent"][:] = tau
