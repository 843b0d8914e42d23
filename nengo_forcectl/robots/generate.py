"""The interface of other adaptive-control code: ``generate``, called once per control cycle.

The calls are those of abr_control's controllers and of its ``DynamicsAdaptation``. A script written
for these needs other constructors, and three things differ. A target for the tool is its position;
angles after it are ignored. A `GenerateControl` has no ``training_signal``, because a learning
cycle (`learning_cycle`) trains itself; a script with its own adaptation calls
``controller.torque(arm.terms(q, dq), state, reference)``, whose ``tau`` is the torque and whose
``error`` is that signal. The script's sum of torques is not limited.
"""

from typing import Any

import numpy as np
from jaxtyping import Float

from ..adaptation.network_adaptation import OnlineLearner
from ..contract import Cycle, Reference, State
from ..control.bound_law import BoundLaw
from ..errors import ConfigurationError, NetworkError, SimulationError
from ..kernels.layout.cycle_fields import TOOL_LAW
from ..learning.law import Signal

PERIOD = 1e-3  # for a cycle without a fixed period [s]


class GenerateControl:
    """A cycle, called as ``generate(q, dq, target, target_velocity)``.

    The torques keep the arm's limits if the cycle is a `Safe`. Time starts at 0 and advances by
    ``dt`` with each call; construction begins a new motion of the cycle. ``target`` is the position
    of the tool [m] or of the joints [rad], as the cycle's control law needs it; of abr_control's
    pose of six numbers, the first three are used.

    Args:
        cycle: the control cycle.
        dt: time between calls [s]; by default the cycle's, or 1 ms.
        size: size of the target; by default as the cycle's law needs it, one number per joint or 3
            for the tool, and 3 for a cycle without a law of ``nengo_forcectl.control``.

    Raises:
        ConfigurationError: the law needs an orientation or a measured wrench, which this interface
            lacks, or another size; or the period is not the cycle's.
    """

    def __init__(self, cycle: Cycle, dt: float | None = None, size: int | None = None) -> None:
        cycle = Cycle.of(cycle)
        self.cycle, self.calls = cycle, 0
        own = cycle.dt
        self.dt = next(each for each in (own, dt, PERIOD) if each is not None)
        if own is not None and dt is not None and abs(dt - own) > 1e-6 * own:
            raise ConfigurationError(f"GenerateControl.dt: is {dt} s, needs its cycle's, {own} s")
        law = cycle.controller
        bound = law if isinstance(law, BoundLaw) else None  # a law of this package
        needs = size if bound is None else _target_size(bound)
        if bound is not None and size not in (None, needs):
            raise ConfigurationError(
                f"GenerateControl.size: is {size}, {bound.name} needs a target of {needs}"
            )
        self.size = needs or 3
        pose = self.size == 3 and (bound is None or bound.kind == TOOL_LAW)
        self._sizes = (3, 6) if pose else (self.size,)  # valid sizes of a target
        cycle.forget_motion()

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
            SimulationError: the target has another size.
        """
        x = self._as_target("target", target)
        dx = self._as_target("target_velocity", target_velocity)
        ddx = self._as_target("target_acceleration", target_acceleration)
        state = State(self.calls * self.dt, np.array(q, dtype=float), np.array(dq, dtype=float))
        self.calls += 1
        return self.cycle.step(state, Reference(x, dx, ddx)).tau

    def _as_target(self, name: str, value: Any) -> Float[np.ndarray, "size"]:
        if value is None:
            return np.zeros(self.size)
        array = np.array(value, dtype=float)
        if array.ndim != 1 or array.size not in self._sizes:
            needs = " or ".join(f"({size},)" for size in self._sizes)
            raise SimulationError(f"{name}: has shape {array.shape}, needs {needs}")
        return array[: self.size]


def _target_size(law: BoundLaw) -> int:
    """Return the target size that a law needs.

    Raises:
        ConfigurationError: the law needs more than a target.
    """
    for needed, what in (
        (law.needs_wrench, "a measured wrench"),
        (law.inputs.turns, "a reference with an orientation"),
    ):
        if needed:
            raise ConfigurationError(
                f"GenerateControl.cycle: its {law.name} needs {what}, which "
                "generate(q, dq, target) does not give; call the cycle's step(state, reference)"
            )
    return law.inputs.size


class GenerateAdaptation:
    """A network that learns from the control error: ``generate(input_signal, training_signal)``.

    ``training_signal`` is the torque of the feedback [N m] (without gravity), which is
    `Command.error`; add the result to the controller's torque. The sum is not limited, and a `Safe`
    takes a cycle, not torques. To keep limits, add the torques in the ``step`` of your own cycle,
    with ``dof`` and ``learn``, and wrap it in a `Safe`.

    Args:
        network: for example an `OnlineNetwork` or a `ClosedFormNetwork`.
    """

    def __init__(self, network: OnlineLearner) -> None:
        self.network = network

    def generate(
        self, input_signal: Float[np.ndarray, "n_in"], training_signal: Float[np.ndarray, "n_out"]
    ) -> Float[np.ndarray, "n_out"]:
        """Return ``F(x; w)`` [N m], then learn.

        Raises:
            NetworkError: a signal is not finite; nothing is learned from it.
        """
        x = _as_signal("input_signal", input_signal)
        error = _as_signal("training_signal", training_signal)
        return np.array(self.network.step(x, Signal(error)))


def _as_signal(name: str, value: Any) -> Float[np.ndarray, "k"]:
    array = np.array(value, dtype=float)
    if not np.isfinite(array).all():
        raise NetworkError(f"{name}: is {array}, needs finite numbers")
    return array
