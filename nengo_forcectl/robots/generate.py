"""Two call styles that adaptive-control code has: one call a cycle, ``generate``.

They are those of abr_control's controllers and of its ``DynamicsAdaptation``. A script written for
these needs other constructors, and three things are not as there. A target for the tool is its
position; the angles that may follow do not count. A `GenerateControl` has no ``training_signal``,
since its cycle learns inside, if it learns (`learning_cycle`): a script that adds an adaptation of
its own takes ``controller.torque(arm.terms(q, dq), state, reference)``, whose ``tau`` is the torque
and whose ``error`` is that signal. And what such a script adds up has passed no limits.
"""

from typing import Any

import numpy as np
from jaxtyping import Float

from ..adaptation.network_adaptation import OnlineLearner
from ..contract import Cycle, Reference, State
from ..control import Admittance
from ..control.joint_space import JointSpace
from ..control.task_space import TaskSpace
from ..errors import ConfigurationError, NetworkError, SimulationError
from ..learning.law import Signal


class GenerateControl:
    """A cycle, called as ``generate(q, dq, target, target_velocity)``.

    The torques keep the arm's limits where the cycle is a `Safe`. Time starts at 0 and goes on by
    ``dt`` a call; a cycle with a ``reset``, as `Safe` has, begins a new motion with this.
    ``target`` is where the tool is to be [m], or the joints [rad], as the cycle's control law has
    it; of a tool's pose of six numbers, as abr_control has it, the first three count.

    Args:
        cycle: the control cycle.
        dt: between calls [s]; by default the cycle's, 1 ms of one that has none.
        size: of the target; by default as the cycle's law needs it, one a joint or 3 for the tool,
            and 3 for a cycle without a law of ``nengo_forcectl.control``.

    Raises:
        ConfigurationError: a law that needs an orientation or a measured wrench, which such a call
            does not give, another size, or another period than the cycle's.
    """

    def __init__(self, cycle: Cycle, dt: float | None = None, size: int | None = None) -> None:
        law: Any = getattr(cycle, "controller", None)
        own = getattr(cycle, "dt", 1e-3 if dt is None else dt)
        if dt is not None and abs(dt - own) > 1e-6 * own:
            raise ConfigurationError(f"GenerateControl.dt: is {dt} s, needs its cycle's, {own} s")
        needs = _size_of(law, cycle.dof)
        if size is not None and needs not in (None, size):
            raise ConfigurationError(
                f"GenerateControl.size: is {size}, {type(law).__name__} needs a target of {needs}"
            )
        self.cycle, self.dt, self.calls = cycle, own, 0
        self.size = size or needs or 3
        pose = self.size == 3 and not isinstance(law, JointSpace)
        self._sizes = (3, 6) if pose else (self.size,)  # that a target may have
        reset = getattr(cycle, "reset", None)
        if reset is not None:
            reset()

    def generate(
        self,
        q: Float[np.ndarray, "n"],
        dq: Float[np.ndarray, "n"],
        target: Float[np.ndarray, "m"],
        target_velocity: Float[np.ndarray, "m"] | None = None,
        target_acceleration: Float[np.ndarray, "m"] | None = None,
    ) -> Float[np.ndarray, "n"]:
        """Return the torques [N m], gravity compensation included.

        Raises:
            SimulationError: a target of another size.
        """
        x = self._sized("target", target)
        dx = self._sized("target_velocity", target_velocity)
        ddx = self._sized("target_acceleration", target_acceleration)
        state = State(self.calls * self.dt, np.array(q, dtype=float), np.array(dq, dtype=float))
        self.calls += 1
        return self.cycle.step(state, Reference(x, dx, ddx)).tau

    def _sized(self, name: str, value: Any) -> Float[np.ndarray, "size"]:
        if value is None:
            return np.zeros(self.size)
        array = np.array(value, dtype=float)
        if array.ndim != 1 or array.size not in self._sizes:
            needs = " or ".join(f"({size},)" for size in self._sizes)
            raise SimulationError(f"{name}: has shape {array.shape}, needs {needs}")
        return array[: self.size]


def _size_of(law: Any, dof: int) -> int | None:
    """The size of a target that a law needs; None of a law that is not known.

    Raises:
        ConfigurationError: a law that a target is not enough for.
    """
    task = law.inner if isinstance(law, Admittance) else law
    if not isinstance(task, TaskSpace):
        return dof if isinstance(law, JointSpace) else None
    for needed, what in (
        (law.needs_wrench or task.needs_wrench, "a measured wrench"),
        (task.turns, "a reference with an orientation"),
    ):
        if needed:
            raise ConfigurationError(
                f"GenerateControl.cycle: its {type(law).__name__} needs {what}, which "
                "generate(q, dq, target) does not give; call the cycle's step(state, reference)"
            )
    return 3


class GenerateAdaptation:
    """A network with a law that learns from the control error, called as ``generate(input_signal,
    training_signal)``.

    ``training_signal`` is the torque of the feedback [N m] (without gravity), what `Command.error`
    is; the result is to be added to the controller's torque. That sum keeps no limits. A `Safe`
    takes no torque, it asks a cycle for one: for its limits do the adding in the ``step`` of a
    cycle of your own, with ``dof`` and ``learn``, and put that cycle into it.

    Args:
        network: such as an `OnlineNetwork` or a `ClosedFormNetwork`.
    """

    def __init__(self, network: OnlineLearner) -> None:
        self.network = network

    def generate(
        self, input_signal: Float[np.ndarray, "n_in"], training_signal: Float[np.ndarray, "n_out"]
    ) -> Float[np.ndarray, "n_out"]:
        """Return ``F(x; w)`` [N m], then learn.

        Raises:
            NetworkError: a signal that is not finite, from which nothing is learned.
        """
        signals: list[Any] = []
        for name, value in (("input_signal", input_signal), ("training_signal", training_signal)):
            array = np.array(value, dtype=float)
            if not np.isfinite(array).all():
                raise NetworkError(f"{name}: is {array}, needs finite numbers")
            signals.append(array)
        x, error = signals
        return np.array(self.network.step(x, Signal(error)))
