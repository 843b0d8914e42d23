"""The friction that the model knows: a feed-forward of every law, unknown to no observer."""

import os
import subprocess
import sys

import numpy as np
import pytest
from law_equations import LAWS, references

import arms
from nengo_forcectl import (
    CompiledController,
    JointPD,
    Log,
    MinimumJerk,
    Safe,
    State,
    export_controller,
    follow,
    load_controller,
)
from nengo_forcectl.adaptation import DisturbanceObserver, NoAdaptation
from nengo_forcectl.adaptation.network_adaptation import Balance
from nengo_forcectl.contract import Command, Reference, Result
from nengo_forcectl.control import Admittance, ComputedTorque, Floating, OperationalSpace
from nengo_forcectl.control.joint_space import JointSpace
from nengo_forcectl.cycle import consolidating_cycle
from nengo_forcectl.cycle.blocks import Blocks
from nengo_forcectl.estimation.observer import MomentumObserver
from nengo_forcectl.networks.workspace import home_posture
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.sim.mujoco import MuJoCo

DT = 1e-3
VISCOUS, DRY = np.linspace(0.5, 2.0, 7), np.linspace(0.0, 3.0, 7)


@pytest.fixture(scope="module")
def rubbing(iiwa):
    return iiwa.with_friction(VISCOUS, DRY)


@pytest.mark.parametrize("name", LAWS)
def test_every_law_adds_the_friction_at_its_reference(iiwa, rubbing, name):
    """``viscous dq_s + dry tanh(dq_s / 0.01)``, and else what it does without; compiled too.

    dq_s is the reference's speed for the task, the measured one in its null space. Of the torque in
    that null space 0.7 is sent.
    """
    law = LAWS[name](iiwa)
    without, bound = law.bind(iiwa), LAWS[name](rubbing).bind(rubbing)
    fused = CompiledController(rubbing, LAWS[name](rubbing))
    blocks = Blocks(rubbing, LAWS[name](rubbing), NoAdaptation())
    for state, tool, joints in references(iiwa, 5):
        reference = joints if isinstance(law, JointSpace) else tool
        terms = iiwa.terms(state.q, state.dq)
        plain = without.torque(terms, state, reference)
        command = bound.torque(terms, state, reference)
        dq_s = plain.dq_r
        if not isinstance(law, JointSpace):
            rows = list(law.inner.rows if isinstance(law, Admittance) else law.rows)
            J, M = terms.J[rows], terms.M
            Lambda = np.linalg.inv(J @ np.linalg.solve(M, J.T) + 1e-6 * np.eye(len(rows)))
            Jbar = np.linalg.solve(M, J.T) @ Lambda
            dq_s = dq_s + state.dq - Jbar @ J @ state.dq
        np.testing.assert_allclose(command.dq_s, dq_s, rtol=1e-9, atol=1e-9)
        added = VISCOUS * command.dq_s + DRY * np.tanh(command.dq_s / 0.01)
        if not isinstance(law, JointSpace):
            added = 0.7 * added + 0.3 * J.T @ Jbar.T @ added
        np.testing.assert_allclose(command.tau, plain.tau + added, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(command.friction, added, rtol=1e-9, atol=1e-9)
        np.testing.assert_array_equal(plain.friction, 0.0)
        for field in set(Command._fields) - {"tau", "friction"}:
            np.testing.assert_array_equal(getattr(command, field), getattr(plain, field))
        one, other = fused.step(state, reference).tau, blocks.step(state, reference).tau
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("told", "least", "most"), [(0.0, 3.0, 20.0), (1.0, 0.0, 0.02), (1.4, 0.0, 2.0)]
)
def test_known_friction_costs_a_law_of_the_tool_nothing(iiwa, told, least, most):
    """A reach in PyBullet with viscous friction, known or not or too large [mm].

    The task leaves four joints' motions free: what they rub is part of what the law must know.
    """
    home, viscous = home_posture(iiwa), 1.0
    model = iiwa.with_friction(told * viscous, 0.0)
    x = iiwa.pose(home)[:3, 3]
    path = MinimumJerk(np.array([x, x + np.array([0.1, 0.1, -0.1]), x]), 1.2)
    cycle = Safe(CompiledController(model, OperationalSpace(home, (0, 1, 2))), model)
    log = Log(2400)
    with Bullet(iiwa.with_friction(viscous, 0.0), home) as robot:
        follow(robot, cycle, path, range(2400), log)
    assert least <= 1e3 * np.sqrt(np.mean(log.error() ** 2)) <= most
    assert cycle.events["velocity"] == 0


