"""Run NengoDL's own tests on this package's compatibility layer; give each failure's reason.

    python scripts/check_nengodl.py [options of pytest]

They are the tests that NengoDL installs with itself. A summary counts them, and lists
each failure with the reason in `REASONS`; a failure without a reason there makes the script fail.
"""

import sys
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path
from typing import Any
from zlib import crc32

import nengo
import numpy as np
import pytest

import nengo_forcectl  # noqa: F401  NengoDL can be imported after it

import nengo_dl.tests  # isort: skip

REASONS: dict[str, str] = {
    "test_benchmarks.py*": "needs the package click, and np.in1d, which NumPy 2.4 lacks",
    "test_tensor_graph.py::test_deterministic_order*": "starts a Python that imports NengoDL alone",
    "test_setup.py::test_setup_compat*": "reads setup.py, which is not installed",
    "test_tensor_node.py::test_str": "numbers Keras's layers from 0; other tests have made some",
    "test_version.py::test_nengo_version_check": "Nengo 4.1 is newer than NengoDL knows",
    "test_simulator.py::test_profile*": "needs TensorBoard, which is not installed",
    "test_simulator.py::test_tensorboard": "needs TensorBoard, which is not installed",
}
"""Tests, with wildcards, that fail on this stack, and why."""

OPTIONS = {"dtype": "float32", "unroll-simulation": 1, "device": "/cpu:0", "inference-only": False}


class Suite:
    """What NengoDL's repository has in its ``conftest.py``, which is not installed; and a count."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.failed: list[str] = []

    def pytest_addoption(self, parser: Any) -> None:
        """Add the options that NengoDL's tests read."""
        for name, value in OPTIONS.items():
            parser.addoption(f"--{name}", default=value, type=type(value))
        parser.addoption("--performance", action="store_true", default=False)

    def pytest_configure(self, config: Any) -> None:
        """Name the markers of NengoDL's tests."""
        for name in ("gpu", "performance", "training"):
            config.addinivalue_line("markers", f"{name}: of NengoDL")

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Skip what measures time."""
        for item in items:
            if item.get_closest_marker("performance"):
                item.add_marker(pytest.mark.skip(reason="measures time"))

    @pytest.fixture(scope="session")
    def Simulator(self, request: Any) -> Any:
        """Return the factory of simulators that NengoDL tests."""
        return nengo_dl.tests.make_test_sim(request)

    @pytest.fixture
    def seed(self, request: Any) -> int:
        """Return a seed that depends on the test's name alone."""
        return crc32(request.node.name.encode())

    @pytest.fixture
    def rng(self, seed: int) -> np.random.RandomState:
        """Return a random state."""
        return np.random.RandomState(seed)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Count a test when it is over, or when its preparation ends it."""
        if report.when == "call" or report.outcome != "passed":
            self.counts[report.outcome] += 1
            if report.failed:
                self.failed.append(report.nodeid.rpartition("nengo_dl/tests/")[2])

    def pytest_collectreport(self, report: Any) -> None:
        """Count a module whose tests cannot be collected."""
        if report.failed:
            self.counts["not collected"] += 1
            self.failed.append(report.nodeid.rpartition("nengo_dl/tests/")[2])


class _NoWarnings(pytest.WarningsRecorder):
    """What ``pytest.warns(None)`` was before pytest 8: a record of the warnings."""

    def __init__(self) -> None:
        super().__init__(_ispytest=True)


def _oscillator(tau: float, frequency: float, n_neurons: int) -> nengo.Network:
    """Return a network that Nengo 4.1 has no longer, and one of NengoDL's test modules asks for."""
    with nengo.Network() as network:
        ensemble = nengo.Ensemble(n_neurons, 2)
        turn = [[1, -frequency * tau], [frequency * tau, 1]]
        nengo.Connection(ensemble, ensemble, synapse=tau, transform=turn)
    return network


def main(arguments: list[str]) -> int:
    """Run the tests, print the summary, and return the number of failures without a reason."""
    nengo.networks.Oscillator = _oscillator
    warns = pytest.warns
    pytest.warns = lambda expected=Warning, *args, **kwargs: (
        _NoWarnings() if expected is None else warns(expected, *args, **kwargs)
    )
    suite = Suite()
    folder = Path(nengo_dl.tests.__file__).parent
    quiet = [
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:nengo",
        "--tb=line",
        "-W",
        "ignore",
        "--rootdir",
        str(folder),
    ]
    quiet.append("--continue-on-collection-errors")
    pytest.main([*quiet, *arguments, str(folder)], plugins=[suite])
    print(", ".join(f"{count} {outcome}" for outcome, count in sorted(suite.counts.items())))
    unknown = 0
    for test in suite.failed:
        found = [reason for pattern, reason in REASONS.items() if fnmatch(test, pattern)]
        unknown += not found
        print(f"  {test}: {found[0] if found else 'UNKNOWN'}")
    return unknown


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
