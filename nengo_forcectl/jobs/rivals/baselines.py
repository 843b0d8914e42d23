"""The controllers without a network: baselines for the learners."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

# Packages, not their names: the help of the command line reads this file, and needs none of them.
from ... import adaptation, cycle, learning, networks
from ...contract import Cycle, Learns, Reference, Result, State
from ...sim.disturbances import joint_torque, phases
from .rival import rival
from .rival_blocks import OBSERVER_GAIN, blocks

if TYPE_CHECKING:
    from ..scene import Scene

INTEGRAL_GAIN = 1000.0  # [1/s^3], the best of a search on this job (500 to 4,000)
# Tuned like the observer's gain. Regressor, 1 to 300, seeds 0 to 1 (5 to 20: 0 to 2): noisy sensors
# need 5 to 30 and diverge at 100. Other arms have less margin: with noisy sensors the ur10e
# diverges at 10, the jaco2 and the xarm6 at 3.
REGRESSOR_RATE = 5.0  # [1/J]
REGRESSOR_BOUND = 10.0  # bound on the parameters' norm, over their typical sizes


class InTurn(Cycle):
    """A sequence of cycles with given start times [s], the first at 0."""

    def __init__(self, cycles: Sequence[tuple[float, Cycle]]) -> None:
        self._cycles = list(cycles)
        self.dof = self._cycles[0][1].dof

    def learn(self, on: Learns) -> None:
        """Start or stop the learning of every cycle."""
        for _, each in self._cycles:
            each.learn(on)

    def step(self, state: State, reference: Reference) -> Result:
        """Return the torque of the active cycle."""
        while len(self._cycles) > 1 and state.time > self._cycles[1][0] - 1e-9:
            del self._cycles[0]
        return self._cycles[0][1].step(state, reference)


@rival("none", "#888888", any_tip=True, contact=True)
def none(scene: "Scene") -> Iterator[Cycle]:
    """The model alone."""
    if scene.kinematics is None:
        yield cycle.CompiledController(scene.arm, scene.law())
    else:
        yield blocks(scene, adaptation.NoAdaptation())


@rival("integral", "#c77f1a", gains=lambda: {"integral_gain": INTEGRAL_GAIN}, any_tip=True)
def integral(scene: "Scene") -> Iterator[Cycle]:
    """Integral action on the tool's error."""
    yield blocks(
        scene, adaptation.IntegralAction(networks.task_axes(scene.arm), INTEGRAL_GAIN, scene.period)
    )


@rival(
    "observer",
    "#8e44ad",
    gains=lambda: {"observer_gain": OBSERVER_GAIN},
    any_tip=True,
    contact=True,
)
def observer(scene: "Scene") -> Iterator[Cycle]:
    """Momentum disturbance observer."""
    yield blocks(scene, adaptation.DisturbanceObserver(scene.arm, OBSERVER_GAIN, scene.period))


@rival(
    "slotine-li",
    "#c0392b",
    gains=lambda: {"regressor_rate": REGRESSOR_RATE, "regressor_bound": REGRESSOR_BOUND},
)
def slotine_li(scene: "Scene") -> Iterator[Cycle]:
    """Adaptive control with the arm's regressor."""
    law = learning.Gradient(gamma=REGRESSOR_RATE, bound=REGRESSOR_BOUND)
    yield blocks(scene, adaptation.SlotineLi(scene.arm, law, float(scene.law().kv), scene.period))


@rival("exact", "#2b8a3e", any_tip=True, contact=True)
def exact(scene: "Scene") -> Iterator[Cycle]:
    """Knows payload, friction and forces at any time: the bound."""
    known = adaptation.KnownTorque(lambda *now: -joint_torque(scene.disturbances, scene.arm, *now))
    yield InTurn(
        [
            (start, blocks(scene, known, real))
            for start, real in phases(scene.arm, scene.disturbances)
        ]
    )


BASELINES = (none, integral, observer, slotine_li)
