"""Cost of sweeps: two workers beside one, the scheduler's share per cell, the share of compiling.

``toy`` runs 1 to 2,000 cells that do nothing, in two processes: what is left is the scheduler, the
disk and the transport. ``pair`` runs 64 cells of ``reach`` on one worker and on two; run it on an
idle machine. ``cold`` runs two cells with an empty cache and then with a full one.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from arms.machine.cache import VARIABLE
from nengo_forcectl.jobs.cells.cell_folder import CellFolder
from nengo_forcectl.jobs.cells.cell_runner import Cells, run_cells
from nengo_forcectl.jobs.cells.cell_task import Produced
from nengo_forcectl.jobs.cells.identity import identity
from nengo_forcectl.jobs.cells.worker_pools import LocalProcesses
from nengo_forcectl.jobs.job import unwatched

COUNTS = (1, 10, 100, 500, 2000)
SWEEP = """
job = "reach"
settings = {{ arm = "planar2", adapt = "observer", passes = {passes} }}
sweep = {{ seed = [{seeds}] }}
"""


def nothing(number: int) -> Produced:
    """A cell of no work, with a result of the size of a small summary."""
    return Produced({"number": number, "values": [0.1 * number] * 20}, {})


def toy() -> None:
    """Seconds and bytes per cell, and seconds in which the driver itself computes."""
    own = identity(())
    print("cells    s/cell   driver s/cell   bytes/cell   resumed s/cell")
    with LocalProcesses(2) as pool, tempfile.TemporaryDirectory() as place:
        for name, count in [("warm", 4), *((str(count), count) for count in COUNTS)]:
            keys = [{"seed": number} for number in range(count)]
            cells = Cells("toy", nothing, keys, lambda number: number, lambda cell: "")
            folder = CellFolder(Path(place) / name)
            began, busy = time.perf_counter(), time.process_time()
            run_cells(cells, folder, pool, own, unwatched)
            seconds, busy = time.perf_counter() - began, time.process_time() - busy
            began = time.perf_counter()
            run_cells(cells, folder, pool, own, unwatched)  # all are there: each is read
            again = time.perf_counter() - began
            size = sum(path.stat().st_size for path in folder.path.rglob("*") if path.is_file())
            if name != "warm":
                print(f"{count:5d}{seconds / count:10.5f}{busy / count:13.5f}"
                      f"{size / count:14.0f}{again / count:16.5f}", flush=True)  # fmt: skip


def sweep(cells: int, passes: int, jobs: int, cache: str | None = None) -> float:
    """Seconds of the command with so many cells and processes."""
    environment = dict(os.environ) | ({} if cache is None else {VARIABLE: cache})
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "sweep.toml"
        file.write_text(SWEEP.format(passes=passes, seeds=", ".join(map(str, range(cells)))))
        command = [
            sys.executable, "-m", "nengo_forcectl", "--quiet", "sweep", str(file),
            "--jobs", str(jobs), "--out", str(Path(place) / "out"), "--json",
        ]  # fmt: skip
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
        return time.perf_counter() - began


def pair(cells: int, passes: int) -> None:
    """Two workers beside one."""
    sweep(2, 1, 2)  # compiled
    one, two = sweep(cells, passes, 1), sweep(cells, passes, 2)
    print(f"{cells} cells: 1 worker {one:.1f} s, 2 workers {two:.1f} s: {one / two:.2f} x")


def cold() -> None:
    """The same two cells in two workers with an empty cache, and with a full one."""
    with tempfile.TemporaryDirectory() as cache:
        first, then = (sweep(2, 1, 2, cache) for _ in range(2))
    print(f"2 cells in 2 workers: cold {first:.1f} s, warm {then:.1f} s")


def main() -> None:
    """Run the parts that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=["toy", "pair", "cold"])
    parser.add_argument("--cells", type=int, default=64)
    parser.add_argument("--passes", type=int, default=4)
    given = parser.parse_args()
    for part in given.parts:
        {"toy": toy, "pair": lambda: pair(given.cells, given.passes), "cold": cold}[part]()


if __name__ == "__main__":
    main()
