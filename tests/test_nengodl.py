import os
import subprocess
import sys

import nengo
import numpy as np
import pytest
from networks import small_network

from nengo_forcectl.errors import VersionError
from nengo_forcectl.nengodl.compatibility import check_versions, nengo_dl, tf


def python(code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_packages_are_light_to_import():
    """Importing the packages loads neither TensorFlow nor PyBullet nor Sympy."""
    heavy = ["tensorflow", "tf_keras", "nengo_dl", "pybullet", "sympy", "matplotlib"]
    code = (
        "import sys, arms, nengo_forcectl, nengo_forcectl.nengodl, nengo_forcectl.sim;"
        "from nengo_forcectl import kinematics, learning, networks, paths;"
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    done = python(code)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_names_that_need_an_engine_load_it_when_they_are_used():
    """Bullet, MuJoCo and what works on a NengoDL simulator can be imported at no cost."""
    code = (
        "import sys, warnings; warnings.simplefilter('ignore');"  # Nengo's own, of numpy.core
        "from nengo_forcectl import Bullet, LearningLoop, MuJoCo, named_weights, weight_jacobian;"
        "from nengo_forcectl.kinematics import kinematics_network;"
        "from nengo_forcectl.networks import OnlineNetwork, simulator;"
        "print([m for m in ('tensorflow', 'nengo_dl', 'pybullet', 'mujoco') if m in sys.modules])"
    )
    done = python(code)
    assert (done.stdout, done.stderr) == ("[]\n", "")


@pytest.mark.needs("nengo_dl")
def test_the_import_is_quiet_and_the_users_own_keras_works_after_it():
    """Nothing is written, ``import keras`` afterwards gives Keras 3, NengoDL has its Keras 2."""
    code = (
        "import nengo_forcectl.nengodl.compatibility as n, sys; n.tf.keras;"
        "assert not [m for m in sys.modules if m == 'keras' or m.startswith('keras.')];"
        "import keras; assert keras.layers.Dense.__module__.startswith('keras.src.');"
        "assert n.tf.keras.layers.Dense.__module__.startswith('tf_keras.')"
    )
    done = python(code)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.needs("nengo_dl")
def test_a_keras_imported_before_stays_the_same():
    """The modules that the user had imported are the same objects afterwards."""
    code = (
        "import sys, keras, keras.layers as before;"
        "import nengo_forcectl.nengodl.compatibility as n; n.nengo_dl.Simulator;"
        "import keras.layers as after; assert before is after is keras.layers;"
        "assert sys.modules['keras'] is keras and 'keras.engine' not in sys.modules"
    )
    assert python(code).returncode == 0


def test_versions_that_do_not_fit_are_named():
    """One sentence says what is needed and what is installed, missing packages included."""
    with pytest.raises(VersionError) as caught:
        check_versions({"nengo-dl": "3.5", "no-such-package": "1.0"})
    message = str(caught.value)
    assert "nengo-dl 3.5, no-such-package 1.0" in message
    assert f"installed: nengo-dl {nengo_dl.__version__}, no-such-package none" in message
    check_versions()


def test_a_minor_version_is_not_a_prefix_of_text():
    """2.2 is not taken for 2.21."""
    major = nengo_dl.__version__.split(".")[0]
    check_versions({"nengo-dl": major})
    with pytest.raises(VersionError):
        check_versions({"tensorflow": tf.__version__[:3]})


def test_nengodl_equals_nengo():
    """The same network gives the same output in NengoDL and in Nengo's own simulator."""
    net = small_network()
    net.node.output = lambda t: [np.sin(100 * t), np.cos(70 * t)]
    with nengo.Simulator(net, progress_bar=False) as reference:
        reference.run_steps(50)
    with nengo_dl.Simulator(net, device="/cpu:0", progress_bar=False) as sim:
        sim.run_steps(50)
        np.testing.assert_allclose(sim.data[net.probe], reference.data[net.probe], atol=1e-9)


@pytest.mark.needs("tensorflow")
def test_keras_3_in_tensorflow_is_named(monkeypatch):
    """Where TensorFlow has been told to use Keras 3, the error says what to set."""
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "0")
    done = python("from nengo_forcectl.nengodl.compatibility import tf; tf.keras")
    assert done.returncode == 1
    assert "VersionError: TensorFlow was imported with Keras 3" in done.stderr
    assert "TF_USE_LEGACY_KERAS=1" in done.stderr


@pytest.mark.needs("nengo_dl")
def test_nengodl_can_be_imported_after_the_package():
    """``import nengo_dl`` works, quietly, with what is repaired; a module of it first, too."""
    code = (
        "import warnings; warnings.filterwarnings('ignore', module='nengo');"
        "import nengo_forcectl, nengo_dl.neurons, nengo_dl, sys;"
        "from nengo_forcectl.nengodl.compatibility import nengo_dl as ours;"
        "assert ours.Simulator is nengo_dl.Simulator and 'keras.engine' not in sys.modules;"
        "from nengo_forcectl.nengodl import ProductNode;"
        "assert ProductNode in nengo_dl.builder.NengoBuilder.builders;"
        "assert type(nengo_dl.__loader__).__name__ == 'SourceFileLoader'"
    )
    done = python(code)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_no_device_is_hidden():
    """TensorFlow, imported by the package, sees every device; before, nothing is set."""
    code = (
        "import importlib, os, nengo_forcectl.nengodl.compatibility as n;"
        "from types import SimpleNamespace as Part;"
        "assert 'TF_USE_LEGACY_KERAS' not in os.environ; calls = [];"
        "config = Part(set_visible_devices=lambda *arguments: calls.append(arguments));"
        "keras = Part(layers=Part(Layer=type('Layer', (), {'__module__': 'tf_keras.layers'})));"
        "tf = Part(config=config, keras=keras); load = importlib.import_module;"
        "importlib.import_module = lambda name: tf if name == 'tensorflow' else load(name);"
        "assert n._import_tensorflow() is tf; assert not calls, calls;"
        "assert {key for key in os.environ if key.startswith('TF_')}"
        " == {'TF_USE_LEGACY_KERAS', 'TF_CPP_MIN_LOG_LEVEL'}"
    )
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TF_")}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


FILTERS = {
    "with a direct part": nengo.LinearFilter([0.01, 1], [0.02, 1]),
    "of second order": nengo.LinearFilter([1, 0.5, 3], [1, 2, 3]),
    "a gain": nengo.LinearFilter([2.0], [1.0]),
}


def test_filters_with_a_direct_part():
    """Every kind of `nengo.LinearFilter` gives what Nengo gives."""
    with nengo.Network() as net:
        nengo_dl.configure_settings(dtype="float64")
        node = nengo.Node(lambda t: [np.sin(300 * t), np.cos(500 * t)])
        out = nengo.Node(size_in=2 * len(FILTERS))
        for i, synapse in enumerate(FILTERS.values()):
            nengo.Connection(node, out[2 * i : 2 * i + 2], synapse=synapse)
        probe = nengo.Probe(out)
    with nengo.Simulator(net, progress_bar=False) as reference:
        reference.run_steps(10)
    with nengo_dl.Simulator(net, device="/cpu:0", progress_bar=False, minibatch_size=2) as sim:
        sim.run_steps(10)
        for item in sim.data[probe]:
            np.testing.assert_allclose(item, reference.data[probe], atol=1e-12)
