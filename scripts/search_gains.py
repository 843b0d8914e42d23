"""Search the gains of the learning laws in `nengo_forcectl.jobs.rivals`.

    python scripts/search_gains.py LAW [draws]

The gains in use and so many random draws, uniform in the logarithm, seed 0, on the job of
`nengo-forcectl reach`: the median over seeds 0 and 1 of the RMS tool error of passes 2 and 3, 1,000
neurons; a fall counts as infinite. Seed 1 runs only where seed 0 comes within a factor of two of
the best so far. Then the best three, in order, under the bench's ``noise`` on three arms.
"""

import sys
from typing import Any

import numpy as np

from nengo_forcectl.jobs.bench.bench_job import measured, run_cell, try_out
from nengo_forcectl.jobs.bench.bench_settings import BenchSettings
from nengo_forcectl.jobs.job import Outcome
from nengo_forcectl.jobs.reach.reach_scene import reaching_scene
from nengo_forcectl.jobs.reach.reach_settings import ReachSettings
from nengo_forcectl.jobs.rivals import learners as networks

RANGES = {
    "multilayer": {"INNER_RATE": (1.0, 1e5), "E_MOD": (1e-6, 1e-2)},
    "gauss-newton": {"NEWTON_RATE": (10.0, 1000.0), "NEWTON_DAMPING": (1e-3, 10.0)},
    "kalman": {"NOISE": (1e-2, 1e4), "PRIOR": (1e-2, 1e2), "FORGETTING": (1e-3, 1.0)},
    "composite": {"COMPOSITE_RATE": (30.0, 3000.0), "COMPOSITE_RHO": (0.1, 10.0)},
    "keras": {"ADAM_RATE": (1e-3, 0.3)},
}
ARMS = ("kuka_iiwa", "planar3", "ur5")


def error(law: str, seed: int) -> float:
    """RMS tool error of passes 2 and 3 [mm], infinite for a fall."""
    scene, outcome = reaching_scene(ReachSettings(passes=3, seed=seed)), Outcome()
    try_out(scene, law, outcome)
    if outcome.failure is not None:
        return np.inf
    return float(np.sqrt(np.mean(np.square(measured(scene, outcome)["rms_mm"][1:]))))


def main(law: Any, draws: int) -> None:
    """Print every candidate, then what noise does to the best."""
    ranges, rng = RANGES[law], np.random.default_rng(0)
    candidates = [{name: getattr(networks, name) for name in ranges}]
    for _ in range(draws):
        logs = {name: rng.uniform(*np.log(limits)) for name, limits in ranges.items()}
        candidates.append({name: float(f"{np.exp(log):.2g}") for name, log in logs.items()})
    found, best = [], np.inf
    for gains in candidates:
        use(gains)
        errors = [error(law, 0)]
        if errors[0] <= 2 * best:
            errors.append(error(law, 1))
            best = min(best, float(np.median(errors)))
            found.append((float(np.median(errors)), gains))
        print(law, gains, *(f"{each:.3g}" for each in errors), flush=True)
    settings = BenchSettings(arms=ARMS)
    for rms, gains in sorted(found, key=lambda each: each[0])[:3]:
        use(gains)
        cells = [run_cell(settings, arm, "noise", law, 0) for arm in ARMS]
        noisy = [f"{c.arm}: {c.fell or (c.later_mm and round(c.later_mm, 3))}" for c in cells]
        print(law, "best", f"{rms:.3g}", gains, "noise:", *noisy, flush=True)


def use(gains: dict[str, float]) -> None:
    """Set the constants of `rivals.learners`."""
    for name, value in gains.items():
        setattr(networks, name, value)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 12)
