"""The controllers of a comparison, by name, each with the gains that a search has found."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from arms import Arm

from .adaptation import (
    Adaptation,
    DisturbanceObserver,
    IntegralAction,
    KnownTorque,
    NetworkAdaptation,
    NoAdaptation,
    SlotineLi,
)
from .control import OperationalSpace
from .cycle import Blocks, Cycle
from .learning.gradient import Gradient
from .paths import Reference
from .robot import Result, State
from .sim.disturbances import joint_torque, phases
from .workspace import task_axes

if TYPE_CHECKING:
    from .scene import Scene

DT = 1e-3  # of a control cycle, where a scene names no other [s]

INTEGRAL_GAIN = 1000.0  # [1/s^3], the best of a search on this job (500 to 4,000)
# Searched on the job of `nengo-forcectl reach`, with exact sensors and with noisy ones (1e-4 rad,
# 3e-3 rad/s, 2 ms late). Observer, 5 to 2,000, seeds 0 to 2: exact sensors want ever more; noisy
# ones are served best by 100 to 200, and shake at 400. Regressor, 1 to 300, seeds 0 to 1 (5 to 20:
# 0 to 2): noisy sensors want 5 to 30, at 100 they diverge. Other arms have less room: with noisy
# sensors the ur10e diverges at 10, the jaco2 and the xarm6 at 3.
OBSERVER_GAIN = 100.0  # [1/s]
REGRESSOR_RATE = 5.0  # [1/J]
REGRESSOR_BOUND = 10.0  # of the parameters' norm, over their typical sizes
GRADIENT_RATE = 190.0  # [1/s], shared among the neurons
RADIUS = 0.3  # of the state, over the arm's limits, that a reach covers
SIGMA = 0.02  # [1/s]
BOUND = 1e3  # of the decoders' norm [N m]


def gains() -> dict[str, float]:
    """Return every gain of the controllers and laws, for the record."""
    from . import learner

    law = OperationalSpace(np.zeros(1))
    return {name: getattr(law, name) for name in ("kp", "kv", "k_null", "damping")} | {
        "integral_gain": INTEGRAL_GAIN,
        "observer_gain": OBSERVER_GAIN,
        "regressor_rate": REGRESSOR_RATE,
        "regressor_bound": REGRESSOR_BOUND,
        "gradient_rate": GRADIENT_RATE,
        "sigma": SIGMA,
        "bound": BOUND,
        "radius": RADIUS,
        "consolidation_gain": learner.GAIN,
        "consolidation_noise": learner.NOISE,
        "consolidation_surprise": learner.SURPRISE,
    }


def control_law(scene: "Scene") -> OperationalSpace:
    """Return the control law that all of them share."""
    return OperationalSpace(scene.home, task_axes(scene.arm))


def _blocks(scene: "Scene", adaptation: Adaptation, model: Arm | None = None) -> Blocks:
    return Blocks(scene.arm if model is None else model, control_law(scene), adaptation)


class InTurn:
    """Cycles that take over from each other at given times [s], the first at 0."""

    def __init__(self, cycles: Sequence[tuple[float, Cycle]]) -> None:
        self._cycles = list(cycles)

    def learn(self, on: bool) -> None:
        """Pass it on to every cycle."""
        for _, cycle in self._cycles:
            cycle.learn(on)

    def step(self, state: State, reference: Reference) -> Result:
        """Return the torque of the cycle whose turn it is."""
        while len(self._cycles) > 1 and state.time > self._cycles[1][0] - 1e-9:
            del self._cycles[0]
        return self._cycles[0][1].step(state, reference)


@contextmanager
def _none(scene: "Scene") -> Iterator[Cycle]:
    yield _blocks(scene, NoAdaptation())


@contextmanager
def _integral(scene: "Scene") -> Iterator[Cycle]:
    yield _blocks(scene, IntegralAction(task_axes(scene.arm), INTEGRAL_GAIN, scene.period))


@contextmanager
def _observer(scene: "Scene") -> Iterator[Cycle]:
    yield _blocks(scene, DisturbanceObserver(scene.arm, OBSERVER_GAIN, scene.period))


@contextmanager
def _slotine_li(scene: "Scene") -> Iterator[Cycle]:
    law = Gradient(gamma=REGRESSOR_RATE, bound=REGRESSOR_BOUND)
    yield _blocks(scene, SlotineLi(scene.arm, law, control_law(scene).kv, scene.period))


@contextmanager
def _pes(scene: "Scene") -> Iterator[Cycle]:
    from .pes import PesNetwork

    with PesNetwork(_network(scene), GRADIENT_RATE, dt=scene.period) as network:
        yield _blocks(scene, NetworkAdaptation(scene.arm, network))


@contextmanager
def _gradient(scene: "Scene") -> Iterator[Cycle]:
    from .network import simulator
    from .online import OnlineNetwork

    network = _network(scene)
    law = Gradient(gamma=GRADIENT_RATE / scene.settings.neurons, sigma=SIGMA, bound=BOUND)
    with simulator(network, dt=scene.period) as sim:
        online = OnlineNetwork(sim, network.probe, law)
        yield _blocks(scene, NetworkAdaptation(scene.arm, online))


@contextmanager
def _consolidation(scene: "Scene") -> Iterator[Cycle]:
    from .learner import learning_cycle

    settings = scene.settings
    with learning_cycle(
        scene.arm,
        scene.home,
        seed=settings.seed,
        inputs=settings.inputs,
        neurons=settings.neurons,
        dt=scene.period,
    ) as cycle:
        yield cycle


@contextmanager
def _exact(scene: "Scene") -> Iterator[Cycle]:
    known = KnownTorque(lambda *now: -joint_torque(scene.disturbances, scene.arm, *now))
    yield InTurn(
        [
            (start, _blocks(scene, known, real))
            for start, real in phases(scene.arm, scene.disturbances)
        ]
    )


def _network(scene: "Scene") -> Any:
    from .network import adaptive_network

    n, settings = scene.arm.dof, scene.settings
    return adaptive_network(2 * n, n, settings.neurons, seed=settings.seed, radius=RADIUS)


RIVALS: dict[str, Callable[["Scene"], AbstractContextManager[Cycle]]] = {
    "none": _none,
    "integral": _integral,
    "observer": _observer,
    "slotine-li": _slotine_li,
    "pes": _pes,
    "gradient": _gradient,
    "consolidation": _consolidation,
    "exact": _exact,
}
"""Each gives its control cycle for a scene, in a context that closes what it opened."""
