"""The job of `nengo-forcectl reach`: an arm with an unknown payload learns to reach."""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float

from ...export.controller import export_controller, trained
from ...kernels.warm_up import begin_to_compile
from ...networks.energy import energy_of
from ...networks.workspace import task_axes
from ...robots.log import Log, tool_error
from ...sim.disturbances import Disturbance, acceleration
from ...sim.friction import ViscousFriction
from ...sim.masses import Payload
from ...view.live import View
from ..cells.inside_cell import inside_cell
from ..job import (
    Drive,
    Outcome,
    Watch,
    rms_by_pass,
    start_of,
    summary_of_outcomes,
    summary_of_settings,
    unwatched,
    write_start,
)
from ..report.notices import Notices
from ..report.reporting import Reporting
from ..rivals import RIVALS
from ..rivals.opening import gains, open_cycle
from ..run_folder import Run, RunFolder, read_run
from ..scene import DT, TARGETS
from ..second_process import SecondProcess
from ..viewing import by_hand, shown_reach, view_of
from .reach_report import REACH_REPORT
from .reach_scene import ReachScene, reaching_scene
from .reach_settings import ReachSettings

Outcomes = dict[str, Outcome]


def run_reach(settings: ReachSettings, watch: Watch = unwatched) -> Run:
    """Run every controller of the settings through the same scene and write the run folder.

    An interrupted run leaves the records and the summary up to that moment. A run that was killed
    leaves the records; see `read_run`. A complete run exports each exportable controller to a
    folder of its name.

    Args:
        settings: settings of the command.
        watch: called before the first and after every reach.

    Raises:
        ArmError: the arm is unknown, or its file is broken.
        ConfigurationError: the arm has no workspace for reaching.
        RecordError: the run folder exists or cannot be written.
    """
    with Notices() as notices:
        scene = reaching_scene(settings)
        folder = RunFolder("reach", settings)
        begin_to_compile()
        for remark in scene.remarks:
            notices.remark(remark)
        begin = _summary(scene, {}, notices)
        folder.write_summary(begin)
        outcomes: Outcomes = {}
        with (
            Reporting(folder.path, read_run, REACH_REPORT, begin) as report,
            view_of(settings, lambda: shown_reach(scene)) as view,
        ):
            try:
                notices.add(*_run_all(scene, outcomes, watch, folder, view))
            finally:
                _write(scene, folder, outcomes, notices, view)
    return report.run


def _run_all(
    scene: ReachScene, outcomes: Outcomes, watch: Watch, folder: RunFolder, view: View | None
) -> Sequence[str]:
    """Run the controllers without a network in a second process, while TensorFlow loads here.

    With a view they run one after the other: it shows one at a time. Returns the second process's
    warnings.
    """
    settings = scene.settings
    names = settings.controllers
    light = [] if settings.jacobian else [name for name in names if not RIVALS[name].network]
    apart = len(light) not in (0, len(names)) and os.cpu_count() != 1
    if not apart or view is not None or inside_cell():
        _run_each(scene, names, outcomes, watch, folder, view)
        return ()
    second = SecondProcess(partial(_run_apart, settings, light, folder), watch)
    try:
        with second:
            heavy = [name for name in names if name not in light]
            _run_each(scene, heavy, outcomes, watch, folder)
    finally:
        outcomes.update(second.result or {})
    return second.warnings


def _run_apart(
    settings: ReachSettings, names: Sequence[str], folder: RunFolder, watch: Watch
) -> Outcomes:
    """Run some controllers; an interrupted run returns the outcomes so far."""
    outcomes: Outcomes = {}
    with suppress(KeyboardInterrupt):
        _run_each(reaching_scene(settings), names, outcomes, watch, folder)
    return outcomes


def _run_each(
    scene: ReachScene,
    names: Sequence[str],
    outcomes: Outcomes,
    watch: Watch,
    folder: RunFolder,
    view: View | None = None,
) -> None:
    """Run the controllers one by one; export those that can be exported to a folder."""
    settings = scene.settings
    for name in names:
        outcome = outcomes[name] = Outcome()
        rng = np.random.default_rng([settings.seed, 3])
        with (
            open_cycle(scene, name) as cycle,
            settings.simulator()(
                scene.arm, scene.home, scene.disturbances, DT,
                period=scene.period, sensors=scene.sensors, rng=rng,
            ) as robot,
        ):  # fmt: skip

            def begin(reaches: int, cycle: Any = cycle) -> None:
                learns = settings.freeze_after is None or reaches < TARGETS * settings.freeze_after
                cycle.learn(learns) if view is None else view.learn(cycle, learns)

            def report(reaches: int, log: Log, name: str = name) -> None:
                watch(name, reaches, TARGETS * settings.all_passes, last_error(log, reaches))

            stretch = round(scene.reach_time / scene.period)
            drive = Drive(
                scene.path, scene.cycles, stretch, scene.period,
                begin=begin, watch=report, file=folder.rows(name), view=view,
            )  # fmt: skip
            if view is not None:
                view.begin(name)
            drive.run(robot, cycle, outcome)
            outcome.learned = numbers_of(getattr(cycle, "learned", ()))
            outcome.activity = getattr(cycle, "activity", None)
            outcome.start = start_of(cycle)
            if outcome.failure is None and trained(cycle):
                export_controller(cycle, folder.path / name)


