"""Sensors that are late: the predicted state against the true one."""

import numpy as np
import pytest

import arms
from nengo_forcectl.contract import State
from nengo_forcectl.cycle.consolidating_learner import consolidating_cycle
from nengo_forcectl.cycle.structured_cycle import learning_cycle
from nengo_forcectl.errors import ConfigurationError, NetworkError, SimulationError
from nengo_forcectl.estimation.observer import MomentumObserver
from nengo_forcectl.estimation.predictor import GAIN, Predictor
from nengo_forcectl.networks.workspace import home_posture, random_targets
from nengo_forcectl.paths import MinimumJerk
from nengo_forcectl.safety.guard import Safe
from nengo_forcectl.safety.limits import Limits
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.sim.friction import ViscousFriction
from nengo_forcectl.sim.masses import Payload
from nengo_forcectl.sim.sensing import Sensors

DT = 1e-3


@pytest.fixture(scope="module")
def planar():
    return arms.load("planar3")


def swing(arm, late, disturbances=(), cycles=600):
    """Let a held arm swing; yield the late state, the true one, and the torque then sent."""
    home = home_posture(arm)
    sensors = Sensors(delay=late * DT)
    with Bullet(arm, home, disturbances, DT, sensors=sensors) as robot:
        for k in range(cycles):
            q, dq = robot.state()
            push = 2.0 * np.sin(7.0 * DT * k + np.arange(arm.dof))
            tau = arm.gravity(q) + 40.0 * (home - q) - 2.0 * dq + push
            yield robot.read(), (q, dq), tau
            robot.apply(tau)


def worst(arm, late, predictor, disturbances=()):
    """Largest error of the velocity [rad/s], predicted and as shown, in the last 300 cycles."""
    errors = []
    for state, (_, dq), tau in swing(arm, late, disturbances):
        errors.append((predictor.now(state).dq - dq, state.dq - dq))
        predictor.sent(tau)
    return np.abs(errors[300:]).max(axis=(0, 2))


def test_without_a_delay_the_state_stays(planar):
    """To the last bit, whatever was sent."""
    predictor = Predictor(planar, 0.0, DT)
    for state, _, tau in swing(planar, 0, cycles=50):
        now = predictor.now(state)
        np.testing.assert_array_equal(now.q, state.q)
        np.testing.assert_array_equal(now.dq, state.dq)
        predictor.sent(tau)


@pytest.mark.parametrize("late", [1, 2, 5])
def test_with_a_true_model_the_delay_is_gone(planar, late):
    """Of the velocity's error by delay, a thirtieth is left."""
    predicted, shown = worst(planar, late, Predictor(planar, late * DT, DT))
    assert predicted < shown / 30


def test_known_friction_is_no_constant_torque(planar):
    """It stops a joint within the delay: a quarter is left of the error with unknown friction."""
    rubbing = [ViscousFriction(10.0)]
    known = Predictor(planar.with_friction(10.0, 0.0), 5 * DT, DT)
    left, _ = worst(planar, 5, known, rubbing)
    unknown, _ = worst(planar, 5, Predictor(planar, 5 * DT, DT), rubbing)
    assert left < 0.25 * unknown


def test_an_unknown_payload_is_taken_into_account(planar):
    """What the observer finds missing moves the predicted arm as well: half is left."""
    predicted, shown = worst(planar, 5, Predictor(planar, 5 * DT, DT), [Payload(0.5)])
    assert predicted < 0.5 * shown


