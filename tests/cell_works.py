"""Works of cells that other processes import: cheap ones, and such that die."""

import os
import signal
import time
from pathlib import Path

import numpy as np

from nengo_forcectl.errors import RecordError
from nengo_forcectl.jobs.cells.cell_task import Produced


def add(item):
    """The sum of a thousand numbers drawn by the item, in a process of some number."""
    numbers = np.random.default_rng(item).standard_normal(1000)
    return Produced({"sum": float(numbers.sum()), "process": os.getpid()}, {"numbers.txt": b"1"})


def add_slowly(item):
    """As `add`, after a while, with a line in a file for every time that it began."""
    number, journal = item
    with Path(journal).open("a") as file:
        file.write(f"{number} {os.getpid()}\n")
    time.sleep(0.3)
    return add(number)


def die_at_first(item):
    """As `add`, but the first process that does a 2 leaves its number and dies of it."""
    number, marker = item
    if number == 2 and not Path(marker).exists():
        Path(marker).write_text(str(os.getpid()))
        os.kill(os.getpid(), signal.SIGKILL)
    return add(number)


def die(item):
    """Every process that does a 2 dies of it."""
    if item == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return add(item)


def no_room(item):
    """A 2 finds no room on the disk of its machine."""
    if item == 2:
        raise RecordError("file 'x': cannot be written (No space left on device)")
    return add(item)
