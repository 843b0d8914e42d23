"""The ripple of motors and gears: found by its periods, learned by two waves, supplied."""

import numpy as np
import pytest
from reaching_job import DT, MAIN, rms, run

from nengo_forcectl import learning_cycle
from nengo_forcectl.jobs.reach.reach_job import numbers_of
from nengo_forcectl.jobs.reach.reach_report import found_by
from nengo_forcectl.sim.actuators import TorqueRipple
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.sim.sensing import Sensors

SIZE, PERIODS = 1.0, 100.0
MOVING, MEMORY, LOOKS, DOUBT = 0.02, 30.0, 50, 0.01


class PlainRipple:
    """`Ripple` in NumPy: its integrals over the way, and its waves, cycle by cycle."""

    def __init__(self, block):
        self.block, self.n = block, len(block["periods"])
        self.k = block["least"] + np.arange(block["sines"].shape[2])
        self.S, self.visit = np.zeros((self.n, 2, len(self.k)), complex), 0
        self.waves, self.moment = np.zeros((self.n, 2, 2)), np.zeros((self.n, 2))

    def add(self, q, dq, r):
        """Add what a cycle left of the torque, r, at the angle and speed in its middle."""
        for j in np.flatnonzero(self.block["periods"]):
            if abs(dq[j]) > MOVING:
                way, turned = abs(dq[j]) * DT, self.block["periods"][j] * q[j]
                wave = np.array([np.sin(turned), np.cos(turned)])
                keep = np.exp(-way / MEMORY)
                self.waves[j] = keep * self.waves[j] + way * np.outer(wave, wave)
                self.moment[j] = keep * self.moment[j] + way * wave * r[j]
        j, upper = self.visit % self.n, self.visit // self.n % 2
        self.visit = (self.visit + 1) % (2 * self.n * LOOKS)
        if abs(dq[j]) > MOVING:
            half = slice(len(self.k) // 2) if not upper else slice(len(self.k) // 2, None)
            way = 2 * self.n * abs(dq[j]) * DT
            new = way * r[j] * np.exp(1j * self.k[half] * q[j])
            S = self.S[j, int(dq[j] < 0)]
            S[half] = np.exp(-way / MEMORY) * S[half] + new

    def follow(self, last):
        """Begin the waves of joints whose number of periods is not the last one."""
        travel = self.block["travel"].min(axis=2).sum(axis=1)
        for j in np.flatnonzero(self.block["periods"] != last):
            S = self.S[j, :, int(self.block["periods"][j] - self.block["least"])].sum()
            self.waves[j] = 0.5 * travel[j] * np.eye(2)
            self.moment[j] = S.imag, S.real

    @property
    def amplitude(self):
        """Those of sine and cosine, of joints with a ripple."""
        amplitude = np.zeros((self.n, 2))
        for j in np.flatnonzero(self.block["periods"]):
            amplitude[j] = np.linalg.solve(self.waves[j] + DOUBT * np.eye(2), self.moment[j])
        return amplitude


@pytest.fixture(scope="module")
def rippled(iiwa_job):
    """Two passes and unseen reaches with load, friction and ripple: what happened and was found."""
    arm, home, path, cycles = iiwa_job
    disturbances = *MAIN, TorqueRipple(SIZE, PERIODS)
    with (
        Bullet(arm, home, disturbances, DT) as robot,
        learning_cycle(arm, home, seed=0) as cycle,
    ):
        block, structured = cycle.cycle.learner.ripple_block, cycle.cycle.learner.block
        plain, last = PlainRipple(block), block["periods"].copy()
        largest = []

        def watch(learner, state):
            if int(block["visit"]) != plain.visit:
                plain.add(structured["q_half"], structured["dq_half"], block["lacking"])
                plain.follow(last)
                last[:] = block["periods"]
                largest.append(np.abs(block["amplitude"] - plain.amplitude).max())

        errors = [rms(run(robot, cycle, path, cycles, watch)[0]) for _ in range(3)]
        return errors, block, plain, max(largest), cycle.learned, cycle.cycle.learner


def test_it_is_its_equation(rippled):
    """Spectrum and waves, to rounding, over all cycles."""
    _, block, plain, largest, *_ = rippled
    np.testing.assert_allclose(block["cosines"] + 1j * block["sines"], plain.S, atol=1e-10)
    assert plain.S.any()
    assert largest < 1e-10


def test_it_is_found_and_made_up_for(rippled):
    """Its periods to the width of a peak of the spectrum, not more than 4 deviations off.

    Frozen, the second pass is 0.90 mm off and the unseen reaches 0.77 mm.
    """
    errors, *_, learned, _ = rippled
    periods, amplitude, phase, deviation = learned.ripple
    found = np.flatnonzero(periods)
    assert len(found) >= 3
    np.testing.assert_allclose(periods[found], PERIODS, atol=12.0)
    assert (np.abs(amplitude[found] - SIZE) < 4 * deviation[found]).all()
    assert np.abs(np.sin(phase[1])) < 0.6  # joint 2 moves most
    assert errors[1] < 0.7e-3
    assert errors[2] < 0.5e-3


@pytest.mark.xfail(strict=True, reason="joint 1, which hardly moves: 1.26 +- 0.38 N m")
def test_its_amplitude_is_found(rippled):
    """To 20 %, in every joint in which a ripple is found."""
    periods, amplitude, *_ = rippled[-2].ripple
    np.testing.assert_allclose(amplitude[np.flatnonzero(periods)], SIZE, rtol=0.2)


def test_it_is_shown(rippled):
    """Under the numbers that were found."""
    grid = found_by("structured", numbers_of(rippled[-2]))
    text = [str(row[0]) for row in grid.rows if row]
    assert "ripple [N m]" in text
    assert "periods a turn" in text


def test_without_one_none_is_found(iiwa_job):
    """Over a pass with the load, nor while it is frozen with one."""
    arm, home, path, cycles = iiwa_job
    for disturbances, parts in ((MAIN, ()), ((*MAIN, TorqueRipple(SIZE)), ("ripple",))):
        with (
            Bullet(arm, home, disturbances, DT) as robot,
            learning_cycle(arm, home, seed=0) as cycle,
        ):
            cycle.freeze(*parts)
            run(robot, cycle, path, cycles)
            assert not cycle.learned.ripple.periods.any()
            found_by("structured", numbers_of(cycle.learned))


def test_with_a_stated_delay_it_is_found_too(iiwa_job):
    """Sensors 3 ms late: in three joints, periods and amplitude as above; half of it is made up
    for."""
    arm, home, path, cycles = iiwa_job
    disturbances, late = (*MAIN, TorqueRipple(SIZE, PERIODS)), 3e-3
    with (
        Bullet(arm, home, disturbances, DT, sensors=Sensors(delay=late)) as robot,
        learning_cycle(arm, home, seed=0, delay=late) as cycle,
    ):
        errors = [rms(run(robot, cycle, path, cycles)[0]) for _ in range(2)]
        periods, amplitude, *_ = cycle.learned.ripple
    found = np.flatnonzero(periods)
    assert len(found) >= 3
    np.testing.assert_allclose(periods[found], PERIODS, atol=12.0)
    np.testing.assert_allclose(amplitude[found], SIZE, rtol=0.2)
    assert errors[1] < 0.6 * errors[0]


def test_its_network_has_it(rippled):
    """By joint, beside the weights without which a `structured_network` is made."""
    *_, learned, learner = rippled
    encoding, weights = learner.network_parts
    np.testing.assert_array_equal(encoding.ripple, learned.ripple.periods)
    assert weights.keys() - learner.read().keys() == {f"ripple {j + 1}" for j in range(7)}