@pytest.mark.parametrize("viscous", [0.0, 0.4])
def test_it_is_the_equation_of_its_docstring(planar, viscous):
    """In plain numpy, with `MomentumObserver` on the torque of the state's own time, to 1e-12."""
    arm, b = planar.with_friction(viscous, 0.0), np.full(3, viscous)
    late, predictor, observer = 3, Predictor(arm, 3 * DT, DT), MomentumObserver(3, GAIN, DT)
    sent = [np.zeros(3)] * (late + 1)
    for state, _, tau in swing(planar, late, [Payload(0.5)], cycles=100):
        terms = planar.terms(state.q, state.dq)
        r = observer.update(terms, state.dq, sent[-1 - late])
        q, dq = state.q, state.dq
        for torque in sent[len(sent) - late :]:
            free = torque + r + b * (state.dq - dq) - terms.C @ state.dq - terms.g
            ddq = np.linalg.solve(terms.M + DT * np.diag(b), free)
            q, dq = q + DT * dq + 0.5 * DT**2 * ddq, dq + DT * ddq
        now = predictor.now(state)
        np.testing.assert_allclose(now.q, q, rtol=0, atol=1e-12)
        np.testing.assert_allclose(now.dq, dq, rtol=0, atol=1e-12)
        assert now.time == state.time
        predictor.sent(tau)
        sent.append(tau)


def test_the_learner_that_is_told_hardly_suffers_from_late_sensors(planar):
    """5 ms: at most 0.3 mm RMS in the third pass; a learner that is not told has over 1 mm."""
    home = home_posture(planar)
    targets = random_targets(planar, home, 3, np.random.default_rng(0))
    start = planar.pose(home)[:3, 3]
    path, last = MinimumJerk(np.vstack([start, *[targets] * 3]), 1.0), []
    for delay in (5e-3, 0.0):
        with (
            consolidating_cycle(planar, home, seed=0, neurons=100, delay=delay) as cycle,
            Bullet(planar, home, [Payload(0.5)], DT, sensors=Sensors(delay=5e-3)) as robot,
        ):
            errors = []
            for _ in range(9000):
                state = robot.read()
                reference = path.at(state.time)
                errors.append(planar.pose(robot.state()[0])[:3, 3] - reference.x)
                robot.apply(cycle.step(state, reference).tau)
        last.append(np.sqrt(np.mean(np.sum(np.square(errors[6000:]), axis=1))))
    assert last[0] < 3e-4
    assert last[1] > 1e-3


def test_a_checkpoint_holds_the_torques_on_their_way(planar):
    """A cycle resumed in mid-run predicts, and sends, the same bits."""
    home = home_posture(planar)
    reference = MinimumJerk([planar.pose(home)[:3, 3]] * 2, 1.0).at(0.0)
    options = {"seed": 0, "neurons": 50, "delay": 3e-3}
    with (
        consolidating_cycle(planar, home, **options) as first,
        consolidating_cycle(planar, home, **options) as again,
        Bullet(planar, home, [Payload(0.5)], DT, sensors=Sensors(delay=3e-3)) as robot,
    ):
        for k in range(120):
            state = robot.read()
            tau = first.step(state, reference).tau
            if k == 60:
                saved = first.checkpoint()
                again.resume(saved)
            elif k > 60:
                np.testing.assert_array_equal(again.step(state, reference).tau, tau)
            robot.apply(tau)
        assert np.ptp(first.checkpoint()["predictor.sent"]) > 0
        lacking = (
            r"memory: has shapes {'predictor.sent': None}, needs {'predictor.sent': \(\d, 3\)}$"
        )
        with pytest.raises(NetworkError, match=lacking):
            again.resume({k: v for k, v in saved.items() if k != "predictor.sent"})


