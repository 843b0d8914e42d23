"""The input of a structured network: the arm's Jacobians, and what its neurons see."""

import math
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float

from arms import Arm, Terms
from arms.machine.object_files import pack

from ..errors import NetworkError
from ..kernels.block import Block
from ..kernels.layout.body_fields import BODY
from ..kernels.layout.network_fields import AT_PLACE, DRY, FRICTION, JOINTS, SEEN, SPEED, TOOL
from ..kernels.parts import (
    armature_rows,
    body_rows,
    encode_joints_rows,
    encode_tool_rows,
    select_tool_rows,
)
from ..learning.joint_neurons import JointNeurons
from ..learning.presliding import SLOW, direction_of
from ..learning.tool_neurons import ToolNeurons
from .dividing import divide
from .encoding import CLIP, LIFT, StateEncoding, States, rows_of
from .structured_population import StructuredPopulation

STRUCTURE = ("body", "links", "joints", "tool", "rest")
"""Parts that a structured network can have."""

JOINT_NEURONS = 48  # of each joint of a compiled learner, half of them mirror images
TOOL_NEURONS = 32  # of the tool of a compiled learner
LEAST = 0.1  # least scale of a joint, as a share of the joints' mean
LEAST_TOOL = (0.01, 0.01, 0.1)  # least scales of x [m], dx [m/s] and R


@dataclass(frozen=True)
class JointEncoding:
    """What the friction of each joint depends on, its own speed and angle.

        x = (dq / s, tanh(dq / v), 1),   z = (asinh(dq / v) / asinh(s / v), (q - c) / h)

    s and h are the joint's root mean square speed and its spread over a sample, v = 0.01 rad/s.
    The entries of x are direct inputs: viscous friction, dry friction and a constant torque. The
    neurons see u, which is z within ``lower`` and ``upper`` on a sphere, as in `StateEncoding`. The
    asinh resolves the speeds near rest as well as all others.
    """

    speed: Float[np.ndarray, "n"]  # s [rad/s]
    centre: Float[np.ndarray, "n"]  # c [rad]
    spread: Float[np.ndarray, "n"]  # h [rad]
    lower: Float[np.ndarray, "n 2"]  # bounds on z
    upper: Float[np.ndarray, "n 2"]

    @cached_property
    def block(self) -> Block:
        """The block of the encoding, for compiled code."""
        return Block(JOINTS, {"n": len(self.speed)}, _values(self) | {"slow": SLOW, "lift": LIFT})

    def __getstate__(self) -> dict[str, Any]:
        """Return the fields alone: a copy builds its own block."""
        return _values(self)

    def input(
        self, q: Float[np.ndarray, "k n"], dq: Float[np.ndarray, "k n"]
    ) -> tuple[Float[np.ndarray, "k n 3"], Float[np.ndarray, "k n 3"]]:
        """Return the direct inputs, and u."""
        q, dq = (np.ascontiguousarray(each, dtype=float) for each in (q, dq))
        x, u = np.empty((*q.shape, FRICTION)), np.empty((*q.shape, SEEN + 1))
        encode_joints_rows.call(pack(self.block.address, q, dq, x, u))
        return x, u

    def sample(self, states: States) -> Float[np.ndarray, "n k 3"]:
        """Return u of each joint for a sample of the work, half of it slowed down to near rest."""
        q, dq, _ = states
        slowed = dq * (2.0 * SLOW / self.speed)
        _, u = self.input(np.concatenate((q, q)), np.concatenate((dq, slowed)))
        return u.swapaxes(0, 1)


