"""What `nengo-forcectl press` and ``wipe`` share: the scene, the loop, and what comes of it."""

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float

import arms
from arms import Arm

from ...adaptation import DisturbanceObserver, KnownTorque, NoAdaptation
from ...contract import Adaptation, Cycle, EndingPath, Robot, State
from ...control import HybridForce, ParallelForce
from ...cycle.blocks import Blocks
from ...cycle.landing import Descent, Landing
from ...errors import ConfigurationError, SimulationError
from ...networks.workspace import home_posture, posture_at, random_targets, task_axes
from ...robots.log import Log
from ...robots.loop import follow
from ...safety.guard import Safe
from ...safety.sensors import SensorCheck
from ...sim.bullet import Bullet
from ...sim.disturbances import Disturbance, joint_torque, real_arm
from ...sim.friction import ViscousFriction
from ...sim.masses import Payload
from ...sim.surfaces import TIP, Surface
from ...sim.wrist import Wrist
from ..job import Run, RunFolder, read_run, versions
from ..rivals import DT
from ..rivals.common import OBSERVER_GAIN
from .contact_settings import ContactSettings

STEP = 2.5e-4  # of the simulation [s]; see `Table`
GAP = (0.01, 0.03)  # from the tip to the surface at the start, drawn by the seed [m]
SLACK = 0.3  # that a run may take longer to come down than it should [s]
# Searched on the iiwa with 2 kg on 1e3 to 1e5 N/m, with an observer. hybrid: kd 100 to 500 and ki 1
# to 5, where more of either overshoots on soft ground; kf 0.3 to 1.5 makes little difference.
# parallel: kv 28 to 60, kf 0.5 to 2, ki 3 to 10, mass 5 and 10 (what the model lacks moves the
# force in proportion to it); with its defaults it overshoots by 16 %.
GAINS = {
    "hybrid": {"kf": 0.5, "ki": 2.0, "kd": 120.0},
    "parallel": {"kf": 1.0, "ki": 3.0, "kv": 50.0, "mass": 5.0},
}
LAWS = {"hybrid": HybridForce, "parallel": ParallelForce}
LIMITS = {"overshoot_percent": 15.0, "last_bounce_s": 0.3, "error_percent": 2.0}
"""That a run is to keep; see `force_figures`."""

Watch = Callable[[str, int, int], None]
"""Called while a run goes on: its name, and how much of it is done, of how much."""


@dataclass(frozen=True)
class ContactScene:
    """What all runs of one command have in common.

    The arm starts above the surface with its tip at ``pose`` and at rest, which is where the wrist
    sensor is tared. The force is controlled along ``normal``, the base axis that points up; motion
    along the others that the arm can move its tool in, and the tool's orientation if the arm can
    keep it.
    """

    settings: ContactSettings
    arm: Arm
    home: Float[np.ndarray, "n"]  # [rad]
    start: Float[np.ndarray, "n"]  # [rad]
    path: EndingPath  # on the surface, as high as the tip is at the start
    gap: float  # [m]
    settle: float  # from landing to the path's start [s]

    @property
    def pose(self) -> Float[np.ndarray, "4 4"]:
        """Of the tip at the start."""
        return self.arm.pose(self.start)

    @property
    def normal(self) -> Float[np.ndarray, "3"]:
        """Out of the surface."""
        normal = np.zeros(3)
        normal[upward(self.arm)] = 1.0
        return normal

    @property
    def surface_point(self) -> tuple[float, float, float]:
        """Where the tip will touch, if it comes straight down [m]."""
        x, y, z = (self.pose[:3, 3] - (self.gap + TIP) * self.normal).tolist()
        return x, y, z

    @property
    def disturbances(self) -> tuple[Disturbance, ...]:
        """What the model does not know."""
        return Payload(self.settings.payload), ViscousFriction(self.settings.friction)

    @property
    def descent(self) -> Descent:
        """How to come down."""
        x, y, z = self.normal.tolist()
        settings = self.settings
        return Descent(settings.force, (x, y, z), speed=settings.speed, settle=self.settle)

    @property
    def cycles(self) -> int:
        """Control cycles of a run."""
        descent = self.descent
        down = descent.hover + descent.start + self.gap / descent.speed + SLACK
        return round((down + descent.settle + self.path.end) / DT)

    def law(self) -> HybridForce | ParallelForce:
        """Return a control law of its own for a run: it remembers an integral."""
        rows = task_axes(self.arm)
        if keeps_orientation(self.arm, self.home):
            rows = (*rows, 3, 4, 5)
        law = self.settings.law
        return LAWS[law](self.home, rows, axes=(upward(self.arm),), dt=DT, **GAINS[law])

    @contextmanager
    def cycle(self, name: str) -> Iterator[Cycle]:
        """Give the control cycle with the adaptation that goes by ``name``."""
        arm = self.arm
        if name == "consolidation":
            from ...cycle.learner import learning_cycle

            seed, neurons = self.settings.seed, self.settings.neurons
            with learning_cycle(
                arm, self.home, seed=seed, controller=self.law(), neurons=neurons, dt=DT
            ) as safe:
                yield safe.cycle  # the limits are kept around the landing, too
            return
        adaptation: Adaptation = NoAdaptation()
        if name == "observer":
            adaptation = DisturbanceObserver(arm, OBSERVER_GAIN, DT)
        elif name == "exact":
            known, model = self.disturbances, arm
            adaptation = KnownTorque(lambda *now: -joint_torque(known, model, *now))
            arm = real_arm(arm, known)
        yield Blocks(arm, self.law(), adaptation)


