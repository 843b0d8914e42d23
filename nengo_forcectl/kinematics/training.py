"""Training of the learned kinematics: least squares for the decoders, on poses and optionally J."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..networks.workspace import home_posture, joint_range
from ..support.validation import Arguments, check, check_seed
from .learned import LearnedKinematics, kinematic_targets, untrained_kinematics

How = Literal["positions", "sobolev"]
Bounds = tuple[Float[np.ndarray, "n"], Float[np.ndarray, "n"]]  # lower and upper, by joint

RIDGE = 1e-11  # relative to the mean square of a feature
WORKING = 0.6  # half the width of the region, for arms of more than three joints [rad]
HELD_OUT = 500  # configurations for measuring the progress
CHUNK = 250  # configurations per batch, to bound the memory of features


@dataclass(frozen=True)
class Progress:
    """The state of a training after an epoch."""

    epoch: int
    samples: int  # so far
    loss: float  # mean square of the held-out error of y, and for sobolev of dy/dq [m^2, 1]
    jacobian_error: float  # median relative Frobenius error of J, held out
    position_error: float  # RMS, held out [m]


Watch = Callable[[Progress], Any]


def region(arm: Arm, half_range: float | None = None) -> Bounds:
    """Return the lower and the upper bound of every joint in the training region [rad].

    ``half_range`` to either side of the working posture (`home_posture`), within the limits; by
    default 0.6 rad for arms of more than three joints, for others the whole range.

    Raises:
        ConfigurationError: the width is not above 0.
    """
    centre, half = joint_range(arm)
    if half_range is None and arm.dof <= 3:
        return centre - half, centre + half
    width = WORKING if half_range is None else half_range
    option = Arguments("", half_range=width)
    check(option, "half_range", bool(width > 0), "a number above 0", "rad")
    home = home_posture(arm)
    return np.maximum(centre - half, home - width), np.minimum(centre + half, home + width)


def sample(
    lower: Float[np.ndarray, "n"],
    upper: Float[np.ndarray, "n"],
    count: int,
    rng: np.random.Generator,
) -> Float[np.ndarray, "count n"]:
    """Return configurations distributed uniformly in the region."""
    return lower + (upper - lower) * rng.uniform(size=(count, len(lower)))


class NormalEquations:
    """The normal equations of least squares, of constant size; they can be solved at any time.

        minimise  sum_k |y_k - W phi_k|^2 + |dy_k - W dphi_k|^2 + ridge |W|^2

    with the second term for Sobolev training (Czarnecki et al. 2017, arXiv:1706.04859), in units of
    1 rad. It is linear least squares in the decoders: one solution, no step size.
    """

    def __init__(self, learned: LearnedKinematics) -> None:
        self.learned = learned
        features, outputs = learned.neurons + 1, len(learned.decoders)
        self._A, self._B = np.zeros((features, features)), np.zeros((features, outputs))

    def add(
        self,
        q: Float[np.ndarray, "k n"],
        y: Float[np.ndarray, "k outputs"],
        dy: Float[np.ndarray, "k outputs n"] | None = None,
    ) -> None:
        """Add configurations with their outputs, and with dy/dq if given."""
        for start in range(0, len(q), CHUNK):
            part = slice(start, start + CHUNK)
            phi = self.learned.features(q[part])
            self._A += phi.T @ phi
            self._B += phi.T @ y[part]
            if dy is not None:
                dphi = np.swapaxes(self.learned.feature_jacobian(q[part]), 1, 2)
                dphi = dphi.reshape(-1, phi.shape[1])  # (k n, features)
                self._A += dphi.T @ dphi
                self._B += dphi.T @ np.swapaxes(dy[part], 1, 2).reshape(len(dphi), -1)

    def solution(self) -> LearnedKinematics:
        """Return the network with the best-fitting decoders."""
        A = self._A.copy()
        A[np.diag_indices_from(A)] += RIDGE * max(np.trace(A) / len(A), 1e-300)
        return self.learned.with_decoders(np.linalg.solve(A, self._B).T)


class Examiner:
    """Measure a network on held-out configurations of the region."""

    def __init__(self, arm: Arm, q: Float[np.ndarray, "k n"], rows: tuple[int, ...]) -> None:
        self.q = q
        self.y, self.dy = kinematic_targets(arm, q, rows)
        self._J = arm.jacobian(q)[:, list(rows)]
        self._axes = sum(row < 3 for row in rows)

    def measure(
        self, learned: LearnedKinematics, epoch: int, samples: int, sobolev: bool
    ) -> Progress:
        """Return the network's held-out errors."""
        error = learned.outputs(self.q) - self.y
        loss = float(np.mean(np.sum(error**2, axis=1)))
        if sobolev:
            slopes = learned.output_jacobian(self.q) - self.dy
            loss += float(np.mean(np.sum(slopes**2, axis=(1, 2))))
        off = learned.jacobian(self.q) - self._J
        relative = np.linalg.norm(off, axis=(1, 2)) / np.linalg.norm(self._J, axis=(1, 2))
        position = np.sqrt(np.mean(np.sum(error[:, : self._axes] ** 2, axis=1)))
        return Progress(epoch, samples, loss, float(np.median(relative)), float(position))


