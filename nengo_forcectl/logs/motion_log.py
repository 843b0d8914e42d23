"""The recorded motion of an arm: positions, velocities and torques over time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int

from arms import Arm
from arms.model.chain import position_unit, torque_unit

from ..errors import RecordError

LEAST_ROWS = 200  # fewer say nothing about an arm
SLACK = 0.02  # tolerance on the limits of the positions [rad], and as a share on speeds
MOVES = 1e-3  # range of the positions of a joint that moves [rad]
DEGREES = 4.0 * np.pi  # positions beyond that are degrees, not radians
SAME = (0.5, 2.0)  # ratio of the positions' derivative to dq, where units fit
SPAN = 0.2  # time over which both are compared [s]
FAR = 0.05  # way of a joint that moves [rad]
STUCK = 1.0  # time after which a number that does not change is none of a sensor [s]


@dataclass(frozen=True)
class MotionLog:
    """A recorded motion with a clock that runs forwards, in stretches without a gap.

    ``dq`` is None if the file has none; see `signals_of`.
    """

    source: str  # name of the file
    time: Float[np.ndarray, "k"]  # from the first row on [s]
    q: Float[np.ndarray, "k n"]  # [rad]
    dq: Float[np.ndarray, "k n"] | None  # [rad/s]
    tau: Float[np.ndarray, "k n"]  # [N m]
    row: Int[np.ndarray, "k"]  # number of each row in the file, the first is 1
    starts: Int[np.ndarray, "s"]  # first row of each stretch, from 0
    checksum: str  # SHA-256 of the file
    notes: tuple[str, ...] = ()  # what was guessed
    repaired: Mapping[str, int] = field(default_factory=dict)  # rows by what was wrong

    @property
    def dof(self) -> int:
        """Joints."""
        return self.q.shape[1]

    @property
    def period(self) -> float:
        """Mean time between two rows of a stretch [s]."""
        step = np.diff(self.time)
        inside = np.ones(len(step), bool)
        inside[self.starts[1:] - 1] = False
        return float(step[inside].mean())

    def stretches(self) -> Iterator[slice]:
        """Yield the rows of each stretch without a gap."""
        for start, stop in zip(self.starts, [*self.starts[1:], len(self.time)], strict=True):
            yield slice(int(start), int(stop))

    def rows(self, first: int, stop: int | None = None) -> "MotionLog":
        """Return the rows from ``first`` to before ``stop``, both from 0.

        Raises:
            RecordError: too few rows are left.
        """
        part = slice(first, stop)
        starts = np.unique(np.maximum(self.starts - first, 0))
        cut = replace(
            self,
            time=self.time[part],
            q=self.q[part],
            dq=None if self.dq is None else self.dq[part],
            tau=self.tau[part],
            row=self.row[part],
            starts=starts[starts < max(len(self.time[part]), 1)],
        )
        check_length(cut)
        return cut


def check_length(log: MotionLog) -> None:
    """Raise `RecordError` if a log is too short."""
    if len(log.time) < LEAST_ROWS:
        lost = ", ".join(f"{count} {name}" for name, count in log.repaired.items())
        raise RecordError(
            f"log '{log.source}': {len(log.time)} of its rows can be used"
            + (f" ({lost})" if lost else "")
            + f", needs {LEAST_ROWS}"
        )


def check_fits(log: MotionLog, arm: Arm) -> None:
    """Raise `RecordError` unless a log is of this arm, and says something about each joint.

    Raises:
        RecordError: the joints differ in number; positions or speeds are beyond the arm's limits,
            because they are degrees or of another arm; no joint moves; dq is not that of q; a
            position or a torque is constant for a second and more while the joint moves; a torque
            is zero throughout, or beyond twice what the motor has.
    """
    what = f"log '{log.source}'"
    check_length(log)
    if log.dof != arm.dof:
        raise RecordError(
            f"{what}: has columns of {log.dof} joints, needs {arm.dof}, those of {arm.name!r}"
        )
    _check_positions(log, arm, what)
    if len(still_joints(log)) == log.dof:
        raise RecordError(
            f"{what}: rows {log.row[0]} to {log.row[-1]}, no joint moves by more than {MOVES:g} "
            f"{position_unit(arm.chain, 0)}, needs a motion"
        )
    if log.dq is not None:
        k, j = _worst(np.abs(log.dq) - arm.dq_max)
        if abs(log.dq[k, j]) > (1.0 + 10.0 * SLACK) * arm.dq_max[j]:
            unit = position_unit(arm.chain, j)
            hint = "" if unit == "m" else "; degrees need --units dq=deg/s"
            raise RecordError(
                f"{what}: row {log.row[k]}, dq of joint {j + 1} is {log.dq[k, j]:.4g} {unit}/s, "
                f"needs at most {arm.dq_max[j]:.4g}, the limit of {arm.name!r}{hint}"
            )
        _check_units(log, what)
    for j in range(log.dof):
        size = float(np.abs(log.tau[:, j]).max())
        if size == 0.0:
            raise RecordError(
                f"{what}: rows {log.row[0]} to {log.row[-1]}, the torque of joint {j + 1} is "
                "always 0, needs measured torques or currents of all joints"
            )
        if np.ptp(log.tau[:, j]) == 0.0:
            raise RecordError(
                f"{what}: rows {log.row[0]} to {log.row[-1]}, the torque of joint {j + 1} is "
                f"always {log.tau[0, j]:.4g} {torque_unit(arm.chain, j)}, needs measured torques "
                "or currents"
            )
        if size > 2.0 * arm.tau_max[j]:
            k = int(np.abs(log.tau[:, j]).argmax())
            raise RecordError(
                f"{what}: row {log.row[k]}, the torque of joint {j + 1} is {log.tau[k, j]:.4g} "
                f"{torque_unit(arm.chain, j)}, needs at most twice the {arm.tau_max[j]:.4g} of "
                f"{arm.name!r}; currents need --columns current=... and --gains, "
                "millinewton metres --units tau=mNm"
            )
    _check_stuck(log, arm, what)


def still_joints(log: MotionLog) -> list[int]:
    """Return the joints, from 0, that never move: nothing can be learned about them."""
    return [j for j in range(log.dof) if np.ptp(log.q[:, j]) < MOVES]


def _check_positions(log: MotionLog, arm: Arm, what: str) -> None:
    excess = np.maximum(arm.q_lower - log.q, log.q - arm.q_upper)
    k, j = _worst(excess)
    if excess[k, j] <= SLACK:
        return
    place = f"{what}: row {log.row[k]}, q of joint {j + 1} is {log.q[k, j]:.4g} "
    place += position_unit(arm.chain, j)
    needs = f"needs {arm.q_lower[j]:.4g} to {arm.q_upper[j]:.4g} for {arm.name!r}"
    turned = np.deg2rad(log.q)
    if (
        np.abs(log.q).max() > DEGREES
        and not (np.maximum(arm.q_lower - turned, turned - arm.q_upper) > SLACK).any()
    ):
        raise RecordError(f"{place}, {needs}; these look like degrees: --units q=deg")
    raise RecordError(f"{place}, {needs}; is it another arm, other units, or another zero?")


def _check_units(log: MotionLog, what: str) -> None:
    """Compare dq with the derivative of q: one of them, or time, may have other units or signs."""
    dq = np.zeros_like(log.q) if log.dq is None else log.dq
    parts: list[tuple[np.ndarray, np.ndarray]] = []
    for rows in log.stretches():
        every = max(round(SPAN / log.period), 1)
        step = np.diff(log.time[rows])[:, None]
        way = np.concatenate(
            (0.0 * dq[:1], np.cumsum(0.5 * step * (dq[rows][1:] + dq[rows][:-1]), 0))
        )
        parts.append((np.diff(log.q[rows][::every], axis=0), np.diff(way[::every], axis=0)))
    change, way = (np.concatenate(each) for each in zip(*parts, strict=True))
    moves = np.ptp(log.q, axis=0) > FAR
    product, square = np.sum(change * way, axis=0), np.sum(way**2, axis=0)
    ratio = product / np.maximum(square, 1e-300)
    fits = (ratio >= SAME[0]) & (ratio <= SAME[1])
    whole = float(np.sum(product)) / max(float(np.sum(square)), 1e-300)
    place = f"{what}: rows {log.row[0]} to {log.row[-1]}, q"
    odd = np.flatnonzero(moves & ~fits)
    if len(odd) and (moves & fits).any():
        j = int(odd[0])
        sign = "; is the sign of one of them wrong?" if ratio[j] < 0.0 else ""
        raise RecordError(
            f"{place} of joint {j + 1} changes {ratio[j]:.3g} times as fast as its dq says, needs "
            f"the same{sign}"
        )
    if not SAME[0] <= whole <= SAME[1] and np.ptp(log.q, axis=0).max() > MOVES:
        raise RecordError(
            f"{place} changes {whole:.3g} times as fast as dq says, needs the same: see --units "
            "q=deg, dq=deg/s, time=ms (57.3: q is degrees)"
        )


def _check_stuck(log: MotionLog, arm: Arm, what: str) -> None:
    """Find a sensor that repeats one number for a second and more while its joint moves."""
    rows = max(round(STUCK / log.period), 20)
    step = np.diff(log.time, prepend=log.time[0])[:, None]
    for kind, values, unit in (("q", log.q, position_unit), ("torque", log.tau, torque_unit)):
        travel = np.abs(np.diff(log.q, axis=0, prepend=log.q[:1]))
        if kind == "q":
            if log.dq is None:
                continue
            travel = np.abs(log.dq) * step
        changed = np.diff(values, axis=0, prepend=np.inf) != 0.0
        for j in range(log.dof):
            edges = np.append(np.flatnonzero(changed[:, j]), len(values))
            for first, stop in pairwise(edges.tolist()):
                if stop - first > rows and travel[first + 1 : stop, j].sum() > FAR:
                    raise RecordError(
                        f"{what}: rows {log.row[first]} to {log.row[stop - 1]}, {kind} of joint "
                        f"{j + 1} stays {values[first, j]:.4g} {unit(arm.chain, j)} while the "
                        "joint moves, needs a measured one"
                    )


def _worst(excess: Float[np.ndarray, "k n"]) -> tuple[int, int]:
    k, j = np.unravel_index(int(excess.argmax()), excess.shape)
    return int(k), int(j)
