"""The structured learner goes on: after pauses, checkpoints and bad states."""

import numpy as np
import pytest
from reaching_job import DT, MAIN, rms, run

import arms
from arms.model.dh import Row, from_dh
from nengo_forcectl import Controller, State, learning_cycle
from nengo_forcectl.errors import ConfigurationError, NetworkError
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.sim.friction import ViscousFriction
from nengo_forcectl.sim.masses import Payload
from nengo_forcectl.sim.sensing import Sensors


def test_hold_keeps_the_weights(planar):
    """With `learn("hold")` the weights stay and what they lack is compensated; with `learn(False)`
    not even that. Afterwards it learns on."""
    arm, home, path, _ = planar
    with (
        Bullet(arm, home, [Payload(1.0)], DT) as robot,
        learning_cycle(arm, home, seed=0) as cycle,
    ):
        cycle.learn("hold")
        held, _ = run(robot, cycle, path, 1000)
        assert not any(value.any() for value in cycle.read().values())
        cycle.learn(False)
        off, _ = run(robot, cycle, path, 1000)
        assert rms(held[500:]) < 0.3 * rms(off[500:])
        cycle.learn(True)
        run(robot, cycle, path, 2000)
        assert cycle.learned.payload.mass == pytest.approx(1.0, rel=0.02)


def test_frozen_parts_keep_their_weights(planar):
    """The others learn meanwhile; unfrozen, these learn, too. What was learned before stays to the
    last bit. An unknown part is named."""
    opened, context = begin(planar)
    with opened as robot, context as cycle:
        with pytest.raises(NetworkError, match="freeze: is 'mass', needs some of payload,"):
            cycle.freeze("mass")
        cycle.freeze("payload", "tool", "neurons")
        run(robot, cycle, planar.path, 1500)
        frozen = cycle.read()
        assert not frozen["payload"].any()
        assert not frozen["state -> force"].any()
        assert all(frozen[f"friction {j}"].any() for j in (1, 2))
        cycle.freeze()
        run(robot, cycle, planar.path, 2000)
        assert cycle.learned.payload.mass == pytest.approx(1.0, rel=0.05)
        cycle.freeze("payload")
        known = cycle.read()["payload"]
        run(robot, cycle, planar.path, 400)
        np.testing.assert_array_equal(cycle.read()["payload"], known)


def begin(job):
    """A robot with a load and some friction, and a cycle that knows neither."""
    robot = Bullet(job.arm, job.home, [Payload(1.0), ViscousFriction(0.2)], DT)
    return robot, learning_cycle(job.arm, job.home, seed=0)


def test_the_same_seed_gives_the_same_bits(planar):
    """Torques and weights of two runs are equal, also if samples and solutions wait until the
    torque is sent, or for the next step; a checkpoint has what waited."""
    runs = []
    for finishes in (None, True, False):
        opened, context = begin(planar)
        with opened as robot, context as cycle:
            cycle.defer(finishes is not None)
            watch = (lambda *_, cycle=cycle: cycle.finish()) if finishes else None
            torque = run(robot, cycle, planar.path, 500, watch)[1]
            runs.append([torque, *cycle.checkpoint().values()])
    for other in runs[1:]:
        for one, another in zip(runs[0], other, strict=True):
            np.testing.assert_array_equal(one, another)


def test_the_same_bits_with_late_sensors(planar):
    """As above, with a delay that is stated, a part that is frozen and a new motion: they know what
    waited."""
    runs = []
    for finishes in (None, False):
        robot = Bullet(planar.arm, planar.home, [Payload(1.0)], DT, sensors=Sensors(delay=2e-3))
        with robot, learning_cycle(planar.arm, planar.home, seed=0, delay=2e-3) as cycle:
            cycle.defer(finishes is not None)
            torque = run(robot, cycle, planar.path, 250)[1]
            cycle.freeze("friction")
            cycle.reset()
            again = run(robot, cycle, planar.path, 250)[1]
            runs.append([torque, again, *cycle.read().values()])
    for one, another in zip(*runs, strict=True):
        np.testing.assert_array_equal(one, another)


@pytest.mark.parametrize(("stop", "delay"), [(10, 0.0), (203, 0.0), (408, 2e-3)])
def test_a_checkpoint_continues_bit_for_bit(planar, stop, delay):
    """Before the first weights, in the middle of a solution, and after one, with a delay that is
    stated. If the clock starts anew, another cycle and the same one go on alike."""
    loads = [Payload(1.0), ViscousFriction(0.2)]
    late = Sensors(delay=delay) if delay else None
    context = learning_cycle(planar.arm, planar.home, seed=0, delay=delay)
    with Bullet(planar.arm, planar.home, loads, DT, sensors=late) as robot, context as cycle:
        run(robot, cycle, planar.path, stop)
        saved = cycle.checkpoint()
        states, torques = [], []
        for _ in range(300):
            states.append(robot.read())
            torques.append(cycle.step(states[-1], planar.path.at(states[-1].time)).tau)
            robot.apply(torques[-1])
        last = cycle.checkpoint()
        with learning_cycle(planar.arm, planar.home, seed=0, delay=delay) as other:
            np.testing.assert_array_equal(resumed(other, saved, states, planar.path), torques)
            for name, value in other.checkpoint().items():
                np.testing.assert_array_equal(value, last[name], err_msg=name)
            later = [state._replace(time=state.time + 10.0) for state in states]
            one, same = (resumed(own, saved, later, planar.path) for own in (other, cycle))
            np.testing.assert_array_equal(one, same)


def resumed(cycle, saved, states, path):
    """Torques from a checkpoint on."""
    cycle.resume(saved)
    return [cycle.step(state, path.at(state.time % 10.0)).tau for state in states]


