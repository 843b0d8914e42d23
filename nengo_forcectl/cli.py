"""The command line, ``nengo-forcectl``: one job and one printer a verb."""

import json
import logging
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, NamedTuple

import tyro
from rich.console import Console

from . import jobs
from .errors import ForcectlError
from .jobs.arms.arms_output import ARMS
from .jobs.arms.arms_settings import ArmsSettings
from .jobs.bench.bench_output import BENCH
from .jobs.bench.bench_settings import BenchSettings
from .jobs.contact.contact_output import CONTACT
from .jobs.contact.contact_settings import PressSettings, WipeSettings
from .jobs.export.export_output import EXPORT
from .jobs.export.export_settings import ExportSettings
from .jobs.jacobian.jacobian_output import JACOBIAN
from .jobs.jacobian.jacobian_settings import JacobianSettings
from .jobs.job_output import Printer
from .jobs.reach.reach_output import REACH
from .jobs.reach.reach_settings import ReachSettings

LOGGERS = ("arms", "nengo_forcectl")


class Verb(NamedTuple):
    """What a verb of the command line does."""

    settings: Any
    job: str  # its name in `jobs`, which loads what it needs
    printer: Printer


def _bench(
    which: Annotated[
        Annotated[BenchSettings, tyro.conf.subcommand("adaptation", prefix_name=False)]
        | Annotated[None, tyro.conf.subcommand("none"), tyro.conf.Suppress],
        tyro.conf.arg(name=""),
    ],
) -> Any:
    """Run every combination of arm, disturbance and controller in parallel."""
    return which


VERBS = {
    "reach": Verb(ReachSettings, "run_reach", REACH),
    "press": Verb(PressSettings, "run_press", CONTACT),
    "wipe": Verb(WipeSettings, "run_wipe", CONTACT),
    "bench": Verb(BenchSettings, "run_bench", BENCH),
    "jacobian": Verb(JacobianSettings, "run_jacobian", JACOBIAN),
    "export": Verb(ExportSettings, "run_export", EXPORT),
    "arms": Verb(ArmsSettings, "load_arms", ARMS),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line.

    Wrong input is one line on the standard error, and exit code 2. So is an arm that fell, was
    stopped, or was overruled by its limits most of the time, with exit code 3.
    """
    try:
        with _messages():
            parsers: dict[str, Callable[..., Any]] = {
                name: verb.settings for name, verb in VERBS.items()
            }
            settings = tyro.extras.subcommand_cli_from_dict(
                parsers | {"bench": _bench},
                prog="nengo-forcectl",
                description="Torque control of robot arms that learns what their models lack.",
                args=arguments,
            )
            verb = next(verb for verb in VERBS.values() if verb.settings is type(settings))
            troubles = _run(verb, settings)
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


def _run(verb: Verb, settings: Any) -> list[str]:
    with verb.printer.bars(settings) as bars:
        result = getattr(jobs, verb.job)(settings, bars.watch)
    if getattr(settings, "json", False):
        sys.stdout.write(json.dumps(verb.printer.data(result)) + "\n")
    else:
        Console().print(verb.printer.text(settings, result))
    return verb.printer.troubles(result)


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
