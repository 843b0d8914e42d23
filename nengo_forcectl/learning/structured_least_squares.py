"""Least squares for a network with an arm's structure: body, joints, tool and links."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ..kernels.block import Block
from ..kernels.layout.learner_fields import NO_JOB
from ..kernels.layout.regression_fields import JOINT_NEURONS, REGRESSION
from ..support.validation import check_not_negative, check_positive, check_whole
from .joint_neurons import JointNeurons
from .structured_columns import Columns

WAKE = 50  # solutions after the start or a change until the neurons learn
FIRST = 0.005  # first variance of the tool's neurons
STAGES, STAGE_TIME = 4, 2e-3  # of a solution; time of one soon after a change [s]
JOBS, JOBS_TIME = 6, 1e-3  # of a later solution in a cycle; its time, or less [s]


@dataclass(frozen=True)
class StructuredLeastSquares:
    """Bayesian least squares of all weights of an arm's structure at once, in information form.

        y = Phi w + noise
        Lambda <- Lambda + Phi_f^T P Phi_f',   b <- b + Phi_f^T P y_f'   every ``sampling`` seconds
        w = C b / r^2,   C = (Lambda / r^2 + D^-1)^-1                every ``period`` seconds

    y is the torque that the model lacks, by the balance of momentum over a cycle; Phi the torque of
    unit weights in the same balance, so that neither needs an acceleration. Both pass the same
    filter of gain K. P weighs the joints: the torque of a weak motor is known better than that of a
    strong one, in proportion to the root of its largest torque. A joint at rest sticks, and holds
    any torque up to its stiction. So a joint's number counts less the longer it rested::

        P_j <- P_j s_j / (s_j + h_j max(c_j - s_j, 0))

    h is 1 - tanh(dq / v)^2 through the same filter, c_j and s_j are mean squares of the joint's
    misfit over the last samples at rest and in motion, in shares h_j and 1 - h_j. Samples are then
    counted by these weights, and a pair of samples by the roots of both.

    Primes mark the sample before; the products are made symmetric. The noise of a measured velocity
    is in y and in the columns of inertia, and least squares over single samples takes it for
    inertia. In two samples it is independent, so the columns of one are instruments for the other
    (Janot, Vandanjon and Gautier 2014, doi:10.1109/TCST.2013.2246163). Where the noise is less
    than half of the misfit, and for ``alone`` seconds after the start or a change, each sample is
    paired with itself: errors that last are not independent in two samples.

    D holds the variances of the prior, in groups that share a factor. It and the noise r^2 are
    re-estimated from the data, so that the simplest explanation wins (MacKay 1992,
    doi:10.1162/neco.1992.4.3.415; Tipping 2001)::

        D_g = |w_g|^2 / sum_g(1 - C_ii / D_g)
        r^2 = spread (|y_f - Phi_f w|_P^2 + samples white) / (samples - sum(1 - C_ii / D_i))

    The square of the misfit is a product of two samples, too, so it is without the noise; ``white``
    is the noise, by the misfit's third differences. ``spread`` accounts for errors that last longer
    than a sample. r^2 is at least ``floor^2``.

    A model that lacks a cause is wrong in the same way whenever a path repeats, so more samples of
    it tell less and less. Therefore all sums count over R^2 in place of r^2, m the samples since
    the last change of the payload (the coarsened posterior of Miller and Dunson 2019,
    doi:10.1080/01621459.2018.1469995)::

        R^2 = r^2 + spread (m / distinct) (r^2 / spread - white)

    The neurons of each joint add ``a_j^T v_j`` to its torque, with decoders v_j of one variance a
    joint. Their columns are in that joint's row alone; so they are eliminated from the sums, joint
    by joint, before C, and follow from w (see `kernels.solve_neurons`). They learn from 50
    solutions after the start or a change on; until then they stay as they are, because early data
    are explained by anything. The tool's neurons add ``J^T D a`` and learn from then on, too.
    Their columns are in every row, so their decoders D are the last of the weights w; a solution
    while they sleep leaves them out. A force that varies with the place explains a little of any
    friction, so 0.004 is taken off their variance D_g: less than that counts as none.

    The tool's neurons whose variance comes to nothing are silent: they supply nothing, and have no
    samples. A change of the payload, found or announced, wakes them, without what their samples
    had shown before: the force that has changed may be one of the place.

    If someone announces that the payload may be a new one (`forget_load`), solutions follow each
    other for five seconds, the payload's D_g is at least 0.4, and all weights stay as they were
    until the data determine 0.7 of its mass and of its first moment: the first motion after a
    standstill is mostly friction.

    Then w is conditioned on what is physical: armature and friction are not negative, and the
    payload is some body, its centre within half the arm's reach, its mass spread at most as in a
    bar of that length (Wensing, Kim and Slotine 2018, doi:10.1109/LRA.2017.2729659). Changes of
    links that leave less than 0.3 of M along any motion are not taken. A sum of products of two
    samples need not be positive. If it is not, the weights stay, and samples are paired with
    themselves until it is. ``repaired`` of the block counts all three.

    A late sensor or motor pairs a motion with the wrong torque. So b is kept for delays of 0 to
    ``delays - 1`` cycles. The one with the least misfit is taken if it leaves less than ``delayed``
    of the misfit of none; 0 takes none. Fractions of a cycle follow from both neighbours' misfits
    (see `kernels.find_delay.interpolate_delay`).

    The filter is slow because the noise of a measured velocity is in y times K.
    """

    noise: float  # r at the start [N m]
    floor: float  # [N m]
    gain: float = 28.0  # K of the filter [1/s]
    spread: float = 10.0
    distinct: float = 1200.0
    delayed: float = 0.6
    delays: int = 9
    sampling: float = 0.01  # [s]
    alone: float = 2.0  # after the start or a change [s]
    period: float = 0.2  # [s]

    def __post_init__(self) -> None:
        check_positive(self, noise="N m", floor="N m", gain="1/s", spread="")
        check_not_negative(self, delayed="")
        check_positive(self, sampling="s", period="s")
        check_whole(self, delays=1)

    def neurons_block(self, neurons: JointNeurons, p: int, torque: float, dt: float) -> Block:
        """Return the block of the neurons' part, with ``torque`` [N m] the prior deviation of v."""
        n, m = np.shape(neurons.bias)
        values = {
            "encoders": neurons.encoders,
            "bias": neurons.bias,
            "size": torque,
            "wake": WAKE * self._period(dt),
            "variance": 1.0,
        }
        return Block(JOINT_NEURONS, {"n": n, "m": m, "p": p, "s": self.delays}, values)

    def block(self, columns: Columns, neurons: Block, n: int, dt: float) -> Block:
        """Return the block of the law, for n outputs and cycles of dt [s]."""
        p, groups = len(columns.size), int(columns.group.max()) + 1
        every = max(round(self.sampling / dt), 1)
        sizes = {"n": n, "p": p, "s": self.delays, "groups": groups, "links": len(columns.chosen)}
        values = {
            "neurons": neurons.address,
            "core": p - columns.field,
            "wake": WAKE * self._period(dt),
            "field": FIRST,
            "solved": p - columns.field,
            "every": every,
            "period": self._period(dt),
            "stages": min(max(round(STAGES * dt / STAGE_TIME), 1), STAGES),
            "jobs": round(JOBS * max(dt / JOBS_TIME, 1.0)),
            "alone": round(self.alone / dt),
            "share": -math.expm1(-self.gain * dt),
            "floor": self.floor,
            "spread": self.spread,
            "distinct": self.distinct * n,
            "delayed": self.delayed,
            "size": columns.size,
            "group": columns.group,
            "most": columns.most,
            "positive": columns.positive,
            "reach": columns.reach,
            "precision": columns.precision,
            "home": columns.home,
            "changes": columns.changes,
            "variance": np.where(np.arange(p) < p - columns.field, 1.0, FIRST),
            "noise": self.noise**2,
            "repeated": self.noise**2,
            "deviations": 1.0,
            "trust": 1.0,
            "trust_last": 1.0,
            "job": NO_JOB,
        }
        return Block(REGRESSION, sizes, values, keeps=neurons)

    def _period(self, dt: float) -> int:
        """Return the cycles between two solutions."""
        return max(round(self.period / dt), 1)


def symmetric(lower: Float[np.ndarray, "p p"]) -> Float[np.ndarray, "p p"]:
    """Return the matrix with this lower triangle."""
    return np.tril(lower) + np.tril(lower, -1).T


def positive_part(information: Float[np.ndarray, "p p"]) -> Float[np.ndarray, "p p"]:
    """Return Lambda, of which the lower triangle is given, without its negative eigenvalues."""
    values, vectors = np.linalg.eigh(information)
    return (vectors * np.maximum(values, 0.0)) @ vectors.T