def test_a_law_without_a_reference_feeds_no_friction_forward(rubbing):
    """The measured speed is never fed back: a floating arm at any speed gets gravity alone."""
    law = Floating().bind(rubbing)
    q, dq = np.full(7, 0.3), np.ones(7)
    nothing = Reference(np.zeros(7), np.zeros(7), np.zeros(7))
    command = law.torque(rubbing.terms(q, dq), State(0.0, q, dq), nothing)
    np.testing.assert_allclose(command.tau, rubbing.gravity(q), atol=1e-12)


def swinging(time):
    """A reference of three joints that swing."""
    rate = np.array([1.0, 1.3, 1.7])
    q, dq = 0.4 * np.sin(rate * time), 0.4 * rate * np.cos(rate * time)
    return Reference(q, dq, -(rate**2) * q)


@pytest.mark.parametrize("adaptation", ["none", "observer"])
def test_known_friction_costs_a_tenth_of_the_error(adaptation):
    """Computed torque in MuJoCo, whose joints have the arm's own friction, told or not [rad]."""
    bare = arms.load("planar3").with_armature(0.05)
    real = bare.with_friction(0.3, 0.0)
    errors = []
    for model in (bare, real):
        added = NoAdaptation()
        if adaptation == "observer":
            added = DisturbanceObserver(model, 30.0, DT)
        start = swinging(0.0)
        robot, cycle = MuJoCo(real, start.x), Blocks(model, ComputedTorque(), added)
        robot.reset(start.x, start.dx)
        worst = 0.0
        for _ in range(1500):
            state = robot.read()
            reference = swinging(state.time)
            robot.apply(cycle.step(state, reference).tau)
            if state.time > 0.5:
                worst = max(worst, float(np.abs(reference.x - state.q).max()))
        errors.append(worst)
    assert errors[1] < 0.1 * errors[0]


def test_an_observer_sees_no_torque_in_the_friction_that_the_law_answers(iiwa, rubbing, rng):
    """Its r, whoever overrules the torque, is that of an observer told the torque without it."""
    friction = rubbing.friction_torque(rng.normal(size=7))
    known, plain = (DisturbanceObserver(iiwa, 50.0, DT) for _ in range(2))
    q = np.full(7, 0.4)
    for k in range(20):
        dq, tau = rng.normal(size=7) * 0.01, rng.normal(size=7)
        blank = np.zeros((4, 7))
        with_it = Command(tau + friction, *blank, np.zeros((3, 7)), np.zeros(3), friction=friction)
        without = Command(tau, *blank, np.zeros((3, 7)), np.zeros(3))
        terms, state = iiwa.terms(q, dq), State(k * DT, q, dq)
        nothing = Reference(np.zeros(3), np.zeros(3), np.zeros(3))
        one = known.torque(terms, state, nothing, with_it)
        other = plain.torque(terms, state, nothing, without)
        np.testing.assert_allclose(one, other, atol=1e-9)
        if k % 3 == 0:
            known.overruled(tau / 2 + friction)
            plain.overruled(tau / 2)


def test_the_balance_of_a_network_leaves_known_friction_out(iiwa, rubbing):
    """The same for the prediction error that networks learn from."""
    friction = rubbing.friction_torque(np.ones(7))
    one, other = (Balance(iiwa, MomentumObserver(7, 50.0, DT)) for _ in range(2))
    q, dq, F = np.full(7, 0.4), np.full(7, 0.02), np.full(7, 0.1)
    for k in range(5):
        terms, state = iiwa.terms(q, dq), State(k * DT, q, dq)
        np.testing.assert_allclose(one.lacking(terms, state), other.lacking(terms, state))
        one.close(F + friction, F, friction, True)
        other.close(F, F, 0.0, True)
        if k == 2:
            one.overruled(2 * F + friction)
            other.overruled(2 * F)