def numbers_of(learned: Any) -> dict[str, Any]:
    """Return the numbers of a named tuple such as `Learned` by name, in lists."""
    names = getattr(learned, "_fields", ())
    values = {name: getattr(learned, name) for name in names}
    return {name: _plain(each) for name, each in values.items() if not callable(each)}


def _plain(value: Any) -> Any:
    if hasattr(value, "_fields"):
        return numbers_of(value)
    return value.tolist() if isinstance(value, np.ndarray) else value


def last_error(log: Log, reaches: int) -> str:
    """Return the RMS error of the last reach as text; empty before the first."""
    if not reaches:
        return ""
    start = log.cycles * (reaches - 1) // reaches
    return f"now {1e3 * float(np.sqrt(np.mean(log.error(start) ** 2))):.2f} mm"


def _write(
    scene: ReachScene,
    folder: RunFolder,
    outcomes: Mapping[str, Outcome],
    notices: Notices,
    view: View | None,
) -> None:
    """Write the available records and the summary."""
    names = [name for name in scene.settings.controllers if name in outcomes]
    done = {name: outcomes[name] for name in names if outcomes[name].cycles}
    changes = [] if view is None else view.by_hand
    for name, outcome in done.items():
        record = outcome.record
        own = [each for each in changes if each["controller"] == name]
        record["unmodelled"] = unmodelled_torque(scene, record, own)
        if "J" in record:
            record["jacobian_error"] = jacobian_error(scene, record)
    records = {name: outcome.record for name, outcome in done.items()}
    folder.write_end(records, _summary(scene, done, notices) | by_hand(view))
    write_start(folder.path, outcomes)


def unmodelled_torque(
    scene: ReachScene,
    record: Mapping[str, np.ndarray],
    changes: Sequence[Mapping[str, Any]] = (),
) -> Float[np.ndarray, "cycles n"]:
    """Return the torque [N m] that the model lacked in every cycle.

    ``changes`` are those of payload and friction by hand, see `View.by_hand`.

    It is the motors' torque minus the model's torque for the actual motion: ``tau - (M ddq + C dq +
    g)``, with ddq from the real arm.
    """
    time, q, dq, tau = (record[column] for column in ("time", "q", "dq", "tau"))
    ddq, start = np.empty_like(q), 0
    disturbances = scene.disturbances
    for change in (*changes, None):
        # Times are sums of periods.
        stop = len(time) if change is None else int(np.searchsorted(time, change["time"] - 1e-9))
        part = slice(start, stop)
        ddq[part] = acceleration(disturbances, scene.arm, time[part], q[part], dq[part], tau[part])
        if change is not None:
            start, disturbances = stop, changed(disturbances, change)
    return tau - scene.arm.inverse_dynamics(q, dq, ddq)


def changed(
    disturbances: Sequence[Disturbance], change: Mapping[str, Any]
) -> tuple[Disturbance, ...]:
    """Return the disturbances with the payload and the friction of a change by hand."""
    new = {
        Payload: Payload(change["payload"]),
        ViscousFriction: ViscousFriction(change["friction"]),
    }
    return tuple(new.get(type(each), each) for each in disturbances)


def jacobian_error(
    scene: ReachScene, record: Mapping[str, np.ndarray]
) -> Float[np.ndarray, "cycles"]:
    """Return ``|J_hat - J| / |J|`` of every cycle, with J of the tip, in the Frobenius norm."""
    axes = list(task_axes(scene.fitted))
    J = scene.fitted.jacobian(record["q"])[:, axes]
    return np.linalg.norm(record["J"][:, axes] - J, axis=(1, 2)) / np.linalg.norm(J, axis=(1, 2))


def _summary(
    scene: ReachScene, outcomes: Mapping[str, Outcome], notices: Notices
) -> dict[str, Any]:
    errors = {name: tool_error(each.record) for name, each in outcomes.items()}
    arrivals = round(scene.reach_time / scene.period)
    return {
        **summary_of_settings("reach", scene.settings, gains()),
        "dt": scene.period,
        "seconds_per_pass": TARGETS * scene.reach_time,
        "targets": scene.targets.tolist(),
        "unseen_targets": scene.unseen.tolist(),
        "home": scene.home.tolist(),
        "tool": None if scene.tool is None else list(scene.tool.tip),
        "joints": list(scene.arm.joint_names),
        **summary_of_outcomes(outcomes, len(scene.settings.controllers) * scene.cycles),
        "warnings": list(notices.lines),
        "learned": {name: each.learned for name, each in outcomes.items() if each.learned},
        "energy": {
            name: energy_of(each.activity)._asdict()
            for name, each in outcomes.items()
            if each.activity is not None
        },
        "rms_mm": {
            name: rms_by_pass(error, scene.cycles_per_pass) for name, error in errors.items()
        },
        "final_mm": {
            name: (1e3 * error[arrivals - 1 :: arrivals]).tolist() for name, error in errors.items()
        },
    }
