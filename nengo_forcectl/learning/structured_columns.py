"""The weights of `StructuredLeastSquares`: what an arm's model may lack, and how much of it."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..kernels.layout.body_fields import MASS, PARAMETERS, XX, YY, ZZ
from ..kernels.layout.network_fields import DIRECT, FRICTION

WIDER = (1.25, 6.0, 1.0)  # by which the evidence can at most widen the priors of a joint's friction
TILT = 0.5  # deviation of gravity, along each axis [m/s^2]
WRONG = 0.3  # deviation of a link's parameters, over their own size
FIELD = 0.75  # deviation of a decoder of the tool's neurons, over T / L
WEAK = 1e-4  # torque of a deviation over that of the model, below which it is left out
SAMPLE = 400  # states by which links are chosen, about
PRECISE = 3.0  # most precision of a joint's torque over that of the strongest joint


@dataclass(frozen=True)
class Columns:
    """The weights of `StructuredLeastSquares`, in order, with their prior standard deviations.

    Weights of one group share the factor of their variance that the evidence gives.
    """

    size: Float[np.ndarray, "p"]
    group: Float[np.ndarray, "p"]
    most: Float[np.ndarray, "p"]  # greatest factor of its variance that the evidence gives
    positive: Float[np.ndarray, "p"]  # 1: the weight is not negative
    chosen: Float[np.ndarray, "links"]  # places of the learned ones in `Arm.inertial_parameters`
    shared: Float[np.ndarray, "links"]  # 1: a payload explains as much
    precision: Float[np.ndarray, "n"]  # of each joint's torque, over that of the strongest joint
    home: Float[np.ndarray, "n n"]  # M at the middle of the sample [kg m^2]
    changes: Float[np.ndarray, "links n n"]  # of it, by the deviation of each chosen parameter
    field: int  # how many of them, the last, are decoders of the tool's neurons
    reach: float  # farthest credible centre of a payload from the tool frame [m]

    @classmethod
    def of(
        cls,
        arm: Arm,
        q: Float[np.ndarray, "k n"],
        dq: Float[np.ndarray, "k n"],
        ddq: Float[np.ndarray, "k n"],
        speed: Float[np.ndarray, "n"],
        payload: Float[np.ndarray, "k n 10"],
        neurons: int,
    ) -> "Columns":
        """Return those of an arm: payload, armature, three a joint, tool, gravity, links, neurons.

        The deviations are in proportion to the arm: a payload like a link, T/40 of armature, T/25
        of friction at 1 rad/s, of dry friction and of a constant torque, 1.5 T/L of force, 4 T/L^2
        of stiffness and 0.4 T/L^2 of damping at the tool, 0.75 T/L of its decoders, T the root mean
        square of the model's torque over the sample and L the tool's distance from the base; 0.5
        m/s^2 of gravity along each axis, 0.3 of a link's parameters. The evidence can make them
        smaller, and those of friction larger: dry friction up to 6 times, because gears often have
        far more, and viscous friction up to 1.25 times. Of the links' parameters,
        those are chosen that payload, armature and each other do not explain (base parameters,
        Gautier and Khalil 1990, doi:10.1109/70.56655). Some that a payload explains are added: no
        payload has a negative mass, so none explains that a last link is lighter than in the model.

        Args:
            arm: the model.
            q, dq, ddq: a sample of the work to be done [rad], [rad/s], [rad/s^2].
            speed: s of `JointEncoding` [rad/s].
            payload: torque of unit parameters of a payload in the sample.
            neurons: number of the tool's neurons.
        """
        n = arm.dof
        links = arm.inertial_parameters.reshape(-1, PARAMETERS)
        mass, inertia = links[:, MASS].mean(), links[:, [XX, YY, ZZ]].mean()
        T = float(np.sqrt(np.mean(arm.inverse_dynamics(q, dq, ddq) ** 2)))
        L = float(np.linalg.norm(arm.pose(q)[:, :3, 3], axis=1).mean())
        friction = np.stack((speed, np.ones(n), np.ones(n)), axis=1) * T / 25.0
        pull = np.repeat([1.5 * T / L, 4.0 * T / L**2, 0.4 * T / L**2], (1, 3, 3))
        chosen, shared, spread = _links(arm, q, dq, ddq, payload)
        parts = [
            np.array([mass] + 3 * [0.5 * math.sqrt(mass * inertia)] + 6 * [inertia]),
            np.full(n, T / 40.0),
            friction.ravel(),
            np.tile(pull, 3),
            np.full(3, TILT),
            spread,
            np.full(3 * neurons, FIELD * T / L),
        ]
        first = 1 + 3 * n
        groups = [
            np.zeros(PARAMETERS),
            1.0 + np.arange(n),
            (1.0 + n + np.arange(n)[:, None] * 2 + [0, 0, 1]).ravel(),
            first + np.tile(np.repeat([0, 1, 2], (1, 3, 3)), 3),
            np.full(3, first + 3),
            np.full(len(chosen), first + 4),
            np.full(3 * neurons, first + 5),
        ]
        positive = [
            np.zeros(PARAMETERS),
            np.ones(n),
            np.tile([1.0, 1.0, 0.0], n),
            np.zeros(3 * DIRECT + 3 + len(chosen) + 3 * neurons),
        ]
        size, group, sign = (np.concatenate(each) for each in (parts, groups, positive))
        most = np.ones(len(size))
        most[PARAMETERS + n : PARAMETERS + (1 + FRICTION) * n] = np.square(np.tile(WIDER, n))
        home, eye = np.broadcast_to(q.mean(axis=0), (n + 1, n)), np.eye(n)
        Y = arm.regressor(home, np.zeros((n + 1, n)), np.concatenate((eye, np.zeros((1, n)))))
        changes = (Y[:n] - Y[n])[:, :, chosen].T * spread[:, None, None]
        M = np.ascontiguousarray(arm.mass_matrix(home[0]))
        return cls(
            size, group, most, sign, chosen, shared, precision_of(arm), M,
            np.ascontiguousarray(changes), 3 * neurons, 0.5 * L,
        )  # fmt: skip


def places_of_parts(n: int, links: int, field: int) -> dict[str, slice]:
    """Return where the weights of each part are.

    Args:
        n: number of joints.
        links: number of the links' parameters that are learned.
        field: number of the decoders of the tool's neurons.
    """
    lengths = {
        "payload": PARAMETERS,
        "armature": n,
        "friction": FRICTION * n,
        "tool": 3 * DIRECT,
        "gravity": 3,
        "links": links,
        "field": field,
    }
    ends = np.cumsum(list(lengths.values())).tolist()
    return {
        name: slice(end - length, end)
        for (name, length), end in zip(lengths.items(), ends, strict=True)
    }


def precision_of(arm: Arm, most: float = PRECISE) -> Float[np.ndarray, "n"]:
    """Return the largest of the joints' tau_max over each one's, at most ``most``."""
    limited = np.isfinite(arm.tau_max)
    if not limited.any():
        return np.ones(arm.dof)
    largest = float(arm.tau_max[limited].max())
    return np.clip(largest / np.where(limited, arm.tau_max, largest), 1.0, most)


def _links(
    arm: Arm,
    q: Float[np.ndarray, "k n"],
    dq: Float[np.ndarray, "k n"],
    ddq: Float[np.ndarray, "k n"],
    payload: Float[np.ndarray, "k n 10"],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return parameters of links to learn, which of them a payload explains too, and their sizes.

    A parameter that is left out is a sum of the chosen ones, whose deviations account for it.
    """
    every = max(len(q) // SAMPLE, 1)
    q, dq, ddq, payload = (each[::every] for each in (q, dq, ddq, payload))
    links = arm.inertial_parameters.reshape(-1, PARAMETERS)
    mass, inertia = links[:, MASS], links[:, [XX, YY, ZZ]].mean(axis=1)
    parts = [mass] + 3 * [np.sqrt(mass * inertia)] + 6 * [inertia]
    size = WRONG * np.stack(parts, axis=1).ravel()
    Y = arm.regressor(q, dq, ddq).reshape(-1, len(size)) * size
    rows = len(Y)
    armature = (ddq[:, :, None] * np.eye(arm.dof)).reshape(rows, -1)
    torque = math.sqrt(np.mean(arm.inverse_dynamics(q, dq, ddq) ** 2))
    least = WEAK * torque * math.sqrt(len(q))
    own = _independent(Y, np.hstack((payload.reshape(rows, -1), armature)), least)
    others = _independent(Y, np.hstack((armature, Y[:, own])), least)
    chosen = np.array(sorted(own + others))
    left = [k for k in range(len(size)) if k not in chosen]
    armature = _normalised(armature)
    Y -= armature @ np.linalg.lstsq(armature, Y)[0]
    shares = np.linalg.lstsq(Y[:, chosen], Y[:, left])[0]
    shared = np.isin(chosen, others).astype(float)
    return chosen, shared, size[chosen] * np.sqrt(1.0 + np.sum(shares**2, axis=1))


def _independent(Y: np.ndarray, known: np.ndarray, least: float) -> list[int]:
    """Return columns of Y, the strongest first, that the known ones and each other leave."""
    basis, strength, _ = np.linalg.svd(_normalised(known), full_matrices=False)
    basis = basis[:, strength > 1e-6 * strength[0]]
    rest, chosen = Y - basis @ (basis.T @ Y), []
    while True:
        strength = np.linalg.norm(rest, axis=0)
        best = int(strength.argmax())
        if strength[best] < least or best in chosen:
            return chosen
        chosen.append(best)
        unit = rest[:, best] / strength[best]
        rest -= np.outer(unit, unit @ rest)


def _normalised(columns: np.ndarray) -> np.ndarray:
    """Return columns of length 1, or of zeros."""
    return columns / np.maximum(np.linalg.norm(columns, axis=0), 1e-12)
