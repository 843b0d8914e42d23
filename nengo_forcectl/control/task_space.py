"""The common base of control laws of the tool: rows, task inertia, null space."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from arms import Arm, Terms
from arms.machine.kernel import Kernel

from ..contract import Command, Controller, Reference, State
from ..errors import ConfigurationError
from ..kernels.block import Block
from ..kernels.layout.cycle_fields import TOOL_LAW
from ..kernels.layout.law_fields import TASK_LAW
from ..kernels.parts import control_task
from .bound_law import BoundLaw
from .gains import Numbers, check_gain, matrix
from .inputs import Inputs
from .integral_term import Integral
from .secondary import NullSpace, Posture, Secondary

DAMPING = 1e-3  # [1/sqrt(kg)]
Square = Float[np.ndarray, "m m"]


class TaskForm(NamedTuple):
    """One form for all laws of the tool: matrices over its rows, None for zero::

        feedback = a_e e + a_de de + a_f (f_r + f) + a_z z      acceleration, times Lambda
        force    = f_e e + f_de de + f_f (f_r + f) + f_z z      [N, N m]
        ahead    = a_ff ddx_r,   press = f_r_ff f_r - f_h f     what answers no error

    e and de are the errors of position and velocity, f is the environment's wrench on the tool, f_r
    the wrench that the tool is to exert, z the law's `Integral` of ``f_r + f`` [N, N m], 0 without
    one.
    """

    a_e: Square | None = None
    a_de: Square | None = None
    a_f: Square | None = None
    a_z: Square | None = None
    f_e: Square | None = None
    f_de: Square | None = None
    f_f: Square | None = None
    f_z: Square | None = None
    a_ff: Square | None = None
    f_r_ff: Square | None = None
    f_h: Square | None = None

    def matrices(self, m: int) -> Float[np.ndarray, "m 11 m"]:
        """Return the matrices as one array, interleaved row by row."""
        return np.stack([np.zeros((m, m)) if part is None else part for part in self], axis=1)


@dataclass(frozen=True)
class TaskSpace(Controller):
    """A law of the tool, with a posture and other tasks in the null space of its rows.

    With ``Lambda = (J M^-1 J^T)^-1``, ``N^T = I - J^T Lambda J M^-1`` (Khatib 1987), tau_0 the
    secondary tasks' torque and the parts of a `TaskForm`::

        tau   = J^T (Lambda (feedback + ahead - dJ dq) + force + press) + N^T tau_0 + C dq + g
        error = J^T (Lambda feedback + force) + N^T tau_0
        dq_r  = Jbar dx_r,  ddq_r = Jbar (ahead - dJ dq),  Jbar = M^-1 J^T Lambda
        dq_s  = dq_r + dq - Jbar J dq

    A law that needs a wrench also compensates the measured one along the other rows, because a
    moment at the tool would move it through a light wrist.

    The bound law adds the friction f that the arm's model knows at dq_s (`Arm.with_friction`)::

        J^T Jbar^T f + 0.7 N^T f

    Rows 0 to 2 are x, y, z of the tool, 3 to 5 its rotation about them, all in the base frame. The
    error of orientation is ``2 sign(w) v`` with (w, v) the quaternion of ``R_r R^T``: the shorter
    of the two rotations, equal to angle times axis for a small angle (Yuan 1988).

    Near a singularity the inertia along some direction u, an eigenvector of Lambda, grows without
    bound. With s the eigenvalue of Lambda^-1, the tool's momentum along u is bounded from
    ``1 / s = inertia_max / 4`` on, its speed by ``v = p s / (1 - s inertia_max / 4)`` with ``p =
    0.06 inertia_max``, which falls to zero in the singularity: dx_r stays within v, and the
    acceleration ``feedback + ahead - dJ dq`` along u within ``18/s (-v - dx) - p ds/dt`` and
    ``18/s (v - dx) + p ds/dt``, a barrier as in Ames et al. 2019. So damping grows near a
    singularity, in its direction alone (Nakamura and Hanafusa 1986, Chiaverini 1997). Towards a
    reference out of reach the tool comes to rest at the border of the workspace; a motion within
    the bound is followed exactly. From ``0.08 inertia_max`` on, and fully from ``0.11 inertia_max``
    on, the tool also slows down along the heaviest direction so that the joints' speeds stay about
    within ``dq_max (0.1 + 0.3 sqrt(inertia_max s))``: the joints come to rest with the tool.
    ``Command.out_of_reach`` is the share of the acceleration that is withheld.
    ``Command.singularity`` is 0 up to ``inertia_max``, and 1 in the singularity.

    Where the arm cannot follow, the posture yields: a joint at top speed does not move as its
    spring wants, so the torques that compensate for this motion would move the tool. In a cycle
    in which an acceleration is withheld, or after one whose torque a limit has changed, the share
    w of `Posture` grows by a hundredth of its distance to ``min(1, t / 0.1 s)``, with ``t = max_i
    |Jbar e|_i / dq_max_i`` the time in which joints at top speed would make up for e; else it
    shrinks by a thousandth in a cycle.
    """

    posture: Numbers  # (n,) [rad]
    rows: tuple[int, ...] = (0, 1, 2)  # rows of J to control
    k_null: float | Numbers = 30.0  # of the posture [N m/rad]
    damping: float = DAMPING  # [1/sqrt(kg)]
    inertia_max: float = 100.0  # of the arm where it is nearly singular [kg], [kg m^2]
    secondary: tuple[Secondary, ...] = ()  # besides the posture

    def __post_init__(self) -> None:
        name = type(self).__name__
        object.__setattr__(self, "posture", np.array(self.posture, dtype=float))
        rows = tuple(self.rows)
        if not rows or not set(rows) <= set(range(6)) or len(set(rows)) < len(rows):
            raise ConfigurationError(
                f"{name}.rows: is {self.rows}, needs some of 0, 1, 2 (x, y, z) and 3, 4, 5 "
                "(rotation about them), each once"
            )
        object.__setattr__(self, "rows", tuple(int(row) for row in rows))
        check_gain(self, "damping", 0)
        check_gain(self, "k_null", len(self.posture))
        if np.ndim(self.k_null) == 2:
            raise ConfigurationError(
                f"{name}.k_null: is a matrix, needs a number, or one for each joint"
            )
        check_gain(self, "inertia_max", 0, positive=True)
        object.__setattr__(self, "secondary", tuple(self.secondary))

    @cached_property
    def form(self) -> TaskForm:
        """The law's matrices."""
        raise NotImplementedError

    def integral(self) -> Integral | None:
        """Return the integral term, if the law has one."""
        return None

    @property
    def turns(self) -> bool:
        """Whether the law controls a rotation."""
        return max(self.rows) > 2

    @property
    def tasks(self) -> tuple[Secondary, ...]:
        """The secondary tasks, the posture first."""
        return (Posture(self.posture, self.k_null), *self.secondary)

    def gain(self, field: str) -> Square:
        """Return one of the gains as a matrix over the rows."""
        return matrix(self, field, len(self.rows))

    def bind(self, arm: Arm) -> "BoundTaskLaw":
        """Return the law for this arm, with its own integral if it has one.

        Raises:
            ConfigurationError: the posture or a secondary task is for another arm.
        """
        bound = BoundTaskLaw(self, arm.dof, dq_max=arm.dq_max)
        bound.feed_friction_of(arm)
        return bound

    def torque(self, terms: Terms, state: State, reference: Reference) -> Command:
        """Return the torque of a first cycle, with integral 0 and without the model's friction.

        Raises as `BoundLaw.torque`.
        """
        return BoundTaskLaw(self, len(terms.g)).torque(terms, state, reference)


