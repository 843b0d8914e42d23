"""Timing of several actions with interleaved repeats, so that a busy machine slows all alike.

The repeats are short, a millisecond or so, for most of them to pass without an interruption.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from timeit import Timer
from typing import Any

REPEATS, CALLS = 150, 200
Action = Callable[[], object] | Timer
"""A function without arguments, whose call is part of the time; or a `statement`, without one."""


def statement(code: str, **names: Any) -> Timer:
    """Lines of Python with these names."""
    return Timer(code, globals=names)


def medians(
    actions: dict[str, Action],
    calls: int = CALLS,
    middle: Callable[[list[float]], float] = median,
) -> dict[str, float]:
    """Microseconds per call of each action, their repeats interleaved."""
    timers = {
        name: action if isinstance(action, Timer) else Timer(action)
        for name, action in actions.items()
    }
    samples: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(REPEATS):
        for name, timer in timers.items():
            samples[name].append(timer.timeit(calls) / calls * 1e6)
    return {name: middle(values) for name, values in samples.items()}


def show(title: str, times: dict[str, float], reference: str) -> None:
    """One block of the table."""
    print(f"\n{title}")
    for name, value in times.items():
        print(f"  {name:42} {value:9.2f} us   {value / times[reference]:6.3f} x {reference}")
