from dataclasses import replace

import numpy as np
import pytest

from nengo_forcectl.cycle.compiled_learning import CompiledGradientCycle
from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.jobs.bench.bench_settings import BenchSettings
from nengo_forcectl.jobs.contact.contact_settings import PressSettings
from nengo_forcectl.jobs.reach import reach_job as reach
from nengo_forcectl.jobs.reach.reach_scene import reaching_scene
from nengo_forcectl.jobs.reach.reach_settings import ReachSettings
from nengo_forcectl.jobs.rivals import RIVALS, TIPS, colour
from nengo_forcectl.jobs.rivals.opening import gains, open_cycle
from nengo_forcectl.jobs.scene import DT
from nengo_forcectl.sim.bullet import Bullet

pytestmark = pytest.mark.usefixtures("in_one_process")

ONLINE = ("gradient", "multilayer", "gauss-newton", "kalman", "composite", "keras")
LEARN_FROM = ("joint", "task", "prediction")


def settings_of(**changes):
    """Two links with few neurons."""
    return ReachSettings(**{"arm": "planar2", "payload": 1.0, "neurons": 30, "passes": 1} | changes)


def run_cycles(scene, cycle, robot, count):
    """Drive so many cycles."""
    for _ in range(count):
        state = robot.read()
        robot.apply(cycle.step(state, scene.path.at(state.time)).tau)


def network_of(cycle):
    """The learning network of a cycle: its own, or its adaptation's."""
    return cycle.adaptation.network if hasattr(cycle, "adaptation") else cycle.network


def in_bullet(scene):
    return Bullet(scene.arm, scene.home, scene.disturbances, DT)


def test_every_name_has_its_help_and_a_colour_of_its_own():
    """A line of help each, from the model alone to the bound; no two lines of a figure alike."""
    assert next(iter(RIVALS)) == "none"
    assert [*RIVALS][-1] == [*TIPS][-1] == "exact"
    for records in (RIVALS, TIPS):
        assert all(each.name == name for name, each in records.items())
        assert all(each.help and "\n" not in each.help for each in records.values())
        assert len({colour(name) for name in records}) == len(records)


def test_the_options_of_every_command_follow_from_the_records():
    """What is no rival, or not one for contact or for a tool, is refused with those that are."""
    contact = [name for name, each in RIVALS.items() if each.contact]
    any_tip = [name for name, each in RIVALS.items() if each.any_tip]
    for make, valid in (
        (lambda: ReachSettings(adapt=("magic",)), [*RIVALS]),
        (lambda: BenchSettings(adapt=("magic",)), [*RIVALS]),
        (lambda: PressSettings(adapt=("keras",)), contact),
        (lambda: ReachSettings(tool=0.2, adapt=("keras",)), any_tip),
    ):
        with pytest.raises(ConfigurationError, match=rf"needs (some|one) of {', '.join(valid)}\b"):
            make()


def test_gains_are_numbers():
    """What a run records of the gains is finite and positive."""
    assert all(np.isfinite(value) and value > 0 for value in gains().values())


@pytest.mark.parametrize("name", ONLINE)
def test_learning_off_leaves_the_weights_alone(name):
    """The weights change while learning is on, and not by a bit while it is off."""
    scene = reaching_scene(settings_of())
    with open_cycle(scene, name) as cycle, in_bullet(scene) as robot:
        network = network_of(cycle.cycle)
        start = network.read()
        run_cycles(scene, cycle, robot, 50)
        learned = network.read()
        cycle.learn(False)
        run_cycles(scene, cycle, robot, 50)
        frozen = network.read()
    for key, value in learned.items():
        assert np.abs(value - start[key]).max() > 0
        np.testing.assert_array_equal(frozen[key], value)


def test_multilayer_learns_encoders_and_biases():
    """Of the laws, it alone changes what the neurons respond to."""
    scene = reaching_scene(settings_of())
    with open_cycle(scene, "multilayer") as cycle:
        learned = list(network_of(cycle.cycle).read())
    assert len(learned) == 3
    assert sum(key.endswith((".encoders", ".bias")) for key in learned) == 2


@pytest.mark.usefixtures("without_figures")
def test_spiking_neurons_learn_the_payload(tmp_path):
    """By the second pass a fifth at most of the error is left; the same seed gives the same run."""
    settings = settings_of(arm="planar3", adapt=("none", "pes-spiking"), neurons=200, passes=2)
    run = reach.run_reach(replace(settings, out=tmp_path / "first"))
    rms = run.summary["rms_mm"]
    assert run.summary["failures"] == {}
    assert rms["pes-spiking"][1] < 0.2 * rms["none"][1]
    once = replace(settings, adapt=("pes-spiking",), passes=1, out=tmp_path / "second")
    again = reach.run_reach(once).records["pes-spiking"]["tau"]
    np.testing.assert_array_equal(again, run.records["pes-spiking"]["tau"][: len(again)])


@pytest.mark.parametrize("learn_from", LEARN_FROM)
@pytest.mark.parametrize("name", [name for name in RIVALS if RIVALS[name].learns_from])
def test_gradient_type_laws_learn_from_what_they_are_told(name, learn_from):
    """The option reaches the adaptation of every law that has no signal of its own."""
    scene = reaching_scene(settings_of(learn_from=learn_from))
    with open_cycle(scene, name) as cycle:
        if (name, learn_from) == ("gradient", "joint"):
            assert isinstance(cycle.cycle, CompiledGradientCycle)  # which knows no other
        else:
            assert cycle.cycle.adaptation.learn_from == learn_from


def test_laws_with_their_own_signal_keep_it():
    """The Kalman filter learns from the prediction error, whatever the option says."""
    scene = reaching_scene(settings_of(learn_from="task"))
    with open_cycle(scene, "kalman") as cycle:
        assert cycle.cycle.adaptation.learn_from == "prediction"


@pytest.mark.usefixtures("without_figures")
def test_learning_from_any_error_beats_no_adaptation(tmp_path):
    """On a redundant planar arm the gradient law halves the error, whichever it learns from."""
    settings = settings_of(arm="planar3", adapt=("none", "gradient"), out=tmp_path / "joint")
    (none,), (first,) = reach.run_reach(settings).summary["rms_mm"].values()
    assert first < 0.5 * none
    for learn_from in ("task", "prediction"):
        changes = {"learn_from": learn_from, "adapt": ("gradient",), "out": tmp_path / learn_from}
        ((error,),) = reach.run_reach(replace(settings, **changes)).summary["rms_mm"].values()
        assert error < 0.5 * none


def test_an_unknown_error_to_learn_from_is_refused():
    """The message has the value given and those that would have worked."""
    with pytest.raises(
        ConfigurationError, match="learn_from: is 'magic', needs one of joint, task, prediction"
    ):
        settings_of(learn_from="magic")
