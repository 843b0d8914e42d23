"""The feed-forward of the friction that an arm's model knows."""

from arms.machine.invoke import invoke

from . import layout as at
from .access import vector, whole
from .compile import kernel


@kernel
def feed_friction(arm, inputs, command):
    """Write the model's friction at dq_s to a `Command`, and add it to tau.

    Along the task it is that of the reference: no measured speed enters, so it cannot make the loop
    unstable. What moves in the task's null space has no reference; its friction is that of dq.
    """
    address = whole(arm, at.ARM_FRICTION_KERNEL)
    if address == 0:
        return
    q, dq_s = vector(inputs, at.INPUT_Q), vector(command, at.COMMAND_DQ_S)
    tau, friction = vector(command, at.COMMAND_TAU), vector(command, at.COMMAND_FRICTION)
    invoke(address, q, dq_s, friction)  # pyright: ignore[reportCallIssue]
    for i in range(len(tau)):
        tau[i] += friction[i]
