"""What compiled cycles are called with, and what they return."""

import numpy as np

NOTHING, NOT_FINITE = -1, -2
"""What a compiled cycle returns where it did nothing, and where its own torque is not finite."""

HUGE = 1e100
"""No number that a cycle is given is as large: sums and products of two stay finite."""

WHOLE, TAU_MAX, ROOM, LAW, NUMBERS, ENTRIES, YIELDS, MOVED, Z = range(9)
"""Places of a cycle's own arrays, of which compiled code gets a table (`compiled.memory.located`):
joints, address of the arm's kernel of all `Terms` and what it writes, and of a law of the tool how
many rows, these, and entries of `compiled.secondary`; the motors' limits; room; the law's matrices;
its numbers. Only of one of the tool: numbers of its secondary tasks; those of `Admittance`, if it
is one, its offset and velocity; the integral. What learns has more after these."""

Layer = tuple[int, float, np.ndarray]
"""What a compiled cycle takes for the layer of a `Safe`: ``begun`` to ``layer`` of `leave`."""

ALONE: Layer = (0, 0.0, np.zeros(0))
"""That there is none."""
