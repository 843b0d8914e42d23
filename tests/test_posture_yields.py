"""A posture spring yields to the arm's reference, to a learner's doubt and to top speeds."""

import numpy as np
import pytest

from nengo_forcectl.contract import Reference, State
from nengo_forcectl.control import OperationalSpace, Posture
from nengo_forcectl.control.task_space import BoundTaskLaw
from nengo_forcectl.cycle.compiled import CompiledController
from nengo_forcectl.networks.workspace import home_posture

ZERO = np.zeros(3)


def equation(arm, law, state, reference, w, k, s=1.0):
    """The torque in NumPy with a share w withheld and a share s of springs k, and the next w."""
    t = arm.terms(state.q, state.dq)
    M, J = t.M, t.J[:3]
    Minv = np.linalg.inv(M)
    free = np.diag(Minv)
    Lambda = np.linalg.inv(J @ Minv @ J.T + law.damping**2 * np.eye(3))
    k = s * k
    d, firm = (np.minimum(2 * np.sqrt(each * np.diag(M)), 100 / free) for each in (k, 30))
    d = (1 - w) * d + w * firm
    pull = k * (law.posture - state.q)
    soft = np.minimum(k, 2500 / free) * (law.posture - state.q)
    soft = np.clip(soft, -d * arm.dq_max, d * arm.dq_max)
    d += np.clip(np.abs(state.dq) / arm.dq_max / 0.4 - 1.5, 0, 1) * (100 / free - d)
    tau_0 = (1 - w) * pull + w * soft - d * state.dq
    e, de = reference.x - t.pose[:3, 3], reference.dx - J @ state.dq
    a = law.kp * e + law.kv * de + reference.ddx - t.dJ[:3] @ state.dq
    tau = J.T @ Lambda @ (a - J @ Minv @ tau_0) + tau_0 + t.C @ state.dq + t.g
    late = (np.abs(Minv @ J.T @ Lambda @ e) / arm.dq_max).max()
    return tau, w + 0.01 * (min(late / 0.1, 1.0) - w)


@pytest.mark.parametrize("softened", [1.0, 0.1])
def test_after_torques_that_were_not_sent_the_spring_yields(iiwa, softened):
    """By the equations, in blocks and compiled; once torques are sent it comes back slowly.

    A spring that was softened is then damped as firmly as before.
    """
    law = OperationalSpace(home_posture(iiwa))
    q, dq = law.posture + np.linspace(-0.5, 0.6, 7), np.linspace(0.3, -0.2, 7)
    state = State(0.0, q, dq)
    reference = Reference(iiwa.pose(q)[:3, 3] + [0.05, 0.1, -0.02], ZERO, ZERO)
    blocks, cycle, w = law.bind(iiwa), CompiledController(iiwa, law), 0.0
    withheld = cycle.memory["OperationalSpace.withheld"]
    k = 30.0 * softened ** np.arange(7)
    for bound in (blocks, cycle.controller):
        assert isinstance(bound, BoundTaskLaw)
        bound.null_space.tasks[0].block["k"][...] = k
    for sent in [True] + [False] * 30 + [True] * 3:
        if not sent:
            cycle.overruled(np.zeros(7))
        blocks.overruled = not sent
        tau, following = equation(iiwa, law, state, reference, w, k)
        w = w * 0.999 if sent else following
        np.testing.assert_allclose(cycle.step(state, reference).tau, tau, rtol=1e-9, atol=1e-9)
        command = blocks.torque(iiwa.terms(q, dq), state, reference)
        np.testing.assert_allclose(command.tau, tau, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(withheld, w, rtol=1e-9)
        np.testing.assert_allclose(blocks.memory["OperationalSpace.withheld"], w, rtol=1e-9)
    assert 0.1 < w < 0.3
    cycle.forget_motion()
    assert withheld == 0.0


def test_fast_joints_are_damped_more_and_a_share_softens_all_springs(iiwa):
    """By the equation; joints below 0.6 of their top speed, between that and 1, and beyond."""
    law = OperationalSpace(home_posture(iiwa))
    q, dq = law.posture + np.linspace(-0.5, 0.6, 7), np.linspace(-1.2, 0.9, 7) * iiwa.dq_max
    state, reference = State(0.0, q, dq), Reference(iiwa.pose(q)[:3, 3], ZERO, ZERO)
    bound = law.bind(iiwa)
    for share in (1.0, 0.25, 0.0):
        bound.null_space.tasks[0].block["share"][...] = share
        tau, _ = equation(iiwa, law, state, reference, 0.0, 30.0, share)
        torque = bound.torque(iiwa.terms(q, dq), state, reference).tau
        np.testing.assert_allclose(torque, tau, rtol=1e-9, atol=1e-9)


def test_a_checkpoint_knows_that_a_torque_was_not_sent(iiwa):
    """A cycle that resumes yields as the one that saved."""
    home = home_posture(iiwa)
    law, state = OperationalSpace(home), State(0.0, home, np.zeros(7))
    reference = Reference(iiwa.pose(home)[:3, 3] + [0.05, 0.1, -0.02], ZERO, ZERO)
    first, second = (CompiledController(iiwa, law) for _ in range(2))
    first.step(state, reference)
    first.overruled(np.zeros(7))
    second.resume(first.checkpoint())
    for cycle in (first, second):
        cycle.step(state, reference)
    assert first.memory["OperationalSpace.withheld"] > 0.0
    for name, value in first.checkpoint().items():
        np.testing.assert_array_equal(second.memory[name], value)


def test_a_spring_without_stiffness_or_top_speed_yields_nothing(iiwa):
    """0 and infinity give a finite torque."""
    state = State(0.0, np.full(7, 0.3), np.full(7, 0.1))
    for k in (0.0, 30.0):
        torque = Posture(np.zeros(7), k).torque(iiwa.terms(state.q, state.dq), state)
        assert np.isfinite(torque).all()
