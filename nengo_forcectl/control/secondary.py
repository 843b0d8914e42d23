"""Secondary tasks: joint torques projected into the null space of the main task.

Each is a frozen dataclass with ``torque(terms, state) -> tau_0`` [N m]. A law of the tool adds up
the torques of its ``secondary`` and applies ``N^T = I - J^T Lambda J M^-1`` to the sum (Khatib
1987), so that they do not move the tool. For your own task, subclass `Secondary` and write
``torque`` in Python.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from arms import Arm, Terms
from arms.machine.kernel import Kernel

from ..contract import State
from ..errors import ConfigurationError
from ..kernels.block import Block, Layout
from ..kernels.layout import null_space_fields as at
from ..kernels.layout.arm_fields import ARM, INPUT
from ..kernels.parts import TASKS, control_null_space
from .gains import Gain, Numbers, check_gain
from .terms import write_terms


class Packed:
    """A secondary task in its kernel's form: its kind and its block."""

    def __init__(
        self,
        kind: int,
        fields: Layout,
        sizes: dict[str, int],
        kernel: Kernel | None = None,
        /,
        **values: Any,
    ) -> None:
        self.kind, self.kernel = kind, kernel
        self.block = Block(fields, sizes, values, keeps=kernel)

    @classmethod
    def of(cls, kind: int, block: Block, kernel: Kernel) -> "Packed":
        """Return the form of a task whose block is there already."""
        packed = cls.__new__(cls)
        packed.kind, packed.block, packed.kernel = kind, block, kernel
        return packed


class Secondary:
    """A torque in the null space of the main task."""

    def pack(self, n: int) -> list[Packed]:
        """Return the task in its kernel's form; if empty, ``torque`` is called instead."""
        return []

    def torque(self, terms: Terms, state: State) -> Float[np.ndarray, "n"]:
        """Return tau_0 [N m]."""
        space = NullSpace([self], len(terms.g))
        return space.torque(terms, state)


class NullSpace:
    """All secondary tasks of a law, for an arm of ``n`` joints."""

    def __init__(self, tasks: Sequence[Secondary], n: int, dq_max: Numbers | None = None) -> None:
        packed: list[Packed] = []
        self._dof = n
        self._asked: list[tuple[Secondary, Block]] = []  # tasks in Python
        for task in tasks:
            parts = task.pack(n)
            if not parts:
                parts = [Packed(at.GIVEN, at.GIVEN_TASK, {"n": n})]
                self._asked.append((task, parts[0].block))
            packed += parts
        for task in packed:
            if task.kind == at.POSTURE and dq_max is not None:
                task.block["dq_max"][...] = dq_max
        self.tasks = packed
        values = {
            "calls": [TASKS[t.kind].address if t.kind in TASKS else 0 for t in packed],
            "blocks": [task.block.address for task in packed],
        }
        self.block = Block(at.NULL_SPACE, {"n": n, "tasks": len(packed)}, values, keeps=packed)

    @property
    def kernels(self) -> list[Kernel]:
        """Kernels of the arm that the tasks call."""
        return [task.kernel for task in self.tasks if task.kernel is not None]

    @property
    def compiled(self) -> bool:
        """Whether every task has a kernel."""
        return not self._asked

    def ask(self, terms: Terms, state: State) -> None:
        """Compute this cycle's torques of the tasks in Python."""
        for task, block in self._asked:
            block["tau_0"][...] = task.torque(terms, state)

    def torque(self, terms: Terms, state: State) -> Float[np.ndarray, "n"]:
        """Return the sum of the tasks' torques [N m]."""
        n = self._dof
        arm = Block(ARM, {"n": n}, {"dof": n})
        write_terms(arm, terms)
        inputs = Block(INPUT, {"n": n, "k": 3}, {"q": state.q, "dq": state.dq})
        self.ask(terms, state)
        control_null_space.call(self.block.address, arm.address, inputs.address)
        return self.block["tau_0"].copy()


