import os
import re
from pathlib import Path

import arms
from nengo_forcectl import compiled
from nengo_forcectl.compiled import OTHERS, forget_stale


def test_what_compiled_code_takes_from_elsewhere_is_watched():
    """Every module that a source of it imports from outside its own folder."""
    folder = Path(compiled.__path__[0])
    used = set()
    for source in folder.glob("*.py"):
        text = source.read_text()
        for dots, module in re.findall(r"^from (\.\.|arms\.)([\w.]+) import", text, re.MULTILINE):
            base = folder.parent if dots == ".." else Path(arms.__path__[0])
            used.add(base / (module.replace(".", "/") + ".py"))
    assert used == set(OTHERS)
    assert all(path.exists() for path in OTHERS)


def test_what_was_compiled_of_other_sources_is_forgotten(tmp_path):
    """A changed, a new or a removed source: numba's files go; unchanged, they stay."""
    cache = tmp_path / "__pycache__"
    cache.mkdir()
    source = tmp_path / "law.py"
    source.write_text("one")

    def compiled():
        for name in ("law.f-1.py311.nbi", "law.f-1.py311.1.nbc"):
            (cache / name).write_text("code")
        forget_stale(tmp_path)
        return len(list(cache.glob("*.nb?")))

    assert compiled() == 0  # nothing is known of what was there
    assert compiled() == 2
    stat = source.stat()
    os.utime(source, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    assert compiled() == 0
    assert compiled() == 2
    (tmp_path / "another.py").write_text("two")
    assert compiled() == 0
    (tmp_path / "another.py").unlink()
    assert compiled() == 0
    assert sorted(path.name for path in cache.iterdir()) == ["sources.sha256"]


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path):
    """Where the cache's place is taken by a file nothing happens."""
    (tmp_path / "__pycache__").write_text("no folder")
    forget_stale(tmp_path)
