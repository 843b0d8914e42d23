"""A controller as a C library: its step beside Python's, its worst cases, its export and its size.

The iiwa, learning, within its limits: `learning_cycle`, and `consolidating_cycle` with 1,000
neurons.
The steps of both languages are interleaved in this process. The worst cases are those of a C
program that is pinned to a core, with SCHED_FIFO where that is permitted, beside those of an empty
loop: what the machine itself takes away. Each cycle is passed many times; the fastest pass of the
slowest cycle is what the code needs at most.
"""

from __future__ import annotations

import argparse
import ctypes
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

import arms
from nengo_forcectl import Bullet, MinimumJerk, Payload, learning_cycle, load_controller
from nengo_forcectl.cycle import consolidating_cycle
from nengo_forcectl.export import export_library

HOME = np.array([0.0, 0.5, 0.0, -1.2, 0.0, 0.6, 0.0])  # [rad]
CYCLES, REPEATS, CALLS = 4800, 41, 100
MACHINE = platform.machine()

PROGRAM = """
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include "mine.h"

static mine_controller controller;
static uint64_t block[MINE_BYTES / 8];
static struct { mine_state state; mine_reference reference; } cycles[CYCLES];
static double taken[STEPS], fastest[CYCLES];

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e6 * t.tv_sec + 1e-3 * t.tv_nsec;
}

static int compare(const void *a, const void *b) {
    double d = *(const double *)a - *(const double *)b;
    return (d > 0) - (d < 0);
}

static void show(const char *what, int fifo) {
    qsort(taken, STEPS, sizeof *taken, compare);
    printf("  %d steps %s%s: median %.2f us, p99 %.2f, p99.9 %.2f, p99.99 %.2f, max %.2f us\\n",
           STEPS, what, fifo ? ", SCHED_FIFO" : "", taken[STEPS / 2], taken[STEPS - STEPS / 100],
           taken[STEPS - STEPS / 1000], taken[STEPS - STEPS / 10000], taken[STEPS - 1]);
}

int main(int count, char **files) {
    struct timespec rest = {0, 1000000};
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET(atoi(files[1]), &cpus);
    sched_setaffinity(0, sizeof cpus, &cpus);
    struct sched_param priority = {.sched_priority = 80};
    int fifo = sched_setscheduler(0, SCHED_FIFO, &priority) == 0;
    mlockall(MCL_CURRENT | MCL_FUTURE);
    FILE *file = fopen(files[2], "rb");
    size_t size = fread(block, 1, sizeof block, file);
    fclose(file);
    file = fopen(files[3], "rb");
    if (count != 4 || fread(cycles, sizeof cycles, 1, file) != 1) return 1;
    double tau[MINE_JOINTS], sum = 0, slowest = 0;
    for (long k = 0; k < STEPS; k++) {  /* what the machine itself takes away */
        double start = now();
        while (now() - start < 7.0) sum += 0.0;
        taken[k] = now() - start;
        if (k % 500 == 499) nanosleep(&rest, 0);
    }
    show("of an empty loop of 7 us", fifo);
    for (long k = 0; k < STEPS; k++) {
        long at = k % CYCLES;  /* the same cycles again, from the same checkpoint */
        if (at == 0 && mine_create(&controller, block, size)) return 1;
        double start = now();
        mine_step(&controller, &cycles[at].state, &cycles[at].reference, tau);
        taken[k] = now() - start;
        if (k < CYCLES || taken[k] < fastest[at]) fastest[at] = taken[k];
        sum += tau[0];
        /* Linux takes the core away from a SCHED_FIFO process that is busy for 0.95 s of 1 s. */
        if (k % 500 == 499) nanosleep(&rest, 0);
    }
    mine_counts counts;
    mine_count_events(&controller, &counts);
    show("of the library", fifo);
    for (long at = 0; at < CYCLES; at++) slowest = fastest[at] > slowest ? fastest[at] : slowest;
    printf("  the slowest of %d cycles, in the fastest of its %d passes: %.2f us\\n", CYCLES,
           STEPS / CYCLES, slowest);
    printf("  stops %ld, gaps %ld\\n", (long)counts.stop, (long)counts.gap);
    return 0;
}
"""


def corners(arm: arms.Arm) -> MinimumJerk:
    """The motion: from home around the corners, twice."""
    start = arm.pose(HOME)[:3, 3]
    offsets = ([0, 0, 0], [1, 1, -1], [1, -1, 0], [0, 0, 0])
    points = [start + 0.1 * np.array(each) for each in offsets]
    return MinimumJerk([*points, *points[1:]], duration=1.5)


