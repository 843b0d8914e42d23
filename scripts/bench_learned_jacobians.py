"""The README's table of learned Jacobians: arms, seeds, errors held out, training times."""

import sys
import tempfile
from pathlib import Path

from nengo_forcectl.jobs.jacobian.jacobian_job import run_jacobian
from nengo_forcectl.jobs.jacobian.jacobian_settings import JacobianSettings

CASES = [
    {"arm": "planar2", "neurons": 1000, "samples": 3000},
    {"arm": "planar3", "neurons": 2000, "samples": 4000},
    {"arm": "planar3", "neurons": 2000, "samples": 4000, "train": "positions"},
    {"arm": "planar3", "neurons": 500, "samples": 5000, "train": "online"},
    {"arm": "ur5", "neurons": 4000, "samples": 5000, "task": "pose"},
    {"arm": "kuka_iiwa", "neurons": 4000, "samples": 5000, "task": "pose"},
    {"arm": "ur5", "neurons": 4000, "samples": 5000},
    {"arm": "kuka_iiwa", "neurons": 4000, "samples": 5000},
]


def percent(values: list[float]) -> str:
    """The range over the seeds."""
    return f"{100 * min(values):.2g} to {100 * max(values):.2g} %"


seeds = range(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
print("arm, task, neurons, training: median, 95th percentile of the error of J; training [s]")
for case in CASES:
    found = []
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            settings = JacobianSettings(**case, seed=seed, epochs=2, out=Path(folder) / "run")
            found.append(run_jacobian(settings).summary)
    median, p95 = ([one["relative_error"][key] for one in found] for key in ("median", "p95"))
    longest = max(one["training_seconds"] for one in found)
    name = f"{settings.arm}, {settings.task}, {settings.neurons}, {settings.train}"
    print(f"{name}: {percent(median)}, {percent(p95)}; {longest:.0f}", flush=True)
