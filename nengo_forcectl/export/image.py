"""A controller's blocks as one image, which a C library works on."""

import hashlib
import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from arms.machine.kernel import Kernel
from arms.machine.object_files import part_at

from ..contract import is_fused
from ..cycle.compiled_learning import CompiledCycle
from ..cycle.observing_cycle import ObservingCycle
from ..cycle.structured_cycle import StructuredCycle
from ..errors import ConfigurationError
from ..kernels.block import Block
from ..kernels.layout.cycle_fields import (
    HEAD_BYTES,
    HEAD_END,
    HEAD_FORMAT,
    HEAD_KEY,
    HEAD_MAGIC,
    HEAD_SUM,
    LIBRARY,
    MAGIC,
    STATE_FORMAT,
    SUPERVISOR,
)
from ..kernels.layout.learner_fields import FREEZE, HOLD, LEARN
from ..kernels.layout.watch_fields import RECENT
from ..safety.guard import Safe
from ..safety.guard_memory import ROWS

ALIGNED = 8  # words to a multiple of which a block begins
MARK = 1.5  # written to find what a new motion clears
PACKAGES = "nengo_forcectl", "arms"


class Place(NamedTuple):
    """Where an array of a checkpoint is in an image."""

    start: int
    shape: tuple[int, ...]
    whole: bool = False  # of int64


class Image(NamedTuple):
    """The blocks of a controller in a row, and what a library must know of them.

    Places count words of 8 bytes from the image's beginning.
    """

    words: np.ndarray  # int64; 0 where an address, a size or a choice belongs
    library: Block  # of `LIBRARY`
    supervisor: int  # its place
    calls: int  # place of the supervisor's three calls
    functions: dict[int, Any]  # kernels of arm and cycle, by the places of their addresses
    memory: dict[str, Place]  # of a checkpoint's arrays

    @property
    def key(self) -> np.ndarray:
        """Four words that identify layout and equations."""
        return self.library["key"]

    def state_block(self) -> bytes:
        """Return the state block of the controller as it is now."""
        head = np.zeros(HEAD_END, np.int64)
        head[[HEAD_MAGIC, HEAD_FORMAT]] = MAGIC, STATE_FORMAT
        head[HEAD_BYTES] = 8 * (HEAD_END + len(self.words))
        head[HEAD_KEY : HEAD_KEY + 4] = self.key
        head[HEAD_SUM] = checksum(self.words)
        return head.astype("<i8").tobytes() + self.words.astype("<i8").tobytes()


def checksum(words: np.ndarray) -> int:
    """Return the sum of `kernels.state_block.checksum`, as an int64."""
    powers = np.ones(len(words), np.uint64)
    powers[1:] = 31
    powers = np.multiply.accumulate(powers)[::-1]
    return int((words.view(np.uint64) * powers).sum(dtype=np.uint64).astype(np.int64))


