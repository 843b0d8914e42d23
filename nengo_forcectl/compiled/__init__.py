"""The blocks of a control cycle as machine code, and the cycle that is made of them.

Each does what its plain counterpart does, on arrays that are there already. numba compiles them
once for arms and networks of any size and keeps the code on disk.
"""

import hashlib
import os
from pathlib import Path

import arms


def forget_stale(folder: Path, *others: Path) -> None:
    """Delete what numba has compiled of a folder's functions if one of its sources has changed.

    ``others`` are sources elsewhere that they use.

    numba looks at the date of a function's own file, and not at those of the functions that it
    calls and may have compiled into it: after an update callers would go on with their old ones.
    """
    cache = folder / "__pycache__"
    mark = cache / "sources.sha256"
    try:
        sources = ((path.name, path.stat()) for path in [*sorted(folder.glob("*.py")), *others])
        stamp = hashlib.sha256(
            repr([(name, stat.st_size, stat.st_mtime_ns) for name, stat in sources]).encode()
        ).hexdigest()
        if mark.exists() and mark.read_text() == stamp:
            return
        for file in cache.glob("*.nb[ci]"):
            file.unlink(missing_ok=True)
        cache.mkdir(exist_ok=True)
        temporary = cache / f"sources.{os.getpid()}"
        temporary.write_text(stamp)
        temporary.replace(mark)
    except OSError:  # a folder that cannot be written: numba keeps its files elsewhere
        return


_here = Path(__file__).parent
OTHERS = (
    _here.parent / "calls.py",
    _here.parent / "control" / "secondary.py",
    _here.parent / "exceptions.py",
    _here.parent / "learning" / "consolidation.py",
    _here.parent / "learning" / "gradient.py",
    _here.parent / "observer.py",
    Path(arms.__path__[0]) / "invoke.py",
)
"""Sources elsewhere, of which there are constants and code in what is compiled here."""
forget_stale(_here, *OTHERS)
