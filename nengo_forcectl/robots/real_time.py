"""What a loop asks of Linux to run in time: a fixed priority, processors, memory in RAM."""

import ctypes
import os
import sys
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypedDict

from ..errors import ConfigurationError
from ..support.validation import Arguments, check, check_whole

HIGHEST = 99  # priority of SCHED_FIFO
LOCK = 1 | 2  # MCL_CURRENT | MCL_FUTURE
LIMITS = "/etc/security/limits.conf"
PROCESS_LIMITS = Path("/proc/self/limits")
MEMORY, PRIORITY = "Max locked memory", "Max realtime priority"  # names there


class RealTime(TypedDict, total=False):
    """What `run` asks of Linux; by default nothing."""

    priority: int | None
    cpus: Collection[int] | None
    lock_memory: bool


@contextmanager
def real_time(
    priority: int | None = None, cpus: Collection[int] | None = None, lock_memory: bool = False
) -> Iterator[None]:
    """Let the calling thread run in time; afterwards, all is as before.

    Args:
        priority: of the real-time scheduler SCHED_FIFO, from 1 to 99: no ordinary process then
            interrupts the thread. Threads and processes that it starts have ordinary priority.
        cpus: numbers of the processors that the thread may run on.
        lock_memory: keep all memory of the process in RAM (mlockall).

    Raises:
        ConfigurationError: a value is not valid here, or the system does not permit it.
    """
    given = Arguments("run", priority=priority, cpus=cpus, lock_memory=lock_memory)
    check_whole(given, priority=1)
    check(given, "priority", priority is None or priority <= HIGHEST, "a number from 1 to 99")
    check(given, "lock_memory", isinstance(lock_memory, bool), "True or False")
    wanted = (priority is not None, cpus is not None, lock_memory)
    if any(wanted) and not sys.platform.startswith("linux"):
        raise ConfigurationError("run: priority, cpus and lock_memory need Linux")
    with ExitStack() as stack:
        if lock_memory:
            stack.enter_context(_locked_memory())
        if cpus is not None:
            stack.enter_context(_on_processors(given, cpus))
        if priority is not None:
            stack.enter_context(_at_priority(int(priority)))
        yield


@contextmanager
def _locked_memory() -> Iterator[None]:
    libc: Any = ctypes.CDLL(None, use_errno=True)
    if libc.mlockall(LOCK) != 0:
        reason = f"{os.strerror(ctypes.get_errno())}, limit {process_limit(MEMORY)} bytes"
        raise ConfigurationError(
            f"run.lock_memory: is not permitted ({reason}); run as root, or "
            f"add a line 'USER - memlock unlimited' to {LIMITS} and log in again"
        )
    try:
        yield
    finally:
        libc.munlockall()


def process_limit(name: str) -> str:
    """Return a limit of this process by its name in /proc/self/limits; "unknown" without it."""
    try:
        rows = PROCESS_LIMITS.read_text(encoding="utf-8").splitlines()
    except OSError:
        return "unknown"
    found = (row.removeprefix(name).split()[0] for row in rows if row.startswith(name))
    return next(found, "unknown")


@contextmanager
def _on_processors(given: Arguments, cpus: Collection[int]) -> Iterator[None]:
    before = os.sched_getaffinity(0)
    needs = f"some of {', '.join(map(str, sorted(before)))}"
    listed = isinstance(cpus, Collection) and not isinstance(cpus, str) and len(cpus) > 0
    check(given, "cpus", listed, needs)
    check(given, "cpus", all(_is_processor(each, before) for each in cpus), needs)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _is_processor(number: Any, processors: set[int]) -> bool:
    return not isinstance(number, bool) and number in processors


@contextmanager
def _at_priority(priority: int) -> Iterator[None]:
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        # Without the flag, what this thread starts would compete with it.
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(priority))
    except OSError as error:
        raise ConfigurationError(
            f"run.priority: {priority} is not permitted ({error.strerror}); run as root, or add a "
            f"line 'USER - rtprio {priority}' to {LIMITS} and log in again"
        ) from None
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, parameters)