@dataclass(frozen=True)
class Posture(Secondary):
    """A spring to a posture, critically damped joint by joint.

        tau_0 = k (posture - q) - d dq,    d_i = min(2 sqrt(k_i M_ii), 100/s / (M^-1)_ii)

    From 0.6 of a joint's top speed on, d_i grows to its bound, which it has at top speed: so the
    other joints take over before a limit acts. A learner that is not sure of the arm's inertia
    softens the springs of all joints alike.

    Where the arm cannot follow its reference, a share w of the spring yields, by which a joint
    would swing, or want more than its top speed (`TaskSpace` has w)::

        (1 - w) k (posture - q) + w clip(k' (posture - q), -d dq_max, d dq_max)
        k'_i = min(k_i, (50/s)^2 / (M^-1)_ii)

    As it yields, a spring that a learner has softened is damped more and more like the given one:
    at the border of the workspace, the task itself turns light wrists.

    ``1 / (M^-1)_ii`` is the inertia of joint i while all others are free. Two joints whose axes are
    nearly in line, as in an upright arm of seven joints, move hardly any mass when they turn
    against each other. The bound keeps that motion from being damped beyond what a sampled loop
    with sensors some milliseconds late allows.
    """

    posture: Numbers  # (n,) [rad]
    k: Gain = 30.0  # one number, or one per joint [N m/rad]

    def __post_init__(self) -> None:
        posture = _vector(self, "posture", self.posture)
        object.__setattr__(self, "posture", posture)
        check_gain(self, "k", len(posture))
        if np.ndim(self.k) == 2:
            raise ConfigurationError(
                "Posture.k: is a matrix, needs a number, or one for each joint"
            )

    def pack(self, n: int) -> list[Packed]:
        """Return the task in its kernel's form."""
        _same(self, "posture", self.posture, n)
        sizes = {"n": n}
        values = {"q": self.posture, "k": self.k, "k_firm": self.k, "share": 1.0, "dq_max": np.inf}
        return [Packed(at.POSTURE, at.POSTURE_TASK, sizes, **values)]


@dataclass(frozen=True)
class Damping(Secondary):
    """``tau_0 = -kv M dq``: free motion decays at the rate kv, whatever the joints' inertia."""

    kv: float = 5.0  # [1/s]

    def __post_init__(self) -> None:
        check_gain(self, "kv", 0)

    def pack(self, n: int) -> list[Packed]:
        """Return the task in its kernel's form."""
        return [Packed(at.DAMPING, at.DAMPING_TASK, {}, kv=self.kv)]


@dataclass(frozen=True)
class JointLimits(Secondary):
    """Push a joint away from a limit at a distance rho below ``margin``::

        tau_0 = k margin (margin - rho) / rho

    It is the gradient of a potential that begins as a spring of stiffness k and is unbounded at the
    limit (after Khatib 1986); below 0.05 margin only the numerator grows further. It does not
    change the joint motion that the main task requires.
    """

    lower: Numbers  # (n,) [rad]; -inf for no limit
    upper: Numbers  # (n,) [rad]; inf for no limit
    margin: float = 0.2  # [rad]
    k: float = 50.0  # [N m/rad]

    def __post_init__(self) -> None:
        for field in ("lower", "upper"):
            value = np.array(getattr(self, field), dtype=float)
            if value.ndim != 1 or np.isnan(value).any():
                raise ConfigurationError(
                    f"JointLimits.{field}: is {value}, needs one for each joint"
                )
            object.__setattr__(self, field, value)
        _same(self, "upper", self.upper, len(self.lower))
        crossed = np.asarray(self.lower) >= np.asarray(self.upper)
        if crossed.any():
            joint = int(np.argmax(crossed))
            raise ConfigurationError(
                f"JointLimits.lower: is {self.lower[joint]} at joint {joint}, "
                f"needs to be below upper, {self.upper[joint]}"
            )
        check_gain(self, "margin", 0, positive=True)
        check_gain(self, "k", 0)

    def pack(self, n: int) -> list[Packed]:
        """Return the task in its kernel's form."""
        _same(self, "lower", self.lower, n)
        values = {name: getattr(self, name) for name in ("lower", "upper", "margin", "k")}
        return [Packed(at.LIMITS, at.LIMITS_TASK, {"n": n}, **values)]