@dataclass(frozen=True)
class ToolEncoding:
    """What a force at the tool depends on: its position x, velocity dx and orientation R.

        y = (1, x - x_0, dx),   z = (x, dx, R e_1, R e_2)

    y are the direct inputs: a constant force, a stiffness and a damping. x_0 is the middle of the
    sample's positions. The neurons see u, two spheres as in `StateEncoding`: one of x alone, one of
    all of z, each group of z centred, within ``lower`` and ``upper``, and scaled by one factor. Two
    columns of R are a continuous description of it (Zhou et al. 2019, doi:10.1109/CVPR.2019.00589).
    """

    centre: Float[np.ndarray, "12"]
    scale: Float[np.ndarray, "12"]
    lower: Float[np.ndarray, "12"]  # bounds on z before centring
    upper: Float[np.ndarray, "12"]

    @cached_property
    def block(self) -> Block:
        """The block of the encoding, for compiled code."""
        return Block(TOOL, {}, _values(self) | {"lift": LIFT})

    def __getstate__(self) -> dict[str, Any]:
        """Return the fields alone: a copy builds its own block."""
        return _values(self)

    def input(
        self, terms: Terms, dq: Float[np.ndarray, "k n"]
    ) -> tuple[Float[np.ndarray, "k 7"], Float[np.ndarray, "k 17"]]:
        """Return y and u for the arm's terms."""
        return self._encoded(terms.pose, terms.J, np.ascontiguousarray(dq, dtype=float))

    def at_rest(self, x: Float[np.ndarray, "k 3"]) -> Float[np.ndarray, "k 17"]:
        """Return u at positions, without motion, in the axes of the base."""
        pose = np.tile(np.eye(4), (len(x), 1, 1))
        pose[:, :3, 3] = x
        return self._encoded(pose, np.zeros((len(x), 6, 1)), np.zeros((len(x), 1)))[1]

    def _encoded(
        self, pose: np.ndarray, J: np.ndarray, dq: np.ndarray
    ) -> tuple[Float[np.ndarray, "k 7"], Float[np.ndarray, "k 17"]]:
        y, u = np.empty((len(dq), 7)), np.empty((len(dq), 17))
        encode_tool_rows.call(pack(self.block.address, pose, J, dq, y, u))
        return y, u


