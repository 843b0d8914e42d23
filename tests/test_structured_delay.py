"""The structured learner with late sensors: a delay that is stated, or found."""

import numpy as np
import pytest
from reaching_job import DT, FRICTION, MAIN, MASS, rms, run, spatial

from nengo_forcectl import learning_cycle
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.sim.rotors import RotorInertia
from nengo_forcectl.sim.sensing import Sensors


def test_a_declared_delay_is_predicted(iiwa_job):
    """Sensors 4 ms late, told of it, and rotors: mass to 1 %, friction to 5 %, armature to 10 %,
    the second pass below 0.03 mm. The state is predicted with what was learned: see `Predictor`.
    """
    arm, home, path, cycles = iiwa_job
    late, rotors = 4e-3, 0.1
    with (
        Bullet(arm, home, [*MAIN, RotorInertia(rotors)], DT, sensors=Sensors(delay=late)) as robot,
        learning_cycle(arm, home, seed=0, delay=late) as cycle,
    ):
        run(robot, cycle, path, cycles)
        errors, _ = run(robot, cycle, path, cycles)
        found, moving = cycle.learned, [0, 1, 3, 5]
        assert found.payload.mass == pytest.approx(MASS, rel=0.01)
        viscous, armature = found.friction.viscous.value, found.armature.value
        np.testing.assert_allclose(viscous[moving], FRICTION, rtol=0.05)
        np.testing.assert_allclose(armature[moving], rotors, rtol=0.1)
        assert rms(errors) < 0.03e-3
        check_prediction(cycle.cycle, robot.read())


def check_prediction(cycle, state):
    """The predicted state is the equation of `Predictor`, with the learned body in M, C and g."""
    own, block = cycle.predictor._block, cycle.learner.block
    before, now = own["sent"].copy(), cycle.predictor.now(state)
    m, moment = block["payload"][0], block["payload"][1:4]
    inertia = spatial(block["payload"])[3:, 3:]
    com = moment / m
    inertia = inertia - m * (com @ com * np.eye(3) - np.outer(com, com))
    terms = cycle.arm.with_payload(m, com, inertia).terms(state.q, state.dq)
    joints = cycle.learner.encoding.joints
    b = block["friction"][:, 0] / joints.speed
    M = terms.M + np.diag(block["armature"] + DT * b)
    q, dq = state.q, state.dq
    for torque in before[-2::-1]:
        free = torque + own["unmodelled"] + b * (state.dq - dq) - terms.C @ state.dq - terms.g
        ddq = np.linalg.solve(M, free)
        q, dq = q + DT * dq + 0.5 * DT**2 * ddq, dq + DT * ddq
    np.testing.assert_allclose(now.q, q, rtol=0, atol=1e-11)
    np.testing.assert_allclose(now.dq, dq, rtol=0, atol=1e-11)
    cycle.forget_motion()
    cycle.predictor.now(state)
    assert not own["unmodelled"].any()  # the learned load is in the model, and no longer in r


def test_an_undeclared_delay_is_found(iiwa_job):
    """With sensors 3 ms late: to half a millisecond; the second pass is below 0.05 mm, mass and
    friction are the true ones."""
    arm, home, path, cycles = iiwa_job
    with (
        Bullet(arm, home, MAIN, DT, sensors=Sensors(delay=3e-3)) as robot,
        learning_cycle(arm, home, seed=0) as cycle,
    ):
        run(robot, cycle, path, cycles)
        errors, _ = run(robot, cycle, path, cycles)
        found = cycle.learned
        assert found.delay == pytest.approx(3e-3, abs=0.5e-3)
        assert found.payload.mass == pytest.approx(MASS, rel=0.01)
        np.testing.assert_allclose(found.friction.viscous.value, FRICTION, rtol=0.05)
        assert rms(errors) < 0.05e-3


def test_a_delay_is_found_although_states_are_lost(iiwa_job):
    """With every third state not sound: a late torque still meets its own motion."""
    arm, home, path, cycles = iiwa_job
    with (
        Bullet(arm, home, MAIN, DT, sensors=Sensors(delay=3e-3)) as robot,
        learning_cycle(arm, home, seed=0) as cycle,
    ):
        for k in range(cycles):
            state = robot.read()
            state = state._replace(sound=k % 3 != 2)
            robot.apply(cycle.step(state, path.at(state.time)).tau)
        assert cycle.learned.delay == pytest.approx(3e-3, abs=0.2e-3)