def test_a_checkpoint_holds_the_limits_memory(planar, tmp_path):
    """Saved while limits change the torques, resumed to the same bits; nothing less fits."""
    home = home_posture(planar)
    reference = MinimumJerk([planar.pose(home)[:3, 3] + 0.2] * 2, 1.0).at(0.0)
    options = {"seed": 0, "neurons": 50}
    with (
        consolidating_cycle(planar, home, **options) as inner,
        consolidating_cycle(planar, home, **options) as other,
        Bullet(planar, home, [Payload(0.5)], DT) as robot,
    ):
        limits = Limits.of(planar, torque_margin=0.9, rate=5.0)
        first, again = (Safe(safe.cycle, safe.arm, limits, DT) for safe in (inner, other))
        for k in range(60):
            state = robot.read()
            tau = first.step(state, reference).tau
            if k == 30:
                assert sum(first.events.values()) > 10
                np.savez(tmp_path / "all.npz", **first.checkpoint())
                saved = dict(np.load(tmp_path / "all.npz"))
                again.resume(saved)
            elif k > 30:
                np.testing.assert_array_equal(again.step(state, reference).tau, tau)
            robot.apply(tau)
    again.resume(saved | {"limits.memory": saved["limits.memory"][2:]})  # of an older version
    np.testing.assert_array_equal(again.checkpoint()["limits.memory"], saved["limits.memory"])
    for name in ("limits.memory", "limits.counts"):
        with pytest.raises(NetworkError, match="limits: have shapes"):
            again.resume({k: v for k, v in saved.items() if k != name})
        with pytest.raises(NetworkError, match="limits: have shapes"):
            again.resume(saved | {name: np.nan * saved[name]})


def test_of_cycles_that_were_left_out_it_knows_the_last_torque(planar):
    """It was held: the queue goes on by as many entries as cycles passed."""
    predictor = Predictor(planar, 4e-3)
    q, still = np.full(planar.dof, 0.4), np.zeros(planar.dof)
    for k in range(6):
        predictor.now(State(k * 1e-3, q, still))
        predictor.sent(np.full(planar.dof, float(k)))
    sent = predictor.memory["predictor.sent"]
    np.testing.assert_array_equal(sent[:, 0], [5, 4, 3, 2, 1])
    predictor.now(State(8e-3, q, still))  # 6 and 7 are missing
    np.testing.assert_array_equal(sent[:, 0], [5, 5, 5, 4, 3])
    predictor.now(State(1.0, q, still))
    np.testing.assert_array_equal(sent[:, 0], [5, 5, 5, 5, 5])


@pytest.mark.parametrize(
    ("delay", "dt", "gain", "message"),
    [
        (-1e-3, 1e-3, 100.0, "delay: is -0.001 s"),
        (1.5e-3, 1e-3, 100.0, "whole number of cycles of 0.001 s, from 0 to 100"),
        (1.0, 1e-3, 100.0, "from 0 to 100"),
        (np.nan, 1e-3, 100.0, "delay: is nan"),
        ("1e-3", 1e-3, 100.0, "delay: is 1e-3 s"),
        (1e-3, 0.0, 100.0, "dt: is 0.0 s"),
        (1e-3, 1e-3, -1.0, "gain: is -1.0 1/s"),
    ],
)
def test_bad_values_are_named(planar, delay, dt, gain, message):
    """The error says which, and what it may be."""
    with pytest.raises(ConfigurationError, match=message):
        Predictor(planar, delay, dt, gain)


@pytest.mark.parametrize("cycle", [learning_cycle, consolidating_cycle])
@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"delay": -1e-3}, r"delay: is -0\.001 s, needs"),
        ({"delay": np.nan}, r"delay: is nan s, needs"),
        ({"dt": np.nan}, r"dt: is nan s, needs a number above 0"),
    ],
)
def test_a_learning_cycle_refuses_a_delay_that_makes_no_sense(planar, cycle, value, message):
    """A negative or undefined one is no delay of 0."""
    with (
        pytest.raises(ConfigurationError, match=message),
        cycle(planar, home_posture(planar), seed=0, **value),
    ):
        pass


def test_a_state_of_another_arm_is_refused(planar):
    """Compiled code checks nothing, so this does."""
    with pytest.raises(SimulationError, match=r"q has shape \(2,\), needs \(3,\)"):
        Predictor(planar, 1e-3).now(State(0.0, np.zeros(2), np.zeros(2)))
