"""Distances of pairs of shapes and their Jacobians, for one state of an arm or many.

Shapes are rows ``(a, b, radius)`` in the axes of a body, or of the base for body -1; see
``shape_rows``. A row with a negative radius is a half-space: a point of its plane, and its normal.
Only the second shape of a pair can be one.

Let c be the closest point of the first shape's segment, n the unit vector from there to the second
shape's, and ``(v_i, w_i)`` the screw of body i (`arms.equations.screws`). The distance changes by
``n . (v_second - v_first)``; along n the velocities of both closest points that a joint below both
shapes gives are equal. So with the signs s = 1 for a joint that moves the second shape alone, -1
for the first alone and 0 otherwise::

    d distance / d q_i = s_i (n . v_i + (c x n) . w_i)

Importing this module imports numba.
"""

from __future__ import annotations

import math

from arms.machine.memory import arguments, cube_at, matrix_argument, matrix_at, wholes_argument
from arms.machine.numba_kernel import inlined, kernel, part
from arms.machine.shape_rows import (
    ANGULAR,
    AXES,
    CLOSEST,
    LINEAR,
    LOW,
    ORIGIN,
    RADIUS,
    SCREWS,
    SEGMENT,
    A,
    B,
    X,
    Y,
    Z,
)

TOUCHING = 1e-12  # distance of two segments below which their normal is undefined [m]
PARALLEL = 1e-12  # squared sine of the angle below which two segments are parallel
ALIKE = 0.1  # squared sine of the angle below which both ends of their overlap matter


@inlined
def triple(rows, k, at):
    """Return three numbers of row k, from a place on."""
    return rows[k, at + X], rows[k, at + Y], rows[k, at + Z]


@inlined
def place_shapes(bodies, of, shapes, ends):
    """Write the shapes' points in the base frame to ``ends`` (s, 6).

    Args:
        bodies: (b, 18), the arm's screws.
        of: (s,), the body of every shape.
        shapes: (s, 7).
    """
    for k in range(len(of)):
        body = of[k]
        for at in (A, B):
            x, y, z = triple(shapes, k, at)
            if body < 0:
                ends[k, at + X], ends[k, at + Y], ends[k, at + Z] = x, y, z
            else:
                for axis in range(3):
                    ux, uy, uz = triple(bodies, body, AXES + 3 * axis)
                    ends[k, at + axis] = ux * x + uy * y + uz * z + bodies[body, ORIGIN + axis]


@inlined
def clamp(x):
    """Return x within 0 and 1."""
    return min(max(x, 0.0), 1.0)


@inlined
def closest(a, e, b, c, f):
    """Return the places from 0 to 1 on two segments where they are closest (Ericson 2005, 5.1.9).

    Where they are parallel, it is the middle of where they are next to each other.

    Args:
        a, e: squared lengths of the segments u and v.
        b: ``u . v``.
        c, f: ``u . r`` and ``v . r``, with r from the second's start to the first's.
    """
    if a <= 0.0:
        return 0.0, clamp(f / e) if e > 0.0 else 0.0
    if e <= 0.0:
        return clamp(-c / a), 0.0
    across = a * e - b * b
    if across > PARALLEL * a * e:
        s = clamp((b * f - c * e) / across)
    else:
        s = 0.5 * (clamp(-c / a) + clamp((b - c) / a))
    t = (b * s + f) / e
    if t < 0.0:
        return clamp(-c / a), 0.0
    if t > 1.0:
        return clamp((b - c) / a), 1.0
    return s, t


@inlined
def overlap_end(a, e, b, c, f, contact):
    """Return the places of the LOW or HIGH contact of two segments; -1 and 0 if there is none.

    The arguments are those of `closest`.
    """
    if a <= 0.0 or e <= 0.0 or a * e - b * b > ALIKE * a * e:
        return -1.0, 0.0
    start, end = -c / a, (b - c) / a
    s = clamp(min(start, end) if contact == LOW else max(start, end))
    return s, clamp((b * s + f) / e)


@inlined
def normal_of(x, y, z, u, v):
    """Return the unit vector of (x, y, z); of ``u x v`` if it has no length, or any other.

    Args:
        u, v: triples.
    """
    length = math.sqrt(x * x + y * y + z * z)
    if length > TOUCHING:
        return x / length, y / length, z / length, length
    x, y, z = u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]
    length = math.sqrt(x * x + y * y + z * z)
    if length > TOUCHING:
        return x / length, y / length, z / length, 0.0
    return 0.0, 0.0, 1.0, 0.0


