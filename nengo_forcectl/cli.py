"""The command line, ``nengo-forcectl``: one job and one printer a verb."""

import importlib
import json
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import tyro
from rich.console import Console

from . import jobs
from .errors import ForcectlError

LOGGERS = ("arms", "nengo_forcectl")
HELP = ("-h", "--help")
BROKEN_PIPE = 1  # exit code where the reader has gone, rich's own


class Verb(NamedTuple):
    """What a verb of the command line does; only the verb that runs is imported."""

    summary: str  # the first line of its parser's docstring
    parser: str  # settings, or a function that returns them, by its place in `jobs`
    printer: str  # by its place in `jobs`
    job: str  # its name in `jobs`, which loads what it needs


VERBS = {
    "reach": Verb(
        "A simulated arm with an unknown payload and friction learns to reach.",
        "reach.reach_settings.ReachSettings", "reach.reach_output.REACH", "run_reach",
    ),
    "press": Verb(
        "A simulated arm with an unknown payload comes down on a surface and presses.",
        "contact.contact_settings.PressSettings", "contact.contact_output.CONTACT", "run_press",
    ),
    "wipe": Verb(
        "A simulated arm with an unknown payload wipes circles on a surface at constant force.",
        "contact.contact_settings.WipeSettings", "contact.contact_output.CONTACT", "run_wipe",
    ),
    "bench": Verb(
        "Run every combination of arm, disturbance and controller in parallel.",
        "bench.bench_settings.bench_settings", "bench.bench_output.BENCH", "run_bench",
    ),
    "sweep": Verb(
        "Run a job with every combination of some of its settings, in parallel.",
        "sweep.sweep_settings.SweepSettings", "sweep.sweep_output.SWEEP", "run_sweep",
    ),
    "jacobian": Verb(
        "A network learns an arm's kinematics; its Jacobian is compared with the arm's.",
        "jacobian.jacobian_settings.JacobianSettings", "jacobian.jacobian_output.JACOBIAN",
        "run_jacobian",
    ),
    "run": Verb(
        "A real robot learns to reach around the place where its tool is.",
        "robot.robot_settings.RunSettings", "robot.robot_output.RUN", "run_robot",
    ),
    "export": Verb(
        "Turn a trained controller of a run into a folder that works without the simulator.",
        "export.export_settings.ExportSettings", "export.export_output.EXPORT", "run_export",
    ),
    "replay": Verb(
        "Pass a log through the learner of the control loop: what does it predict and learn?",
        "logs.replay_settings.ReplaySettings", "logs.replay_output.REPLAY", "run_replay",
    ),
    "identify": Verb(
        "Find links, armature, friction and offsets of an arm from logs of it.",
        "logs.identify_settings.IdentifySettings", "logs.identify_output.IDENTIFY", "run_identify",
    ),
    "payload": Verb(
        "Find mass, centre and inertia of a payload from a log without it and a log with it.",
        "logs.payload_settings.PayloadSettings", "logs.payload_output.PAYLOAD", "run_payload",
    ),
    "convert": Verb(
        "Write the record of a run, or a log, as CSV, Parquet or MCAP.",
        "logs.convert_settings.ConvertSettings", "logs.convert_output.CONVERT", "run_convert",
    ),
    "arms": Verb(
        "List the arms of the catalogue, or describe one arm in full.",
        "arms.arms_settings.ArmsSettings", "arms.arms_output.ARMS", "load_arms",
    ),
    "doctor": Verb(
        "Check what matters to a control loop here: packages, clock, scheduler, memory, bridge.",
        "doctor.doctor_settings.DoctorSettings", "doctor.doctor_output.DOCTOR", "run_doctor",
    ),
}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line.

    Wrong input is one line on the standard error, and exit code 2. So is an arm that fell, was
    stopped, or was overruled by its limits most of the time, with exit code 3.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        with _messages():
            with _output():
                settings = tyro.extras.subcommand_cli_from_dict(
                    _parsers(arguments),
                    prog="nengo-forcectl",
                    description="Torque control of robot arms that learns what their models lack.",
                    args=arguments,
                )
            troubles = _run(VERBS[arguments[0]], settings)
    except ForcectlError as error:
        _say(error)
        sys.exit(2)
    except KeyboardInterrupt:
        _say("interrupted; the run folder holds what was done")
        sys.exit(130)
    for trouble in troubles:
        _say(trouble)
    if troubles:
        sys.exit(3)


def _parsers(arguments: Sequence[str]) -> dict[str, Callable[..., Any]]:
    """Return the parser of the verb in the arguments, and the summaries of the others."""
    first = arguments[0] if arguments else HELP[0]
    known = first in VERBS or first in HELP  # any other option or word may be of any verb
    return {
        name: _summary(verb) if known and name != first else load(verb.parser)
        for name, verb in VERBS.items()
    }


def _summary(verb: Verb) -> Callable[..., Any]:
    """Return a parser without options, for the list of verbs."""

    def parser() -> None:
        return None

    parser.__doc__ = verb.summary
    return parser


def load(place: str) -> Any:
    """Return an object by its place in `jobs`."""
    module, _, name = place.rpartition(".")
    return getattr(importlib.import_module(f"{jobs.__name__}.{module}"), name)


def _run(verb: Verb, settings: Any) -> list[str]:
    printer = load(verb.printer)
    with printer.bars(settings) as bars:
        result = getattr(jobs, verb.job)(settings, bars.watch)
    with _output():
        if getattr(settings, "json", False):
            sys.stdout.write(json.dumps(printer.data(result)) + "\n")
        else:
            Console().print(printer.text(settings, result))
    return printer.troubles(result)


@contextmanager
def _output() -> Iterator[None]:
    """Print inside; if the reader has gone, as ``head`` does, end without a word."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes at its end
        sys.exit(BROKEN_PIPE)


class _Handler(logging.Handler):
    """Shows a message of the package as one line on the standard error."""

    def emit(self, record: logging.LogRecord) -> None:
        _say(record.getMessage())


@contextmanager
def _messages() -> Iterator[None]:
    """Show warnings and messages, such as that something is compiled, as lines of our own."""
    handler, loggers = _Handler(logging.INFO), [logging.getLogger(name) for name in LOGGERS]
    before = [(logger.level, logger.propagate) for logger in loggers]
    with warnings.catch_warnings():
        warnings.showwarning = _say
        for logger in loggers:
            logger.addHandler(handler)
            logger.setLevel(logging.INFO)
            logger.propagate = False  # absl and others give the root a handler of their own
        try:
            yield
        finally:
            for logger, (level, propagate) in zip(loggers, before, strict=True):
                logger.removeHandler(handler)
                logger.setLevel(level)
                logger.propagate = propagate


def _say(message: object, *_: object) -> None:
    sys.stderr.write(f"nengo-forcectl: {' '.join(str(message).split())}\n")
