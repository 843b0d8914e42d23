"""A learned forward kinematics: one layer of smooth neurons, and its Jacobian in closed form.

    u    = (sin(q - c), cos(q - c) - m) / s      for a sliding joint (q - c) / s
    a    = tanh(E u + b)
    y    = W phi,   phi = (a, 1)          the tool's position, and the columns of its rotation
    dy/dq = W dphi/dq,   dphi/dq = ((1 - a^2) o E du/dq, 0)

The neurons are smooth because the Jacobian of rectified-linear ones is piecewise constant. Both y
and dy/dq are linear in the decoders W, which are found by least squares (`learn_kinematics`) and
can be adapted while the arm moves. This module does not need TensorFlow; `kinematics_network`
builds the same function as a Nengo network.
"""

import dataclasses
import math
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from arms import Arm
from arms.model.bodies import coordinates

from ..errors import ConfigurationError, NetworkError
from ..support.files import interpreting, read_npz, write_file
from ..support.validation import Arguments, check_whole

GAIN = 0.3  # length of the longest encoder: small, so that neurons do not saturate
SHORTEST = 0.3  # length of the shortest encoder, over the longest
CHUNK = 1000  # configurations per batch, for intermediate results to fit the processor's cache


@dataclass(frozen=True, eq=False)
class LearnedKinematics:
    """A network that has learned an arm's forward kinematics; the fields are its weights.

    ``rows`` are its rows of the arm's Jacobian: the base axes 0, 1, 2 along which the tool moves,
    and with orientations the axes 3, 4, 5 about which it turns. Outputs y are the positions along
    the linear rows [m], then for orientations the nine entries of the rotation matrix, column by
    column.
    """

    arm: str  # its name
    joints: tuple[str, ...]
    rows: tuple[int, ...]
    turning: Float[np.ndarray, "n"]  # 1 for a revolute joint, 0 for a sliding one
    centre: Float[np.ndarray, "n"]  # c [rad or m]
    mean: Float[np.ndarray, "n"]  # m, of the cosine; 0 for a sliding joint
    scale: Float[np.ndarray, "n"]  # s
    encoders: Float[np.ndarray, "N d"]  # E, d = n + number of revolute joints
    bias: Float[np.ndarray, "N"]  # b
    decoders: Float[np.ndarray, "outputs features"]  # W, features = N + 1

    def __post_init__(self) -> None:
        for name in ARRAYS:
            value = np.array(getattr(self, name), dtype=float)
            object.__setattr__(self, name, value)
            if not np.isfinite(value).all():
                raise NetworkError(f"LearnedKinematics.{name}: is not finite, needs finite numbers")
        n, neurons = len(self.joints), len(self.bias)
        shapes = {
            **dict.fromkeys(("turning", "centre", "mean", "scale"), (n,)),
            "encoders": (neurons, n + int(self.turning.sum())),
            "bias": (neurons,),
            "decoders": (len(self.axes) + 9 * self.orientation, neurons + 1),
        }
        for name, shape in shapes.items():
            found = getattr(self, name).shape
            if found != shape:
                raise NetworkError(f"LearnedKinematics.{name}: has shape {found}, needs {shape}")

    @property
    def dof(self) -> int:
        """Joints, n."""
        return len(self.joints)

    @property
    def neurons(self) -> int:
        """N."""
        return len(self.bias)

    @property
    def axes(self) -> tuple[int, ...]:
        """The linear rows: base axes along which the tool moves."""
        return tuple(row for row in self.rows if row < 3)

    @property
    def orientation(self) -> bool:
        """Whether the network learned orientations too."""
        return any(row >= 3 for row in self.rows)

    def with_decoders(self, decoders: Float[np.ndarray, "outputs features"]) -> "LearnedKinematics":
        """Return the same network with other decoders W."""
        return dataclasses.replace(self, decoders=decoders)

    def inputs(self, q: ArrayLike) -> Float[np.ndarray, "*batch d"]:
        """Return u, the neurons' input: one number per joint, then the cosines."""
        q = self._checked(q)
        turns = self.turning > 0
        off = q - self.centre
        first = np.where(turns, np.sin(off), off) / self.scale
        cosines = ((np.cos(off) - self.mean) / self.scale)[..., turns]
        return np.concatenate((first, cosines), axis=-1)

    def input_slopes(self, q: ArrayLike) -> Float[np.ndarray, "*batch d"]:
        """Return du/dq entry by entry: each depends on one joint (see `joint_of_input`)."""
        turns = self.turning > 0
        off = self._checked(q) - self.centre
        first = np.where(turns, np.cos(off), 1.0) / self.scale
        cosines = (-np.sin(off) / self.scale)[..., turns]
        return np.concatenate((first, cosines), axis=-1)

    @property
    def joint_of_input(self) -> Int[np.ndarray, "d"]:
        """Index of the joint on which each entry of u depends."""
        return np.concatenate((np.arange(self.dof), np.flatnonzero(self.turning)))

    def features(self, q: ArrayLike) -> Float[np.ndarray, "*batch features"]:
        """Return phi = (a, 1): y = W phi."""
        a = np.tanh(self.inputs(q) @ self.encoders.T + self.bias)
        return np.concatenate((a, np.ones((*a.shape[:-1], 1))), axis=-1)

    def feature_jacobian(self, q: ArrayLike) -> Float[np.ndarray, "*batch features n"]:
        """Return dphi/dq: dy/dq = W dphi/dq. (For dy/dq itself `output_jacobian` is faster.)"""
        a = self.features(q)[..., :-1]
        slopes = self.input_slopes(q)
        rise = 1.0 - a * a
        out = np.zeros((*a.shape[:-1], self.neurons + 1, self.dof))
        for place, joint in enumerate(self.joint_of_input):
            out[..., :-1, joint] += rise * (slopes[..., place, None] * self.encoders[:, place])
        return out

    def outputs(self, q: ArrayLike) -> Float[np.ndarray, "*batch outputs"]:
        """Return y = W phi(q)."""
        return self._run(q)[0]

    def output_jacobian(self, q: ArrayLike) -> Float[np.ndarray, "*batch outputs n"]:
        """Return dy/dq, the network's Jacobian with respect to the joints."""
        return self._run(q)[1]

    def position(self, q: ArrayLike) -> Float[np.ndarray, "*batch axes"]:
        """Return the tool's position along ``axes`` [m], in the base frame."""
        return self.outputs(q)[..., : len(self.axes)]

    def rotation(self, q: ArrayLike) -> Float[np.ndarray, "*batch 3 3"]:
        """Return the tool's orientation: the rotation nearest to the network's matrix.

        Raises:
            NetworkError: the network learned positions only.
        """
        return _nearest(self._matrix(self.outputs(q)))[0]

    def jacobian(self, q: ArrayLike) -> Float[np.ndarray, "*batch rows n"]:
        """Return the learned J [m/rad, rad/rad] with the rows ``rows``.

        The linear rows are dy/dq. The angular ones are the exact angular velocity of `rotation`:
        with R the network's matrix, R = P S its polar decomposition (P the nearest rotation) and
        dR its derivative by a joint,

            omega = P (tr(S) I - S)^-1 vee(P^T dR - dR^T P),      vee of [x]_x is x

        which for R a rotation (S = I) is the vee of dR R^T (Siciliano et al. 2009, section 3.1).
        """
        y, dy = self._run(q)
        axes = len(self.axes)
        if not self.orientation:
            return dy
        P, S = _nearest(self._matrix(y))
        dR = np.moveaxis(dy[..., axes:, :], -2, -1)  # (*batch, n, 9), column by column
        dR = np.swapaxes(dR.reshape(*dR.shape[:-1], 3, 3), -1, -2)
        A = np.swapaxes(P, -1, -2)[..., None, :, :] @ dR
        v = np.stack(
            (
                A[..., 2, 1] - A[..., 1, 2],
                A[..., 0, 2] - A[..., 2, 0],
                A[..., 1, 0] - A[..., 0, 1],
            ),
            axis=-2,
        )  # (*batch, 3, n)
        weight = np.trace(S, axis1=-2, axis2=-1)[..., None, None] * np.eye(3) - S
        omega = P @ np.linalg.solve(weight, v)
        angular = [row - 3 for row in self.rows if row >= 3]
        return np.concatenate((dy[..., :axes, :], omega[..., angular, :]), axis=-2)

    def check_fits(self, arm: Arm) -> None:
        """Raise `NetworkError` unless the arm has the joints of the network's training."""
        if self.joints != arm.joint_names:
            raise NetworkError(
                f"learned kinematics of '{self.arm}': has joints {', '.join(self.joints)}, needs "
                f"those of arm '{arm.name}', {', '.join(arm.joint_names)}"
            )

    def save(self, path: Path | str) -> None:
        """Write an .npz file through a temporary one, replacing an existing file.

        Raises:
            RecordError: it cannot be written.
        """
        write_file(Path(path), lambda stream: np.savez(stream, **self.arrays()))  # pyright: ignore[reportArgumentType]

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all arrays of the network by name, in the form that `save` writes."""
        words = {"arm": np.array(self.arm), "joints": np.array(self.joints)}
        return words | {name: np.array(getattr(self, name)) for name in ("rows", *ARRAYS)}

    @classmethod
    def load(cls, path: Path | str, arm: Arm | None = None) -> "LearnedKinematics":
        """Read what `save` wrote.

        Raises:
            RecordError: the file cannot be read, or holds other data.
            NetworkError: its joints are not those of ``arm``, or its arrays do not match.
        """
        problem = f"'{path}': holds no learned kinematics"
        file = read_npz(Path(path), problem)
        with interpreting(problem):
            learned = cls(
                arm=str(file["arm"]),
                joints=tuple(map(str, file["joints"])),
                rows=tuple(map(int, file["rows"])),
                **{name: file[name] for name in ARRAYS},
            )
        if arm is not None:
            learned.check_fits(arm)
        return learned

    def _run(self, q: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Return y and dy/dq, computed in batches of configurations."""
        q = self._checked(q)
        flat = q.reshape(-1, self.dof)
        outputs, d = len(self.decoders), self.encoders.shape[1]
        W = self.decoders[:, :-1]
        through = (W[:, None, :] * self.encoders.T).reshape(outputs * d, -1).T  # W diag(.) E
        y, dy = np.empty((len(flat), outputs)), np.zeros((len(flat), outputs, self.dof))

        def run(start: int) -> None:
            part = slice(start, start + CHUNK)
            a = self.inputs(flat[part]) @ self.encoders.T
            a += self.bias
            np.tanh(a, out=a)
            y[part] = a @ W.T + self.decoders[:, -1]
            np.multiply(a, a, out=a)
            np.subtract(1.0, a, out=a)
            by_input = (a @ through).reshape(-1, outputs, d)
            by_input *= self.input_slopes(flat[part])[:, None]
            for place, joint in enumerate(self.joint_of_input):
                dy[part, :, joint] += by_input[..., place]

        if len(flat) <= CHUNK:
            run(0)
        else:
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                list(pool.map(run, range(0, len(flat), CHUNK)))
        batch = q.shape[:-1]
        return y.reshape(*batch, outputs), dy.reshape(*batch, outputs, self.dof)

    def _matrix(self, y: Float[np.ndarray, "*batch outputs"]) -> Float[np.ndarray, "*batch 3 3"]:
        if not self.orientation:
            raise NetworkError(
                f"learned kinematics of '{self.arm}': has positions only, needs orientations"
            )
        columns = y[..., len(self.axes) :]
        return np.swapaxes(columns.reshape(*columns.shape[:-1], 3, 3), -1, -2)

    def _checked(self, q: ArrayLike) -> Float[np.ndarray, "*batch n"]:
        q = np.asarray(q, dtype=float)
        if q.shape[-1:] != (self.dof,):
            raise NetworkError(
                f"learned kinematics of '{self.arm}': q has shape {q.shape}, needs "
                f"(..., {self.dof})"
            )
        return q