class BoundTaskLaw(BoundLaw):
    """A law of the tool for an arm of ``n`` joints.

    Args:
        law: the law to bind.
        n: number of joints.
        named: name of the law in messages and in the names of its memory.
        yielding: block of the `Admittance` around the law, if any.
        dq_max: top speeds of the joints [rad/s]; None: no limits.
    """

    def __init__(
        self,
        law: TaskSpace,
        n: int,
        named: str | None = None,
        yielding: Block | None = None,
        dq_max: Numbers | None = None,
    ) -> None:
        named = type(law).__name__ if named is None else named
        m, integral = len(law.rows), law.integral()
        self.null_space = NullSpace(law.tasks, n, dq_max)
        z = None if integral is None else integral.pack()
        values = {
            "rows": law.rows,
            "matrices": law.form.matrices(m),
            "damping": law.damping,
            "inertia_max": law.inertia_max,
            "dq_max": np.inf if dq_max is None else dq_max,
            "free": [float(law.needs_wrench and row not in law.rows) for row in range(6)],
            "null_space": self.null_space.block.address,
            "integral": 0 if z is None else z.address,
            "yield": 0 if yielding is None else yielding.address,
        }
        block = Block(TASK_LAW, {"n": n, "m": m}, values, keeps=(self.null_space, z, yielding))
        needs = law.needs_wrench or yielding is not None
        inputs = Inputs(n, named, 3, turns=law.turns, feels=True, needs_wrench=needs)
        memory = {} if z is None else {f"{named}.integral": z["z"]}
        memory[f"{named}.withheld"] = self.null_space.block["withheld"]
        super().__init__(law, inputs, block, TOOL_LAW, m, memory)
        self._control = control_task.call

    @property
    def compiled(self) -> bool:
        """Whether every secondary task has a kernel."""
        return self.null_space.compiled

    @property
    def kernels(self) -> list[Kernel]:
        """Kernels of the arm that the secondary tasks call."""
        return self.null_space.kernels

    def _run(self, terms: Terms, state: State) -> None:
        self.null_space.ask(terms, state)
        self._control(*self.addresses, self.memory_mode(state))


def task_inertia(
    J: Float[np.ndarray, "m n"], M: Float[np.ndarray, "n n"], damping: float = DAMPING
) -> Square:
    """Return ``Lambda = (J M^-1 J^T + damping^2 I)^-1``, the arm's inertia along the rows of J.

    Linear rows are in [kg], angular ones in [kg m^2] (Khatib 1987, eq. 24). The damping keeps
    Lambda finite at a singularity, with a relative error of about ``damping^2 Lambda`` elsewhere.
    """
    mobility = J @ np.linalg.solve(M, J.T)
    return np.linalg.inv(mobility + damping**2 * np.eye(len(J)))
