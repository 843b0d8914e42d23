"""The torque that is sent to a robot which compensates gravity itself and limits its change."""

from arms.machine.invoke import invoke

from .compile import kernel
from .layout.arm_fields import HUGE, NOT_FINITE


@kernel
def share_torque(gravity, q, tau, most, sent, whole):
    """Replace ``sent`` (n,) by ``tau - g(q)``, changed by at most ``most``.

    Write the torque with gravity that this gives to ``whole`` (n,). Return whether it differs from
    ``tau``; if ``tau`` is not finite, return NOT_FINITE and leave ``sent``.

    Args:
        gravity: address of the arm's kernel of g.
        q: joint positions [rad].
        tau: torque of the whole arm [N m].
        most: largest change from one cycle to the next [N m].
        sent: torque without gravity [N m].
        whole: torque with gravity [N m].
    """
    invoke(gravity, q, q, whole)  # pyright: ignore[reportCallIssue]
    n, limited = len(tau), 0
    for i in range(n):
        if not abs(tau[i] - whole[i]) < HUGE:
            return NOT_FINITE
    for i in range(n):
        wanted = tau[i] - whole[i]
        least, largest = sent[i] - most, sent[i] + most
        sent[i] = min(max(wanted, least), largest)
        if sent[i] != wanted:
            limited = 1
        whole[i] = tau[i] + (sent[i] - wanted)
    return limited
