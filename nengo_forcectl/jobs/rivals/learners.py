"""The controllers with a network, one per learning law; all but `consolidation` share it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

# Packages, not their names: the help of the command line reads this file, and needs none of them.
from ... import adaptation, cycle, estimation, learning
from ...adaptation.learn_from import LEARN_FROM, LearnFrom
from ...cycle import consolidating_gains
from ...nengodl.compatibility import tf
from .rival import rival
from .rival_blocks import OBSERVER_GAIN, blocks

if TYPE_CHECKING:
    from ...contract import Cycle
    from ...networks.building import AdaptiveNetwork  # nengo
    from ..scene import Scene

RADIUS = 0.3  # range of the state covered by a reach, over the arm's limits
SIGMA = 0.02  # leak [1/s]
BOUND = 1e3  # bound on the norm of a weight array [N m for decoders]
GRADIENT_RATE = 190.0  # [1/s], shared among the neurons
SYNAPSE = 0.005  # of the decoders of spiking neurons, Nengo's default [s]
# The gains below were tuned on the first pass of `nengo-forcectl reach` with exact sensors, seed 0
# and 300 neurons, not on noisy sensors or other arms; the values tried follow each.
INNER_RATE = 1000.0  # of encoders and biases, shared among the neurons: 0.01, 1, 10, 1,000
E_MOD = 1e-4  # of the multilayer law [1/(N m s)]: not tuned
NEWTON_RATE = 60.0  # [1/s]: 10 and 20 with damping 1, 30 and 60 with 0.1
NEWTON_DAMPING = 0.1  # [m^2/s^4 per (N m)^2]
NOISE = 1.0  # of the Kalman filter [(N m)^2]: 1, 10, 100, 1,000, 10,000
PRIOR = 1.0  # of its decoders [(N m)^2]: not tuned
FORGETTING = 0.02  # [1/s]: not tuned separately
COMPOSITE_RATE = 190.0  # [1/s], shared among the neurons, as in the gradient law
# 1, 3 and 10: 10 is best on the iiwa, 0.16 mm, but diverges on planar2.
COMPOSITE_RHO = 1.0  # weight of the prediction error relative to the tracking error
# 0.003, 0.03, 0.064, 0.09, 0.1 and 0.3 (two passes for the last two): at 0.1 the second pass is
# worse than the first, 6 mm for 3, and at 0.3 worse than no adaptation.
ADAM_RATE = 0.064  # approximate step of a decoder per cycle [N m], shared among the neurons


@rival(
    "pes",
    "#5cc6c0",
    gains=lambda: {"gradient_rate": GRADIENT_RATE, "radius": RADIUS},
    learns_from=LEARN_FROM,
    network=True,
)
def pes(scene: "Scene") -> "Iterator[Cycle]":
    """Nengo's own rule in Nengo's own simulator."""
    from ...networks.pes import PesNetwork  # nengo

    with PesNetwork(_network(scene), GRADIENT_RATE, dt=scene.period) as network:
        yield _learning(scene, network, scene.settings.learn_from)


@rival(
    "pes-spiking",
    "#3d7a5a",
    gains=lambda: {"spiking_synapse": SYNAPSE},
    learns_from=LEARN_FROM,
    network=True,
)
def pes_spiking(scene: "Scene") -> "Iterator[Cycle]":
    """The rule pes with spiking LIF neurons behind a synapse of 5 ms."""
    import nengo  # not needed by the command line's help

    from ...networks.layer import RATE  # nengo
    from ...networks.pes import PesNetwork  # nengo

    network = _network(scene, neuron_type=nengo.LIF(), synapse=SYNAPSE)
    with PesNetwork(network, GRADIENT_RATE / RATE**2, dt=scene.period) as spiking:
        yield _learning(scene, spiking, scene.settings.learn_from)


@rival(
    "gradient",
    "#1b6ca8",
    gains=lambda: {"gradient_rate": GRADIENT_RATE, "sigma": SIGMA, "bound": BOUND},
    learns_from=LEARN_FROM,
    network=True,
)
def gradient(scene: "Scene") -> "Iterator[Cycle]":
    """Gradient law on the decoders."""
    from ...networks.building import simulator  # nengo
    from ...networks.closed_form import ClosedFormNetwork  # nengo

    network, settings = _network(scene), scene.settings
    law = learning.Gradient(gamma=GRADIENT_RATE / settings.neurons, sigma=SIGMA, bound=BOUND)
    with simulator(network, dt=scene.period) as sim:
        closed = ClosedFormNetwork(sim, network.probe, law)
        if settings.learn_from == "joint":
            yield cycle.CompiledGradientCycle(scene.arm, scene.law(), closed)
        else:
            yield _learning(scene, closed, settings.learn_from)
        closed.store()


@rival(
    "multilayer",
    "#5b3fd1",
    gains=lambda: {"inner_rate": INNER_RATE, "e_mod": E_MOD},
    learns_from=LEARN_FROM,
    network=True,
)
def multilayer(scene: "Scene") -> "Iterator[Cycle]":
    """Gradient law on decoders, encoders and biases."""
    network, neurons = _network(scene), scene.settings.neurons
    law = learning.Multilayer(
        GRADIENT_RATE / neurons, INNER_RATE / neurons, e_mod=E_MOD, bound=BOUND
    )
    with _online(scene, network, law, [network.decoders, network.ensemble]) as online:
        yield _learning(scene, online, scene.settings.learn_from)


@rival(
    "gauss-newton",
    "#8a6d3b",
    gains=lambda: {"newton_rate": NEWTON_RATE, "newton_damping": NEWTON_DAMPING},
    network=True,
)
def gauss_newton(scene: "Scene") -> "Iterator[Cycle]":
    """Least squares on the tool's missing acceleration."""
    law = learning.Robust(
        learning.GaussNewton(NEWTON_RATE, NEWTON_DAMPING), sigma=SIGMA, bound=BOUND
    )
    with _online(scene, _network(scene), law) as online:
        yield _learning(scene, online)


