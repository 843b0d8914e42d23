"""What several test modules use."""

import gc
import itertools
import os
import signal
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

# The processes of pytest keep all processors busy. xdist's processes inherit this.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# The tests compile some 400 functions of TensorFlow, and call most of them a few times. So XLA
# optimises less, in a third of the time; with `XLA_FLAGS= pytest` it does what it does for a user.
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false "
    "--xla_cpu_parallel_codegen_split_count=1",
)

# A script's background jobs ignore Ctrl-C, and so does what they start: tests interrupt programs.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

import numpy as np
import pytest
from law_signals import signal, weights  # noqa: F401  fixtures
from missing import CORE, SkippingModule, check_marks, skip_if_missing
from threadpoolctl import threadpool_limits

import arms
from nengo_forcectl.robots import clock

# With `-n 0`, jaxtyping's plugin of pytest has loaded NumPy before this file could say so.
if os.environ["OPENBLAS_NUM_THREADS"] == "1":
    threadpool_limits(1, "blas")


def pytest_configure(config):
    config.addinivalue_line("markers", "equation(law): states the equation of a learning law anew")
    config.addinivalue_line("markers", "needs(package): skips where the package is missing")
    config.addinivalue_line("markers", "core: runs on every Python, without NengoDL and PyBullet")


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Import all modules without a search for garbage, of which they leave none: a quarter less.

    Nor is garbage searched for among what they leave, and less often than usual. TensorFlow and
    numba make so many objects that the search would take a tenth of the tests' time.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(10_000, 10, 10)
        gc.enable()


def pytest_ignore_collect(collection_path, config):
    """Import no other modules than the core's for ``-m core``."""
    other = collection_path.match("test_*.py") and collection_path.stem not in CORE
    return True if other and config.option.markexpr == "core" else None


def pytest_pycollect_makemodule(module_path, parent):
    return SkippingModule.from_parent(parent, path=module_path)


LONG = (
    "test_baselines", "test_reach", "test_docs", "test_c_library", "test_c_stops", "test_rivals",
    "test_cli", "test_structured_least_squares", "test_spiking", "test_cycle_laws", "test_cycle",
    "test_check_jacobians", "test_arms_chains", "test_online", "test_contact",
    "test_differentiable", "test_cells", "test_safety_box", "test_examples", "test_notebooks",
    "test_press", "test_sweep", "test_franka", "test_jacobian_cases", "test_loop",
    "test_structured_network", "test_examples_jacobians", "test_mujoco", "test_structured_cycle",
    "test_structured_field", "test_structured_limits", "test_reach_tool", "test_report",
    "test_nengodl", "test_weights_odd", "test_loop_probes", "test_jacobian_state",
    "test_loop_optimizers", "test_arms_variable", "test_python_nodes", "test_second_process",
    "test_onnx_export", "test_loop_synapses", "test_bristles", "test_safety_at_once",
    "test_jacobian_layers", "test_loop_rates", "test_jacobian_inputs", "test_no_inputs",
    "test_starts", "test_replay", "test_safety_clearance", "test_view_browser",
    "test_copied_weights", "test_closed_form",
)  # fmt: skip
"""Test modules that take longest: they come first, then those of most tests.

So at the end no process waits long for another: the others take a few seconds each. What several
of them compile, such as the kernels of `regression_samples`, the first has compiled long before.
"""


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.stem in CORE:
            item.add_marker("core")
    places = {name: place for place, name in enumerate(LONG)}
    sizes = Counter(item.path for item in items)
    items.sort(key=lambda item: (places.get(item.path.stem, len(LONG)), -sizes[item.path]))


def pytest_collection_finish():
    """Do without Nengo's cache of decoders: only one process at a time can use it."""
    if "nengo" in sys.modules:
        sys.modules["nengo"].rc.set("decoder_cache", "enabled", "False")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    check_marks(item)
    try:
        return (yield)
    except Exception as error:
        skip_if_missing(item, error)
        raise


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    try:
        return (yield)
    except Exception as error:
        skip_if_missing(item, error)
        raise


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """Kernels are derived and compiled in this session, not taken from the user's own cache.

    All processes of the session share them. A folder in NENGO_FORCECTL_CACHE is used as it is.
    """
    if "NENGO_FORCECTL_CACHE" in os.environ:
        yield
        return
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    (folder / "cache").mkdir(exist_ok=True)
    os.environ["NENGO_FORCECTL_CACHE"] = str(folder / "cache")
    yield
    del os.environ["NENGO_FORCECTL_CACHE"]


@pytest.fixture(scope="session")
def iiwa():
    return arms.load("kuka_iiwa")


@pytest.fixture
def unhurried(monkeypatch):
    """The clock of `run` goes on as it is looked at: a busy machine has no overruns."""
    now = itertools.count()
    looked = SimpleNamespace(perf_counter=lambda: 1e-4 * next(now), sleep=lambda seconds: None)
    monkeypatch.setattr(clock, "time", looked)


@pytest.fixture(scope="module")
def in_one_process():
    """`reach` starts no second process, with which tests/test_second_process.py compares it."""
    from nengo_forcectl.jobs.reach import reach_job

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reach_job, "inside_cell", lambda: True)
        yield


@pytest.fixture
def without_figures(monkeypatch):
    """Runs leave no figures and no report, which the tests of other runs of theirs look at."""
    from nengo_forcectl.jobs.report import reporting

    monkeypatch.setattr(reporting, "inside_cell", lambda: True)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def project():
    """The folder of pyproject.toml."""
    return Path(__file__).parent.parent


@pytest.fixture(scope="session")
def iiwa_job():
    from reaching_job import job_of

    return job_of("kuka_iiwa")


@pytest.fixture(scope="session")
def planar():
    from reaching_job import job_of

    return job_of("planar3")
