"""Online learning of the kinematics: motor babbling, then reaching with the learned Jacobian."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from arms import Arm

from ...contract import Cycle, Reference, Result, State
from ...kinematics.learned import LearnedKinematics, kinematic_targets
from ...kinematics.training import Bounds, Progress, TrainingPlan, sample
from ...learning.law import Signal
from ...learning.least_squares import RecursiveLeastSquares
from ...paths import MinimumJerk
from ...robots.log import Log
from ...robots.loop import follow
from ...sim.engines import ENGINES, default_engine
from ...support.torques import limited

DT = 1e-3  # control period [s]
EVERY = 10  # control cycles per sample
BABBLING = 0.7  # share of the samples taken before reaching
LAW = RecursiveLeastSquares(noise=1e-8, prior=1.0)  # (0.1 mm)^2: noise of the tool's measurement
STIFFNESS, SPEED = 400.0, 4.0  # of the joints [1/s^2], and of a reach [1/s]


class OnlineLearner:
    """Recursive least squares of the decoders on the error of the predicted pose."""

    def __init__(self, blank: LearnedKinematics) -> None:
        self.blank, self.weights = blank, {"decoders": blank.decoders.copy()}
        self._memory = LAW.start(self.weights)

    def learn(self, q: Float[np.ndarray, "n"], y: Float[np.ndarray, "outputs"]) -> None:
        """Learn from one configuration and its measurement."""
        phi = self.blank.features(q)
        J_w = np.zeros((len(y), len(y), len(phi)))
        J_w[np.arange(len(y)), np.arange(len(y))] = phi
        signal = Signal(prediction=y - self.weights["decoders"] @ phi)
        self.weights = LAW.step(self.weights, {"decoders": J_w}, signal, self._memory, DT)

    @property
    def learned(self) -> LearnedKinematics:
        """The network in its present state."""
        return self.blank.with_decoders(self.weights["decoders"])


def online_training(
    plan: TrainingPlan, visited: list[Float[np.ndarray, "n"]]
) -> Iterator[tuple[LearnedKinematics, Progress]]:
    """Yield the network after every epoch; append its configurations to ``visited``.

    For seven tenths of the samples the joints move from one random configuration to the next on
    minimum-jerk lines. Then the tool reaches for random targets with the joint velocities
    ``pinv(J) 4/s (x_t - x)``, J the learned one. The joints follow by computed torque.
    """
    arm, samples = plan.arm, plan.samples
    learner = OnlineLearner(plan.untrained())
    rows = learner.blank.rows
    examiner = plan.examiner(rows)
    ends = np.linspace(0, samples, plan.epochs + 1).round().astype(int)[1:]
    rng, start = np.random.default_rng([plan.seed, 1]), 0.5 * (plan.bounds[0] + plan.bounds[1])
    with ENGINES[default_engine()](arm, start, dt=DT) as robot:
        cycle = Babbling(_Guide(arm, learner, plan.bounds, rng, start), arm)
        log, epoch = Log(samples * EVERY), 0
        for count in range(1, samples + 1):
            cycle.babbling = count <= BABBLING * samples
            follow(robot, cycle, cycle, range(EVERY), log)
            q = robot.read().q
            y, _ = kinematic_targets(arm, q[None], rows)  # as measured by a camera
            learner.learn(q, y[0])
            visited.append(q)
            if count == ends[epoch]:
                epoch += 1
                yield learner.learned, examiner.measure(learner.learned, epoch, count, False)


class Babbling(Cycle):
    """Computed-torque control of the joints along a guide; also serves as a path at rest."""

    arm: Arm
    dt = DT

    def __init__(self, guide: "_Guide", arm: Arm) -> None:
        self.arm, self.dof = arm, arm.dof
        self.babbling = True  # else reaching
        self._guide, self._rest = guide, Reference(*np.zeros((3, 3)))

    def at(self, time: float) -> Reference:
        """Return a dummy reference: the real one depends on the state, see `step`."""
        return self._rest

    def step(self, state: State, reference: Reference) -> Result:
        """Return the torque towards the guide's next reference, within the motors' limits."""
        q_r, dq_r, ddq_r = self._guide.next(state.q, self.babbling)
        ddq = ddq_r + STIFFNESS * (q_r - state.q) + 2 * STIFFNESS**0.5 * (dq_r - state.dq)
        tau = self.arm.inverse_dynamics(state.q, state.dq, ddq)
        return Result(limited(tau, self.arm.tau_max), 0.0, self._rest.x)


class _Guide:
    """The next joint reference, towards a random posture or a random target."""

    def __init__(
        self,
        arm: Arm,
        learner: OnlineLearner,
        bounds: Bounds,
        rng: np.random.Generator,
        q: Float[np.ndarray, "n"],
    ) -> None:
        self._arm, self._learner, self._rng = arm, learner, rng
        self._lower, self._upper = bounds
        self._cycle, self._q, self._line = 0, q.copy(), MinimumJerk(np.array([q, q]), DT)
        self._target = None

    def next(self, q: np.ndarray, babbling: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the joints' wanted q, dq and ddq."""
        if babbling:
            self._cycle += 1
            if self._cycle * DT > self._line.end:
                goal = sample(self._lower, self._upper, 1, self._rng)[0]
                slowest = np.max(1.875 * np.abs(goal - self._q) / (0.4 * self._arm.dq_max))
                self._line, self._cycle = MinimumJerk(np.array([self._q, goal]), slowest + 0.1), 0
            reference = self._line.at(self._cycle * DT)
            if self._cycle * DT >= self._line.end - DT:
                self._q = reference.x
            return reference.x, reference.dx, reference.ddx
        return self._reach(q)

    def _reach(self, q: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        axes = list(self._learner.blank.axes)
        if self._target is None or self._cycle <= 0:
            if self._target is None:
                self._q = q.copy()
            goal = sample(self._lower, self._upper, 1, self._rng)[0]
            self._target, self._cycle = self._arm.pose(goal)[axes, 3], round(1.0 / DT)
        if self._cycle % EVERY == 0:
            J = self._learner.learned.jacobian(self._q)[: len(axes)]
            error = self._target - self._arm.pose(q)[axes, 3]
            dq = J.T @ np.linalg.solve(J @ J.T + 1e-3 * np.eye(len(axes)), SPEED * error)
            fastest = np.max(np.abs(dq) / (0.4 * self._arm.dq_max))
            self._dq = dq / max(fastest, 1.0)
        self._cycle -= 1
        self._q = np.clip(self._q + DT * self._dq, self._lower, self._upper)
        return self._q, self._dq, np.zeros_like(self._q)
