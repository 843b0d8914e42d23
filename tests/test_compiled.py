"""Machine code of kernels is kept by the contents of their sources."""

import os
import shutil
from pathlib import Path

import pytest

import nengo_forcectl.kernels
from arms.machine.cache import VARIABLE, digest_of, versioned_folder


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


KERNELS = Path(nengo_forcectl.kernels.__path__[0])
SOURCES = sorted(path.relative_to(KERNELS) for path in KERNELS.rglob("*.py"))


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_an_edit_of_any_source_of_kernels_names_another_cache(source, tmp_path):
    """Those of the layout are in a folder of their own."""
    copy = tmp_path / "kernels"
    shutil.copytree(KERNELS, copy, ignore=shutil.ignore_patterns("__pycache__"))
    assert digest_of(copy) == digest_of(KERNELS)
    with (copy / source).open("a") as file:
        file.write("# edited\n")
    assert digest_of(copy) != digest_of(KERNELS)


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
