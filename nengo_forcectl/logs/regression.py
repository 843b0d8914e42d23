"""An arm's dynamics as a regression: links, rotors, friction and offsets, in blocks of time.

    tau = Y(q, dq, ddq) theta + diag(ddq) a + diag(dq) b + diag(d) f + o

theta are the links' inertial parameters, a the rotors' inertia, b and f viscous and dry friction,
d the direction of the latter, ``s z + (1 - s) tanh(dq / v)`` (see `Presliding`), o a
constant torque in each joint, the offset of its sensor or current.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..kernels.layout.body_fields import PARAMETERS, XX, YY, ZZ
from ..learning.presliding import SHARE, SLOW, direction_of
from .motion_log import MotionLog
from .signals import Signals, held_friction

CHUNK = 2000  # rows of the regressor at once


@dataclass(frozen=True)
class Unknowns:
    """The unknowns of an arm's dynamics, in order, with prior values and deviations."""

    names: tuple[str, ...]
    prior: Float[np.ndarray, "p"]  # what the model says
    size: Float[np.ndarray, "p"]  # how far from that they may well be
    links: int  # links with ten parameters each, which come first

    @property
    def inertial(self) -> int:
        """How many belong to links."""
        return PARAMETERS * self.links


def unknowns_of(arm: Arm) -> Unknowns:
    """Return those of an arm: ten of each link, armature, viscous and dry friction, offset."""
    theta = arm.inertial_parameters
    rows = theta.reshape(-1, PARAMETERS)
    mass = np.maximum(rows[:, 0], rows[:, 0].mean())
    inertia = rows[:, [XX, YY, ZZ]].mean(axis=1)
    inertia = np.maximum(inertia, inertia.mean())
    moment = np.sqrt(mass * inertia)
    size = np.concatenate(
        (mass[:, None], np.repeat(moment[:, None], 3, 1), np.repeat(inertia[:, None], 6, 1)), axis=1
    ).ravel()
    finite = np.isfinite(arm.tau_max)
    torque = np.where(finite, arm.tau_max, 100.0)
    drives = np.concatenate([0.1 * torque, 0.1 * torque, 0.1 * torque, 0.1 * torque])
    drives[: arm.dof] *= 0.5
    names = (
        *arm.parameter_names,
        *arm.drive_parameter_names,
        *(f"{joint}.offset" for joint in arm.joint_names),
    )
    prior = np.concatenate((theta, arm.drive_parameters, np.zeros(arm.dof)))
    return Unknowns(names, prior, np.concatenate((size, drives)), len(rows))


def columns_of(
    arm: Arm, states: Signals, presliding: Float[np.ndarray, "n"] | None = None
) -> Float[np.ndarray, "k n p"]:
    """Return the torque of unit unknowns; ``presliding`` is s of each joint, 0 by default."""
    n, (q, dq, ddq, _, pace, held) = arm.dof, states
    Y, drives = arm.regressor(q, dq, ddq), arm.drive_regressor(dq, ddq)
    joint, share = np.arange(n), 0.0 if presliding is None else presliding
    drives[:, joint, 2 * n + joint] = direction_of(pace, held, share)
    offset = np.broadcast_to(np.eye(n), (len(q), n, n))
    return np.concatenate((Y, drives, offset), axis=2)


def presliding_of(arm: Arm, logs: Sequence[Signals]) -> Float[np.ndarray, "n"]:
    """Return the share s of each joint that explains its torques best, from 0 to 1."""
    p, shares = len(unknowns_of(arm).names), []
    A = total([sums_of(arm, states, held=True) for states in logs]).A
    size = np.append(unknowns_of(arm).size, 1.0)
    for j, own in enumerate(A):
        dry = p - 2 * arm.dof + j
        size[-1] = size[dry]
        B = own[:-1, :-1] * size * size[:, None]
        B += 1e-6 * np.trace(B) / len(B) * np.eye(len(B))
        found = size * np.linalg.solve(B, size * own[:-1, -1])
        one, other = max(found[dry], 0.0), max(found[-1], 0.0)
        shares.append(other / (one + other) if other > 0.0 else 0.0)
    return np.array(shares)


def model_torque(arm: Arm, states: Signals) -> Float[np.ndarray, "k n"]:
    """Return the torque [N m] of an arm's model at states, `SHARE` of its dry friction held."""
    q, dq, ddq, _, pace, held = states
    direction = direction_of(pace, held, SHARE)
    return arm.inverse_dynamics(q, dq, ddq) + arm.friction.dry * (direction - np.tanh(dq / SLOW))


def known_friction(
    arm: Arm, time: Float[np.ndarray, "k"], dq: Float[np.ndarray, "k n"]
) -> Float[np.ndarray, "k n"]:
    """Return the friction [N m] of an arm's model along a motion, `SHARE` of it held."""
    pace = np.tanh(dq / SLOW)
    direction = direction_of(pace, held_friction(time, dq), SHARE)
    return arm.friction.viscous * dq + arm.friction.dry * direction


@dataclass(frozen=True)
class Sums:
    """Products of columns and torques, summed over some rows: ``A = [Phi tau]^T [Phi tau]``."""

    A: Float[np.ndarray, "n p_and_1 p_and_1"]
    rows: int

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(self.A + other.A, self.rows + other.rows)

    def misfit(self, values: Float[np.ndarray, "p"]) -> Float[np.ndarray, "n"]:
        """Return the sum of squares of what the values leave of the torques, for each joint."""
        v = np.append(-values, 1.0)
        return np.maximum(np.einsum("i,nij,j->n", v, self.A, v), 0.0)

    def error(self, values: Float[np.ndarray, "p"]) -> Float[np.ndarray, "n"]:
        """Return ``|tau - Phi values| / |tau|`` of each joint."""
        return np.sqrt(self.misfit(values) / self.A[:, -1, -1])


def sums_of(
    arm: Arm,
    states: Signals,
    presliding: Float[np.ndarray, "n"] | None = None,
    *,
    held: bool = False,
) -> Sums:
    """Return the sums over states and their torques; see `columns_of`.

    ``held``: whether z of the joint is one more column, after the others.
    """
    n, p = arm.dof, len(unknowns_of(arm).names) + held
    A = np.zeros((n, p + 1, p + 1))
    for start in range(0, len(states.q), CHUNK):
        part = states.at(slice(start, start + CHUNK))
        more = (part.held[:, :, None],) if held else ()
        columns = columns_of(arm, part, presliding)
        X = np.concatenate((columns, *more, part.tau[:, :, None]), axis=2)
        A += np.einsum("knp,knr->npr", X, X, optimize=True)
    return Sums(A, len(states.q))


def blocks_of(log: MotionLog, count: int) -> Iterator[slice]:
    """Yield the rows of ``count`` blocks of time."""
    edges = np.linspace(0, len(log.time), count + 1).round().astype(int)
    for start, stop in pairwise(edges):
        yield slice(int(start), int(stop))


def total(sums: Sequence[Sums]) -> Sums:
    """Return the sum of all."""
    all_of_them = sums[0]
    for each in sums[1:]:
        all_of_them = all_of_them + each
    return all_of_them