def image_of(safe: Safe) -> Image:
    """Return the image of a controller that `export_controller` takes.

    Raises:
        ConfigurationError: a block holds an address that is not of this controller.
    """
    blocks, kernels = _parts(safe)
    own = _supervisor(safe, blocks)
    reached = _reached(own, blocks, kernels)
    starts = np.cumsum([0, *(-(-len(block.array) // ALIGNED) * ALIGNED for block in reached)])
    place = {id(block): int(start) for block, start in zip(reached, starts, strict=False)}
    words = np.zeros(int(starts[-1]), np.int64)
    changing = set(_changing(_cycle(safe).memory))
    fixed: dict[int, int] = {}
    links: dict[int, int] = {}
    functions: dict[int, Any] = {}
    for block in reached:
        start, here = place[id(block)], block.array.view(np.int64)
        words[start : start + len(here)] = here
        for k in _whole_places(block):
            value = int(here[k])
            if value in blocks:
                links[start + k] = place[id(blocks[value])]
            elif (kernel := kernels.get(value, part_at(value))) is not None:
                functions[start + k], fixed[start + k] = kernel, 0
            elif block.address + 8 * k not in changing:
                fixed[start + k] = value
    for k, address in enumerate(own["clears"].tolist()):
        at = place[id(own)] + _start(own, "clears") + k
        del fixed[at]
        links[at] = _place_of(address, reached, place)
    words[[*fixed, *links]] = 0
    memory = {
        name: Place(_place_of(view.ctypes.data, reached, place), view.shape, view.dtype == np.int64)
        for name, view in _cycle(safe).memory.items()
        if _is_inside(view, reached)
    }
    guard = place[id(safe._guard)] + _start(safe._guard, "rubs")
    memory["limits.memory"] = Place(guard, (ROWS, safe.dof))
    copies = place[id(safe._guard)] + _start(safe._guard, "age")
    memory["limits.copies"] = Place(copies, (1 + 2 * safe.dof,))
    watch = place[id(safe._watch)]
    memory["limits.counts"] = Place(watch + _start(safe._watch, "begun"), (5,))
    memory["obeyed"] = Place(place[id(own)] + _start(own, "obeyed"), (1,))
    mark = own["mark"]
    if mark.size:
        memory["fingerprint"] = Place(place[id(own)] + _start(own, "mark"), mark.shape)
    counts = _counts(safe, memory) | {watch + _start(safe._watch, "slot"): (0, RECENT - 1)}
    library = _library(len(words), place[id(own)], fixed, links, counts)
    library["key"][:] = _key(library, functions, memory)
    calls = place[id(own)] + _start(own, "calls")
    return Image(words, library, place[id(own)], calls, functions, memory)


def _cycle(safe: Safe) -> Any:
    return safe.cycle


def _supervisor(safe: Safe, blocks: dict[int, Block]) -> Block:
    """Return the block of what `Safe` has in its attributes; add it to ``blocks``."""
    cycle, inputs = _cycle(safe), _cycle(safe).controller.inputs
    predictor = cycle.predictor if isinstance(cycle, ObservingCycle) else None
    clears = _cleared(cycle, list(blocks.values()))
    mark = np.ravel(cycle.memory.get("fingerprint", ()))
    late = [None] * 3 if predictor is None else [
        predictor._block, predictor._arm, predictor._input,
    ]  # fmt: skip
    predictor_at, arm_at, input_at = (0 if each is None else each.address for each in late)
    stopped = safe.stopped is not None
    if stopped:
        raise ConfigurationError(
            f"export: the controller is in a controlled stop ({safe.stopped}); reset() ends it"
        )
    mode = LEARN if cycle.learning else HOLD if cycle.holds else FREEZE
    values = {
        "watch": safe._watch.address,
        "cycle": cycle._cycle.address,
        "predictor": predictor_at,
        "predictor_arm": arm_at,
        "predictor_input": input_at,
        "clears": [address for address, _ in clears],
        "clear_counts": [count for _, count in clears],
        "fused": is_fused(cycle) and cycle.arm is safe.arm and predictor is None,
        "follows": inputs.follows,
        "turns": inputs.turns,
        "feels": inputs.feels,
        "needs_wrench": inputs.needs_wrench,
        "mark": mark,
        "mode": mode,
        "first": 1.0,
        "obeyed": cycle._obeyed[0],
        "predicted": math.nan if predictor is None else predictor._time,
    }
    own = Block(SUPERVISOR, {"ranges": len(clears), "mark": len(mark)}, values)
    blocks[own.address] = own
    return own


def _parts(root: object) -> tuple[dict[int, Block], dict[int, Kernel]]:
    """Return all blocks and kernels that an object of ours holds, by their addresses."""
    blocks: dict[int, Block] = {}
    kernels: dict[int, Kernel] = {}
    todo, seen = [root], set()
    while todo:
        part: Any = todo.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, Block):
            blocks[part.address] = part
            todo.append(part._keeps)
        elif isinstance(part, Kernel):
            kernels[part.address] = part
        elif isinstance(part, Mapping):
            todo += part.values()
        elif isinstance(part, (tuple, list)):
            todo += part
        elif type(part).__module__.partition(".")[0] in PACKAGES:
            todo += getattr(part, "__dict__", {}).values()
    kernels.pop(0, None)
    return blocks, kernels


def _reached(own: Block, blocks: Mapping[int, Block], kernels: Mapping[int, Kernel]) -> list[Block]:
    """Return the blocks that the supervisor's lead to, itself first."""
    reached, todo = {id(own): own}, [own]
    while todo:
        block = todo.pop()
        words = block.array.view(np.int64)
        for k in _whole_places(block):
            value = int(words[k])
            if value in blocks and id(blocks[value]) not in reached:
                reached[id(blocks[value])] = blocks[value]
                todo.append(blocks[value])
    return list(reached.values())


def _whole_places(block: Block) -> Iterator[int]:
    """Places, in a block, of its table and of its sizes, choices and addresses."""
    fields, words = block.layout.fields, block.array.view(np.int64)
    yield from range(len(fields) + 1)
    for k, field in enumerate(fields):
        if field.whole:
            yield from range(int(words[k]), int(words[k + 1]))


def _start(block: Block, name: str) -> int:
    """Return the place of a field in its block."""
    names = [field.name for field in block.layout.fields]
    return int(block.array.view(np.int64)[names.index(name)])


def _is_inside(view: np.ndarray, blocks: list[Block]) -> bool:
    address = view.ctypes.data
    return any(b.address <= address < b.address + b.array.nbytes for b in blocks)


def _place_of(address: int, blocks: list[Block], place: Mapping[int, int]) -> int:
    """Return the place in the image of an address within a block."""
    for block in blocks:
        if block.address <= address < block.address + block.array.nbytes:
            return place[id(block)] + (address - block.address) // 8
    raise ConfigurationError("export: a block holds an address outside the controller")


def _cleared(cycle: Any, blocks: list[Block]) -> list[tuple[int, int]]:
    """Return addresses and counts of the numbers that a new motion clears.

    They are found by marking all numbers and beginning one; then everything is as before.
    """
    before, obeyed = [block.array.copy() for block in blocks], cycle._obeyed[0]
    found: list[tuple[int, int]] = []
    try:
        for block in blocks:
            for field in block.layout.fields:
                if not field.whole:
                    block[field.name][...] = MARK
        marked = [block.array.copy() for block in blocks]
        cycle.forget_motion()
        for block, array in zip(blocks, marked, strict=True):
            places = np.flatnonzero(block.array.view(np.int64) != array.view(np.int64))
            for run in np.split(places, np.flatnonzero(np.diff(places) > 1) + 1):
                if run.size:
                    found.append((block.address + 8 * int(run[0]), len(run)))
            if block.array[places].any():
                raise ConfigurationError(
                    f"export: a new motion sets numbers of {block.layout.name}"
                )
    finally:
        cycle._obeyed[0] = obeyed
        for block, array in zip(blocks, before, strict=True):
            block.array[:] = array
    return found


def _changing(memory: Mapping[str, np.ndarray]) -> Iterator[int]:
    """Addresses of the whole numbers that kernels write: flags, no places."""
    for view in memory.values():
        if view.dtype == np.int64:
            yield from range(view.ctypes.data, view.ctypes.data + view.nbytes, 8)


def _counts(safe: Safe, memory: Mapping[str, Place]) -> dict[int, tuple[int, int]]:
    """Return the ranges of numbers by which kernels find places, by their places."""
    cycle = _cycle(safe)
    if isinstance(cycle, StructuredCycle):
        return {memory[name].start: each for name, each in cycle.learner.ranges.items()}
    if isinstance(cycle, CompiledCycle):
        first = memory["count"].start
        return {first + k: each for k, each in enumerate(cycle.learner.ranges)}
    return {}


def _library(
    words: int,
    supervisor: int,
    fixed: Mapping[int, int],
    links: Mapping[int, int],
    counts: Mapping[int, tuple[int, int]],
) -> Block:
    values = {
        "words": words,
        "supervisor": supervisor,
        "fixed": list(fixed),
        "fixed_values": list(fixed.values()),
        "links": list(links),
        "linked": list(links.values()),
        "counts": list(counts),
        "least": [least for least, _ in counts.values()],
        "most": [most for _, most in counts.values()],
    }
    sizes = {"fixed": len(fixed), "links": len(links), "counts": len(counts)}
    return Block(LIBRARY, sizes, values)


def is_of_arm(kernel: Any) -> bool:
    """Whether a kernel is one of an arm's equations, not one of the cycle."""
    return isinstance(kernel, Kernel)


def _key(library: Block, functions: Mapping[int, Any], memory: Mapping[str, Any]) -> np.ndarray:
    """Return four words that differ for another layout or other equations."""
    digest = hashlib.sha256(library.array.tobytes())
    digest.update(repr(sorted(memory.items())).encode())
    for place, kernel in functions.items():
        text = repr(kernel.steps()) if is_of_arm(kernel) else kernel.__name__
        digest.update(f"{place} {text}".encode())
    return np.frombuffer(digest.digest(), np.int64)
