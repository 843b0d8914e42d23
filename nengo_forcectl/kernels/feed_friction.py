"""The feed-forward of the friction that an arm's model knows."""

from arms.machine.invoke import invoke

from . import layout as at
from .access import vector, whole
from .compile import kernel


@kernel
def feed_friction(arm, inputs, command):
    """Write the model's friction at dq_r to a `Command`, and add it to tau.

    It is that of dq_r: no measured speed enters, so it cannot make the loop unstable.
    """
    address = whole(arm, at.ARM_FRICTION_KERNEL)
    if address == 0:
        return
    q, dq_r = vector(inputs, at.INPUT_Q), vector(command, at.COMMAND_DQ_R)
    tau, friction = vector(command, at.COMMAND_TAU), vector(command, at.COMMAND_FRICTION)
    invoke(address, q, dq_r, friction)  # pyright: ignore[reportCallIssue]
    for i in range(len(tau)):
        tau[i] += friction[i]