def contact_scene(
    settings: ContactSettings,
    path: Callable[[Arm, Float[np.ndarray, "4 4"]], EndingPath],
    settle: float,
) -> ContactScene:
    """Make a scene: the seed draws where the tool starts, and how high above the surface.

    Args:
        settings: of the command.
        path: makes the path from the arm and the tool's pose at the start.
        settle: from landing to the path's start [s].

    Raises:
        ArmError: the arm is unknown, or its file is broken.
        ConfigurationError: an arm that cannot do it.
    """
    arm = arms.load(settings.arm, tip=settings.tip)
    upward(arm)
    home, axes = home_posture(arm), list(task_axes(arm))
    rng = np.random.default_rng([settings.seed, 6])
    for target in random_targets(arm, home, 20, rng):
        start = posture_at(arm, home, target, axes)
        if start is None:
            continue
        scene = ContactScene(
            settings, arm, home, start, path(arm, arm.pose(start)), float(rng.uniform(*GAP)), settle
        )
        down = (scene.gap + 0.02) * scene.normal
        points = [scene.path.at(time).x - down for time in np.linspace(0.0, scene.path.end, 33)]
        if all(posture_at(arm, start, x, axes) is not None for x in points):
            return scene
    raise ConfigurationError(
        f"arm '{arm.name}': found no place for a surface that it reaches; a smaller path may do"
    )


def upward(arm: Arm) -> int:
    """Return the base axis (0, 1, 2) that points up.

    Raises:
        ConfigurationError: there is no weight, it is along no axis, or the tool cannot move so.
    """
    gravity = np.asarray(arm.gravity_vector, dtype=float)
    axis = int(np.argmin(gravity))
    if not (gravity[axis] < 0 and np.allclose(np.delete(gravity, axis), 0.0)):
        raise ConfigurationError(
            f"arm '{arm.name}': gravity is {gravity.tolist()}, needs one along an axis, downwards"
        )
    if axis not in task_axes(arm) or arm.dof < 2:
        raise ConfigurationError(
            f"arm '{arm.name}': its tool cannot keep its place and move up and down; planar2, ur5 "
            "and kuka_iiwa can"
        )
    return axis


def keeps_orientation(arm: Arm, home: Float[np.ndarray, "n"]) -> bool:
    """Whether position and orientation of the tool can both be controlled around ``home``."""
    J = arm.jacobian(home)
    return arm.dof >= 6 and float(np.linalg.svd(J, compute_uv=False)[5]) > 0.05


@dataclass
class Outcome:
    """What came of one run."""

    adapt: str
    stiffness: float
    record: dict[str, np.ndarray] = field(default_factory=dict)  # of `Log`, ``contact``, ``force``
    figures: dict[str, float | None] = field(default_factory=dict)
    failure: str | None = None
    limits: dict[str, int] = field(default_factory=dict)  # of `Safe`
    events: dict[str, int] = field(default_factory=dict)  # of `SensorCheck`
    seconds: float = 0.0  # of wall clock, in the loop


class Watched(Robot):
    """A robot whose true contact force is noted at every reading."""

    def __init__(self, robot: Bullet) -> None:
        self.apply, self._robot = robot.apply, robot
        self.contact: list[Float[np.ndarray, "6"]] = []

    def read(self) -> State:
        """Return the state."""
        self.contact.append(self._robot.contact)
        return self._robot.read()


def run_all(
    verb: str,
    scene: ContactScene,
    surface: Callable[[float], Surface],
    figures: Callable[[Mapping[str, np.ndarray]], dict[str, float | None]],
    draw: Callable[[Run], Any],
    watch: Watch | None,
) -> Run:
    """Run every adaptation of the settings on every surface, and write the run folder.

    A run that is interrupted leaves the records and the summary up to that moment.

    Args:
        verb: of the command line.
        scene: what all runs have in common.
        surface: makes one of its stiffness.
        figures: what a record says.
        draw: the picture of it all.
        watch: called while it goes on.

    Raises:
        RecordError: the run folder exists or cannot be written.
    """
    settings = scene.settings
    folder = RunFolder(verb, settings.out)
    outcomes = {
        f"{adapt}-{stiffness:g}": Outcome(adapt, stiffness)
        for adapt in settings.adapt
        for stiffness in settings.stiffness
    }
    try:
        for name, outcome in outcomes.items():
            told = (lambda *_: None) if watch is None else partial(watch, name)
            touch(scene, outcome, surface(outcome.stiffness), told)
    finally:
        for outcome in outcomes.values():
            outcome.figures = figures(outcome.record)
        _write(verb, scene, folder, outcomes)
    result = read_run(folder.path)
    folder.write(f"{verb}.png", draw(result).savefig)
    return result


