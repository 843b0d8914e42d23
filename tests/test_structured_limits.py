"""The limits of an arm whose learner makes up for friction."""

import math

import numpy as np
from reaching_job import DT, job_of, rms, run

from nengo_forcectl import State, learning_cycle
from nengo_forcectl.jobs.bench.conditions import condition
from nengo_forcectl.networks.structured_encoding import SLOW
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


def test_dry_friction_is_supplied_less_the_faster_a_free_joint_moves():
    """0.8 of it where the task leaves a joint free, up to half its top speed; then it fades."""
    arm, home, path, _ = job_of("kuka_iiwa", 2)
    with learning_cycle(arm, home, seed=0) as cycle:
        learner, law = cycle.cycle.learner, cycle.cycle.controller
        learner.block["friction"][:, 1] = 5.0
        state = State(0.0, home, np.array([0.1, 0.5, 0.7, 0.9, 0.1, -0.6, -0.8]) * arm.dq_max)
        reference = path.at(0.0)
        cycle.step(state, reference)
        supplied = learner.block["dry"].copy()
    M = cycle.cycle._arm["M"].copy()  # with the inertia that is assumed of an unknown payload
    terms = arm.terms(home, state.dq)._replace(M=M)
    dq_s = law.torque(terms, state, reference).dq_s
    friction = 5.0 * np.tanh(dq_s / SLOW)
    J = terms.J[:3]
    mobility = np.linalg.solve(M, J.T).T
    along = J.T @ np.linalg.solve(mobility @ J.T, mobility @ friction)
    share = 0.8 * np.clip(2.0 * (1.0 - np.abs(dq_s) / arm.dq_max), 0.0, 1.0)
    assert share.min() < 0.2
    assert share.max() == 0.8
    # The law's inverse is damped by a little.
    np.testing.assert_allclose(supplied, along + share * (friction - along), rtol=0, atol=1e-4)


def test_a_gain_goes_down_while_its_joint_shakes_and_grows_again():
    """In joint 4 the equation, cycle by cycle; a joint that shook for long waits longer."""
    arm, home, path, _ = job_of("kuka_iiwa", 2)
    with learning_cycle(arm, home, seed=0) as cycle:
        block = cycle.cycle.learner.block
        loud, most, patience, last, shaken, lowered = block["loud"][3], 50.0, 1.0, 0.0, 0, 0
        for k in range(400):
            if k % 100 == 50:  # the fast part jumps
                last += math.sqrt((2.0 if k == 50 else 0.3) * loud / 0.03)
                block["fast_last"][3] = last
            gain, before = block["gain"][3], block["shake"][3]
            cycle.step(State(k * DT, home, np.zeros(arm.dof)), path.at(k * DT))
            fast = block["fast"][3]
            shake = before + 0.03 * ((fast - last) ** 2 - before)
            last = fast
            lowered += before <= 0.1 * loud < shake
            if shake > 0.1 * loud:
                most = max((1.0 - DT / 0.5) * min(most, gain), 5.0)
                patience = min((1.0 + DT / 0.1) * patience, 1e6)
                shaken += 1
            else:
                most += DT / patience * (50.0 - most)
            if shake > loud:
                most = max(0.6 * gain, 5.0)
            np.testing.assert_allclose(block["gain_most"][3], most, rtol=1e-9)
        assert block["backed_off"] >= lowered >= 4
    assert 100 < shaken < 300
    assert most < 50.0
