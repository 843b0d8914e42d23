import gc
import os
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import arms
from arms.arm import Arm
from arms.machine import cache, kernel
from arms.model.chain import Pose
from arms.model.terms import Request

Q = [0.3, -0.4]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty cache of the test's own."""
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


def output(code, folder=None, **environment):
    """What a new Python prints; it finds packages in ``folder`` first."""
    command, environment = [sys.executable, "-c", code], {**os.environ, **environment}
    result = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=folder, env=environment
    )
    return result.stdout.strip()


def objects(folder):
    return sorted(folder.glob("arms-*/*.o"))


def test_a_kernel_is_compiled_once(folder, monkeypatch):
    """The second arm finds the first one's code and derives nothing."""
    M = arms.load("planar2").mass_matrix(Q)
    files = objects(folder)
    assert files

    def fail(*_):
        raise AssertionError("derived again")

    monkeypatch.setattr("arms.compiled._derive", fail)
    np.testing.assert_array_equal(arms.load("planar2").mass_matrix(Q), M)
    assert objects(folder) == files


def test_steps_are_derived_once(folder, monkeypatch):
    """A second arm's steps are the first one's, and come from the disk."""
    request = Request(("M",))
    steps = arms.load("planar2").steps(request)
    monkeypatch.setattr("arms.equations.derive.derive_steps", None)
    assert arms.load("planar2").steps(request) == steps


def test_the_key_covers_the_arm_the_terms_and_the_processor(folder, monkeypatch):
    """Another mass, tool, gravity, frame or term each gets its own steps and code on disk.

    Another processor gets code of its own, from the same steps.
    """
    arm = arms.load("planar2")
    link = arm.chain.links[1]
    heavier = replace(link, inertia=replace(link.inertia, mass=link.inertia.mass + 1e-12))
    chain = arm.chain
    variants = [
        lambda: arm.mass_matrix(Q),
        lambda: Arm(replace(chain, links=(chain.links[0], heavier, chain.links[2]))).mass_matrix(Q),
        lambda: arm.jacobian(Q),
        lambda: Arm(replace(chain, tool=Pose((1e-9, 0.0, 0.0)))).jacobian(Q),
        lambda: arm.jacobian(Q, "link1"),
        lambda: arm.jacobian(Q, axes="local"),
        lambda: arm.jacobian(Q, point=(0.0, 0.0, 0.0)),
        lambda: arm.gravity(Q),
        lambda: arm.with_gravity((0.0, -9.81, 1e-9)).gravity(Q),
    ]
    arms.load("planar1").gravity([0.0])  # and with it what all kernels share
    count = len(objects(folder))
    for variant in variants:
        variant()
        count += 2
        assert len(objects(folder)) == count
    monkeypatch.setattr("arms.machine.compile.platform", lambda: "another processor")
    arms.load("planar2").mass_matrix(Q)
    assert len(objects(folder)) == count + 1


@pytest.mark.parametrize(
    "source",
    [
        "arm",
        "model/bodies",
        "model/terms",
        "equations/vectors",
        "machine/llvm_text",
        "machine/steps",
    ],
)
def test_an_edited_source_changes_the_version(tmp_path, source):
    """In a copy of the package; one in the catalogue does not, as its numbers are in the key."""
    copy = tmp_path / "arms"
    shutil.copytree(Path(arms.__file__).parent, copy)
    before = cache.sources_version.__wrapped__(copy)
    assert before == cache.sources_version()
    with (copy / "catalog" / "franka.py").open("a") as file:
        file.write("# an edit")
    assert cache.sources_version.__wrapped__(copy) == before
    with (copy / f"{source}.py").open("a") as file:
        file.write("# an edit")
    assert cache.sources_version.__wrapped__(copy) != before


