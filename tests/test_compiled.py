"""Machine code of kernels is kept by the contents of their sources."""

import os
import shutil
import subprocess
import sys

import pytest

from arms.machine.cache import VARIABLE, digest_of, versioned_folder
from arms.machine.kernel_folder import sources


def test_a_changed_a_new_or_a_removed_source_gives_another_digest(tmp_path):
    """Its contents count, not its date."""
    source = tmp_path / "law.py"
    source.write_text("one")
    first = digest_of(tmp_path)
    os.utime(source, ns=(1, 1))
    assert digest_of(tmp_path) == first
    source.write_text("two")
    assert digest_of(tmp_path) != first
    source.write_text("one")
    (tmp_path / "another.py").write_text("two")
    assert digest_of(tmp_path) != first
    (tmp_path / "another.py").unlink()
    assert digest_of(tmp_path) == first


def test_a_digest_counts_folders_in_a_folder(tmp_path):
    """A source that moves from one to the other gives another digest, too."""
    folder = tmp_path / "laws" / "layout"
    folder.mkdir(parents=True)
    (folder / "law.py").write_text("one")
    first = digest_of(tmp_path)
    (folder / "law.py").write_text("two")
    second = digest_of(tmp_path)
    (folder / "law.py").rename(tmp_path / "law.py")
    assert len({first, second, digest_of(tmp_path)}) == 3


def test_a_digest_of_a_file_is_of_that_file_alone(tmp_path):
    """Other files of its folder do not count."""
    (tmp_path / "law.py").write_text("one")
    first = digest_of(tmp_path / "law.py")
    (tmp_path / "another.py").write_text("two")
    assert digest_of(tmp_path / "law.py") == first
    (tmp_path / "law.py").write_text("two")
    assert digest_of(tmp_path / "law.py") != first


KERNELS = sources("nengo_forcectl.kernels")
SOURCES = [path for folder in KERNELS for path in sorted(folder.rglob("*.py"))]


def test_kernels_depend_on_their_folder_and_on_that_of_the_arms():
    """Functions of the arms' folder are compiled into them; its own kernels need no other."""
    assert [path.parts[-2:] for path in KERNELS] == [
        ("nengo_forcectl", "kernels"), ("arms", "machine"),
    ]  # fmt: skip
    assert sources("arms.machine") == KERNELS[1:]


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: "/".join(path.parts[-2:]))
def test_an_edit_of_any_source_of_kernels_names_another_cache(source, tmp_path):
    """Those of the layout are in a folder of their own."""
    copies = [tmp_path / folder.name for folder in KERNELS]
    for folder, copy in zip(KERNELS, copies, strict=True):
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("__pycache__"))
    assert digest_of(*copies) == digest_of(*KERNELS)
    home = next(folder for folder in KERNELS if source.is_relative_to(folder))
    with (tmp_path / source.relative_to(home.parent)).open("a") as file:
        file.write("# edited\n")
    assert digest_of(*copies) != digest_of(*KERNELS)


MINE = """
from arms.machine.numba_kernel import kernel, part
from .numbers import number_of

@part(1)
def answer(given):
    return number_of(given)
"""
NUMBERS = """
from arms.machine.numba_kernel import kernel

@kernel
def number_of(given):
    return given + {more}
"""
ASK = """
import sys
from arms.machine.object_files import Part
print(Part("mine.answers", "answer").call(7), "numba" in sys.modules)
"""


def test_an_edited_kernel_runs_no_old_code(tmp_path):
    """Of any package, even if the edit is in another module than the part's; nor does it numba."""
    package = tmp_path / "mine"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "answers.py").write_text(MINE)
    path = os.pathsep.join((str(tmp_path), *filter(None, sys.path)))
    environment = os.environ | {"PYTHONPATH": path, VARIABLE: str(tmp_path / "cache")}
    for more, wanted in ((1, "8 False"), (2, "9 False"), (1, "8 False")):
        (package / "numbers.py").write_text(NUMBERS.format(more=more))
        found = subprocess.run(
            [sys.executable, "-B", "-c", ASK],
            capture_output=True, text=True, check=True, env=environment,
        )  # fmt: skip
        assert found.stdout.strip() == wanted


def test_folders_of_old_versions_are_pruned(tmp_path, monkeypatch):
    """The one in use and the last four stay, whatever they hold; other kinds are left alone."""
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    (tmp_path / "other-1").mkdir()
    folders = []
    for k in range(8):
        path = versioned_folder("numba", f"version {k}")
        assert path is not None
        (path / "code").write_text("code")
        os.utime(path, (k, k))
        folders.append(path)
    versioned_folder("numba", "version 7")
    assert [path.exists() for path in folders] == [False] * 3 + [True] * 5
    assert (tmp_path / "other-1").exists()


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path, monkeypatch):
    """Where the cache's place is taken by a file there is no folder."""
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "file"))
    assert versioned_folder("numba", "version") is None
