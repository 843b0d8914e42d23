"""`LowPass` and `MomentumObserver`."""

from arms.machine.numba_kernel import kernel, part

from .access import matrix, number, vector
from .layout import estimation_fields as at
from .layout.arm_fields import ARM_C, ARM_G, ARM_J, ARM_M, INPUT_DQ, INPUT_WRENCH


@kernel
def faded(value):
    """Return a number, or 0 if it is negligible."""
    return 0.0 if abs(value) < at.FADED else value


@kernel
def follow(value, mean, share):
    """Return f after a cycle in which v had the mean ``mean``."""
    return faded(value + share * (mean - value))


@kernel
def low_pass(value, last, now, begun, share):
    """Filter ``now`` to ``value``; the mean over a cycle is that of its two ends.

    Args:
        value, last, now: (k,).
        begun: whether ``last`` is from the last cycle.
        share: 1 - exp(-K dt).
    """
    if begun:
        for i in range(len(value)):
            value[i] = follow(value[i], 0.5 * (last[i] + now[i]), share)
    for i in range(len(value)):
        last[i] = now[i]


@part(1)
def update_low_pass(block):
    """Run `LowPass.update`: the input is the mean over the cycle that has ended."""
    value, mean = vector(block, at.LOW_PASS_VALUE), vector(block, at.LOW_PASS_INPUT)
    for i in range(len(value)):
        value[i] = follow(value[i], mean[i], number(block, at.LOW_PASS_SHARE))


@part(2)
def sample_low_pass(block, begun):
    """Run `LowPass.sample`: the input is the value at the end of the cycle."""
    value, last = vector(block, at.LOW_PASS_VALUE), vector(block, at.LOW_PASS_LAST)
    now, share = vector(block, at.LOW_PASS_INPUT), number(block, at.LOW_PASS_SHARE)
    low_pass(value, last, now, begun, share)


@part(3)
def add_push(observer, arm, inputs):
    """Add J^T f of the measured wrench f to the last cycle's torque, to keep it out of r."""
    push_torque(vector(observer, at.OBSERVER_SENT), arm, inputs)


@kernel
def push_torque(sent, arm, inputs):
    """Add J^T f of the measured wrench f to a torque (n,)."""
    wrench, J = vector(inputs, INPUT_WRENCH), matrix(arm, ARM_J, len(sent))
    for i in range(len(sent)):
        for k in range(6):
            sent[i] += J[k, i] * wrench[k]


@kernel
def momentum_observer(arm, dq, sent, begun, share, dt, p, b, r):
    """Compute r at the start of this cycle, and update p and b from the last cycle to this one.

    Args:
        arm: block with M, C and g of this cycle.
        dq, sent: (n,), dq of this cycle; the torque of the last cycle.
        begun: whether p and b are from the last cycle.
        share: 1 - exp(-K dt).
        dt: time since then [s].
        p, b, r: (n,).
    """
    n = len(dq)
    M, C, g = matrix(arm, ARM_M, n), matrix(arm, ARM_C, n), vector(arm, ARM_G)
    for i in range(n):
        momentum, bias = 0.0, -g[i]
        for j in range(n):
            momentum += M[i, j] * dq[j]
            bias += C[j, i] * dq[j]
        if begun:
            mean = (momentum - p[i]) / dt - sent[i] - 0.5 * (b[i] + bias)
            r[i] = follow(r[i], mean, share)
        p[i], b[i] = momentum, bias


@part(4)
def observe(observer, arm, inputs, begun):
    """Run `momentum_observer` on an observer's block and the input's dq."""
    p, b = vector(observer, at.OBSERVER_MOMENTUM), vector(observer, at.OBSERVER_BIAS)
    sent, r = vector(observer, at.OBSERVER_SENT), vector(observer, at.OBSERVER_UNMODELLED)
    dt, share = number(observer, at.OBSERVER_DT), number(observer, at.OBSERVER_SHARE)
    momentum_observer(arm, vector(inputs, INPUT_DQ), sent, begun, share, dt, p, b, r)
