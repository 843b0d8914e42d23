import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from missing import MISSING

from nengo_forcectl.cli import main
from nengo_forcectl.errors import ConfigurationError, NetworkError, RecordError
from nengo_forcectl.jobs.reach import reach_job as reach
from nengo_forcectl.jobs.reach.reach_figures import reach_figures
from nengo_forcectl.jobs.reach.reach_settings import ReachSettings, pass_name
from nengo_forcectl.jobs.run_folder import read_run

pytestmark = pytest.mark.usefixtures("in_one_process")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The main job with every controller, two passes."""
    out = tmp_path_factory.mktemp("reach") / "run"
    adapt = ("none", "integral", "gradient", "exact")
    return reach.run_reach(ReachSettings(passes=2, adapt=adapt, out=out))


def test_the_network_learns_the_payload(run):
    """RMS tool error: exact 0.2 mm at most; gradient 5 mm in pass 1 and 1.5 mm in pass 2."""
    rms = run.summary["rms_mm"]
    assert max(rms["exact"]) < 0.2
    assert rms["gradient"][0] < 5.0
    assert rms["gradient"][1] < 1.5
    assert min(rms["none"]) > 10 * rms["integral"][1] / 2 > 10 * rms["gradient"][1]


def test_what_the_network_adds_is_what_the_model_lacks(run):
    """In pass 2 the feed-forward explains nine tenths of the unmodelled torque's energy."""
    record = run.records["gradient"]
    half = len(record["time"]) // 2
    lacks, adds = record["unmodelled"][half:], record["feedforward"][half:]
    assert np.sum((lacks - adds) ** 2) < 0.1 * np.sum(lacks**2)


def test_the_unmodelled_torque_is_payload_and_friction(run):
    """What the exact model adds to the nominal one, cycle by cycle, is the payload's torque.

    At the start the arm is at rest: the payload's weight through the Jacobian, and its inertia.
    """
    record = run.records["exact"]
    np.testing.assert_allclose(record["unmodelled"][0, 0], 0.0, atol=1e-6)
    assert np.abs(record["unmodelled"][0, 1]) > 5.0
    # The exact controller's error is next to nothing: its torque is the unmodelled one and more.
    assert np.abs(record["feedforward"] - 0.9 * record["dq"]).max() < 1e-12


def test_the_run_folder_holds_everything(run):
    """Settings, seed, versions, table, speed, every step and the figure are on disk."""
    summary = json.loads((run.folder / "summary.json").read_text())
    assert summary["settings"]["payload"] == 2.0
    assert summary["seed"] == 0
    installed = {"nengo-dl", "tensorflow", "pybullet"} - {
        each.replace("_", "-") for each in MISSING
    }
    assert {"python", "nengo"} | installed <= set(summary["versions"])
    assert summary["complete"]
    assert summary["gains"]["kp"] == 196.0
    assert all(rate > 0 for rate in summary["steps_per_second"].values())
    for name in ("none", "integral", "gradient", "exact"):
        assert len(summary["rms_mm"][name]) == 2
        with np.load(run.folder / f"{name}.npz") as record:
            assert {"q", "dq", "tau", "feedforward", "reference", "tool"} <= set(record)
            assert len(record["time"]) == 2 * 6000
            error = np.linalg.norm(record["tool"] - record["reference"], axis=1)[:6000]
        assert 1e3 * np.sqrt(np.mean(error**2)) == pytest.approx(summary["rms_mm"][name][0])
    assert (run.folder / "error.png").read_bytes().startswith(b"\x89PNG")


def test_nothing_of_a_figure_is_cut(run):
    """Every label and legend is within the figure, with a path that is higher than wide, too."""
    first = {name: passes[:1] for name, passes in run.summary["rms_mm"].items()}
    records = {
        name: record | {key: record[key] * [0.3, 1.0, 1.0] for key in ("tool", "reference")}
        for name, record in run.records.items()
    }
    drawn = reach_figures(run._replace(summary=run.summary | {"rms_mm": first}, records=records))
    assert list(drawn) == ["error", "path", "torque"]
    for figure, _ in drawn.values():
        FigureCanvasAgg(figure).draw()
        width, height = figure.bbox.size
        texts = [*figure.legends, *(axes.title for axes in figure.axes)]
        texts += [axis.label for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)]
        for each in texts:
            box = each.get_window_extent()
            assert min(box.x0, box.y0) >= 0, each
            assert box.x1 <= width, each
            assert box.y1 <= height, each
    (legend,) = drawn["error"].figure.legends
    assert legend.get_texts()[0].get_text() == f"none: {first['none'][0]:.3g} mm RMS"


def test_the_error_of_many_passes_is_a_line(run):
    """With 24 of half a second each it is the RMS over a pass, and not every pass is marked."""
    short = run._replace(summary=run.summary | {"seconds_per_pass": 0.5})
    figure, caption = reach_figures(short)["error"]
    assert caption.endswith("RMS over the last pass.")
    (axes,) = figure.axes
    curves = {line.get_label(): line for line in axes.lines if len(line.get_xdata()) > 2}
    for (name, record), line in zip(run.records.items(), curves.values(), strict=True):
        error = np.linalg.norm(record["tool"] - record["reference"], axis=1)[-500:]
        assert line.get_label().startswith(name)
        assert line.get_ydata()[-1] == pytest.approx(1e3 * np.sqrt(np.mean(error**2)))
    assert len(axes.lines) - len(curves) == len(axes.texts) == 6


