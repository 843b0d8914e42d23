"""The integral of a control law, of the joints or of the tool."""

import math

from arms.machine.numba_kernel import kernel

from .access import matrix, number, vector, wholes
from .layout.law_fields import (
    INTEGRAL_BOUND,
    INTEGRAL_DT,
    INTEGRAL_GAIN,
    INTEGRAL_GROUP,
    INTEGRAL_SIZE,
    INTEGRAL_Z,
)


@kernel
def step_integral(integral, error):
    """Advance z by one step, ``z + dt gain error``; scale each group back to its bound."""
    z, group = vector(integral, INTEGRAL_Z), wholes(integral, INTEGRAL_GROUP)
    gain, dt = matrix(integral, INTEGRAL_GAIN, len(z)), number(integral, INTEGRAL_DT)
    bound, size = vector(integral, INTEGRAL_BOUND), vector(integral, INTEGRAL_SIZE)
    for k in range(len(size)):
        size[k] = 0.0
    for i in range(len(z)):
        for k in range(len(z)):
            z[i] += dt * gain[i, k] * error[k]
        size[group[i]] += z[i] * z[i]
    for k in range(len(size)):
        size[k] = math.sqrt(size[k])
    for i in range(len(z)):
        if size[group[i]] > bound[group[i]]:
            z[i] *= bound[group[i]] / size[group[i]]
