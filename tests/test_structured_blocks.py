"""The structured learner with laws in Python: the same as compiled, and for a law of one's own."""

from dataclasses import dataclass

import numpy as np
import pytest
from reaching_job import DT, MAIN, MASS, rms, run

from nengo_forcectl import Controller, Log, follow, learning_cycle
from nengo_forcectl.contract import Command
from nengo_forcectl.control import ComputedTorque, OperationalSpace
from nengo_forcectl.control.secondary import Secondary
from nengo_forcectl.cycle import StructuredBlocks, StructuredCycle
from nengo_forcectl.networks.workspace import task_axes
from nengo_forcectl.paths import MinimumJerk
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.sim.masses import Payload
from nengo_forcectl.sim.sensing import Sensors


class Nothing(Secondary):
    """A task in Python, so that the law has no compiled form."""

    def torque(self, terms, state):
        """None."""
        return np.zeros(len(state.q))


@dataclass(frozen=True)
class InertialPD(Controller):
    """``tau = g(q) + M (ddq_r + kp (q_r - q) + kv (dq_r - dq))``."""

    kp: float = 196.0
    kv: float = 28.0

    def torque(self, terms, state, reference):
        """Return the torque that pulls the joints to the reference."""
        feedback = self.kp * (reference.x - state.q) + self.kv * (reference.dx - state.dq)
        error = terms.M @ feedback
        return Command(
            tau=terms.g + terms.C @ state.dq + terms.M @ reference.ddx + error,
            error=error,
            task_torque=error,
            dq_r=reference.dx,
            ddq_r=reference.ddx,
            mobility=np.linalg.inv(terms.M),
            task_error=feedback,
        )


@pytest.mark.parametrize(("delay", "neurons"), [(0.0, "lif"), (0.002, "relu")])
def test_blocks_give_the_torque_of_the_compiled_cycle(iiwa_job, delay, neurons):
    """To 1e-9 over a pass, through learning, holding and freezing, with a predictor too; and they
    learn the same."""
    arm, home, path, cycles = iiwa_job
    sensors = Sensors(delay=delay) if delay else None
    torques, found, read = [], [], []
    for kind, tasks in ((StructuredCycle, ()), (StructuredBlocks, (Nothing(),))):
        law = OperationalSpace(home, task_axes(arm), secondary=tasks)
        with (
            Bullet(arm, home, MAIN, DT, sensors=sensors) as robot,
            learning_cycle(
                arm, home, seed=0, controller=law, delay=delay, neuron_type=neurons
            ) as cycle,
        ):
            assert type(cycle.cycle) is kind
            parts = []
            for mode, count in ((True, cycles // 2), ("hold", 100), (False, 100), (True, 200)):
                cycle.learn(mode)
                assert cycle.learning == (mode is True)
                assert cycle.frozen == (mode is False)
                parts.append(run(robot, cycle, path, count)[1])
            torques.append(np.concatenate(parts))
            found.append(cycle.learned.payload.mass)
            read.append(cycle.read())
    np.testing.assert_allclose(torques[1], torques[0], rtol=0, atol=1e-9)
    assert found[1] == pytest.approx(found[0], abs=1e-9)
    for name, weights in read[0].items():
        np.testing.assert_allclose(read[1][name], weights, rtol=0, atol=1e-9, err_msg=name)


def test_a_law_of_ones_own_learns_like_a_compiled_one(iiwa_job):
    """It finds the payload; in the second pass its error is a tenth of the first one's, and that of
    `ComputedTorque`."""
    arm, home, *_ = iiwa_job
    turn = np.array([0.4, -0.3, 0.5, 0.4, -0.5, 0.6, 0.5])
    path = MinimumJerk([home, *(home + turn, home - 0.5 * turn, home) * 2], duration=1.0)
    errors = []
    for law in (InertialPD(), ComputedTorque()):
        log = Log(capacity=6000)
        with (
            Bullet(arm, home, MAIN, DT) as robot,
            learning_cycle(arm, home, seed=0, controller=law) as cycle,
        ):
            follow(robot, cycle, path, range(6000), log)
            assert cycle.learned.payload.mass == pytest.approx(MASS, rel=0.02)
        first, second = (rms(log.joint_error()[part]) for part in (slice(3000), slice(3000, None)))
        assert second < 0.1 * first
        errors.append(second)
    assert errors[0] == pytest.approx(errors[1], rel=0.5)


def test_its_checkpoint_goes_on(planar):
    """A cycle that resumes from it gives the torques of the one that went on."""
    path = MinimumJerk([planar.home, planar.home + 0.3, planar.home], duration=0.3)
    torques = []
    for resumes in (False, True):
        with (
            Bullet(planar.arm, planar.home, [Payload(0.5)], DT) as robot,
            learning_cycle(planar.arm, planar.home, seed=0, controller=InertialPD()) as cycle,
        ):
            log = Log(capacity=600)
            follow(robot, cycle, path, range(300), log)
            if resumes:
                kept = cycle.checkpoint()
                cycle.cycle.forget_motion()
                cycle.resume(kept)
            follow(robot, cycle, path, range(300, 600), log)
            torques.append(log.arrays()["tau"].copy())
    np.testing.assert_array_equal(*torques)
