"""How jobs say that an arm fell, was stopped, or was overruled by its limits."""

import numpy as np
import pytest

import arms
from nengo_forcectl.cli import main
from nengo_forcectl.jobs.job import Outcome, describe_fall, ending
from nengo_forcectl.jobs.reach.reach_scene import reaching_scene
from nengo_forcectl.jobs.reach.reach_settings import ReachSettings
from nengo_forcectl.jobs.scene import REACH_TIME, slowed


def test_an_ending_says_what_happened():
    """A stop, a fall and overruled torques have a word each; a good run has none."""
    assert ending(None, 0.1) is None
    assert ending("controlled stop: no new state", 0.0) == "stopped: no new state"
    assert ending("tool 0.60 m off at 1.2 s", 0.9) == "fell: tool 0.60 m off at 1.2 s"
    assert ending(None, 0.98).startswith("overruled: limits changed the torque in 98 %")


def test_a_fall_is_found_in_the_record():
    """The tool far from its reference, or a joint beyond its limit, at the first such cycle."""
    arm = arms.load("planar2")
    q, tool = np.zeros((4, 2)), np.zeros((4, 3))
    outcome = Outcome({"time": np.arange(4.0), "q": q, "tool": tool, "reference": tool.copy()})
    outcome.find_fall(arm)
    assert outcome.ending is None
    tool[2:, 0] = 0.6
    outcome.find_fall(arm)
    assert outcome.ending == "fell: tool 0.60 m off at 2.0 s"
    q[1, 1] = arm.q_upper[1] + 0.1
    outcome.find_fall(arm)
    assert outcome.ending == "fell: joint 2 at its limit at 1.0 s"
    assert describe_fall(arm, np.zeros(2), np.nan, 0.0) is not None


@pytest.mark.usefixtures("without_figures")
def test_a_run_that_limits_overrule_ends_with_exit_code_3(tmp_path, capsys):
    """A payload that the arm cannot carry is named first; then the run says how it ended."""
    arguments = ["reach", "--arm", "planar2", "--payload", "40", "--passes", "1", "--adapt", "none"]
    with pytest.raises(SystemExit) as end:
        main([*arguments, "--out", str(tmp_path / "run")])
    assert end.value.code == 3
    said = capsys.readouterr().err
    assert "cannot carry it" in said
    assert any(word in said for word in ("none overruled:", "none fell:", "none stopped:"))


def test_a_path_too_fast_for_the_joints_is_slowed_down():
    """Reaches of the jaco2 would ask for 1.5 times a joint's speed; those of the iiwa stay."""
    assert slowed(1.2, 1.0) == 1.2
    assert slowed(1.2, 1.5) == pytest.approx(2.25)
    slow = reaching_scene(ReachSettings(arm="jaco2", seed=102))
    assert slow.speed_share > 1.4
    assert slow.path.end == pytest.approx(6 * 5 * slow.reach_time)
    assert slow.reach_time > 1.5 * REACH_TIME
    assert "reaches of 1.2 s ask for 1.5 times a joint's top speed" in slow.remarks[0]
    usual = reaching_scene(ReachSettings())
    assert usual.reach_time == REACH_TIME
    assert usual.remarks == []
