"""Compare dF/dw with finite differences on many kinds of networks, and count what comes out.

    python scripts/check_jacobians.py [part of a name ...]

The networks are those of ``scripts/jacobian_cases``. Outcomes: ``right``; ``surrogate``, where
spiking neurons are on the way, which are differentiated through their rates; ``random``, where the
network's output, or in training its Jacobian, is not the same twice; ``error``, with its message;
``not built``, by Nengo or NengoDL; ``WRONG`` and ``TRACEBACK``, of which there must be none.
"""

import sys
import warnings
from collections import Counter

from jacobian_cases import CASES, outcome


def main(parts: list[str]) -> int:
    """Print the outcomes and their counts; return how many must not be."""
    warnings.simplefilter("ignore")
    counts: Counter[str] = Counter()
    for name, make in CASES.items():
        if parts and not any(part in name for part in parts):
            continue
        found, text = outcome(make)
        counts[found] += 1
        print(f"{found:10} {name:32} {text[:150]}", flush=True)
    print(f"{counts.total()} networks:", ", ".join(f"{n} {kind}" for kind, n in counts.items()))
    return counts["WRONG"] + counts["TRACEBACK"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
