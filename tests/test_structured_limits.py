"""The limits of an arm whose learner makes up for friction."""

import math

import numpy as np
from reaching_job import DT, job_of, rms, run

from nengo_forcectl import State, learning_cycle
from nengo_forcectl.jobs.bench.conditions import condition
from nengo_forcectl.safety.packing import OBSERVER_GAIN
from nengo_forcectl.sim.bullet import Bullet


def test_friction_that_changes_sides_overrules_nothing():
    """A light wrist with bristles: what the guard knows of friction follows the learner's."""
    arm, home, path, cycles = job_of("ur10e", 2)
    bristles = condition("stribeck", arm, 0, 1.0).disturbances
    with (
        Bullet(arm, home, bristles, 1e-4, period=DT) as robot,
        learning_cycle(arm, home, seed=0) as cycle,
    ):
        guard, share = cycle._guard, -math.expm1(-OBSERVER_GAIN * DT)
        before = np.zeros(arm.dof), np.zeros(arm.dof)

        def follow(learner, state):
            nonlocal before
            rubs, rubbed = before
            if state.time > 0.0:
                wanted = rubbed + share * (rubs - rubbed)
                np.testing.assert_allclose(guard["rubbed"], wanted, rtol=0, atol=1e-12)
            np.testing.assert_array_equal(guard["rubs"], learner.block["rubs"])
            before = guard["rubs"].copy(), guard["rubbed"].copy()

        run(robot, cycle, path, cycles, follow)
        overruled = cycle.events["velocity"]
        errors, _ = run(robot, cycle, path, cycles, follow)
    assert np.abs(before[0]).max() > 1.0  # [N m]
    assert cycle.events["velocity"] - overruled == 0
    assert rms(errors) < 1e-3


def test_viscous_friction_that_is_not_there_throws_no_light_joint():
    """Where the task leaves a joint free, it gains a tenth of its speed a cycle by it at most."""
    arm, home, path, _ = job_of("ur10e", 2)
    with learning_cycle(arm, home, seed=0) as cycle:
        learner, law = cycle.cycle.learner, cycle.cycle.controller
        learner.block["friction"][:, 0] = 50.0
        speed = learner.encoding.joints.speed
        state, reference = State(0.0, home, 20.0 * speed), path.at(0.0)
        cycle.step(state, reference)
        free = learner.block["viscous"] - law.block["along"]
    M = cycle.cycle._arm["M"].copy()  # with the inertia that is assumed of an unknown payload
    command = law.torque(arm.terms(home, state.dq)._replace(M=M), state, reference)
    most = np.maximum(0.1 * M.diagonal() / DT * np.abs(command.dq_s), 3.0 * 50.0)
    assert (np.abs(free) <= most * (1.0 + 1e-9)).all()
    assert np.isclose(np.abs(free), most).any()
