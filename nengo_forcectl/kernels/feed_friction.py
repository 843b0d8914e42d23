"""The feed-forward of the friction that an arm's model knows."""

from arms.machine.invoke import invoke
from arms.machine.numba_kernel import kernel

from .access import matrix, vector, whole, wholes
from .algebra import substitute
from .layout.arm_fields import (
    ARM_DOF,
    ARM_FRICTION_KERNEL,
    ARM_J,
    COMMAND_DQ_S,
    COMMAND_FRICTION,
    COMMAND_MOBILITY,
    COMMAND_TAU,
    INPUT_Q,
)
from .layout.law_fields import TASK_ALONG, TASK_COLUMN, TASK_INVERSE, TASK_ROWS

SHARE = 0.7  # of known friction's part in the task's null space that is compensated


@kernel
def feed_friction(arm, inputs, command):
    """Write the model's friction at dq_s to a `Command`, and add it to tau; return whether any."""
    address = whole(arm, ARM_FRICTION_KERNEL)
    if address == 0:
        return False
    q, dq_s = vector(inputs, INPUT_Q), vector(command, COMMAND_DQ_S)
    tau, friction = vector(command, COMMAND_TAU), vector(command, COMMAND_FRICTION)
    invoke(address, q, dq_s, friction)  # pyright: ignore[reportCallIssue]
    for i in range(len(tau)):
        tau[i] += friction[i]
    return True


@kernel
def feed_friction_of_tool(law, arm, inputs, command):
    """Run `feed_friction`, and keep all of it along the task, ``SHARE`` of it in the null space.

    With the share, viscous friction may be stated up to 1.4 times too large. Dry friction stated
    too large makes a light null space tremble even so.
    """
    if not feed_friction(arm, inputs, command):
        return
    tau, friction = vector(command, COMMAND_TAU), vector(command, COMMAND_FRICTION)
    for i in range(len(tau)):
        tau[i] -= friction[i]
    spare_null_space(law, arm, command, friction, SHARE)
    for i in range(len(tau)):
        tau[i] += friction[i]


@kernel
def spare_null_space(law, arm, command, friction, share):
    """Keep all of a friction's compensation (n,) along the task, a share of it in the null space.

    Along the task dq_s is the reference's: no measured speed enters, so it cannot make the loop
    unstable. In the null space dq_s is the measured speed: there a friction larger than the real
    one drives the arm.
    """
    n, rows = whole(arm, ARM_DOF), wholes(law, TASK_ROWS)
    J, mobility = matrix(arm, ARM_J, n), matrix(command, COMMAND_MOBILITY, n)
    force, along = vector(law, TASK_COLUMN), vector(law, TASK_ALONG)
    for r in range(len(rows)):
        force[r] = 0.0
        for i in range(n):
            force[r] += mobility[r, i] * friction[i]
    substitute(matrix(law, TASK_INVERSE, len(rows)), force)
    for i in range(n):
        along[i] = 0.0
        for r in range(len(rows)):
            along[i] += J[rows[r], i] * force[r]
        friction[i] -= (1.0 - share) * (friction[i] - along[i])
