"""A controller of a C library in the hands of a test: loaded into Python, or as a program."""

import ctypes
import platform
import shutil
import subprocess
from pathlib import Path

import llvmlite.binding as llvm
import numpy as np

MACHINE = platform.machine()
_FEATURES = llvm.get_host_cpu_features()
RUNS = MACHINE == "aarch64" or bool(_FEATURES.get("fma") and _FEATURES.get("avx2"))
COMPILER = shutil.which("cc")
CROSS, EMULATOR = shutil.which("aarch64-linux-gnu-gcc"), shutil.which("qemu-aarch64")
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O1"]

PROGRAM = """
#include <stdio.h>
#include "mine.h"

static mine_controller controller;
static uint64_t block[MINE_BYTES / 8];

int main(int count, char **files) {
    FILE *file = fopen(files[1], "rb");
    size_t size = file ? fread(block, 1, sizeof block, file) : 0;
    int error = mine_create(&controller, block, size);
    if (count < 5 || error) {
        puts(mine_error(error));
        return 1;
    }
    FILE *in = fopen(files[2], "rb"), *out = fopen(files[3], "wb");
    mine_state state;
    mine_reference reference;
    double tau[MINE_JOINTS];
    while (fread(&state, sizeof state, 1, in) && fread(&reference, sizeof reference, 1, in)) {
        mine_step(&controller, &state, &reference, tau);
        fwrite(tau, sizeof tau, 1, out);
    }
    fclose(out);
    mine_save(&controller, block, sizeof block);
    out = fopen(files[4], "wb");
    fwrite(block, sizeof block, 1, out);
    fclose(out);
    return mine_stopped(&controller);
}
"""


def words(content):
    """Bytes at a multiple of 8, as C functions need them."""
    return np.frombuffer(content[: len(content) // 8 * 8], np.int64).copy()


def rows(state, reference, k):
    """A state and a reference as the structures of the header."""
    n = len(state.q)
    row = np.zeros(9 + 2 * n + 3 * k + 21)
    row[0], row[1 : n + 1], row[n + 1 : 2 * n + 1] = state.time, state.q, state.dq
    if state.wrench is not None:
        row[2 * n + 1 : 2 * n + 7] = state.wrench
    row.view(np.int64)[2 * n + 7 : 2 * n + 9] = bool(state.sound), state.wrench is not None
    at = 2 * n + 9
    sizes = (k, k, k, 9, 3, 3, 6)
    for value, size in zip(reference, sizes, strict=True):
        if value is not None:
            row[at : at + size] = np.ravel(value)
        at += size
    return row


class InC:
    """The shared library of a folder, with one controller."""

    def __init__(self, folder, n, k=3):
        self.name, self.n, self.k = folder.name, n, k
        self.library = ctypes.CDLL(str(folder / MACHINE / f"lib{folder.name}.so"))
        self.size = self._function("size", ctypes.c_size_t)()
        self.memory = np.zeros(self.size // 8, np.int64)
        assert self.create((folder / f"{folder.name}.state").read_bytes()) == 0

    def _function(self, name, result=ctypes.c_int):
        function = getattr(self.library, f"{self.name}_{name}")
        function.restype = result
        return function

    def _at(self, array):
        return ctypes.c_void_p(array.ctypes.data)

    def create(self, content):
        block, size = words(content), ctypes.c_size_t(len(content))
        return self._function("create")(self._at(self.memory), self._at(block), size)

    def save(self):
        block, size = np.zeros_like(self.memory), ctypes.c_size_t(self.size)
        assert self._function("save")(self._at(self.memory), self._at(block), size) == 0
        return block.tobytes()

    def step(self, state, reference):
        """The torque, and the code of a stop."""
        row, tau = rows(state, reference, self.k), np.zeros(self.n)
        parts = row, row[9 + 2 * self.n :], tau
        code = self._function("step")(self._at(self.memory), *map(self._at, parts))
        return tau, code

    def learn(self, mode):
        self._function("learn", None)(self._at(self.memory), mode)

    def reset(self):
        self._function("reset", None)(self._at(self.memory))

    def stop(self):
        self._function("stop", None)(self._at(self.memory))

    @property
    def events(self):
        counts = np.zeros(9, np.int64)
        self._function("count_events", None)(self._at(self.memory), self._at(counts))
        return counts.tolist()

    def text(self, kind, code):
        return self._function(kind, ctypes.c_char_p)(code).decode()


def run_program(folder, machine, inputs, room):
    """Build `PROGRAM` for a machine and run it on rows of inputs; the torques and a state block."""
    compiler, run = (COMPILER, []) if machine == MACHINE else (CROSS, [EMULATOR])
    source, program = room / "main.c", room / f"main_{machine}"
    source.write_text(PROGRAM)
    inputs.tofile(room / "in.bin")
    library = folder / machine / f"lib{folder.name}.a"
    command = [compiler, *STRICT, "-static", "-I", folder, source, library, "-lm", "-o", program]
    subprocess.run(list(map(str, command)), check=True)
    files = [folder / f"{folder.name}.state", room / "in.bin", room / "out.bin", room / "end.state"]
    subprocess.run(list(map(str, [*run, program, *files])), check=True)
    return np.fromfile(room / "out.bin"), room / "end.state"


def compile_only(source: Path, *folders: Path):
    """Compile a C++ source against the headers of some folders; nothing is linked."""
    command = [shutil.which("c++"), "-std=c++17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"]
    for folder in folders:
        command += ["-I", str(folder)]
    subprocess.run([*command, str(source)], check=True)
