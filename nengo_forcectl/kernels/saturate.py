"""What motors make of a torque, compiled."""

import math

from .compile import kernel


@kernel
def within(tau, most, out):
    """Write ``tau`` within its limits into ``out``; returns whether it is finite."""
    finite = True
    for i in range(len(tau)):
        finite = finite and math.isfinite(tau[i])
        out[i] = min(max(tau[i], -most[i]), most[i])
    return finite