ARRAYS = ("turning", "centre", "mean", "scale", "encoders", "bias", "decoders")


def untrained_kinematics(
    arm: Arm,
    lower: Float[np.ndarray, "n"],
    upper: Float[np.ndarray, "n"],
    neurons: int,
    *,
    seed: int,
    orientation: bool = False,
) -> LearnedKinematics:
    """Return a network with random encoders and biases, for joints between ``lower`` and ``upper``.

    Each number of u is scaled to a mean square of 1 at most over that region. Encoders have random
    directions and lengths (the gains) uniform from 0.09 to 0.3; biases are uniform from -1 to 1.
    Over the region every neuron is mildly nonlinear and none saturates, so that the features are
    rich in low-order terms, as kinematic chains are. Decoders are zero except for the constant, the
    pose at the middle of the region.

    Raises:
        ConfigurationError: no neurons, or the arm does not move its tool.
    """
    check_whole(Arguments("", neurons=neurons), neurons=1)
    turns = np.array([joint.kind != "prismatic" for joint in coordinates(arm.chain)])
    centre, half = 0.5 * (lower + upper), np.maximum(0.5 * (upper - lower), 1e-6)
    mean = np.sin(half) / half  # of cos over the region
    ripple = np.sin(2 * half) / (4 * half)
    variance = np.maximum(0.5 - ripple, 0.5 + ripple - mean**2)  # of sin and of cos
    scale = np.where(turns, np.sqrt(variance), half / math.sqrt(3))
    rng = np.random.default_rng(seed)
    E = rng.normal(size=(neurons, arm.dof + int(turns.sum())))
    E *= GAIN * rng.uniform(SHORTEST, 1.0, (neurons, 1)) / np.linalg.norm(E, axis=1, keepdims=True)
    rows = moving_rows(arm, lower, upper, orientation=orientation)
    middle, _ = kinematic_targets(arm, centre[None], rows)
    decoders = np.concatenate((np.zeros((middle.shape[1], neurons)), middle.T), axis=1)
    return LearnedKinematics(
        arm.name, tuple(arm.joint_names), rows, turns.astype(float), centre,
        np.where(turns, mean, 0.0), scale, E, rng.uniform(-1.0, 1.0, neurons), decoders,
    )  # fmt: skip


