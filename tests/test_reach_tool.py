"""The job `reach` with an unknown tool, or with a Jacobian that is compared."""

import numpy as np
import pytest

import arms
from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.jobs.reach import reach_job as reach
from nengo_forcectl.jobs.reach.reach_settings import ReachSettings


@pytest.fixture(scope="module")
def tool_run(tmp_path_factory):
    """Two passes of planar3 with an unknown tool, learning off in the second."""
    out = tmp_path_factory.mktemp("tool") / "run"
    return reach.run_reach(
        ReachSettings(arm="planar3", tool=0.2, passes=2, freeze_after=1, neurons=300, out=out)
    )


def test_the_adaptive_jacobian_reaches_with_an_unknown_tool(tool_run):
    """Every reach ends within 0.2 mm, off too; the bare arm's Jacobian is ten times worse."""
    final = {name: np.array(mm) for name, mm in tool_run.summary["final_mm"].items()}
    assert list(final) == ["analytic", "learned", "adaptive", "exact"]
    assert all(len(mm) == 10 for mm in final.values())
    assert final["adaptive"].max() < 0.2
    assert final["exact"].max() < 0.2
    assert final["analytic"].max() > 10 * final["adaptive"].max()
    rms = tool_run.summary["rms_mm"]
    assert rms["adaptive"][1] < 1.1 * rms["exact"][1] + 0.05
    np.testing.assert_allclose(rms["learned"], rms["analytic"], rtol=0.05)


def test_the_error_of_the_jacobian_is_on_disk(tool_run):
    """It falls below 1 %; the exact one has none, the bare arm's stays; recomputed from J."""
    errors = {name: record["jacobian_error"] for name, record in tool_run.records.items()}
    assert errors["exact"].max() < 1e-12
    assert errors["adaptive"][0] > 0.1
    assert errors["adaptive"][1200:].max() < 0.01
    assert errors["analytic"].min() > 0.1
    real = arms.load("planar3").with_tool(
        np.block([[np.eye(3), np.array(tool_run.summary["tool"])[:, None]], [np.eye(4)[3]]])
    )
    record = tool_run.records["adaptive"]
    J = real.jacobian(record["q"][-1])[:2]
    relative = np.linalg.norm(record["J"][-1, :2] - J) / np.linalg.norm(J)
    assert errors["adaptive"][-1] == pytest.approx(relative)
    assert np.linalg.norm(tool_run.summary["tool"]) == pytest.approx(0.2)


@pytest.mark.usefixtures("without_figures")
@pytest.mark.parametrize(
    ("dynamics", "least", "most"),
    [("none", 30, 100), ("integral", 0, 20), ("observer", 0, 1), ("consolidation", 0, 1)],
)
def test_the_dynamics_can_be_unknown_too(dynamics, least, most, tmp_path):
    """What compensates an unknown payload does so with an adaptive Jacobian too, RMS in mm."""
    settings = ReachSettings(
        arm="planar3", tool=0.2, jacobian=("adaptive",), adapt=(dynamics,),
        payload=0.5, passes=1, neurons=200, out=tmp_path / "run",
    )  # fmt: skip
    assert least < reach.run_reach(settings).summary["rms_mm"]["adaptive"][-1] < most


@pytest.mark.usefixtures("without_figures")
def test_a_tool_of_no_length_leaves_the_bare_arm(tmp_path):
    """Then the learned Jacobian alone controls the arm, as well as the analytic one."""
    settings = ReachSettings(
        arm="planar3", jacobian=("analytic", "learned"), passes=1, neurons=300, out=tmp_path / "run"
    )
    rms = reach.run_reach(settings).summary["rms_mm"]
    assert rms["analytic"][0] < 0.1
    assert rms["learned"][0] < 0.1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tool": -0.1}, "tool: is -0.1 m, needs a number from 0 to 1"),
        ({"tool": 3.0}, "tool: is 3.0 m, needs a number from 0 to 1"),
        ({"tool": float("nan")}, "tool: is nan m"),
        ({"jacobian": ("numeric",)}, "jacobian: is numeric, needs some of analytic, learned, "),
        ({"jacobian": ("exact", "exact")}, "jacobian: is exact exact"),
        ({"tool": 0.2, "adapt": ("pes",)}, "adapt: is pes, needs one of none, integral, observer"),
        ({"tool": 0.2, "adapt": ("none", "exact")}, "adapt: is none exact, needs one of"),
    ],
)
def test_bad_settings_of_a_tool_are_named(settings, message):
    """A tool that there cannot be, an unknown Jacobian, or dynamics that do not go with it."""
    with pytest.raises(ConfigurationError, match=message):
        ReachSettings(**settings)


def test_a_tool_alone_compares_all_jacobians():
    """By default all four, with the dynamics known; without a tool the default is as it was."""
    settings = ReachSettings(tool=0.2)
    assert settings.controllers == ("analytic", "learned", "adaptive", "exact")
    assert settings.adapt == ("exact",)
    assert ReachSettings().controllers == ("none", "structured")