def test_joints_of_like_size_share_a_scale(run):
    """The second joint's 15 N m and the seventh's 0.004 do not look alike; the caption says so."""
    figure, caption = reach_figures(run)["torque"]
    by_name = {axes.get_ylabel(): axes.get_ylim() for axes in figure.axes if axes.get_ylabel()}
    assert by_name["joint 2"] == by_name["joint 4"]
    assert by_name["joint 7"][1] < 0.1 * by_name["joint 2"][1]
    assert "joints 2, 4 and 6 share one" in caption


@pytest.mark.usefixtures("without_figures")
def test_the_same_seed_gives_the_same_run(run, tmp_path):
    """A second run with the same seed is the same to the last bit; another seed is another."""
    again = reach.run_reach(ReachSettings(passes=1, adapt=("gradient",), out=tmp_path / "again"))
    for name, column in again.records["gradient"].items():
        np.testing.assert_array_equal(column, run.records["gradient"][name][: len(column)])
    other = reach.run_reach(
        ReachSettings(passes=1, adapt=("none",), seed=1, out=tmp_path / "other")
    )
    assert np.abs(other.records["none"]["reference"] - again.records["gradient"]["reference"]).max()


@pytest.mark.usefixtures("without_figures")
def test_an_interrupted_run_leaves_what_was_done(tmp_path):
    """Ctrl-C in the third reach leaves a readable record of the first two and a bit."""

    def interrupt(name, done, total, last):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reach.run_reach(ReachSettings(adapt=("none", "exact"), out=tmp_path / "run"), interrupt)
    run = read_run(tmp_path / "run")
    assert not run.summary["complete"]
    assert list(run.records) == ["none"]
    assert len(run.records["none"]["time"]) == 2400
    assert run.summary["rms_mm"] == {"none": []}


@pytest.mark.usefixtures("without_figures")
@pytest.mark.parametrize("name", ["planar2", "planar3"])
def test_other_arms_reach_too(name, tmp_path):
    """The job is not made for one arm: the exact model of a planar arm tracks as well."""
    settings = ReachSettings(arm=name, passes=1, adapt=("none", "exact"), out=tmp_path / "run")
    rms = reach.run_reach(settings).summary["rms_mm"]
    assert rms["exact"][0] < 0.2
    assert rms["none"][0] > 10 * rms["exact"][0]


@pytest.mark.usefixtures("without_figures")
def test_joints_about_one_axis_do_not_throw_an_arm(tmp_path):
    """At home, joints 1 and 3 of an xarm7 turn about almost one axis; a load damps them more."""
    settings = ReachSettings(
        arm="xarm7", payload=2.0, seed=101, passes=1, adapt=("exact",), out=tmp_path / "run"
    )
    summary = reach.run_reach(settings).summary
    assert not summary["endings"]
    assert summary["rms_mm"]["exact"][0] < 0.2


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"payload": -1.0}, "payload: is -1.0 kg"),
        ({"friction": float("nan")}, "friction: is nan"),
        ({"passes": 0}, "passes: is 0"),
        ({"neurons": 0}, "neurons: is 0"),
        ({"seed": -1}, "seed: is -1"),
        ({"seed": 2**32}, "seed: is 4294967296, needs a whole number from 0 to 4294967295"),
        ({"adapt": ()}, "adapt: is empty, needs some of none, integral, observer, "),
        ({"adapt": ("magic",)}, "adapt: is magic, needs some of"),
        ({"adapt": ("none", "none")}, "adapt: is none none"),
        ({"adapt": ("none",), "start": Path("run")}, "start: is run, needs structured in --adapt"),
    ],
)
def test_bad_settings_are_named(settings, message):
    """A setting that makes no sense is refused with its value and what would work."""
    with pytest.raises(ConfigurationError, match=message):
        ReachSettings(**settings)


def test_an_existing_run_is_not_overwritten(tmp_path):
    """A folder that is there is refused before anything is run."""
    with pytest.raises(RecordError, match="exists"):
        reach.run_reach(ReachSettings(out=tmp_path))


@pytest.mark.usefixtures("without_figures")
def test_what_was_learned_stays_when_learning_is_off(tmp_path):
    """Frozen after two passes, the network alone keeps the error low, on unseen targets too."""
    run = reach.run_reach(
        ReachSettings(
            passes=3,
            freeze_after=2,
            unseen=1,
            neurons=200,
            adapt=("none", "consolidation"),
            out=tmp_path / "run",
        )
    )
    first, learning, same, unseen = run.summary["rms_mm"]["consolidation"]
    none = run.summary["rms_mm"]["none"]
    assert first < 1.0
    assert learning < 0.3
    assert same < 2.0
    assert unseen < 0.2 * none[3]
    assert len(run.summary["unseen_targets"]) == 5
    settings = run.summary["settings"]
    assert [pass_name(settings, k) for k in (2, 3, 4)] == ["pass 2", "pass 3, off", "unseen 1, off"]