@dataclass(frozen=True)
class StructuredEncoding:
    """The input v of a structured network: its parts one after the other, see ``places``.

    "one" is a 1. "payload" (n, 10), "armature" (n, n), "links" (n, p) and "gravity" (n, 3) are
    torques of unit parameters, "friction" (n, 3) and "joints" (n, 3) are those of `JointEncoding`,
    "ripple" (n, 2) are sine and cosine of ``ripple`` times the angle, "tool" (7) and "tool neurons"
    (17) those of `ToolEncoding`, "J^T" (n, 3) is the tool's linear Jacobian transposed, "rest" is
    the v of `StateEncoding`. Arrays are flat, row by row.
    """

    arm: Arm
    parts: tuple[str, ...]  # of the network
    joints: JointEncoding
    tool: ToolEncoding
    rest: StateEncoding
    neurons: JointNeurons | None = None  # of a compiled learner
    tool_neurons: ToolNeurons | None = None  # of a compiled learner
    ripple: Float[np.ndarray, "n"] | None = None  # periods a turn of each joint, that were found
    presliding: Float[np.ndarray, "n"] | None = None  # share of each joint, see `Presliding`
    population: StructuredPopulation | None = None  # fires in the place of both kinds of neurons

    def check(self, arm: Arm) -> None:
        """Raise `NetworkError` unless the parts are those of a network for ``arm``."""
        n, names = arm.dof, tuple(self.parts)
        if not isinstance(self.arm, Arm) or self.arm.chain != arm.chain:
            raise NetworkError(f"StructuredEncoding.arm: is {self.arm}, needs {arm}")
        if not names or len(set(names)) < len(names) or not set(names) <= set(STRUCTURE):
            raise NetworkError(
                f"StructuredEncoding.parts: is {names}, needs some of {', '.join(STRUCTURE)}"
            )
        parts = (
            ("joints", JointEncoding, [(n,)] * 3 + [(n, SEEN)] * 2),
            ("tool", ToolEncoding, [(12,)] * 4),
        )
        for name, kind, fit in parts:
            part = getattr(self, name)
            right = isinstance(part, kind)
            shapes = [np.shape(value) for value in _values(part).values()] if right else []
            if shapes != fit:
                raise NetworkError(
                    f"StructuredEncoding.{name}: is a {type(part).__name__} with arrays of shapes "
                    f"{shapes}, needs a {kind.__name__} with {fit}"
                )
        if not isinstance(self.rest, StateEncoding):
            raise NetworkError(
                f"StructuredEncoding.rest: is a {type(self.rest).__name__}, needs a StateEncoding"
            )
        self.rest.check(n)
        if self.neurons is not None:
            self.neurons.check(n)
        for name in ("ripple", "presliding"):
            value = getattr(self, name)
            if value is not None and np.shape(value) != (n,):
                shape = np.shape(value)
                raise NetworkError(f"StructuredEncoding.{name}: has shape {shape}, needs ({n},)")
        if self.tool_neurons is not None:
            if not isinstance(self.tool_neurons, ToolNeurons):
                kind = type(self.tool_neurons).__name__
                raise NetworkError(
                    f"StructuredEncoding.tool_neurons: is a {kind}, needs ToolNeurons"
                )
            self.tool_neurons.check()
        if self.population is not None:
            if not isinstance(self.population, StructuredPopulation):
                kind = type(self.population).__name__
                raise NetworkError(
                    f"StructuredEncoding.population: is a {kind}, needs a StructuredPopulation"
                )
            pairs = 0 if self.neurons is None else self.neurons.bias.shape[1]
            seen = 0 if self.tool_neurons is None else len(self.tool_neurons.bias)
            self.population.check(n, pairs, seen)

    @property
    def lead(self) -> float:
        """By how much the neurons' inputs are ahead [s], as their synapses are late."""
        return 0.0 if self.population is None else self.population.model.synapse

    @cached_property
    def places(self) -> dict[str, slice]:
        """The place in v of each of its parts, in order."""
        places, start = {}, 0
        for name, shape in self.shapes.items():
            places[name] = slice(start, start + math.prod(shape))
            start = places[name].stop
        return places

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each part of v, in order."""
        n = self.arm.dof
        shapes = {
            "body": {"payload": (n, 10), "armature": (n, n)},
            "links": {"links": (n, self.arm.sizes["p"]), "gravity": (n, 3)},
            "joints": {"friction": (n, FRICTION), "joints": (n, SEEN + 1)},
            "tool": {"tool": (7,), "tool neurons": (17,), "J^T": (n, 3)},
            "rest": {"rest": (self.rest.n_inputs,)},
        }
        if self.ripple is not None:
            shapes["joints"]["ripple"] = (n, 2)
        own = {name: shape for part in self.parts for name, shape in shapes[part].items()}
        return {"one": (1,)} | own

    @property
    def n_inputs(self) -> int:
        """Size of v."""
        return sum(math.prod(shape) for shape in self.shapes.values())

    def input(
        self,
        q: Float[np.ndarray, "*batch n"],
        dq: Float[np.ndarray, "*batch n"],
        ddq: Float[np.ndarray, "*batch n"],
        built: Float[np.ndarray, "*batch n"] | None = None,
    ) -> Float[np.ndarray, "*batch n_inputs"]:
        """Return v for positions, velocities and (the reference's) accelerations.

        Args:
            q, dq, ddq: [rad], [rad/s], [rad/s^2].
            built: z of `Presliding`; None: every joint has long moved the way that it moves.

        Raises:
            NetworkError: the arrays differ in shape, or are for another number of joints.
            ArmError: a number is not finite.
        """
        batch, rows = rows_of(self, self.arm.dof, q, dq, ddq)
        numbers = self._parts(*rows)
        if built is not None and self.presliding is not None and "joints" in self.parts:
            dry = numbers["friction"][:, :, DRY]
            dry[...] = direction_of(dry, np.reshape(built, dry.shape), self.presliding)
        flat = [numbers[name].reshape(len(rows[0]), -1) for name in self.shapes]
        return np.concatenate(flat, axis=1).reshape(*batch, self.n_inputs)

    def _parts(self, q: np.ndarray, dq: np.ndarray, ddq: np.ndarray) -> dict[str, np.ndarray]:
        """Return the parts of v for k states."""
        numbers = {"one": np.ones(len(q))}
        terms = terms_of(self.arm, q, dq)
        if "body" in self.parts:
            numbers["payload"], numbers["armature"] = self._body(terms, dq, ddq)
        if "links" in self.parts:
            numbers["links"] = self.arm.regressor(q, dq, ddq)
            numbers["gravity"] = self.arm.gravity_gradient(q)
        if "joints" in self.parts:
            numbers["friction"], numbers["joints"] = self.joints.input(q + self.lead * dq, dq)
            if self.ripple is not None:
                turned = self.ripple * q
                numbers["ripple"] = np.stack((np.sin(turned), np.cos(turned)), axis=-1)
        if "tool" in self.parts:
            numbers["tool"], seen = self.tool.input(terms, dq)
            if self.lead > 0.0:
                x = terms.pose[:, :3, 3] + self.lead * numbers["tool"][:, SPEED:]
                seen[:, :AT_PLACE] = self.tool.at_rest(x)[:, :AT_PLACE]
            numbers["tool neurons"] = seen
            numbers["J^T"] = terms.J[:, :3].transpose(0, 2, 1)
        if "rest" in self.parts:
            numbers["rest"] = self.rest.input(q, dq, ddq)
        return numbers

    def _body(
        self, terms: Terms, dq: np.ndarray, ddq: np.ndarray
    ) -> tuple[Float[np.ndarray, "k n 10"], Float[np.ndarray, "k n n"]]:
        k, n = dq.shape
        payload, armature = np.empty((k, n, 10)), np.empty((k, n, n))
        given = terms.pose, terms.J, terms.dJ, dq, ddq
        body_rows.call(pack(self.body.address, *given, payload))
        armature_rows.call(pack(ddq, armature))
        return payload, armature

    @cached_property
    def body(self) -> Block:
        """A block for the kernels of a body fixed to the tool; they write to it."""
        return Block(BODY, {"n": self.arm.dof}, {"gravity": self.arm.gravity_vector})

    def __getstate__(self) -> dict[str, Any]:
        """Return the fields alone: a copy builds its own blocks."""
        return _values(self)


def terms_of(arm: Arm, q: Float[np.ndarray, "k n"], dq: Float[np.ndarray, "k n"]) -> Terms:
    """Return the arm's terms of k states, each in one piece of memory."""
    return Terms(*(np.ascontiguousarray(term) for term in arm.terms(q, dq)))


def joint_encoding(states: States) -> JointEncoding:
    """Return the encoding with the scales of a sample."""
    speed, spread = np.sqrt(np.mean(states.dq**2, axis=0)), states.q.std(axis=0)
    speed, spread = (
        np.maximum(each, max(LEAST * math.sqrt(np.mean(each**2)), 1e-9)) for each in (speed, spread)
    )
    centre, reach = states.q.mean(axis=0), np.arcsinh(speed / SLOW)
    speeds = (np.arcsinh(bound / SLOW) / reach for bound in _bounds(states.dq))
    angles = _bounds((states.q - centre) / spread)
    rows = [np.stack(each, axis=1) for each in zip(speeds, angles, strict=True)]
    return JointEncoding(speed, centre, spread, *rows)


def joint_neurons(encoding: JointEncoding, states: States, seed: int) -> JointNeurons:
    """Return `JOINT_NEURONS` of each joint, those of a `structured_network` of the same seed."""
    rng = np.random.default_rng([seed, 2])
    rows = [divide(u, JOINT_NEURONS // 2, rng).rectifiers for u in encoding.sample(states)]
    return JointNeurons(*(np.array(each) for each in zip(*rows, strict=True)))


def tool_encoding(arm: Arm, states: States) -> ToolEncoding:
    """Return the encoding with the scales of a sample."""
    q, dq = (np.array(part, dtype=float, order="C") for part in states[:2])
    terms, z = terms_of(arm, q, dq), np.empty((len(q), 12))
    select_tool_rows.call(pack(terms.pose, terms.J, dq, z))
    groups = np.split(z.std(axis=0), (3, 6))
    scale = [
        np.full(len(group), 1.0 / max(math.sqrt(np.mean(group**2)), least))
        for group, least in zip(groups, LEAST_TOOL, strict=True)
    ]
    return ToolEncoding(z.mean(axis=0), np.concatenate(scale), *_bounds(z))


def tool_neurons(encoding: ToolEncoding, arm: Arm, states: States, seed: int) -> ToolNeurons:
    """Return `TOOL_NEURONS` of the tool, those of a `structured_network` with twice as many.

    The other half of that network's sees the tool's motion.
    """
    q, dq = (np.array(part, dtype=float, order="C") for part in states[:2])
    _, u = encoding.input(terms_of(arm, q, dq), dq)
    rng = np.random.default_rng([seed, 3])
    return ToolNeurons(*divide(u[:, :AT_PLACE], TOOL_NEURONS, rng).rectifiers)


def _bounds(x: Float[np.ndarray, "k d"]) -> tuple[np.ndarray, np.ndarray]:
    """Return the range of a sample, with a margin."""
    low, high = x.min(axis=0), x.max(axis=0)
    return low - CLIP * (high - low), high + CLIP * (high - low)


def _values(owner: Any) -> dict[str, Any]:
    return {field.name: getattr(owner, field.name) for field in fields(owner)}