@rival(
    "kalman",
    "#e2711d",
    gains=lambda: {"kalman_noise": NOISE, "kalman_prior": PRIOR, "kalman_forgetting": FORGETTING},
    network=True,
)
def kalman(scene: "Scene") -> "Iterator[Cycle]":
    """Recursive least squares on an observer's torque."""
    law = learning.RecursiveLeastSquares(NOISE, PRIOR, FORGETTING)
    with _online(scene, _network(scene), law) as online:
        yield _learning(scene, online, "prediction")


@rival(
    "composite",
    "#14213d",
    gains=lambda: {"composite_rate": COMPOSITE_RATE, "composite_rho": COMPOSITE_RHO},
    network=True,
)
def composite(scene: "Scene") -> "Iterator[Cycle]":
    """Gradient law on feedback and observer's torque."""
    composite_law = learning.Composite(COMPOSITE_RATE / scene.settings.neurons, COMPOSITE_RHO)
    law = learning.Robust(composite_law, sigma=SIGMA, bound=BOUND)
    with _online(scene, _network(scene), law) as online:
        yield _learning(scene, online, observed=True)


@rival(
    "keras", "#b5c12a", gains=lambda: {"adam_rate": ADAM_RATE}, learns_from=LEARN_FROM, network=True
)
def keras(scene: "Scene") -> "Iterator[Cycle]":
    """Adam on the decoders."""
    # Kingma and Ba 2015; any tf.keras optimizer works here. Adam divides by the size of past
    # gradients, so its step does not shrink with the error. It is not a law of adaptive control, is
    # slower than `gradient` at this rate, and has no stability proof.
    with _online(
        scene, _network(scene), tf.keras.optimizers.Adam(ADAM_RATE / scene.settings.neurons)
    ) as online:
        yield _learning(scene, online, scene.settings.learn_from)


def _consolidation_gains() -> dict[str, float]:
    return {
        "consolidation_gain": consolidating_gains.GAIN,
        "consolidation_noise": consolidating_gains.NOISE,
        "consolidation_softness": consolidating_gains.SOFTNESS,
        "consolidation_load": consolidating_gains.LOAD,
        "consolidation_surprise": consolidating_gains.SURPRISE,
    }