@inlined
def separate(ends, shapes, i, j, contact):
    """Return the distance of two shapes, the normal from i to j, and i's closest point.

    The distance is infinite if there is no such contact.

    Args:
        ends: (s, 6), see `place_shapes`.
        shapes: (s, 7), of which only the radii are used.
        i, j: the shapes' numbers.
        contact: CLOSEST, LOW or HIGH.
    """
    px, py, pz = triple(ends, i, A)
    qx, qy, qz = triple(ends, i, B)
    ax, ay, az = triple(ends, j, A)
    bx, by, bz = triple(ends, j, B)
    ux, uy, uz = qx - px, qy - py, qz - pz
    rx, ry, rz = px - ax, py - ay, pz - az
    if shapes[j, RADIUS] < 0.0:
        nx, ny, nz = -bx, -by, -bz
        sinks = nx * ux + ny * uy + nz * uz  # towards the half-space, from a to b
        s = 0.5 if sinks == 0.0 else (1.0 if sinks > 0.0 else 0.0)
        if contact != CLOSEST:
            s = 0.0 if contact == LOW else 1.0
        above = -(nx * (rx + s * ux) + ny * (ry + s * uy) + nz * (rz + s * uz))
        return above - shapes[i, RADIUS], nx, ny, nz, px + s * ux, py + s * uy, pz + s * uz
    vx, vy, vz = bx - ax, by - ay, bz - az
    a, e = ux * ux + uy * uy + uz * uz, vx * vx + vy * vy + vz * vz
    b = ux * vx + uy * vy + uz * vz
    c, f = ux * rx + uy * ry + uz * rz, vx * rx + vy * ry + vz * rz
    if contact == CLOSEST:
        s, t = closest(a, e, b, c, f)
    else:
        s, t = overlap_end(a, e, b, c, f, contact)
        if s < 0.0:
            return math.inf, 0.0, 0.0, 1.0, px, py, pz
    dx, dy, dz = t * vx - rx - s * ux, t * vy - ry - s * uy, t * vz - rz - s * uz
    nx, ny, nz, gap = normal_of(dx, dy, dz, (ux, uy, uz), (vx, vy, vz))
    gap -= shapes[i, RADIUS] + shapes[j, RADIUS]
    return gap, nx, ny, nz, px + s * ux, py + s * uy, pz + s * uz


@inlined
def measure(pair, contact, bodies, shapes, ends, first, second, signs, coordinates, J):
    """Return the distance of one pair at a contact, and write its Jacobian to its row of J.

    Args:
        pair: its number.
        contact: CLOSEST, LOW or HIGH.
        bodies, shapes, ends: see `place_shapes`.
        first, second: (p,), the pairs' shapes.
        signs: (p, b), see the module.
        coordinates: (b,), the joint of every body.
        J: (p, n).
    """
    gap, nx, ny, nz, x, y, z = separate(ends, shapes, first[pair], second[pair], contact)
    mx, my, mz = y * nz - z * ny, z * nx - x * nz, x * ny - y * nx
    for i in range(J.shape[1]):
        J[pair, i] = 0.0
    for k in range(len(bodies)):
        sign = signs[pair, k]
        if sign != 0.0:
            vx, vy, vz = triple(bodies, k, LINEAR)
            wx, wy, wz = triple(bodies, k, ANGULAR)
            J[pair, coordinates[k]] += sign * (
                nx * vx + ny * vy + nz * vz + mx * wx + my * wy + mz * wz
            )
    return gap


@kernel
def find_distances(bodies, of, shapes, ends, first, second, signs, coordinates, distance, J):
    """Write the distances (p,) and Jacobians (p, n) of all pairs; see `measure`."""
    place_shapes(bodies, of, shapes, ends)
    for pair in range(len(first)):
        distance[pair] = measure(
            pair, CLOSEST, bodies, shapes, ends, first, second, signs, coordinates, J
        )


@part(6)
def find_all(tables, bodies, ends, distance, J, count):
    """Run `find_distances` for many states, from the addresses of their arrays.

    Args:
        tables: `arms.collision.PairTables`, packed.
        bodies, distance, J: (count, b, 18), (count, p) and (count, p, n).
        ends: (s, 6), overwritten.
        count: the number of states.
    """
    given = arguments(tables, 7)
    of, shapes = wholes_argument(given, 0), matrix_argument(given, 1)
    first, second = wholes_argument(given, 2), wholes_argument(given, 3)
    signs, coordinates = matrix_argument(given, 4), wholes_argument(given, 5)
    n, p = matrix_argument(given, 6).shape[1], len(first)
    screws = cube_at(bodies, count, len(coordinates), SCREWS)
    points = matrix_at(ends, len(of), SEGMENT)
    gaps, slopes = matrix_at(distance, count, p), cube_at(J, count, p, n)
    for k in range(count):
        find_distances(
            screws[k], of, shapes, points, first, second, signs, coordinates, gaps[k], slopes[k]
        )