def touch(
    scene: ContactScene, outcome: Outcome, surface: Surface, watch: Callable[[int, int], None]
) -> None:
    """Run one controller on one surface: hover, come down, press, and go along the path."""
    log, check = Log(scene.cycles), SensorCheck(scene.arm.dof, DT)
    with (
        scene.cycle(outcome.adapt) as inner,
        Bullet(
            scene.arm,
            scene.start,
            scene.disturbances,
            STEP,
            period=DT,
            surface=surface,
            wrist=Wrist(force_noise=scene.settings.noise),
            rng=np.random.default_rng([scene.settings.seed, 3]),
        ) as robot,
    ):
        landing, watched = Landing(inner, scene.path, scene.descent), Watched(robot)
        cycle = Safe(landing, scene.arm, dt=DT)
        began = time.perf_counter()
        try:
            for done in range(0, scene.cycles, 100):
                watch(done, scene.cycles)
                clock = range(min(100, scene.cycles - done))
                follow(watched, cycle, landing, clock, log, check)
        except SimulationError as error:
            outcome.failure = str(error)
        finally:
            outcome.seconds, outcome.limits = time.perf_counter() - began, dict(cycle.events)
            outcome.events = dict(check.events)
            outcome.record = log.arrays()
            if log.cycles:
                contact = np.array(watched.contact[: log.cycles])
                outcome.record |= {"contact": contact, "force": contact[:, :3] @ scene.normal}
    watch(scene.cycles, scene.cycles)


def force_figures(
    record: Mapping[str, np.ndarray], wanted: float, steady: slice
) -> dict[str, float | None]:
    """Return what the true force along the normal says of a run; None where there is nothing.

    ``landed_s``: when it first touched. ``impact_N``: the largest force in 0.1 s after that.
    ``overshoot_percent``: of all the run, over the wanted force. ``last_bounce_s``: when it was
    last off the surface, from first contact on, 0 if never. ``settled_s``: from when on, after
    first contact, it stays within 2 %; None if it does not. ``error_percent``: the largest
    deviation in the cycles of ``steady``.
    """
    names = (
        "landed_s", "impact_N", "overshoot_percent", "last_bounce_s", "settled_s", "error_percent",
    )  # fmt: skip
    if not record or not record["force"].any():
        return dict.fromkeys(names)
    force, times = record["force"], record["time"]
    deviation = np.abs(force[steady] - wanted)
    first = int(np.argmax(force > 0))
    since = times[first:] - times[first]
    pressed = force[first:]
    off = np.flatnonzero(pressed <= 0)
    out = np.flatnonzero(np.abs(pressed - wanted) > 0.01 * LIMITS["error_percent"] * wanted)
    settled = int(out[-1]) + 1 if out.size else 0
    values = (
        times[first],
        pressed[since <= 0.1].max(),
        100.0 * (pressed.max() / wanted - 1.0),
        since[off[-1]] if off.size else 0.0,
        since[settled] if settled < len(since) else None,
        100.0 * deviation.max() / wanted if deviation.size else None,
    )
    return {
        name: None if value is None else float(value)
        for name, value in zip(names, values, strict=True)
    }


def _write(
    verb: str, scene: ContactScene, folder: RunFolder, outcomes: Mapping[str, Outcome]
) -> None:
    """Write the records and the summary, of what there is."""
    outcomes = {name: each for name, each in outcomes.items() if each.record}
    for name, outcome in outcomes.items():
        folder.write_record(name, outcome.record)
    settings = dataclasses.asdict(scene.settings)
    settings["out"] = None if scene.settings.out is None else str(scene.settings.out)
    expected = len(scene.settings.adapt) * len(scene.settings.stiffness)
    folder.write_summary(
        {
            "verb": verb,
            "settings": settings,
            "seed": scene.settings.seed,
            "gains": GAINS[scene.settings.law] | {"observer_gain": OBSERVER_GAIN},
            "descent": dataclasses.asdict(scene.descent),
            "versions": versions(),
            "dt": DT,
            "step": STEP,
            "gap": scene.gap,
            "normal": scene.normal.tolist(),
            "start": scene.start.tolist(),
            "joints": list(scene.arm.joint_names),
            "complete": len(outcomes) == expected
            and all(len(each.record["time"]) == scene.cycles for each in outcomes.values()),
            "records": list(outcomes),
            "runs": {
                name: {"adapt": each.adapt, "stiffness": each.stiffness, **each.figures}
                for name, each in outcomes.items()
            },
            "failures": {
                name: each.failure for name, each in outcomes.items() if each.failure is not None
            },
            "limits": {name: each.limits for name, each in outcomes.items()},
            "events": {name: each.events for name, each in outcomes.items()},
            "steps_per_second": {
                name: len(each.record["time"]) / each.seconds for name, each in outcomes.items()
            },
        }
    )