@dataclass(frozen=True)
class ObstacleAvoidance(Secondary):
    """Push points of the arm away from spheres (Khatib 1986)::

        tau_0 = sum J_p^T f_p,    f_p = k margin (margin - rho) / rho along the sphere's normal

    for every point p at a distance rho below ``margin`` from a sphere's surface. Near the surface
    and inside, f_p is limited as in `JointLimits`.
    """

    arm: Arm
    points: Sequence[tuple[str, tuple[float, float, float]]]  # frame, and where in it [m]
    spheres: (
        Sequence[Sequence[float]] | Float[np.ndarray, "k 4"]
    )  # x, y, z of the centre in the base frame, radius [m]
    margin: float = 0.1  # [m]
    k: float = 500.0  # [N/m]

    def __post_init__(self) -> None:
        spheres = np.atleast_2d(np.array(self.spheres, dtype=float))
        if spheres.ndim != 2 or spheres.shape[1] != 4 or not np.isfinite(spheres).all():
            raise ConfigurationError(
                f"ObstacleAvoidance.spheres: has shape {spheres.shape}, needs (k, 4) of finite "
                "numbers: x, y, z, radius"
            )
        if (spheres[:, at.RADIUS] < 0).any():
            raise ConfigurationError(
                f"ObstacleAvoidance.spheres: a radius is {spheres[:, at.RADIUS].min()} m, "
                "needs a number from 0 up"
            )
        if not self.points:
            raise ConfigurationError(
                "ObstacleAvoidance.points: is empty, needs pairs (frame, point)"
            )
        points = []
        for frame, point in self.points:
            self.arm.kernel("pose", "J", frame=frame, at_point=True)  # checks the frame
            points.append((frame, tuple(_vector(self, "points", point, 3).tolist())))
        object.__setattr__(self, "points", tuple(points))
        object.__setattr__(self, "spheres", spheres)
        check_gain(self, "margin", 0, positive=True)
        check_gain(self, "k", 0)

    def pack(self, n: int) -> list[Packed]:
        """Return one kernel task per point; raise `ConfigurationError` for another arm."""
        _fits(self, self.arm, n)
        parts = []
        for frame, point in self.points:
            kernel = self.arm.kernel("pose", "J", frame=frame, at_point=True)
            values = {"kernel": kernel.address, "point": point, "spheres": self.spheres}
            sizes = {"n": n, "spheres": len(self.spheres)}
            values |= {"margin": self.margin, "k": self.k}
            parts.append(Packed(at.OBSTACLE, at.OBSTACLE_TASK, sizes, kernel, **values))
        return parts


@dataclass(frozen=True)
class Manipulability(Secondary):
    """``tau_0 = k dw/dq``: gradient ascent of Yoshikawa's ``w = sqrt(det(J J^T))`` (1985)."""

    arm: Arm
    k: float = 10.0  # [N m] per unit of w
    rows: tuple[int, ...] = (0, 1, 2)  # of J

    def __post_init__(self) -> None:
        check_gain(self, "k", 0)
        rows = tuple(self.rows)
        if not rows or not set(rows) <= set(range(6)) or len(set(rows)) < len(rows):
            raise ConfigurationError(
                f"Manipulability.rows: is {self.rows}, needs some of 0 to 5, each once"
            )
        if len(rows) > self.arm.dof:
            raise ConfigurationError(
                f"Manipulability.rows: is {self.rows}, needs at most {self.arm.dof} rows, "
                "as many as the arm has joints"
            )

    def pack(self, n: int) -> list[Packed]:
        """Return the task in its kernel's form; raise `ConfigurationError` for another arm."""
        _fits(self, self.arm, n)
        kernel = self.arm.kernel("J", "dJdq")
        values = {"kernel": kernel.address, "k": self.k, "rows": self.rows}
        sizes = {"n": n, "m": len(self.rows)}
        return [Packed(at.MANIPULABILITY, at.MANIPULABILITY_TASK, sizes, kernel, **values)]


def _vector(owner: object, field: str, value: object, size: int | None = None) -> np.ndarray:
    vector = np.array(value, dtype=float)
    if vector.ndim != 1 or size not in (None, len(vector)) or not np.isfinite(vector).all():
        needs = "one finite number a joint" if size is None else f"{size} finite numbers"
        raise ConfigurationError(f"{type(owner).__name__}.{field}: is {value}, needs {needs}")
    return vector


def _fits(owner: object, arm: Arm, n: int) -> None:
    if arm.dof != n:
        raise ConfigurationError(
            f"{type(owner).__name__}.arm: is '{arm.name}' with {arm.dof} joints, needs the "
            f"controlled arm, with {n}"
        )


def _same(owner: object, field: str, value: Numbers, n: int) -> None:
    if len(value) != n:
        raise ConfigurationError(
            f"{type(owner).__name__}.{field}: has {len(value)} values, needs {n}, one for each "
            "joint"
        )
