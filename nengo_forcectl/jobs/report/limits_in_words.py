"""What limits and sensor checks did in a run, in words."""

from collections.abc import Mapping
from typing import Any

from .answer import listing, percent

LIMITS = {
    "position": "the position limit kept a joint from its end",
    "velocity": "the velocity limit slowed a joint",
    "torque": "the torque limit cut a torque to what its motor gives",
    "rate": "the rate limit slowed the change of a torque",
    "workspace": "the workspace limit kept the tool in its box",
    "force": "the force limit reduced the force of the tool",
    "clearance": "the clearance limit kept a link from another one or an obstacle",
    "stop": "a controlled stop had taken over",
    "gap": "the time since the cycle before was wrong",
}
SENSORS = {
    "not finite": "readings that were not finite",
    "frozen": "readings that repeated the one before",
    "time": "readings at an irregular time",
    "tool": "positions of the tool that were not finite",
    "lost": "states that were lost",
    "overruns": "cycles that took longer than their period",
    "torque rate": "cycles in which the robot's rate limit changed the torque",
}


def limits_in_words(summary: Mapping[str, Any]) -> list[str]:
    """Return a line for each controller: which limit acted, in how many cycles, and their share."""
    cycles = summary.get("cycles", {})
    return [
        f"{name}: {_acted(summary.get('limits', {}).get(name, {}), count)}"
        f"{_faults(summary.get('events', {}).get(name, {}))}"
        for name, count in cycles.items()
        if count
    ]


def _acted(counts: Mapping[str, int], cycles: int) -> str:
    acted = {name: count for name, count in counts.items() if count}
    if not acted:
        return f"no limit changed a torque in {cycles:,} cycles."
    parts = [
        f"{LIMITS.get(name, f'{name} acted')} in {count:,} ({percent(count / cycles)})"
        for name, count in acted.items()
    ]
    return f"of {cycles:,} cycles, {listing(parts)}."


def _faults(counts: Mapping[str, int]) -> str:
    parts = [f"{count:,} {SENSORS.get(name, name)}" for name, count in counts.items() if count]
    return f" Sensors and robot: {listing(parts)}." if parts else ""