@rival(
    "consolidation",
    "#d6278a",
    gains=_consolidation_gains,
    network=True,
    any_tip=True,
    contact=True,
)
def consolidation(scene: "Scene") -> "Iterator[Cycle]":
    """Network on two time scales: an observer, then least squares."""
    from ...cycle import consolidating_learner as learner  # nengo

    settings = scene.settings
    if scene.kinematics is not None:
        with _consolidating_blocks(scene) as blocks_cycle:
            yield blocks_cycle
        return
    with learner.consolidating_cycle(
        scene.arm,
        scene.home,
        seed=settings.seed,
        controller=None if scene.robust else scene.law(),
        inputs=scene.inputs,
        neurons=settings.neurons,
        dt=scene.period,
        delay=0.0 if scene.sensors is None else scene.sensors.delay,
        limits=scene.limits,
        **scene.population,
    ) as compiled:
        yield compiled


@rival("structured", "#0b7285", gains=lambda: cycle.StructuredLearner.gains(), contact=True)
def structured(scene: "Scene") -> "Iterator[Cycle]":
    """Network of payload, joints, links and forces at the tool."""
    neurons: dict[str, Any] = {**scene.population, "direct": True}  # as its structure is
    with cycle.learning_cycle(
        scene.arm,
        scene.home,
        seed=scene.settings.seed,
        controller=None if scene.robust else scene.law(),
        dt=scene.period,
        delay=0.0 if scene.sensors is None else scene.sensors.delay,
        limits=scene.limits,
        start=scene.known,
        **neurons,
    ) as compiled:
        yield compiled


@contextmanager
def _consolidating_blocks(scene: "Scene") -> "Iterator[Cycle]":
    """Return the same controller as blocks, which accept any kinematics of the tip."""
    from ...cycle import consolidating_learner as learner  # nengo

    settings, home, dt = scene.settings, scene.home, scene.period
    gain = learner.observer_gain(0.0, dt)
    model, k_null = learner.robust_posture(scene.arm, home, gain)
    with learner.consolidating_adaptation(
        model,
        home,
        seed=settings.seed,
        inputs=scene.inputs,
        neurons=settings.neurons,
        dt=dt,
        **scene.population,
    ) as consolidating:
        control = replace(scene.law(), k_null=k_null)
        yield cycle.Blocks(model, control, consolidating, kinematics=scene.kinematics)


def _network(scene: "Scene", **options: Any) -> "AdaptiveNetwork":
    from ...networks.building import adaptive_network  # nengo

    n, settings = scene.arm.dof, scene.settings
    return adaptive_network(
        2 * n, n, settings.neurons, seed=settings.seed, radius=RADIUS, **options
    )


@contextmanager
def _online(
    scene: "Scene", network: "AdaptiveNetwork", law: Any, learn: Any = None
) -> "Iterator[adaptation.OnlineLearner]":
    from ...networks.building import simulator  # nengo
    from ...networks.online import OnlineNetwork  # nengo

    with simulator(network, dt=scene.period) as sim:
        yield OnlineNetwork(sim, network.probe, law, learn=learn)


def _learning(
    scene: "Scene",
    network: "adaptation.OnlineLearner",
    learn_from: LearnFrom = "joint",
    *,
    observed: bool = False,
) -> "cycle.Blocks":
    """Return the cycle around a network, with a momentum observer if the law needs one."""
    observer = None
    if observed or learn_from == "prediction":
        observer = estimation.MomentumObserver(scene.arm.dof, OBSERVER_GAIN, scene.period)
    return blocks(
        scene,
        adaptation.NetworkAdaptation(scene.arm, network, learn_from=learn_from, observer=observer),
    )


LEARNERS = (
    pes,
    pes_spiking,
    gradient,
    multilayer,
    gauss_newton,
    kalman,
    composite,
    keras,
    consolidation,
    structured,
)
