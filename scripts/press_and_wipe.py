"""What pressing and wiping reach: `python scripts/press_and_wipe.py SECTION [SEED ...]`.

Sections: ``press``, ``peg``, ``wipe``: adaptations and laws, on the iiwa. ``loads``: payloads of 0
to 5 kg. ``noisy``: a wrist sensor of 0.2 N. ``forces``: 10 and 50 N. ``fast``: coming down with
0.05 m/s. ``arms``: other arms. Ranges over the seeds of overshoot [%], of the time of the last
bounce [s], of the largest deviation of the steady force [%], and in wiping of the tool from its
path [mm]. "-" is a run that ended early or never touched. But for the first three sections the
adaptation is an observer.
"""

import sys
import tempfile
from pathlib import Path

from nengo_forcectl.errors import ForcectlError
from nengo_forcectl.jobs import PressSettings, WipeSettings, run_press, run_wipe

NAMES = {"overshoot_percent": "overshoot", "last_bounce_s": "bounce", "error_percent": "force"}
NAMES |= {"settled_s": "settled", "path_mm": "path"}
ALL = ("none", "observer", "consolidation", "structured", "exact")
LEARNERS = ("observer", "consolidation", "structured")
OBSERVER = ("observer",)
LAWS = ("hybrid", "parallel")
SECTIONS = {
    "press": [(PressSettings, {"law": law, "adapt": ALL}) for law in LAWS],
    "peg": [(PressSettings, {"law": law, "surface": "peg", "adapt": LEARNERS}) for law in LAWS],
    "wipe": [
        (WipeSettings, {"law": law, "adapt": ("none", *LEARNERS), "stiffness": (1e3, 1e4, 1e5)})
        for law in LAWS
    ],
    "loads": [
        (PressSettings, {"law": law, "payload": m, "adapt": OBSERVER})
        for law in LAWS
        for m in (0.0, 5.0)
    ],
    "noisy": [(PressSettings, {"law": law, "noise": 0.2, "adapt": OBSERVER}) for law in LAWS],
    "forces": [
        (PressSettings, {"law": law, "force": f, "adapt": OBSERVER})
        for law in LAWS
        for f in (10.0, 50.0)
    ],
    "fast": [(PressSettings, {"law": law, "speed": 0.05, "adapt": OBSERVER}) for law in LAWS],
    "arms": [
        (PressSettings, {"law": law, "arm": arm, "adapt": OBSERVER})
        for law in LAWS
        for arm in ("planar2", "planar3", "ur5", "ur10e", "jaco2", "panda", "xarm6")
    ],
}


def main() -> None:
    """Print a line for every adaptation, stiffness and variant of a section."""
    section = sys.argv[1] if len(sys.argv) > 1 else "press"
    seeds = [int(seed) for seed in sys.argv[2:]] or [0, 1, 2]
    if section not in SECTIONS:
        raise SystemExit(f"section is {section!r}, needs one of {', '.join(SECTIONS)}")
    for kind, options in SECTIONS[section]:
        print(kind.__name__, {name: value for name, value in options.items() if name != "adapt"})
        runs: dict[str, list[dict[str, float | None]]] = {}
        for seed in seeds:
            with tempfile.TemporaryDirectory() as folder:
                settings = kind(**options, seed=seed, out=Path(folder) / "run")
                try:
                    run = run_wipe if kind is WipeSettings else run_press
                    summary = run(settings).summary  # pyright: ignore[reportArgumentType]
                except ForcectlError as error:
                    print("   ", error)
                    continue
            for name, figures in summary["runs"].items():
                runs.setdefault(name, []).append(figures | {"failed": name in summary["failures"]})
        for name, all_figures in runs.items():
            print(f"    {name:<22}", *(_range(all_figures, key) for key in NAMES), flush=True)


def _range(all_figures: list[dict[str, float | None]], key: str) -> str:
    if key not in all_figures[0]:
        return ""
    values = [None if each["failed"] else each[key] for each in all_figures]
    known = [value for value in values if value is not None]
    lost = f" ({len(values) - len(known)} -)" if len(known) < len(values) else ""
    text = f"{min(known):.3g} to {max(known):.3g}" if known else "-"
    return f"  {NAMES[key]} {text}{lost}"


if __name__ == "__main__":
    main()
