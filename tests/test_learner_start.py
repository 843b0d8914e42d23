"""What one structured learner knows, another one starts with."""

import numpy as np
import pytest

import arms
from nengo_forcectl import Bullet, JointPD, MinimumJerk, Payload, ViscousFriction, learning_cycle
from nengo_forcectl.cycle import LearnerStart
from nengo_forcectl.errors import NetworkError, RecordError
from nengo_forcectl.robots import Log, follow
from nengo_forcectl.sim import RotorInertia

HOME = np.array([0.0, 0.5, 0.0, -1.2, 0.0, 0.6, 0.0])  # [rad]
REAL = [Payload(2.0, com=(0.05, 0.0, 0.1)), ViscousFriction(0.9)]
CYCLES = 2400


def path_of(arm):
    start, away = arm.pose(HOME)[:3, 3], np.array([0.1, 0.1, -0.1])
    points = [start, start + away, start - away, start]
    return MinimumJerk(points, duration=0.8)


@pytest.fixture(scope="module")
def first(iiwa):
    """The start after one motion, what was found, and the errors of the tool."""
    with Bullet(iiwa, HOME, REAL) as robot, learning_cycle(iiwa, HOME, seed=0) as cycle:
        log = Log(CYCLES)
        follow(robot, cycle, path_of(iiwa), range(CYCLES), log)
        return LearnerStart.of(cycle.cycle.learner), cycle.learned, log.error()


def test_the_second_begins_where_the_first_ended(first, iiwa):
    """In the loop: it tracks from the first cycle on as well as the first did at its end. Its
    sample of the work is another, with the same unknowns of the links."""
    start, learned, before = first
    with (
        Bullet(iiwa, HOME, REAL) as robot,
        learning_cycle(iiwa, HOME, seed=2, start=start) as cycle,
    ):
        assert cycle.learned.payload.mass == pytest.approx(learned.payload.mass, abs=0.02)
        spread = cycle.learned.payload.mass_deviation / learned.payload.mass_deviation
        np.testing.assert_array_equal(cycle.cycle.learner.design.columns.chosen, start.chosen)
        assert 0.9 < spread < 1.1  # the prior is that of another sample
        log = Log(CYCLES)
        follow(robot, cycle, path_of(iiwa), range(CYCLES), log)
        assert np.sqrt(np.mean(log.error() ** 2)) < 0.2 * np.sqrt(np.mean(before**2))
        assert cycle.learned.payload.mass == pytest.approx(2.0, rel=0.01)


def test_rotors_need_not_grow_again(iiwa):
    """Those of the light joints are as large as the first one found them, to a tenth, at once."""
    with (
        Bullet(iiwa, HOME, [RotorInertia(0.1)]) as robot,
        learning_cycle(iiwa, HOME, seed=0) as cycle,
    ):
        follow(robot, cycle, path_of(iiwa), range(1200), Log(1200))
        start = LearnerStart.of(cycle.cycle.learner)
    with learning_cycle(iiwa, HOME, seed=0, start=start) as cycle:
        np.testing.assert_allclose(cycle.learned.armature.value, 0.1, rtol=0.1)


def test_scales_law_and_rate_do_not_matter(first, iiwa):
    """A cycle of another law, rate and sample of work: the same numbers in SI units."""
    start, learned, _ = first
    with learning_cycle(
        iiwa, HOME + 0.2, seed=5, controller=JointPD(), dt=2e-3, start=start
    ) as cycle:
        now = cycle.learned
        viscous, before = now.friction.viscous, learned.friction.viscous
        assert (np.abs(viscous.value - before.value) < 2.0 * before.deviation + 0.02).all()
        assert now.payload.mass == pytest.approx(learned.payload.mass, abs=0.05)
        again = LearnerStart.of(cycle.cycle.learner)
        assert np.allclose(
            again.information[:10, :10], start.information[:10, :10], rtol=1e-9, atol=1e-9
        )


def test_a_start_is_a_file(first, iiwa, tmp_path):
    """What is read is what was written; other files are refused."""
    start = first[0]
    start.write(tmp_path / "start.npz")
    again = LearnerStart.read(tmp_path / "start.npz")
    for name in ("information", "moment", "mark", "pose"):
        assert np.array_equal(getattr(again, name), getattr(start, name))
    with np.load(tmp_path / "start.npz") as arrays:
        np.savez(
            tmp_path / "older.npz", **{name: arrays[name] for name in arrays if name != "pose"}
        )
    assert LearnerStart.read(tmp_path / "older.npz", iiwa).pose is None
    np.savez(tmp_path / "other.npz", moment=np.zeros(3))
    with pytest.raises(RecordError, match=r"start .* cannot be read"):
        LearnerStart.read(tmp_path / "other.npz")
    with pytest.raises(RecordError, match=r"start .* cannot be read"):
        LearnerStart.read(tmp_path / "none.npz")


def test_a_start_of_another_model_is_refused(first, iiwa):
    """Other masses, another number of joints, and a payload stated in another tool's frame."""
    longer = np.eye(4)
    longer[2, 3] = 0.2  # [m]
    with (
        pytest.raises(NetworkError, match="start: was learned with another tool frame or base of"),
        learning_cycle(iiwa.with_tool(longer), HOME, seed=0, start=first[0]),
    ):
        pass
    for arm, home in ((iiwa.with_payload(1.0), HOME), (arms.load("ur5e"), HOME[:6])):
        with (
            pytest.raises(NetworkError, match="start: was learned with another model"),
            learning_cycle(arm, home, seed=0, start=first[0]),
        ):
            pass