@dataclass(frozen=True, kw_only=True)
class TrainingPlan:
    """What a network is to learn of an arm, and from how many configurations.

    Raises:
        ConfigurationError: fewer than ten samples per joint, or no epochs.
    """

    arm: Arm  # the teacher
    bounds: Bounds  # of the region to learn [rad]
    neurons: int  # N
    samples: int  # training configurations
    epochs: int  # equal parts of the samples
    seed: int = 0  # of encoders, biases and configurations
    orientation: bool = False  # whether to learn the tool's orientation as well

    def __post_init__(self) -> None:
        given = Arguments("", samples=self.samples, epochs=self.epochs, seed=self.seed)
        check_seed(given)
        least = 10 * self.arm.dof
        needs = f"at least {least}, ten for each of {self.arm.dof} joints"
        check(given, "samples", self.samples >= least, needs)
        needs = f"a whole number from 1 to samples ({self.samples})"
        check(given, "epochs", 1 <= self.epochs <= self.samples, needs)

    def untrained(self) -> LearnedKinematics:
        """Return the network before training."""
        return untrained_kinematics(
            self.arm, *self.bounds, self.neurons, seed=self.seed, orientation=self.orientation
        )

    def examiner(self, rows: tuple[int, ...]) -> Examiner:
        """Return what measures a network with these rows on configurations held out."""
        held_out = sample(*self.bounds, HELD_OUT, np.random.default_rng([self.seed, 2]))
        return Examiner(self.arm, held_out, rows)


def learn_kinematics(
    arm: Arm,
    *,
    how: How = "sobolev",
    neurons: int = 1000,
    samples: int = 5000,
    epochs: int = 5,
    seed: int = 0,
    orientation: bool = False,
    half_range: float | None = None,
    watch: Watch | None = None,
) -> LearnedKinematics:
    """Return a network trained on random configurations in the region.

    Args:
        arm: the teacher.
        how: whether to train on positions (and orientations) only, or on J as well.
        neurons: N.
        samples: number of training configurations.
        epochs: number of equal parts of the samples; after each part the decoders are solved for
            from all samples so far, and ``watch`` is called.
        seed: random seed of encoders, biases and configurations.
        orientation: whether to learn the tool's orientation as well.
        half_range: see `region`.
        watch: called after every epoch.

    Raises:
        ConfigurationError: too few samples or neurons.
    """
    learned = None
    plan = TrainingPlan(
        arm=arm,
        bounds=region(arm, half_range),
        neurons=neurons,
        samples=samples,
        epochs=epochs,
        seed=seed,
        orientation=orientation,
    )
    for each in training(plan, how, []):
        learned, progress = each
        if watch is not None:
            watch(progress)
    assert learned is not None  # there is at least one epoch
    return learned


def training(
    plan: TrainingPlan, how: How, visited: list[Float[np.ndarray, "n"]]
) -> Iterator[tuple[LearnedKinematics, Progress]]:
    """Yield the network after every epoch; append its configurations to ``visited``."""
    blank = plan.untrained()
    q = sample(*plan.bounds, plan.samples, np.random.default_rng([plan.seed, 1]))
    examiner, equations = plan.examiner(blank.rows), NormalEquations(blank)
    for epoch, part in enumerate(np.array_split(q, plan.epochs), start=1):
        y, dy = kinematic_targets(plan.arm, part, blank.rows)
        equations.add(part, y, dy if how == "sobolev" else None)
        visited += list(part)
        learned = equations.solution()
        yield learned, examiner.measure(learned, epoch, len(visited), how == "sobolev")
