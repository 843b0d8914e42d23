"""Settings of kernel and machine that decide whether a loop runs in time."""

import os
import platform
from collections.abc import Iterator
from pathlib import Path

from ...errors import ConfigurationError
from ...robots.real_time import LIMITS, MEMORY, PRIORITY, process_limit, real_time
from .finding import Finding

TOPIC = "real time"
CPU = Path("/sys/devices/system/cpu")
KERNEL = Path("/proc/sys/kernel")
CLOCKS = Path("/sys/devices/system/clocksource/clocksource0/current_clocksource")
REALTIME = Path("/sys/kernel/realtime")
USUAL = 80  # priority that is tried


def machine() -> Iterator[Finding]:
    """Yield kernel, processors, governor, and what of `real_time` is permitted."""
    yield _kernel()
    yield _processors()
    yield _governor()
    yield _clock()
    yield _permitted("SCHED_FIFO", "rtprio 99", process_limit(PRIORITY), priority=USUAL)
    yield _permitted("mlockall", "memlock unlimited", process_limit(MEMORY), lock_memory=True)
    yield _share()


def fifo_is_permitted() -> bool:
    """Return whether this process may run at a real-time priority."""
    try:
        with real_time(USUAL):
            return True
    except ConfigurationError:
        return False


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return None


def _kernel() -> Finding:
    version = f"{platform.system()} {platform.release()}"
    if _read(REALTIME) == "1":
        return Finding(TOPIC, "kernel", f"{version}, PREEMPT_RT")
    advice = (
        "a PREEMPT_RT kernel has the shortest delays; this one may hold a cycle for some 100 us"
    )
    return Finding(TOPIC, "kernel", f"{version}, without PREEMPT_RT", advice)


def _processors() -> Finding:
    usable = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    isolated = _read(CPU / "isolated")
    text = f"{len(usable)} for this process; isolated: {isolated or 'none'}"
    advice = "" if isolated else "isolate one (kernel parameter isolcpus=N) and run(..., cpus=[N])"
    return Finding(TOPIC, "processors", text, advice if len(usable) > 1 else "")


def _governor() -> Finding:
    files = sorted(CPU.glob("cpu[0-9]*/cpufreq/scaling_governor"))
    found = sorted({_read(path) or "unknown" for path in files})
    text = ", ".join(found) if found else "not set by this system"
    slow = bool(found) and found != ["performance"]
    return Finding(TOPIC, "governor", text, "cpupower frequency-set -g performance" * slow)


def _clock() -> Finding:
    source = _read(CLOCKS) or "unknown"
    slow = source in ("hpet", "acpi_pm")
    return Finding(TOPIC, "clock source", source, "slow to read: tsc is better" * slow)


def _permitted(name: str, line: str, limit: str, **asked: object) -> Finding:
    try:
        with real_time(**asked):  # pyright: ignore[reportArgumentType]
            pass
    except ConfigurationError:
        advice = f"run as root, or add 'USER - {line}' to {LIMITS} and log in again"
        return Finding(TOPIC, name, f"not permitted, limit {limit}", advice)
    return Finding(TOPIC, name, f"permitted, limit {limit}")


def _share() -> Finding:
    """Return the share of a processor that real-time threads may take."""
    numbers = [_read(KERNEL / f"sched_rt_{name}_us") for name in ("runtime", "period")]
    try:
        runtime, period = (int(number or "") for number in numbers)
    except ValueError:
        return Finding(TOPIC, "share of FIFO", "unknown")
    share = "all" if runtime < 0 else f"{100 * runtime / period:g} %"
    return Finding(TOPIC, "share of FIFO", f"{share} of a processor")