def moving_rows(
    arm: Arm,
    lower: Float[np.ndarray, "n"],
    upper: Float[np.ndarray, "n"],
    *,
    orientation: bool = False,
) -> tuple[int, ...]:
    """Return the rows of the arm's Jacobian that do not vanish on the whole region.

    Raises:
        ConfigurationError: the tool does not move.
    """
    q = lower + (upper - lower) * np.random.default_rng(0).uniform(size=(64, arm.dof))
    reach = np.abs(arm.jacobian(q)).max(axis=(0, 2))
    linear, angular = reach[:3], reach[3:]
    rows = [k for k in range(3) if linear[k] > 1e-6 * max(linear.max(), 1e-9)]
    if not rows:
        raise ConfigurationError(f"arm '{arm.name}': no joint moves its tool")
    if orientation:
        rows += [3 + k for k in range(3) if angular[k] > 1e-6]
    return tuple(rows)


def kinematic_targets(
    arm: Arm, q: Float[np.ndarray, "k n"], rows: tuple[int, ...]
) -> tuple[Float[np.ndarray, "k outputs"], Float[np.ndarray, "k outputs n"]]:
    """Return y and dy/dq of the arm itself, the targets of `LearnedKinematics.outputs`.

    A column r of the rotation changes by ``dr/dq_j = omega_j x r``.
    """
    pose, J = arm.pose(q), arm.jacobian(q)
    axes = [row for row in rows if row < 3]
    y, dy = pose[:, axes, 3], J[:, axes]
    if len(axes) == len(rows):
        return y, dy
    columns = np.swapaxes(pose[:, :3, :3], 1, 2)  # (k, 3 columns, 3)
    omega = np.swapaxes(J[:, 3:], 1, 2)  # (k, n, 3)
    turned = np.cross(omega[:, :, None], columns[:, None]).reshape(len(q), arm.dof, 9)
    return (
        np.concatenate((y, columns.reshape(len(q), 9)), axis=1),
        np.concatenate((dy, np.swapaxes(turned, 1, 2)), axis=1),
    )


def _nearest(R: Float[np.ndarray, "*batch 3 3"]) -> tuple[np.ndarray, np.ndarray]:
    """P and S of R = P S, P the nearest rotation (Kabsch 1976), S symmetric."""
    U, s, Vt = np.linalg.svd(R)
    handed = np.ones_like(s)
    handed[..., -1] = np.linalg.det(U @ Vt)
    P = (U * handed[..., None, :]) @ Vt
    S = (np.swapaxes(Vt, -1, -2) * (handed * s)[..., None, :]) @ Vt
    return P, S
