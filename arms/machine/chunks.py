"""Long programs in pieces: LLVM's time for one function grows faster than its length.

Each piece is a function. What a later piece needs goes through memory, where a long program's
values are in any case: there are sixteen registers.
"""

from __future__ import annotations

from dataclasses import dataclass

from arms.machine.steps import Constant, Operation, Steps

LONG = 4000  # steps from which on LLVM's passes over them are left out
WHOLE = 9000  # steps that are compiled in one piece; it runs a tenth faster than smaller ones
SIZE = 1000  # steps of a piece of a longer program


@dataclass(frozen=True)
class Chunk:
    """Steps ``first`` to before ``end``."""

    first: int
    end: int
    needed: tuple[int, ...]  # steps of earlier chunks that it takes
    kept: tuple[int, ...]  # its steps that later chunks take
    results: tuple[int, ...]  # entries of the output that it writes


def chunks_of(steps: Steps) -> tuple[list[Chunk], dict[int, int]]:
    """The pieces in order, and where in memory each step is that a later piece takes."""
    count = len(steps.steps)
    size = count if count <= WHOLE else SIZE
    firsts = range(0, max(count, 1), max(size, 1))
    needed: list[dict[int, None]] = [{} for _ in firsts]  # in the order of use
    for k, step in enumerate(steps.steps):
        if isinstance(step, Operation):
            for i in step.operands:
                if i // size < k // size and not isinstance(steps.steps[i], Constant):
                    needed[k // size][i] = None
    places = {i: n for n, i in enumerate(dict.fromkeys(i for each in needed for i in each))}
    results: list[list[int]] = [[] for _ in firsts]
    for entry, i in enumerate(steps.results):
        results[i // size].append(entry)
    chunks = []
    for c, first in enumerate(firsts):
        end = min(first + size, count)
        kept = tuple(k for k in range(first, end) if k in places)
        chunks.append(Chunk(first, end, tuple(needed[c]), kept, tuple(results[c])))
    return chunks, places
