"""The learner of a structured network, for a compiled cycle."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..control.bound_law import BoundLaw
from ..errors import NetworkError
from ..kernels.block import Block, Layout
from ..kernels.layout import NO_JOB, POSTURE, REGRESSION, STRUCTURED, STRUCTURES
from ..learning.structured_least_squares import DIRECT, PAYLOAD, Columns, StructuredLeastSquares
from ..networks.encoding import States
from ..networks.structured_encoding import StructuredEncoding
from .findings import Learned, LearnedFriction, LearnedJoints, LearnedPayload, LearnedTool

# Tuned on the conditions of `nengo-forcectl bench adaptation` and on undeclared delays, iiwa,
# seed 0; then tried on the other arms.
GAIN = 50.0  # most K of a joint's fast part [1/s]
GAIN_START = 20.0  # K until a joint's inertia is known [1/s]
SOFTNESS = 0.25  # first bandwidth of the posture, over K
BUMP_RATE = 300.0  # decay of the change by new weights [1/s]
LOUD = 0.01  # root mean square of the fast part's change in a cycle, over tau_max, that backs off
JUMP = 30.0  # multiple of the usual square of the misfit that is a change of the payload
QUIET = 1.0 / 260.0  # least misfit that counts, over the arm's typical torque
NOISE, FLOOR = 1.0 / 43.0, 1.0 / 2600.0  # of the law, over the arm's typical torque

MOTION = ("sent", "fast", "fast_last", "shake", "bump", "total", "renewed", "begun", "rubbed")
MOTION_OF_LAW = ("phi", "lacking", "late", "queue", "filled")
# What stays as it was made; a checkpoint saves the other numbers.
GIVEN = ("dt", "gain_start", "k_null", "home_V", "home_M", "loud", "bump_keep", "quiet", "jump")
GIVEN_TO_LAW = ("share", "floor", "spread", "delayed", "size", "group", "positive", "reach")


class StructuredLearner:
    """Body, joints and tool of a structured network, trained by `StructuredLeastSquares`.

        tau = tau_law(M + M_w, C + C_w, g + g_w) + F(q, dq_s; w) + m

    What is learned of the body, payload and armature, is part of the model of law, limits and
    posture; what is learned of joints and tool is a feed-forward F at the velocity dq_s of
    `Command`. m is the fast part, a momentum observer's estimate of what both leave, with a gain K
    for each joint::

        m <- m + (1 - exp(-K dt)) (y - y_w - m)

    y is the torque that the model lacks over a cycle, y_w what the weights explain of it.

    K begins low and grows when the joint's inertia is known to a third, by three standard
    deviations of its armature. For an observer that assumes an inertia I_n, on a joint of inertia I
    with a posture of bandwidth w, Routh's criterion is ``I / I_n < 5 + 2 (K / w + w / K)``. The
    posture's bandwidth is at most K / 4 until the inertia is known and no delay was found, then at
    most K. A delay d bounds K to 0.12 / d and the bandwidth to 0.03 / d. If the fast part of a
    joint shakes, its gain goes down.

    The payload is forgotten if the misfit suddenly grows, so that one that was picked up or dropped
    is learned anew, and the friction stays known. New weights do not make the torque jump: the
    difference decays within a few milliseconds.

    Args:
        arm: the model.
        bound: the control law, bound to it.
        encoding: inputs of the network; its ``states`` set the scales.
        states: sample of the work to be done.
        posture: where the posture's inertia is computed, (n,) [rad].
        dt: control period [s].
        assumed: parameters of the payload that ``arm`` already carries, to be reported with what
            is learned; by default none.
    """

    kind = STRUCTURES

    def __init__(
        self,
        arm: Arm,
        bound: BoundLaw,
        encoding: StructuredEncoding,
        states: States,
        posture: Float[np.ndarray, "n"],
        dt: float,
        assumed: Float[np.ndarray, "10"] | None = None,
    ) -> None:
        n = arm.dof
        torque = float(np.sqrt(np.mean(arm.inverse_dynamics(*states) ** 2)))
        self.law, self.dt, self._encoding = (
            StructuredLeastSquares(NOISE * torque, FLOOR * torque),
            dt,
            encoding,
        )
        self.columns = Columns.of(arm, *states, encoding.joints.speed)
        self._sums = self.law.block(self.columns, n, dt)
        p = len(self.columns.size)
        self._assumed = np.zeros(PAYLOAD) if assumed is None else assumed
        tasks = getattr(getattr(bound, "null_space", None), "tasks", ())
        held = next((task.block for task in tasks if task.kind == POSTURE), None)
        terms = arm.terms(posture, np.zeros(n))
        R, M = terms.pose[:3, :3], terms.M.diagonal()
        values = {
            "law": self._sums.address,
            "body": encoding.body.address,
            "joints": encoding.joints.block.address,
            "tool": encoding.tool.block.address,
            "posture": 0 if held is None else held.address,
            "dt": dt,
            "gain": GAIN_START,
            "gain_most": GAIN,
            "gain_start": GAIN_START,
            "softness": SOFTNESS,
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
        keeps = (self._sums, encoding, held)
        self.block = Block(STRUCTURED, {"n": n}, values, keeps=keeps)
        if held is not None:
            held["k"][...] = np.minimum(held["k"], M * (SOFTNESS * GAIN_START) ** 2)
        self.memory = _memory("least_squares", self._sums, REGRESSION, GIVEN_TO_LAW)
        self.memory |= _memory("structured", self.block, STRUCTURED, GIVEN)
        if held is not None:
            self.memory["posture.k"] = held["k"]
        self._last_job = 4 * p + self.law.delays + 2  # every weight kept at a value
        mark = np.concatenate((self.columns.size, terms.M.ravel(), terms.g))
        self.memory["fingerprint"] = mark

    @property
    def learned(self) -> Learned:
        """What has been found, with standard deviations.

        They are those of the first prior: a prior that the evidence has made narrow would hide that
        two causes explain the same motion.
        """
        size, n = self.columns.size, len(self.block["armature"])
        A = self._sums["information"] / self._sums["noise"] + np.eye(len(size))
        deviations = np.sqrt(np.linalg.inv(A).diagonal()) * size
        value = self._sums["weights"] * size
        first = PAYLOAD + n
        speed = self._encoding.joints.speed
        w, d = (each[first : first + 2 * n].reshape(n, 2) for each in (value, deviations))
        viscous, dry = (
            LearnedJoints(w[:, 0] / speed, d[:, 0] / speed),
            LearnedJoints(w[:, 1], d[:, 1]),
        )
        pull, pull_deviation = (
            each[first + 2 * n :].reshape(3, DIRECT) for each in (value, deviations)
        )
        body = value[:PAYLOAD] + self._assumed
        mass, moment = body[0], body[1:4]
        com = moment / mass if mass > 0 else np.zeros(3)
        payload = LearnedPayload(
            float(mass), com, _symmetric(body[4:]),
            float(deviations[0]), deviations[1:4], _symmetric(deviations[4:PAYLOAD]),
        )  # fmt: skip
        tool = LearnedTool(
            self._encoding.tool.centre[:3].copy(), -pull[:, 0], pull[:, 1:4], pull[:, 4:],
            pull_deviation[:, 0], pull_deviation[:, 1:4], pull_deviation[:, 4:],
        )  # fmt: skip
        return Learned(
            payload,
            LearnedJoints(value[PAYLOAD:first], deviations[PAYLOAD:first]),
            LearnedFriction(viscous, dry),
            tool,
            float(self._sums["delay"]) * self.dt,
            math.sqrt(float(self._sums["noise"]) / self.law.spread),
            int(self.block["changes"]),
            int(self.block["backed_off"]),
            self.block["gain"].copy(),
        )

    def read(self) -> dict[str, np.ndarray]:
        """Return the learned weights by the names of a `structured_network`."""
        friction = self.block["friction"]
        weights = {name: self.block[name][:, None].copy() for name in ("payload", "armature")}
        weights |= {f"friction {j + 1}": row[None].copy() for j, row in enumerate(friction)}
        return weights | {"state -> force": self.block["force"].copy()}

    def record_sent(self, tau: Float[np.ndarray, "n"]) -> None:
        """Record the torque [N m] sent instead of the last step's, without the model's friction."""
        self.block["sent"][:] = tau

    def forget_motion(self) -> None:
        """Begin a new motion: what the weights have not yet learned is observed anew."""
        for block, names in ((self.block, MOTION), (self._sums, MOTION_OF_LAW)):
            for name in names:
                block[name][...] = 0.0

    def check(self, checkpoint: Mapping[str, np.ndarray]) -> None:
        """Raise `NetworkError` if a checkpoint is invalid, or of another arm or job."""
        mark = self.memory["fingerprint"]
        given = np.asarray(checkpoint.get("fingerprint", mark))
        if given.shape == mark.shape and not np.allclose(given, mark, rtol=1e-6, atol=1e-9):
            raise NetworkError(
                "checkpoint: is not of this learner; arm, posture and states must be those of the "
                "cycle that it is from"
            )
        job, last = np.ravel(checkpoint.get("least_squares.job", NO_JOB)), self._last_job
        if len(job) == 1 and not NO_JOB <= job[0] <= last:
            raise NetworkError(f"checkpoint: job is {job[0]}, needs one from {NO_JOB} to {last}")


def _memory(
    name: str, block: Block, layout: Layout, given: tuple[str, ...]
) -> dict[str, np.ndarray]:
    """Return what a checkpoint saves of a block: all numbers that change, and no address."""
    own = [each.name for each in layout.fields if each.shape or not each.whole]
    own = [each for each in own if each not in given]
    return {f"{name}.{each}": block[each] for each in own}


def _symmetric(six: Any) -> Float[np.ndarray, "3 3"]:
    """Return the matrix with entries xx, xy, yy, xz, yz, zz."""
    xx, xy, yy, xz, yz, zz = six
    return np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
