"""A controller's image in plain memory: from a state block and back.

An image is the sequence of all blocks of a controller (`block.Block`). In memory, fields that hold
addresses hold those of this memory. In a state block they are 0, as are tables of blocks, sizes and
choices: a library knows them, and a state block cannot change where compiled code reads and writes.
"""

from arms.machine.memory import numbers_at, wholes_at
from arms.machine.numba_kernel import kernel

from .access import vector, whole, wholes
from .layout import cycle_fields as at


@kernel
def check_state(source, size, library):
    """Return TAKEN, or what is wrong with the state block at ``source``, of ``size`` bytes."""
    if source == 0 or size < 8 * at.HEAD_END or source % 8 != 0:
        return at.NO_STATE
    head, words = wholes_at(source, at.HEAD_END), whole(library, at.LIBRARY_WORDS)
    if head[at.HEAD_MAGIC] != at.MAGIC:
        return at.NO_STATE
    if head[at.HEAD_FORMAT] != at.STATE_FORMAT:
        return at.OTHER_FORMAT
    key = wholes(library, at.LIBRARY_KEY)
    for k in range(len(key)):
        if head[at.HEAD_KEY + k] != key[k]:
            return at.OTHER_CONTROLLER
    needed = 8 * (at.HEAD_END + words)
    if head[at.HEAD_BYTES] != needed or size < needed:
        return at.DAMAGED
    image = source + 8 * at.HEAD_END
    if head[at.HEAD_SUM] != checksum(wholes_at(image, words)):
        return at.DAMAGED
    return at.TAKEN if has_counts(numbers_at(image, words), library) else at.DAMAGED


@kernel
def has_counts(image, library):
    """Return whether numbers that kernels use as places are whole and within their range."""
    places = wholes(library, at.LIBRARY_COUNTS)
    least, most = vector(library, at.LIBRARY_LEAST), vector(library, at.LIBRARY_MOST)
    for k in range(len(places)):
        value = image[places[k]]
        if not (least[k] <= value <= most[k] and value == int(value)):
            return False
    return True


@kernel
def checksum(words):
    """Return a sum of words that changes with each of them and with their order."""
    total = 0
    for k in range(len(words)):
        total = 31 * total + words[k]
    return total


@kernel
def open_state(memory, size, source, source_size, library):
    """Create a controller in ``memory``, of ``size`` bytes, from a state block.

    Returns TAKEN, or what is wrong; the memory is then unchanged. The calls of the supervisor are
    still to be set.
    """
    words = whole(library, at.LIBRARY_WORDS)
    if memory == 0 or memory % 8 != 0 or size < 8 * (at.HEAD_END + words):
        return at.NO_MEMORY
    met = check_state(source, source_size, library)
    if met != at.TAKEN:
        return met
    count = at.HEAD_END + words
    there, here = wholes_at(source, count), wholes_at(memory, count)
    for k in range(count):
        here[k] = there[k]
    image = memory + 8 * at.HEAD_END
    own = wholes_at(image, words)
    places, values = wholes(library, at.LIBRARY_FIXED), wholes(library, at.LIBRARY_FIXED_VALUES)
    for k in range(len(places)):
        own[places[k]] = values[k]
    places, values = wholes(library, at.LIBRARY_LINKS), wholes(library, at.LIBRARY_LINKED)
    for k in range(len(places)):
        own[places[k]] = image + 8 * values[k]
    return at.TAKEN


@kernel
def close_state(memory, target, size, library):
    """Write a controller's state block to ``target``, of ``size`` bytes; return as `open_state`."""
    words = whole(library, at.LIBRARY_WORDS)
    count = at.HEAD_END + words
    if target == 0 or target % 8 != 0 or size < 8 * count:
        return at.NO_MEMORY
    here, there = wholes_at(memory, count), wholes_at(target, count)
    for k in range(count):
        there[k] = here[k]
    image = wholes_at(target + 8 * at.HEAD_END, words)
    for places in (wholes(library, at.LIBRARY_FIXED), wholes(library, at.LIBRARY_LINKS)):
        for k in range(len(places)):
            image[places[k]] = 0
    place = whole(library, at.LIBRARY_SUPERVISOR)
    starts = wholes_at(memory + 8 * (at.HEAD_END + place), at.SUPERVISOR_FIRST + 1)
    numbers = numbers_at(target + 8 * at.HEAD_END, words)
    numbers[place + starts[at.SUPERVISOR_FIRST]] = 1.0
    there[at.HEAD_SUM] = checksum(image)
    return at.TAKEN
