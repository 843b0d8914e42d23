"""The torque that is sent to a robot which compensates gravity itself and limits its change."""

from arms.machine.invoke import invoke
from arms.machine.memory import numbers_at
from arms.machine.numba_kernel import part

from .layout.arm_fields import HUGE, NOT_FINITE


@part(6, number=True)
def share_torque(gravity, n, at_q, at_tau, at_sent, at_whole, most):
    """Replace ``sent`` (n,) by ``tau - g(q)``, changed by at most ``most``.

    Write the torque with gravity that this gives to ``whole`` (n,). Return whether it differs from
    ``tau``; if ``tau`` is not finite, return NOT_FINITE and leave ``sent``.

    Args:
        gravity: address of the arm's kernel of g.
        n: number of joints.
        at_q: address of the joint positions [rad].
        at_tau: of the torque of the whole arm [N m].
        at_sent: of the torque without gravity [N m].
        at_whole: of the torque with gravity [N m].
        most: largest change from one cycle to the next [N m].
    """
    q, tau, sent, whole = (
        numbers_at(at_q, n), numbers_at(at_tau, n), numbers_at(at_sent, n), numbers_at(at_whole, n),
    )  # fmt: skip
    invoke(gravity, q, q, whole)  # pyright: ignore[reportCallIssue]
    limited = 0
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
