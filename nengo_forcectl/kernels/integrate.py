"""The integral of a control law, of the joints or of the tool."""

import math

from . import layout as at
from .access import matrix, number, vector, wholes
from .compile import kernel


@kernel
def step_integral(integral, error):
    """Advance z by one step, ``z + dt gain error``; scale each group back to its bound."""
    z, group = vector(integral, at.INTEGRAL_Z), wholes(integral, at.INTEGRAL_GROUP)
    gain, dt = matrix(integral, at.INTEGRAL_GAIN, len(z)), number(integral, at.INTEGRAL_DT)
    bound, size = vector(integral, at.INTEGRAL_BOUND), vector(integral, at.INTEGRAL_SIZE)
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