def row(state, reference) -> np.ndarray:
    """A state and a reference as the structures of the header."""
    flags = np.array([1, 0], np.int64).view(float)
    parts = [state.time], state.q, state.dq, np.zeros(6), flags, *reference[:3], np.zeros(21)
    return np.concatenate(parts)


def beside_python(folder: Path, states: list, references: list, rows: np.ndarray) -> None:
    """Print medians of interleaved repeats; both controllers see the same states."""
    python = load_controller(folder)
    library = ctypes.CDLL(str(folder / MACHINE / "libmine.so"))
    n = python.dof
    content = (folder / "mine.state").read_bytes()
    block, memory = np.frombuffer(content, np.int64).copy(), np.zeros(len(content) // 8, np.int64)
    tau, wanted = np.zeros((2, n))

    def at(array: np.ndarray, start: int = 0) -> ctypes.c_void_p:
        return ctypes.c_void_p(array.ctypes.data + 8 * start)

    assert library.mine_create(at(memory), at(block), ctypes.c_size_t(len(content))) == 0
    calls = [(at(memory), at(each), at(each, 9 + 2 * n), at(tau)) for each in rows]
    times: dict[str, list[float]] = {"Python": [], "C": []}
    off = 0.0
    for repeat in range(REPEATS):
        here = range(repeat * CALLS, (repeat + 1) * CALLS)
        start = time.perf_counter()
        for k in here:
            wanted = python.step(states[k], references[k]).tau
        middle = time.perf_counter()
        for k in here:
            library.mine_step(*calls[k])
        end = time.perf_counter()
        times["Python"].append(1e6 * (middle - start) / CALLS)
        times["C"].append(1e6 * (end - middle) / CALLS)
        off = max(off, float(np.abs(wanted - tau).max()))
    a, b = (median(each) for each in times.values())
    ratio = median(c / p for p, c in zip(*times.values(), strict=True))
    print(
        f"  step: Python {a:.2f} us, C {b:.2f} us, called from Python: {ratio:.3f} x (at most 0.9)"
    )
    print(f"  largest difference of their torques: {off:g} N m")


def worst(folder: Path, rows: np.ndarray, steps: int, cpu: int) -> None:
    """Print percentiles and the maximum of a C program's steps."""
    room = folder.parent
    (room / "main.c").write_text(PROGRAM)
    rows.tofile(room / "in.bin")
    sizes = [f"-DSTEPS={steps}", f"-DCYCLES={len(rows)}"]
    library = folder / MACHINE / "libmine.a"
    build = [
        "cc",
        "-O2",
        *sizes,
        "-I",
        folder,
        room / "main.c",
        library,
        "-lm",
        "-o",
        room / "main",
    ]
    subprocess.run(list(map(str, build)), check=True)
    command = [room / "main", cpu, folder / "mine.state", room / "in.bin"]
    subprocess.run(list(map(str, command)), check=True)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=10**6, help="steps of the C program")
    parser.add_argument("--cpu", type=int, default=0, help="core that it is pinned to")
    options = parser.parse_args()
    arm = arms.load("kuka_iiwa")
    path = corners(arm)
    makers = {
        "consolidation, 1,000 neurons": lambda: consolidating_cycle(arm, HOME, seed=0),
        "structured": lambda: learning_cycle(arm, HOME, seed=0),
    }
    for name, make in makers.items():
        print(name)
        with tempfile.TemporaryDirectory() as room, Bullet(arm, HOME, [Payload(2.0)]) as robot:
            folder, took = Path(room) / "mine", 0.0
            states, references = [], []
            with make() as cycle:
                for passed in range(2 * CYCLES):  # it trains, is exported, and goes on
                    if passed == CYCLES:
                        start = time.perf_counter()
                        export_library(cycle, folder)
                        took = time.perf_counter() - start
                    state = robot.read()
                    reference = path.at(state.time)
                    robot.apply(cycle.step(state, reference).tau)
                    if passed >= CYCLES:
                        states.append(state)
                        references.append(reference)
            size = {each.name: each.stat().st_size for each in folder.rglob("*") if each.is_file()}
            code = sum(each.stat().st_size for each in folder.rglob("lib*"))
            print(
                f"  export {took:.1f} s; libraries {code / 1e6:.2f} MB, both machines, .a and .so"
            )
            print(f"  state block {size['mine.state'] / 1e6:.2f} MB")
            rows = np.array([row(*each) for each in zip(states, references, strict=True)])
            beside_python(folder, states, references, rows)
            sys.stdout.flush()
            worst(folder, rows, options.steps, options.cpu)


if __name__ == "__main__":
    main()
