"""Timing of several actions with interleaved repeats, so that a busy machine slows all alike."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

REPEATS, CALLS = 15, 2000
Action = Callable[[], object]


def medians(
    actions: dict[str, Action],
    calls: int = CALLS,
    middle: Callable[[list[float]], float] = median,
) -> dict[str, float]:
    """Microseconds per call of each action, their repeats interleaved."""
    samples: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(REPEATS):
        for name, action in actions.items():
            start = time.perf_counter()
            for _ in range(calls):
                action()
            samples[name].append((time.perf_counter() - start) / calls * 1e6)
    return {name: middle(values) for name, values in samples.items()}


def show(title: str, times: dict[str, float], reference: str) -> None:
    """One block of the table."""
    print(f"\n{title}")
    for name, value in times.items():
        print(f"  {name:42} {value:9.2f} us   {value / times[reference]:6.3f} x {reference}")
