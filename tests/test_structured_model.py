"""What the structured learner finds of gravity, links and motors; what it refuses."""

import math

import numpy as np
import pytest
from reaching_job import DT, job_of, rms, run

from nengo_forcectl.cycle import structured_cycle
from nengo_forcectl.kernels.keep_physical import keep_inertia
from nengo_forcectl.sim import TiltedBase, TorqueError, WrongMasses
from nengo_forcectl.sim.bullet import Bullet

OFFSET = np.array([0.8, -0.5, 0.6, -0.4, 0.3, -0.2, 0.1])  # [N m]


def learned_in(job, disturbance):
    """What two passes find, and the error [m] of a third over unseen targets, learning off."""
    arm, home, path, cycles = job
    with (
        Bullet(arm, home, [disturbance], DT) as robot,
        structured_cycle(arm, home, seed=0) as cycle,
    ):
        run(robot, cycle, path, 2 * cycles)
        cycle.learn(False)
        errors, _ = run(robot, cycle, path, cycles)
        return cycle, cycle.learned, rms(errors)


def test_a_tilted_base_is_found(iiwa_job):
    """Gravity's change to 0.02 m/s^2; without observer, unseen reaches below 0.1 mm."""
    _, learned, error = learned_in(iiwa_job, TiltedBase(math.radians(3.0), math.radians(2.0)))
    sideways = 9.81 * np.array([math.sin(math.radians(2.0)), -math.sin(math.radians(3.0))])
    np.testing.assert_allclose(learned.gravity.value[:2], sideways, rtol=0, atol=0.02)
    assert learned.payload.mass < 0.05
    assert error < 0.1e-3


def test_wrong_masses_are_made_up_for(iiwa_job):
    """Without observer, unseen reaches below 0.1 mm; together the numbers give the torque."""
    _, learned, error = learned_in(iiwa_job, WrongMasses(0.3, 0))
    assert error < 0.1e-3
    assert np.count_nonzero(learned.links.value) > 5


def test_offsets_of_motors_are_found(iiwa_job):
    """A constant torque, to 0.05 N m, and no other cause."""
    _, learned, error = learned_in(iiwa_job, TorqueError(offset=tuple(-OFFSET)))
    np.testing.assert_allclose(learned.offset.value, OFFSET, rtol=0, atol=0.05)
    assert learned.payload.mass < 0.05
    assert error < 0.2e-3


def test_links_that_make_the_inertia_singular_are_kept_out(iiwa_job):
    """Then their parameters stay those of the last solution, and it is counted."""
    arm, home, _, _ = iiwa_job
    with structured_cycle(arm, home, seed=0) as cycle:
        learner = cycle.cycle.learner
        law, links = learner._sums, len(learner.design.columns.chosen)
        law["covariance"][:] = np.eye(len(law["next"]))
        law["weights"][-links:] = 0.01
        before = float(law["repaired"])
        law["next"][:] = 0.0
        assert not keep_inertia(law.address)
        law["next"][-links:] = -40.0 * np.sign(np.trace(law["changes"], axis1=1, axis2=2))
        assert keep_inertia(law.address)
        np.testing.assert_array_equal(law["next"][-links:], 0.01)
        assert law["repaired"] == before + 1
        assert not keep_inertia(law.address)


@pytest.mark.parametrize("name", ["ur5e", "panda", "planar3"])
def test_parameters_of_links_are_chosen_that_the_others_do_not_explain(name):
    """With payload and armature, the chosen columns have full rank and span all of the links'."""
    arm, home, _, _ = job_of(name)
    with structured_cycle(arm, home, seed=0) as cycle:
        learner = cycle.cycle.learner
        encoding, chosen = learner.encoding, learner.design.columns.chosen
    rng = np.random.default_rng(0)
    q, dq, ddq = (rng.normal(size=(200, arm.dof)) for _ in range(3))
    v = encoding.input(q, dq, ddq)[:, encoding.places["payload"]].reshape(-1, 10)
    known = np.hstack((v, (ddq[:, :, None] * np.eye(arm.dof)).reshape(-1, arm.dof)))
    size = np.linalg.norm(known, axis=0)
    known = known[:, size > 1e-9] / size[size > 1e-9]
    Y = encoding.arm.regressor(q, dq, ddq).reshape(len(known), -1)
    Y = Y / np.maximum(np.linalg.norm(Y, axis=0), 1e-9)
    rank = np.linalg.matrix_rank(known, tol=1e-8)
    both = np.hstack((known, Y[:, chosen]))
    assert np.linalg.matrix_rank(both, tol=1e-8) == rank + len(chosen)
