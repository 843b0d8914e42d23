import json

import numpy as np
import pytest

from nengo_forcectl.jobs.reach import reach_job as reach, reach_scene
from nengo_forcectl.jobs.reach.reach_settings import ReachSettings
from nengo_forcectl.jobs.report import reporting
from nengo_forcectl.jobs.rivals import RIVALS
from nengo_forcectl.robots.log import tool_error

pytestmark = pytest.mark.usefixtures("in_one_process")

SLOW = ("multilayer", "gauss-newton", "kalman", "composite", "keras")
"""Laws that run in TensorFlow, cycle by cycle: one reach of theirs takes as long as a pass."""
REACH = 1200  # cycles


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Every controller but `SLOW` for one pass of a light arm, with few neurons."""
    out = tmp_path_factory.mktemp("baselines") / "run"
    return reach.run_reach(settings_of([name for name in RIVALS if name not in SLOW], out))


@pytest.fixture(scope="module")
def slow_run(tmp_path_factory):
    """`SLOW`, for the first reach of that pass."""
    out = tmp_path_factory.mktemp("baselines") / "slow"
    with pytest.MonkeyPatch.context() as patch:
        for module in (reach_scene, reach):
            patch.setattr(module, "TARGETS", 1)
        patch.setattr(reporting, "inside_cell", lambda: True)  # the other run has the figures
        return reach.run_reach(settings_of(SLOW, out))


def settings_of(adapt, out):
    return ReachSettings(
        arm="planar2", payload=1.0, friction=0.5, passes=1, neurons=100, adapt=tuple(adapt), out=out
    )


def test_every_controller_gets_to_the_end(run, slow_run):
    """All are there, none ended early in PyBullet, and every number on disk is finite."""
    assert {*run.records, *slow_run.records} == {*RIVALS}
    for each, cycles in ((run, 5 * REACH), (slow_run, REACH)):
        assert each.summary["complete"]
        assert each.summary["failures"] == {}
        for record in each.records.values():
            assert len(record["time"]) == cycles
            assert all(np.isfinite(column).all() for column in record.values())


@pytest.mark.parametrize("name", ["observer", "slotine-li", "pes", "gradient"])
def test_whatever_learns_beats_an_integral_and_no_adaptation(run, name):
    """In the first pass a tenth of the error without it is left, less than with an integral."""
    rms = {name: values[0] for name, values in run.summary["rms_mm"].items()}
    assert rms["exact"] < rms[name] < 0.1 * rms["none"]
    assert rms[name] < rms["integral"] < rms["none"]


@pytest.mark.parametrize("name", SLOW)
def test_every_other_law_beats_no_adaptation_in_the_first_reach(run, slow_run, name):
    """After one reach, to the same target, less than half of the error without it is left."""
    record, none = slow_run.records[name], run.records["none"]
    np.testing.assert_array_equal(record["reference"], none["reference"][:REACH])
    error, without = (np.sqrt(np.mean(tool_error(each)[:REACH] ** 2)) for each in (record, none))
    assert error < 0.5 * without


def test_pes_runs_as_the_gradient_law_does(run):
    """In the loop they part only by the leak: the first 200 cycles agree to 1 % of the torque."""
    pes, gradient = (run.records[name]["feedforward"][:200] for name in ("pes", "gradient"))
    assert np.abs(pes - gradient).max() < 0.01 * np.abs(gradient).max()


def test_the_gains_are_on_disk(run):
    """Every baseline's gain is in the summary."""
    gains = json.loads((run.folder / "summary.json").read_text())["gains"]
    assert gains["observer_gain"] > 0
    assert gains["regressor_rate"] > 0
    assert gains["regressor_bound"] > 0


@pytest.mark.usefixtures("without_figures")
def test_on_the_iiwa_the_right_structure_comes_near_the_bound(tmp_path):
    """Pass 2 [mm]: the regressor's tracks within 0.085, the observer's within 0.43."""
    adapt = ("observer", "slotine-li", "exact")
    run = reach.run_reach(ReachSettings(passes=2, adapt=adapt, out=tmp_path / "run"))
    second = {name: values[1] for name, values in run.summary["rms_mm"].items()}
    assert second["exact"] < 0.015
    assert second["slotine-li"] < 0.085
    assert second["observer"] < 0.43
    first = {name: tool_error(record)[:200].max() for name, record in run.records.items()}
    assert first["slotine-li"] > 10 * first["exact"]  # it did have something to learn