@pytest.mark.usefixtures("without_figures")
def test_the_default_learns_the_payload_in_one_pass(tmp_path):
    """On the iiwa: at most 1 mm in pass 1 and 0.3 mm in pass 2, a hundredth of `none`."""
    run = reach.run_reach(ReachSettings(passes=2, adapt=("consolidation",), out=tmp_path / "run"))
    first, second = run.summary["rms_mm"]["consolidation"]
    assert first < 1.0
    assert second < 0.3


@pytest.mark.usefixtures("without_figures")
def test_a_run_starts_with_what_the_last_one_has_learned(tmp_path):
    """Pass 1 of the second run is as good as pass 2 of the first; another arm has other models."""
    first, second = (tmp_path / name for name in ("first", "second"))
    settings = ReachSettings(passes=2, adapt=("structured",), arm="planar2", out=first)
    run = reach.run_reach(settings)
    again = replace(settings, passes=1, out=second, start=first)
    errors = run.summary["rms_mm"]["structured"]
    (error,) = reach.run_reach(again).summary["rms_mm"]["structured"]
    assert error < 1.2 * errors[1] < 0.5 * errors[0]
    with pytest.raises(NetworkError, match="learned with this model of arm 'planar3'"):
        reach.run_reach(replace(again, arm="planar3", out=tmp_path / "other"))
    assert not (tmp_path / "other").exists()  # refused before a controller has run
    with pytest.raises(RecordError, match=r"start '.*missing': cannot be read"):
        reach.run_reach(replace(again, start=tmp_path / "missing", out=tmp_path / "none"))
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"freeze_after": 0}, "freeze_after: is 0, needs a pass from 1 to 6"),
        ({"freeze_after": 9, "unseen": 2}, "freeze_after: is 9, needs a pass from 1 to 8"),
        ({"unseen": -1}, "unseen: is -1"),
        ({"inputs": "dq"}, "inputs: is 'dq', needs one of q, q-dq, q-dq-ref, q-ref"),
        ({"neuron_type": "LIF"}, "neuron_type: is 'LIF', needs one of relu, lif-rate, spiking-re"),
        (
            {"neuron_type": "lif", "adapt": ("none", "exact")},
            "neuron_type: is 'lif', needs --adapt consolidation or structured",
        ),
        (
            {"max_rates": (200.0,), "adapt": ("exact",)},
            r"max_rates: is \(200.0,\), needs --adapt consolidation or structured",
        ),
        (
            {"direct": False, "adapt": ("structured",)},
            "direct: is False, needs --adapt consolidation$",
        ),
        ({"neuron_type": "lif", "max_rates": (600.0,)}, "max_rates: is .*600.* below 500 Hz"),
        ({"max_rates": (1.0, 2.0, 3.0)}, "max_rates: is .* needs one or two ascending"),
        ({"neuron_type": "lif", "synapse": 0.0}, "synapse: is 0.0 s, needs a number above 0"),
        ({"energy": True}, "energy: is True, needs --neuron-type spiking-relu or lif"),
        (
            {
                "energy": True,
                "neuron_type": "lif",
                "adapt": ("consolidation",),
                "jacobian": ("exact",),
            },
            "and neither --jacobian nor --tool",
        ),
    ],
)
def test_bad_settings_of_learning_are_named(settings, message):
    """A pass that is none, or an unknown choice, is refused with what would work."""
    with pytest.raises(ConfigurationError, match=message):
        ReachSettings(**settings)


@pytest.mark.usefixtures("without_figures")
def test_neurons_that_spike_learn_the_payload_and_have_an_energy(tmp_path, capsys):
    """0.15 mm in pass 2 at 200 Hz, although spikes carry the whole torque; the printed energy is
    that of the counts of the run, and of the docs."""
    out = tmp_path / "run"
    asked = ["reach", "--neuron-type", "lif", "--energy", "--adapt", "consolidation"]
    asked += ["--max-rates", "200", "--synapse", "0.005", "--no-direct"]
    main([*asked, "--passes", "2", "--quiet", "--out", str(out)])
    printed, run = capsys.readouterr().out, read_run(out)
    assert run.summary["rms_mm"]["consolidation"][1] < 0.15
    assert run.summary["settings"]["max_rates"] == [200.0]
    energy = run.summary["energy"]["consolidation"]
    assert 10.0 < energy["spikes"] < 100.0
    assert energy["events_in"] == 1000 * 22
    assert energy["events_out"] == pytest.approx(7 * energy["spikes"])
    assert energy["neurons"] == pytest.approx(1000 * 81e-12)
    assert energy["outputs"] == pytest.approx(23.6e-12 * energy["events_out"])
    total = 81.0 + 0.0236 * (22_000 + energy["events_out"])  # [nJ]
    assert f"{total:.3g}" in printed
    assert "a control cycle on a chip, estimated by counts" in " ".join(printed.split())
