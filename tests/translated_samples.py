"""Functions that are machine code in a test: loops, decisions and calls of every kind."""

from __future__ import annotations

from math import atan2, cos, sin, sqrt

from arms.machine.buffers import Buffer, Kernel, at

LIMIT = 3
HALF = 0.5


def everything(kernel: Kernel, n: int, scale: float, x: Buffer, out: Buffer) -> None:
    """Write a number for each kind of statement and expression."""
    kernel(x, x, x, out)
    out[6], out[7] = functions(x[0], x[1]), float(count(n, x))
    out[8] = first_above(n, x, scale)
    swap(at(out, 6))
    total = 0.0
    k = 0
    while True:
        k += 1
        if k == 2 or not k < 100:
            total -= 0.25
        elif k > LIMIT and total != 7.0:
            break
        else:
            total += HALF * k / 2
    out[9] = total
    out[10] = -min(scale, x[2]) + max(1.0, 2 * scale) - -k


def functions(a: float, b: float) -> float:
    """Functions of the C library, and of LLVM."""
    return sqrt(abs(a)) + cos(a) * sin(b) + atan2(a, b)


def count(n: int, x: Buffer) -> int:
    """How many pairs i <= j have a product of at least zero."""
    pairs = 0
    for i in range(n):
        for j in range(i, n):
            if x[i] * x[j] >= 0.0:
                pairs += 1
    return pairs


def first_above(n: int, x: Buffer, bound: float) -> float:
    """The first entry above a bound; -1 if there is none."""
    for i in range(n):
        if x[i] > bound:
            return x[i]
    return -1.0


def is_less(x: Buffer) -> bool:
    """Whether the first entry is less than the second."""
    return x[0] < x[1]


def swap(x: Buffer) -> None:
    """Sort two entries."""
    if is_less(x):
        x[0], x[1] = x[1], x[0]