def test_a_bad_checkpoint_is_refused(planar):
    """One of another arm or posture, a NaN, and a job that there is not; what a checkpoint does
    not say, as the groups of the weights, stays."""
    with learning_cycle(planar.arm, planar.home, seed=0) as cycle:
        good = cycle.checkpoint()
        assert "least_squares.group" not in good
        for job in (1e9, -7.0, np.nan):
            with pytest.raises(NetworkError, match=r"job"):
                cycle.resume(good | {"least_squares.job": np.array(job).reshape(())})
        with pytest.raises(NetworkError, match="NaN"):
            cycle.resume(good | {"structured.fast": np.full(3, np.nan)})
        with pytest.raises(NetworkError, match="shapes"):
            cycle.resume({name: good[name] for name in list(good)[1:]})
    with (
        learning_cycle(planar.arm, planar.home + 0.2, seed=0) as cycle,
        pytest.raises(NetworkError, match="of another cycle, needs one with the same arm"),
    ):
        cycle.resume(good)


def test_a_bad_state_stops_the_arm(planar):
    """Of a NaN nothing is learned and none reaches the motors; after a reset the weights are what
    they were, and it goes on."""
    opened, context = begin(planar)
    with opened as robot, context as cycle:
        run(robot, cycle, planar.path, 400)
        before = cycle.read()
        state = robot.read()
        bad = state._replace(q=np.array([np.nan, 0.0, 0.0]))
        assert np.isfinite(cycle.step(bad, planar.path.at(state.time)).tau).all()
        assert cycle.stopped
        for name, value in cycle.read().items():
            np.testing.assert_array_equal(value, before[name])
        cycle.reset()
        errors, torque = run(robot, cycle, planar.path, 1000)
        assert np.isfinite(torque).all()
        assert rms(errors[500:]) < 1e-3


def test_a_new_motion_begins_without_a_jump_of_the_weights(planar):
    """`forget_motion` in the middle of a solution: what was learned stays, and the next cycle is
    not compared with the last one."""
    opened, context = begin(planar)
    with opened as robot, context as cycle:
        run(robot, cycle, planar.path, 1203)
        mass = cycle.learned.payload.mass
        cycle.forget_motion()
        cycle.learn(True)
        run(robot, cycle, planar.path, 600)
        assert cycle.learned.payload.mass == pytest.approx(mass, rel=0.02)
        assert cycle.learned.changes == 0


@pytest.mark.parametrize("mode", ["hold", False])
def test_learning_goes_on_without_a_jump(iiwa_job, mode):
    """After a pause the torque changes in a cycle by less than 0.1 N m more than it did before."""
    arm, home, path, _ = iiwa_job
    with Bullet(arm, home, MAIN, DT) as robot, learning_cycle(arm, home, seed=0) as cycle:
        run(robot, cycle, path, 800)
        cycle.learn(mode)
        _, before = run(robot, cycle, path, 1000)
        cycle.learn(True)
        _, after = run(robot, cycle, path, 100)
    jump = np.abs(np.diff(np.concatenate((before[-1:], after)), axis=0)).max()
    assert jump < np.abs(np.diff(before[1:], axis=0)).max() + 0.1


class Unfinished(Controller):
    """A law that returns its torque alone."""

    def torque(self, terms, state, reference):
        return terms.g


def test_a_law_that_returns_no_command_is_named(planar):
    """With what it returns."""
    state = State(0.0, planar.home, np.zeros(planar.arm.dof))
    with (
        learning_cycle(planar.arm, planar.home, seed=0, controller=Unfinished()) as cycle,
        pytest.raises(ConfigurationError, match=r"Unfinished.torque: returns array.*a Command"),
    ):
        cycle.step(state, planar.path.at(0.0))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"controller": "nothing"}, r"Controller: is 'nothing', .* no 'torque'"),
        (
            {"controller": Unfinished},
            r"Controller: is the class Unfinished, needs .* Unfinished\(\)",
        ),
        ({"seed": -1}, "learning_cycle.seed: is -1, needs a whole number from 0 to 4294967295"),
        ({"seed": None}, "learning_cycle.seed: is None, needs a whole number"),
        ({"seed": 2**32}, "learning_cycle.seed: is 4294967296, needs a whole number"),
        ({"posture": [[0.4, 0.8]]}, r"learning_cycle.posture: has shape \(1, 2\), needs \(3,\)"),
        ({"posture": "home"}, "learning_cycle.posture: is 'home', needs numbers"),
        ({"start": "runs/reach-001"}, "start: is of type str, needs LearnerStart"),
        ({"states": np.zeros((9, 3))}, "states: is of type ndarray, needs States"),
        ({"limits": (1.0, 2.0)}, "limits: is of type tuple, needs Limits"),
    ],
)
def test_what_is_no_law_seed_or_start_is_refused(wrong, message, planar):
    """By what it is, or lacks."""
    with (
        pytest.raises(ConfigurationError, match=message),
        learning_cycle(planar.arm, **({"posture": planar.home, "seed": 0} | wrong)),
    ):
        pass


def test_an_arm_without_mass_is_refused():
    """As one of Denavit-Hartenberg parameters alone."""
    with (
        pytest.raises(ConfigurationError, match="arm 'rr': M is singular at the posture, needs li"),
        learning_cycle(arms.Arm(from_dh("rr", [Row(a=0.5), Row(a=0.4)])), [0.3, 0.5], seed=0),
    ):
        pass


def test_a_number_of_neurons_is_refused(planar):
    """It is that of another cycle, which the error names."""
    with (
        pytest.raises(ConfigurationError, match=r"neurons: is 1000, needs True .* consolidating"),
        learning_cycle(planar.arm, planar.home, seed=0, neurons=1000),  # pyright: ignore
    ):
        pass