def test_a_learning_cycle_learns_what_the_law_leaves():
    """On prescribed states its torque is that of an arm without friction, plus the friction."""
    bare = arms.load("planar2")
    real, home, taus = bare.with_friction(0.5, 0.2), home_posture(bare), []
    for arm in (bare, real):
        with consolidating_cycle(arm, home, seed=0, neurons=40, dt=DT) as safe:
            cycle, rows = safe.cycle, []
            for k in range(300):
                time = k * DT
                q = home + 0.1 * np.sin(5 * time)
                dq = np.full(2, 0.5 * np.cos(5 * time))
                x = arm.pose(q)[:3, 3]
                reference = Reference(x, arm.jacobian(q)[:3] @ dq, np.zeros(3))
                tau = cycle.step(State(time, q, dq), reference).tau
                friction = cycle.controller.command["friction"]
                rows.append(tau - friction)
                if k % 50 == 0:
                    cycle.overruled(0.5 * (tau - friction) + friction)
            taus.append(rows)
            assert cycle.controller.command["friction"].any() == (arm is real)
    np.testing.assert_allclose(taus[0], taus[1], rtol=1e-8, atol=1e-8)


def test_an_exported_controller_feeds_friction_forward_without_sympy(tmp_path):
    """The folder holds the tape of the friction, and the arm's armature."""
    arm = arms.load("planar2").with_armature((0.1, 0.05)).with_friction(0.5, (0.0, 0.2))
    safe = Safe(CompiledController(arm, JointPD(kp=9.0, kv=1.0)), arm, dt=DT)
    q, dq = np.full(2, 0.3), np.full(2, 0.2)
    state, reference = State(0.0, q, dq), Reference(q, np.array([0.3, -0.4]), np.zeros(2))
    wanted = safe.cycle.step(state, reference).tau
    export_controller(safe, tmp_path / "controller")
    loaded = load_controller(tmp_path / "controller")
    np.testing.assert_array_equal(loaded.arm.drive_parameters, arm.drive_parameters)
    np.testing.assert_allclose(loaded.cycle.step(state, reference).tau, wanted, atol=1e-12)
    code = (
        "import sys; from nengo_forcectl import load_controller; "
        f"load_controller({str(tmp_path / 'controller')!r}); assert 'sympy' not in sys.modules"
    )
    cache = {"NENGO_FORCECTL_CACHE": os.environ["NENGO_FORCECTL_CACHE"]}
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | cache)


class Pushes:
    """A cycle that asks for full torques, back and forth."""

    def __init__(self, arm):
        self.dof, self.tau_max = arm.dof, arm.tau_max

    def learn(self, on):
        pass

    def step(self, state, reference):
        rate = np.linspace(0.7, 3.0, self.dof)  # [Hz]
        signs = np.sign(np.sin(2 * np.pi * state.time * rate))
        return Result(self.tau_max * signs, 0.0, np.zeros(3))


def test_limits_hold_on_an_arm_with_rotors(iiwa):
    """`Safe` plans with the armature in M: pushed by full torques, no joint passes its speed."""
    arm = iiwa.with_armature(np.linspace(0.3, 0.03, 7))
    safe, robot = Safe(Pushes(arm), arm, dt=DT), MuJoCo(arm, home_posture(arm))
    nothing, fastest = Reference(np.zeros(3), np.zeros(3), np.zeros(3)), 0.0
    for _ in range(1500):
        robot.apply(safe.step(robot.read(), nothing).tau)
        fastest = max(fastest, float((np.abs(robot.read().dq) / arm.dq_max).max()))
    assert safe.stopped is None
    assert 0.8 < fastest < 1.02
