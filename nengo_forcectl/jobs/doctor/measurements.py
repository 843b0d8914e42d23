"""Short measurements of the clock, and of the bridge to another process."""

import multiprocessing
import secrets
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from ...contract import State
from ...errors import ForcectlError
from ...robots.bridge import IDLE, SERVED, BridgeRobot
from ...robots.clock import Clock, Timing
from ...robots.message import GOODBYE, STATE
from ...robots.port import Port
from ...robots.real_time import real_time
from .finding import Finding
from .machine import USUAL, fifo_is_permitted

PERIOD = 1e-3  # [s]
PERIODS = 1000  # per measurement of the jitter
MESSAGES = 500  # per measurement of the bridge
LATE = 100.0  # start of a cycle that calls for an advice [us]
PATIENCE = 20.0  # for the other process to start [s]


def clock() -> Iterator[Finding]:
    """Yield the clock's resolution, and how late cycles of 1 kHz start, without and with FIFO."""
    yield Finding("clock", "resolution", f"{1e9 * _smallest_step():.0f} ns")
    ordinary = _jitter(None)
    permitted = fifo_is_permitted()
    advice = "run(..., priority=80) starts cycles in time on a busy machine" * permitted
    late = ordinary.late_us["p99.9"] > LATE or ordinary.overruns > 0
    yield Finding("clock", "start late by", _text(ordinary), advice if late else "")
    if permitted:
        yield Finding("clock", "with FIFO", _text(_jitter(USUAL)))


def _smallest_step() -> float:
    """Return the smallest difference [s] between two looks at the clock."""
    looks = [time.perf_counter() for _ in range(1000)]
    steps = np.diff(looks)
    return float(steps[steps > 0].min())


def _jitter(priority: int | None) -> Timing:
    ticks = Clock(PERIOD)
    with real_time(priority):
        ticks.start()
        for _ in range(PERIODS):
            ticks.wait()
            ticks.record()
    return ticks.timing({}, None)


def _text(timing: Timing) -> str:
    row = ", ".join(f"{name} {value:.0f}" for name, value in timing.late_us.items())
    return f"{row} us; {timing.overruns} overruns in {PERIODS} periods of 1 ms"


def bridge() -> Iterator[Finding]:
    """Yield the time from a torque to the state in reply, over the bridge."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    token = secrets.randbits(64)
    process = context.Process(target=_echo, args=(token, there), daemon=True)
    process.start()
    try:
        if not here.poll(PATIENCE):
            raise ForcectlError("the other process does not start")
        times = _round_trips(here.recv(), token)
        row = ", ".join(f"p{q} {1e6 * np.percentile(times, q):.0f}" for q in (50, 99))
        yield Finding("bridge", "torque to state", f"{row} us, {len(times)} of {MESSAGES} answered")
    except (ForcectlError, EOFError) as error:
        yield Finding("bridge", "torque to state", f"not measured: {error or 'no answer'}")
    finally:
        process.kill()
        process.join()


def _round_trips(port: int, token: int) -> list[float]:
    times, zero = [], np.zeros(1)
    with BridgeRobot(1, port, token, wait=0.1, patience=PATIENCE) as robot:
        robot.read()
        for _ in range(MESSAGES):
            silent, sent = robot.events["silent"], time.perf_counter()
            robot.apply(zero)
            robot.read()
            if robot.events["silent"] == silent:
                times.append(time.perf_counter() - sent)
    if not times:
        raise ForcectlError("no state came in reply")
    return times


def _echo(token: int, pipe: Any) -> None:
    """Reply to every message with a state, as a robot does, until the goodbye."""
    port, cycles = Port(0, token, 1, SERVED), 0
    pipe.send(port.socket.getsockname()[1])
    end = time.perf_counter() + PATIENCE
    while time.perf_counter() < end:
        message = port.newest(IDLE)
        if message is not None and message.kind == GOODBYE:
            return
        if message is not None:
            cycles += 1
            state = State(PERIOD * cycles, np.zeros(1), np.zeros(1))
            port.send(STATE, state, answers=port.last)
