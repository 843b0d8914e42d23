"""`Admittance`: the reference yields to a force, one step per cycle."""

import math

from arms.machine.numba_kernel import kernel

from .access import cube, matrix, number, vector
from .layout.arm_fields import (
    ANGULAR,
    INPUT_DDX,
    INPUT_DOMEGA,
    INPUT_DX,
    INPUT_OMEGA,
    INPUT_PRESS,
    INPUT_R,
    INPUT_WRENCH,
    INPUT_X,
)
from .layout.law_fields import (
    MOVED,
    MOVES,
    YIELD_A,
    YIELD_B,
    YIELD_BEFORE,
    YIELD_DT,
    YIELD_G,
    YIELD_MOVING,
    YIELD_STEPS,
)


@kernel
def yield_reference(law, inputs):
    """Advance the offset by one step, and add it to the input's reference.

    The offset accounts for the wrench to exert, so the inner law gets none.
    """
    steps, dt = cube(law, YIELD_STEPS, 6, 6), number(law, YIELD_DT)
    moving, before = matrix(law, YIELD_MOVING, 6), vector(law, YIELD_BEFORE)
    offset, velocity = moving[MOVED], moving[MOVES]
    measured, press = vector(inputs, INPUT_WRENCH), vector(inputs, INPUT_PRESS)
    x, dx, ddx = (
        vector(inputs, INPUT_X), vector(inputs, INPUT_DX), vector(inputs, INPUT_DDX)
    )  # fmt: skip
    omega, domega = vector(inputs, INPUT_OMEGA), vector(inputs, INPUT_DOMEGA)

    for i in range(6):
        before[i] = velocity[i]
    for i in range(6):
        total = 0.0
        for k in range(6):
            total += steps[YIELD_A, i, k] * before[k] - steps[YIELD_G, i, k] * offset[k]
            total += steps[YIELD_B, i, k] * (press[k] + measured[k])
        velocity[i] = total
    for i in range(6):
        offset[i] += dt * velocity[i]
        press[i] = 0.0
    for i in range(3):
        x[i] += offset[i]
        dx[i] += velocity[i]
        ddx[i] += (velocity[i] - before[i]) / dt
        omega[i] += velocity[ANGULAR + i]
        domega[i] += (velocity[ANGULAR + i] - before[ANGULAR + i]) / dt
    turn(offset[ANGULAR:], matrix(inputs, INPUT_R, 3))


@kernel
def turn(c, R):
    """Replace R by exp(c) R (Rodrigues)."""
    angle = math.sqrt(c[0] * c[0] + c[1] * c[1] + c[2] * c[2])
    half = 0.5 * angle
    a = math.sin(angle) / angle if angle > 1e-12 else 1.0
    b = math.sin(half) / half if angle > 1e-12 else 1.0
    b = 0.5 * b * b
    for column in range(3):
        x, y, z = R[0, column], R[1, column], R[2, column]
        u, v, w = c[1] * z - c[2] * y, c[2] * x - c[0] * z, c[0] * y - c[1] * x
        R[0, column] += a * u + b * (c[1] * w - c[2] * v)
        R[1, column] += a * v + b * (c[2] * u - c[0] * w)
        R[2, column] += a * w + b * (c[0] * v - c[1] * u)
