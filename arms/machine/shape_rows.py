"""Places in the rows of shapes, of their ends, and of bodies' screws; contacts of a pair.

See ``distances``, which computes with them. This module needs no numba.
"""

from __future__ import annotations

# A shape or its ends: the segment's first end and second, or a half-space's point and normal; the
# radius.
A, B, RADIUS = 0, 3, 6
# A body's screws: its axes, row by row, its origin; linear and angular part.
AXES, ORIGIN, LINEAR, ANGULAR = 0, 9, 12, 15
X, Y, Z = range(3)
SHAPE, SEGMENT, SCREWS = 7, 6, 18  # lengths of the rows of a shape, its ends, a body
CONTACTS = 3  # of a pair, at most
CLOSEST, LOW, HIGH = range(CONTACTS)
"""Contacts of a pair: where it is closest; the ends, seen from the first shape, of where two
segments of almost one direction are next to each other, or of a segment above a half-space. The
closest place jumps from one end to the other while segments turn past each other."""
