"""What a reaching run is made of: the arm, its path, what disturbs it, and the controllers."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

import arms
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
from .control import Controller, OperationalSpace
from .exceptions import ConfigurationError
from .learning.gradient import Gradient
from .paths import MinimumJerk
from .settings import ReachSettings
from .sim.disturbances import Disturbance, Payload, ViscousFriction, joint_torque, real_arm
from .workspace import home_posture, random_targets, task_axes

if TYPE_CHECKING:
    from .online import OnlineNetwork
    from .pes import PesNetwork

DT = 1e-3  # [s]
TARGETS = 5  # a pass
REACH_TIME = 1.2  # from target to target [s]

INTEGRAL_GAIN = 1000.0  # [1/s^3], the best of a search on this job (500 to 4,000)
# Searched on this job as well, seeds 0 to 2, with exact sensors and with noisy ones (1e-4 rad,
# 3e-3 rad/s, 2 ms late). Observer, 5 to 2,000: exact sensors want ever more; noisy ones are served
# best by 150 to 300, and shake at 400. Regressor, 0.1 to 300: noisy sensors want 5 to 30, at 100
# they diverge. Other arms have less room: with noisy sensors the ur10e diverges at 10, the jaco2
# and the xarm6 at 3.
OBSERVER_GAIN = 100.0  # [1/s]
REGRESSOR_RATE = 5.0  # [1/J]
REGRESSOR_BOUND = 10.0  # of the parameters' norm, over their typical sizes
GRADIENT_RATE = 190.0  # [1/s], shared among the neurons
RADIUS = 0.3  # of the state, over the arm's limits, that a reach covers
SIGMA = 0.02  # [1/s]
BOUND = 1e3  # of the decoders' norm [N m]


@dataclass(frozen=True)
class Scene:
    """What all controllers of a run have in common."""

    settings: ReachSettings
    arm: Arm  # as the model has it
    home: Float[np.ndarray, "n"]  # [rad]
    targets: Float[np.ndarray, "k 3"]  # [m]
    disturbances: tuple[Disturbance, ...]

    @cached_property
    def path(self) -> MinimumJerk:
        """From home through the targets, as many passes as the settings say."""
        start = self.arm.pose(self.home)[:3, 3]
        points = np.vstack([start, *[self.targets] * self.settings.passes])
        return MinimumJerk(points, REACH_TIME)

    @property
    def cycles(self) -> int:
        """Control cycles of the whole run."""
        return round(self.path.end / DT)

    @property
    def cycles_per_pass(self) -> int:
        """Control cycles of one pass through the targets."""
        return self.cycles // self.settings.passes

    @property
    def gains(self) -> dict[str, float]:
        """Every gain of the controllers and the learning law, for the record."""
        law = OperationalSpace(self.home)
        return {name: getattr(law, name) for name in ("kp", "kv", "k_null", "damping")} | {
            "integral_gain": INTEGRAL_GAIN,
            "observer_gain": OBSERVER_GAIN,
            "regressor_rate": REGRESSOR_RATE,
            "regressor_bound": REGRESSOR_BOUND,
            "gradient_rate": GRADIENT_RATE,
            "sigma": SIGMA,
            "bound": BOUND,
            "radius": RADIUS,
        }

    @contextmanager
    def controller(self, name: str) -> Iterator[tuple[Arm, Controller, Adaptation]]:
        """Give the arm model, the control law and the adaptation that go by ``name``."""
        rows = task_axes(self.arm)
        law = OperationalSpace(self.home, rows)
        match name:
            case "integral":
                yield self.arm, law, IntegralAction(rows, INTEGRAL_GAIN, DT)
            case "observer":
                yield self.arm, law, DisturbanceObserver(self.arm, OBSERVER_GAIN, DT)
            case "slotine-li":
                rule = Gradient(gamma=REGRESSOR_RATE, bound=REGRESSOR_BOUND)
                yield self.arm, law, SlotineLi(self.arm, rule, law.kv, DT)
            case "pes":
                with pes_network(self.arm, self.settings.neurons, self.settings.seed) as network:
                    yield self.arm, law, NetworkAdaptation(self.arm, network)
            case "gradient":
                with gradient_network(
                    self.arm, self.settings.neurons, self.settings.seed
                ) as network:
                    yield self.arm, law, NetworkAdaptation(self.arm, network)
            case "exact":
                known = KnownTorque(lambda q, dq: -joint_torque(self.disturbances, q, dq))
                yield real_arm(self.arm, self.disturbances), law, known
            case _:
                yield self.arm, law, NoAdaptation()


def reaching_scene(settings: ReachSettings) -> Scene:
    """Make the scene of ``nengo-forcectl reach``.

    Raises:
        ArmError: the arm is unknown, or its file is broken.
        ConfigurationError: the arm has no workspace to reach in, or a joint nothing to move.
    """
    arm = arms.load(settings.arm, tip=settings.tip)
    home = home_posture(arm)
    _check_mass(arm, home)
    return Scene(
        settings=settings,
        arm=arm,
        home=home,
        targets=random_targets(arm, home, TARGETS, np.random.default_rng(settings.seed)),
        disturbances=(Payload(settings.payload), ViscousFriction(settings.friction)),
    )


def _check_mass(arm: Arm, q: Float[np.ndarray, "n"]) -> None:
    inertias, motions = np.linalg.eigh(arm.mass_matrix(q))
    if inertias[0] <= 1e-12 * inertias[-1]:
        joint = arm.joint_names[int(np.argmax(np.abs(motions[:, 0])))]
        raise ConfigurationError(
            f"arm '{arm.name}': joint '{joint}' moves nothing that has a mass; "
            "give a link behind it an <inertial>"
        )


@contextmanager
def gradient_network(arm: Arm, neurons: int, seed: int) -> Iterator["OnlineNetwork"]:
    """Give a network on (q, dq) whose decoders learn by the gradient law, starting at zero."""
    from .network import adaptive_network, simulator
    from .online import OnlineNetwork

    network = adaptive_network(2 * arm.dof, arm.dof, neurons, seed=seed, radius=RADIUS)
    law = Gradient(gamma=GRADIENT_RATE / neurons, sigma=SIGMA, bound=BOUND)
    with simulator(network, dt=DT) as sim:
        yield OnlineNetwork(sim, network.probe, law)


def pes_network(arm: Arm, neurons: int, seed: int) -> "PesNetwork":
    """Return the network of `gradient_network` with Nengo's own PES, in Nengo's own simulator."""
    from .network import adaptive_network
    from .pes import PesNetwork

    network = adaptive_network(2 * arm.dof, arm.dof, neurons, seed=seed, radius=RADIUS)
    return PesNetwork(network, GRADIENT_RATE, dt=DT)
