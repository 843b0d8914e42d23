"""The common part of `nengo-forcectl press` and ``wipe``: the runs, and figures of the force."""

import dataclasses
from collections.abc import Callable, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from ...contract import State
from ...cycle.landing import Landing
from ...robots.log import Log
from ...safety.guard import Safe
from ...sim.surfaces import Surface
from ...sim.wrist import Wrist
from ...view.live import View
from ...view.shown import Shown
from ..job import (
    Drive,
    Outcome,
    Watch,
    summary_of_outcomes,
    summary_of_settings,
)
from ..report.notices import Notices
from ..report.reporting import Reporting
from ..rivals import RIVALS
from ..rivals.opening import open_rival
from ..run_folder import Run, RunFolder, read_run
from ..scene import DT
from ..viewing import by_hand, shown_contact, view_of
from .contact_report import CONTACT_REPORT
from .contact_scene import ContactScene
from .contact_settings import LIMITS

STEP = 2.5e-4  # simulation step [s]; see `Table`
STRETCH = 100  # control cycles between two reports
Figures = dict[str, float | None]


def run_contacts(
    verb: str,
    scene: ContactScene,
    surface: Callable[[float], Surface],
    figures: Callable[[Mapping[str, np.ndarray]], Figures],
    notices: Notices,
    watch: Watch,
) -> Run:
    """Run every adaptation of the settings on every surface, and write the run folder.

    An interrupted run leaves the records and the summary up to that moment, one that was killed the
    records, see `read_run`.

    Args:
        verb: verb of the command line.
        scene: the scene of all runs.
        surface: function from a stiffness to a surface.
        figures: function from a record to its figures.
        notices: warnings so far; those of the runs are added.
        watch: called every 100 control cycles.

    Raises:
        RecordError: the run folder exists or cannot be written.
    """
    settings = scene.settings
    folder = RunFolder(verb, settings)
    keys = {
        f"{adapt}-{k:.10g}": (adapt, k) for adapt, k in product(settings.adapt, settings.stiffness)
    }
    begin = _summary(verb, scene, {}, {}, notices)
    folder.write_summary(begin)
    outcomes: dict[str, Outcome] = {}

    def shown() -> Shown:
        adapts = {name: adapt for name, (adapt, _) in keys.items()}
        return shown_contact(verb, scene, surface(settings.stiffness[0]), adapts)

    with (
        Reporting(folder.path, read_run, CONTACT_REPORT, begin) as report,
        view_of(settings, shown) as view,
    ):
        try:
            for name, (adapt, stiffness) in keys.items():
                outcome = outcomes[name] = Outcome()
                progress = _reported(watch, name, scene)
                file = folder.rows(name)
                if view is not None:
                    view.begin(name)
                _run_contact(scene, adapt, surface(stiffness), outcome, progress, file, view)
        finally:
            outcomes = {name: each for name, each in outcomes.items() if each.cycles}
            runs = {
                name: {"adapt": keys[name][0], "stiffness": keys[name][1], **figures(each.record)}
                for name, each in outcomes.items()
            }
            records = {name: each.record for name, each in outcomes.items()}
            summary = _summary(verb, scene, outcomes, runs, notices) | by_hand(view)
            folder.write_end(records, summary)
    return report.run


def _reported(watch: Watch, name: str, scene: ContactScene) -> Callable[[int, Log], None]:
    """Return the report of a controller: cycles done, and what the wrist sensor feels."""

    def report(stretches: int, log: Log) -> None:
        felt = "hovers"
        if log.cycles:
            record = {key: column[-1] for key, column in log.arrays().items()}
            force = float(scene.normal @ record["wrench"][:3])
            wanted = -float(scene.normal @ record["wanted"][:3])
            landed = wanted >= scene.descent.touch
            felt = f"presses with {force:.1f} N" if landed else "comes down"
        watch(name, log.cycles, scene.cycles, felt)

    return report


def _run_contact(
    scene: ContactScene,
    adapt: str,
    surface: Surface,
    outcome: Outcome,
    watch: Callable[[int, Log], None],
    file: Path,
    view: View | None,
) -> None:
    """Run one controller on one surface: hover, descend, press and follow the path."""
    rng = np.random.default_rng([scene.settings.seed, 3])
    with (
        open_rival(scene, adapt) as inner,
        scene.settings.simulator()(
            scene.arm, scene.start, scene.disturbances, STEP, period=DT,
            surface=surface, wrist=Wrist(force_noise=scene.settings.noise), rng=rng,
        ) as robot,
    ):  # fmt: skip

        def truth(state: State) -> dict[str, np.ndarray]:
            return {"contact": robot.contact, "force": robot.contact[:3] @ scene.normal}

        inner = inner.cycle if isinstance(inner, Safe) else inner  # limits go around the whole
        landing = Landing(inner, scene.path, scene.descent)
        drive = Drive(
            landing, scene.cycles, STRETCH, DT, truth=truth, watch=watch, file=file, view=view
        )
        drive.run(robot, Safe(landing, scene.arm, dt=DT), outcome)


def force_figures(
    record: Mapping[str, np.ndarray], wanted: float, steady: slice
) -> dict[str, float | None]:
    """Return figures of the true force along the normal; None for those that do not exist.

    ``landed_s``: time of first contact. ``impact_N``: the largest force in the next 0.1 s.
    ``overshoot_percent``: overshoot of the whole run, relative to the wanted force.
    ``last_bounce_s``: last time off the surface, from first contact on, 0 if never. ``settled_s``:
    time from first contact until it stays within 2 %; None if it does not. ``error_percent``: the
    largest deviation in the cycles of ``steady``.
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


def _summary(
    verb: str,
    scene: ContactScene,
    outcomes: Mapping[str, Outcome],
    runs: Mapping[str, dict[str, Any]],
    notices: Notices,
) -> dict[str, Any]:
    settings = scene.settings
    gains = {**scene.gains, **RIVALS["observer"].gains()}
    wanted = len(settings.adapt) * len(settings.stiffness) * scene.cycles
    return {
        **summary_of_settings(verb, settings, gains),
        "descent": dataclasses.asdict(scene.descent),
        "dt": DT,
        "step": STEP,
        "gap": scene.gap,
        "normal": scene.normal.tolist(),
        "start": scene.start.tolist(),
        "joints": list(scene.arm.joint_names),
        "records": list(outcomes),
        "runs": runs,
        "warnings": list(notices.lines),
        **summary_of_outcomes(outcomes, wanted),
    }
