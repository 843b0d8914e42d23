"""Tests that need what Python 3.12 and later lack skip there, and say why; elsewhere none does.

NengoDL 3.6 does not build on Python 3.12 as it is, and PyBullet has wheels up to Python 3.11. A
test skips where one of them, or TensorFlow, is missing, and where it

- fails by the error that says so, here or in a process of its own, or by the import of the missing
  package; or
- is marked ``@pytest.mark.needs(package)``.

None of a file in `CORE` may skip: these are the tests that ``.ci/run`` runs on the newest Python.
"""

from importlib.util import find_spec

import pytest

PACKAGES = ("nengo_dl", "pybullet", "tensorflow")
MISSING = tuple(name for name in PACKAGES if find_spec(name) is None)
NENGODL = ("NengoDL needs ",)
# A simulator of Nengo, in place of one of NengoDL.
NENGOS = ("'Simulator' object has no attribute", "Simulator.run_steps() got an unexpected keyword")
SAID = {
    "nengo_dl": (*NENGODL, *NENGOS, "No module named 'nengo_dl"),
    "pybullet": ("PyBullet is not installed", "No module named 'pybullet"),
    "tensorflow": (*NENGODL, "No module named 'tensorflow", "No module named 'tf_keras"),
}
"""What errors say where a package is missing: the package's own, and Python's."""

CORE = (
    "test_arms_arm", "test_arms_imports", "test_arms_mujoco", "test_imports", "test_real_time",
    "test_without_nengodl",
)  # fmt: skip
"""Test modules without a test that skips."""


def check_marks(item):
    """Skip a test that is marked to need a missing package."""
    for mark in item.iter_markers("needs"):
        for package in mark.args:
            assert package in PACKAGES, f"needs({package!r}): known are {PACKAGES}"
            if package in MISSING:
                skip(item, f"needs {package}, which is not installed")


def skip_if_missing(item, error):
    """Skip a test, or a module, that has failed because a package is missing; else return."""
    text = f"{error} {getattr(error, 'stderr', '')}"
    for package in MISSING:
        if any(each in text for each in SAID[package]):
            skip(item, f"needs {package}, which is not installed")


def skip(item, reason):
    """Skip a test, but none of the core's."""
    if item.path.stem in CORE:
        pytest.fail(f"{reason}; a test in {item.path.name} is of the core, which does without")
    pytest.skip(reason, allow_module_level=True)


class SkippingModule(pytest.Module):
    """A test module that skips as a whole where its imports need a missing package."""

    def collect(self):
        """Return its tests."""
        try:
            return list(super().collect())
        except self.CollectError as error:
            skip_if_missing(self, error)
            raise
