"""Machine code of kernels is kept by the contents of their sources."""

import os

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
