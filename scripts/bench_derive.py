"""Processor time of the first use of long arms: deriving and compiling, in a new process each.

    python scripts/bench_derive.py --joints 7 20

The cache is empty. The time includes the imports, of which Sympy takes 0.3 s.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from arms.machine.cache import VARIABLE

USES = {
    "imports": "",
    "terms": "arm.terms(q, q)",
    "forward dynamics": "arm.forward_dynamics(q, q, q)",
    "terms, then the first batch": "arm.terms(q, q); arm.terms([q, q], [q, q])",
}


def seconds(use: str, joints: int) -> float:
    """Processor time of a new process that does ``use`` with an arm of so many joints."""
    code = (
        "import sympy; from long_arm import long_arm;"
        f"arm = long_arm({joints}); q = [0.1] * {joints}; {use}"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, VARIABLE: os.path.join(folder, "cache")}
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=Path(__file__).parent,
            env=environment,
            check=True,
        )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print the table: the least of some tries."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--joints", type=int, nargs="+", default=[7, 12, 20, 30])
    parser.add_argument("--tries", type=int, default=3)
    settings = parser.parse_args()
    for joints in settings.joints:
        for name, use in USES.items():
            best = min(seconds(use, joints) for _ in range(settings.tries))
            print(f"{joints:3d} joints, {name:30} {best:6.2f} s")


if __name__ == "__main__":
    main()