def test_edited_equations_run_in_the_next_process(folder, tmp_path):
    """A copy of the package with another sign of gravity does not get the cached code."""
    copy = tmp_path / "arms"
    shutil.copytree(Path(arms.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    # Python's own cache compares sizes and whole seconds, which this edit does not change.
    plain = {"PYTHONDONTWRITEBYTECODE": "1"}
    code = "import arms; print(arms.load('planar1').gravity([0.3])[0])"
    first = float(output(code, tmp_path, **plain))
    equations = copy / "equations" / "dynamics.py"
    text = equations.read_text()
    assert "g[k] - joint.gain" in text
    equations.write_text(text.replace("g[k] - joint.gain", "g[k] + joint.gain"))
    assert float(output(code, tmp_path, **plain)) == -first
    assert len(list(folder.glob("arms-*"))) == 2


def test_code_of_old_versions_is_removed(folder, monkeypatch):
    """Of seven versions the present one and the last four stay."""
    for version in range(7):
        monkeypatch.setattr(cache, "sources_version", lambda version=version: f"version {version}")
        cache.fetch("key", lambda: b"code")
        for k, old in enumerate(sorted(folder.iterdir(), key=lambda each: each.stat().st_mtime)):
            os.utime(old, (k, k))
    assert len(objects(folder)) == 5


@pytest.mark.parametrize(
    "damage", ["truncated", "foreign", "flipped", "empty", "pickle", "another"]
)
def test_a_damaged_file_is_rebuilt(folder, damage):
    """Whatever is in the file, only whole files of ours are loaded; the rest is replaced."""
    M = arms.load("planar2").mass_matrix(Q)
    contents = [file.read_bytes() for file in objects(folder)]
    for file in objects(folder):
        data = file.read_bytes()
        content = {
            "truncated": data[: len(data) // 2],
            "foreign": b"\x7fELF" + data[4:],
            "flipped": data[:-9] + bytes([data[-9] ^ 1]) + data[-8:],
            "empty": b"",
            "pickle": b"\x80\x04.",
            "another": next(each for each in contents if each != data),
        }[damage]
        file.write_bytes(content)
    before = [file.read_bytes() for file in objects(folder)]
    np.testing.assert_array_equal(arms.load("planar2").mass_matrix(Q), M)
    after = [file.read_bytes() for file in objects(folder)]
    assert sum(a != b for a, b in zip(before, after, strict=True)) >= 1


@pytest.mark.parametrize("which", ["root", "version"])
def test_the_cache_folders_are_private(folder, which):
    """They are made with mode 0700; one that others may write to is not used, with a warning."""
    arms.load("planar2").mass_matrix(Q)
    folders = {"root": folder, "version": objects(folder)[0].parent}
    for each in folders.values():
        assert each.stat().st_mode & 0o777 == 0o700
    folders[which].chmod(0o777)
    count = len(objects(folder))
    with pytest.warns(UserWarning, match="compiled arms are not stored.*others may write"):
        arms.load("planar1").mass_matrix([0.0])
    assert len(objects(folder)) == count


def test_without_a_usable_folder_arms_work_and_warn_once(tmp_path, monkeypatch):
    """The path of a file as cache folder: one warning for all kernels, the same numbers."""
    M, g = arms.load("planar2").mass_matrix(Q), arms.load("planar2").gravity(Q)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "file"))
    arm = arms.load("planar2")
    with pytest.warns(UserWarning, match="compiled arms are not stored"):
        np.testing.assert_array_equal(arm.mass_matrix(Q), M)
    np.testing.assert_array_equal(arm.gravity(Q), g)  # a second warning would be an error


def test_without_llvm_arms_run_in_python_and_warn_once(monkeypatch):
    """The same bits, for one state and for a batch, and one warning."""
    rng = np.random.default_rng(0)
    q, dq = rng.normal(size=(2, 3, 6))
    compiled = arms.load("ur5")
    expected = compiled.terms(q, dq), compiled.inverse_dynamics(q[0], dq[0], dq[1])

    def broken():
        raise OSError("no LLVM here")

    monkeypatch.setattr("arms.machine.compile.create_target", broken)
    kernel._llvm_works.cache_clear()
    try:
        arm = arms.load("ur5")
        with pytest.warns(UserWarning, match=r"plain Python.*no LLVM here"):
            terms = arm.terms(q, dq)
        for ours, theirs in zip(terms, expected[0], strict=True):
            np.testing.assert_array_equal(ours, theirs)
        np.testing.assert_array_equal(arm.inverse_dynamics(q[0], dq[0], dq[1]), expected[1])
    finally:
        kernel._llvm_works.cache_clear()


def test_where_objects_are_laid_out_otherwise_ctypes_does_it(monkeypatch):
    """Without the fast entry the numbers are the same."""
    q = np.random.default_rng(1).normal(size=6)
    expected = arms.load("ur5").terms(q, q)
    monkeypatch.setattr("arms.machine.python_entry.layout_fits", lambda: False)
    for ours, theirs in zip(arms.load("ur5").terms(q, q), expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_processes_and_threads_that_build_the_same_arm_at_once_all_succeed(folder):
    """Three processes and, after them, four threads on an empty cache agree."""
    code = "import arms; print(arms.load('planar3').mass_matrix([0.1, 0.2, 0.3]).tolist())"
    environment = {**os.environ, cache.VARIABLE: str(folder)}
    command = [sys.executable, "-W", "error", "-c", code]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) for _ in range(3)]
    answers = {process.communicate()[0] for process in running}
    assert len(answers) == 1
    assert all(process.returncode == 0 for process in running)
    assert not list(folder.rglob("*.tmp"))
    arm, results = arms.load("ur5"), []

    def work():
        results.append(arm.gravity([0.1] * 6))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({result.tobytes() for result in results}) == 1
    assert len(results) == 4


def test_the_second_process_imports_no_sympy():
    """With the code on disk neither Sympy nor numba is loaded, nor TensorFlow or PyBullet."""
    arms.load("kuka_iiwa").terms([0.0] * 7, [0.0] * 7)
    code = (
        "import sys, arms; arms.load('kuka_iiwa').terms([0.1] * 7, [0.2] * 7);"
        "print([m for m in ('sympy', 'numba', 'tensorflow', 'pybullet') if m in sys.modules])"
    )
    assert output(code) == "[]"


def test_importing_arms_loads_nothing_heavy():
    """``import arms`` loads neither Sympy nor llvmlite."""
    code = (
        "import sys, arms; print([m for m in ('sympy', 'llvmlite', 'numba') if m in sys.modules])"
    )
    assert output(code) == "[]"


def test_kernels_outlive_their_arm():
    """The function keeps its machine code alive when the arm and the kernel are gone."""
    call = arms.load("planar2").kernel("M").call
    gc.collect()
    expected = arms.load("planar2").mass_matrix(Q)
    np.testing.assert_array_equal(call(np.array(Q), None, None), expected)
