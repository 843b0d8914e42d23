"""What several test modules use."""

import itertools
import os
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

# The processes of pytest keep all processors busy. xdist's processes inherit this.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pytest
from law_signals import signal, weights  # noqa: F401  fixtures
from missing import CORE, SkippingModule, check_marks, skip_if_missing

import arms
from nengo_forcectl.robots import clock


def pytest_configure(config):
    config.addinivalue_line("markers", "equation(law): states the equation of a learning law anew")
    config.addinivalue_line("markers", "needs(package): skips where the package is missing")
    config.addinivalue_line("markers", "core: runs on every Python, without NengoDL and PyBullet")


def pytest_pycollect_makemodule(module_path, parent):
    return SkippingModule.from_parent(parent, path=module_path)


LONG = (
    "test_baselines", "test_reach", "test_docs", "test_c_library", "test_rivals", "test_cli",
    "test_spiking", "test_cycle_laws", "test_cycle", "test_check_jacobians", "test_arms_chains",
    "test_online", "test_contact", "test_differentiable", "test_cells", "test_adaptation",
    "test_safety_box", "test_examples", "test_notebooks", "test_press", "test_sweep",
)  # fmt: skip
"""Test modules that take longest: they come first, then those of most tests.

So at the end no process waits long for another.
"""


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.stem in CORE:
            item.add_marker("core")
    places = {name: place for place, name in enumerate(LONG)}
    sizes = Counter(item.path for item in items)
    items.sort(key=lambda item: (places.get(item.path.stem, len(LONG)), -sizes[item.path]))


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
