"""The command line, ``nengo-forcectl``: one job and one printer a verb."""

import importlib
import json
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from io import TextIOWrapper
from pathlib import Path as FilePath
from typing import Annotated, Any, NamedTuple, NoReturn

import tyro
from rich.console import Console

from . import jobs
from .errors import ConfigurationError, ForcectlError
from .jobs.parse_errors import one_line
from .jobs.parsers import as_given, brief, with_defaults
from .jobs.settings_file import COMMAND, read_settings_file, values_from
from .support.versions import version_of

LOGGERS = ("arms", "nengo_forcectl")
DESCRIPTION = "Torque control of robot arms that learns what their models lack."
HELP = ("-h", "--help")
HELP_ALL = "--help-all"
QUIET = "--quiet"
CONFIG = "--config"
BROKEN_PIPE = 1  # exit code where the reader has gone, rich's own


class Verb(NamedTuple):
    """What a verb of the command line does; only the verb that runs is imported."""

    summary: str  # the first line of its settings' docstring
    settings: str  # by its place in `jobs`
    printer: str  # by its place in `jobs`
    job: str  # its name in `jobs`, which loads what it needs


VERBS = {
    "reach": Verb(
        "A simulated arm learns to reach with an unknown load.",
        "reach.reach_settings.ReachSettings", "reach.reach_output.REACH", "run_reach",
    ),
    "press": Verb(
        "A simulated arm presses on an unknown surface.",
        "contact.contact_settings.PressSettings", "contact.contact_output.CONTACT", "run_press",
    ),
    "wipe": Verb(
        "A simulated arm wipes circles at constant force.",
        "contact.contact_settings.WipeSettings", "contact.contact_output.CONTACT", "run_wipe",
    ),
    "bench adaptation": Verb(
        "Run all combinations of arm, disturbance, controller.",
        "bench.bench_settings.BenchSettings", "bench.bench_output.BENCH", "run_bench",
    ),
    "sweep": Verb(
        "Run a job with all combinations of some settings.",
        "sweep.sweep_settings.SweepSettings", "sweep.sweep_output.SWEEP", "run_sweep",
    ),
    "jacobian": Verb(
        "A network learns an arm's kinematics and Jacobian.",
        "jacobian.jacobian_settings.JacobianSettings", "jacobian.jacobian_output.JACOBIAN",
        "run_jacobian",
    ),
    "run": Verb(
        "A real robot learns to reach targets around its tool.",
        "robot.robot_settings.RunSettings", "robot.robot_output.RUN", "run_robot",
    ),
    "export": Verb(
        "Write a controller that runs without the simulator.",
        "export.export_settings.ExportSettings", "export.export_output.EXPORT", "run_export",
    ),
    "replay": Verb(
        "Pass a log through the learner of the control loop.",
        "logs.replay_settings.ReplaySettings", "logs.replay_output.REPLAY", "run_replay",
    ),
    "identify": Verb(
        "Find an arm's links and friction from logs of it.",
        "logs.identify_settings.IdentifySettings", "logs.identify_output.IDENTIFY", "run_identify",
    ),
    "payload": Verb(
        "Find a payload from two logs, without and with it.",
        "logs.payload_settings.PayloadSettings", "logs.payload_output.PAYLOAD", "run_payload",
    ),
    "convert": Verb(
        "Write a record or a log as CSV, Parquet or MCAP.",
        "logs.convert_settings.ConvertSettings", "logs.convert_output.CONVERT", "run_convert",
    ),
    "show": Verb(
        "Replay a run's record in a browser or one file.",
        "show.show_settings.ShowSettings", "show.show_output.SHOW", "run_show",
    ),
    "arms": Verb(
        "List the arms of the catalogue, or describe one.",
        "arms.arms_settings.ArmsSettings", "arms.arms_output.ARMS", "load_arms",
    ),
    "doctor": Verb(
        "Check what matters to a control loop on this machine.",
        "doctor.doctor_settings.DoctorSettings", "doctor.doctor_output.DOCTOR", "run_doctor",
    ),
}  # fmt: skip


class Asked(NamedTuple):
    """The arguments of the command line, without the options of every verb."""

    arguments: list[str]
    quiet: bool  # print the result alone
    config: FilePath | None  # file of settings


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line.

    Wrong input is one line on the standard error, and exit code 2. So is an arm that fell, was
    stopped, or was overruled by its limits most of the time, with exit code 3.
    """
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without "±" gets "?"
    if os.environ.get("NO_COLOR"):  # rich obeys by itself
        tyro._experimental_options["ansi_codes"] = False
    try:
        asked = _asked(sys.argv[1:] if arguments is None else arguments)
        with _messages(logging.WARNING if asked.quiet else logging.INFO):
            with _output():
                verb, settings = _parse(asked)
            troubles = _run(verb, settings, asked.quiet)
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


def _asked(arguments: Sequence[str]) -> Asked:
    """Separate the options of every verb, in any place, from the arguments of the verb."""
    rest, quiet, config = [], False, None
    left = iter(arguments)
    for argument in left:
        name, _, value = argument.partition("=")
        if argument == QUIET:
            quiet = True
        elif name == CONFIG:
            value = value or next(left, "")
            if not value or value.startswith("-"):
                raise ConfigurationError(f"{CONFIG}: needs a file of settings")
            config = FilePath(value)
        else:
            rest.append(argument)
    return Asked(rest, quiet, config)


def _parse(asked: Asked) -> tuple[Verb, Any]:
    """Return the verb of the arguments, and its settings; a list or help ends the program.

    Without a verb it is that of the file of settings.
    """
    arguments, file = asked.arguments, {}
    if asked.config is not None:
        file = read_settings_file(asked.config)
        if not arguments or arguments[0].startswith("-"):
            arguments = [*_command_of(file, asked.config), *arguments]
    if arguments[:1] == ["--version"]:
        sys.stdout.write(f"nengo-forcectl {version_of('nengo-forcectl')}\n")
        sys.exit()
    name = next((each for each in VERBS if arguments[: len(each.split())] == each.split()), None)
    if name is None:
        _list_verbs(arguments)
    verb, rest = VERBS[name], arguments[len(name.split()) :]
    settings = parsed = load(verb.settings)
    if asked.config is not None:
        where = f"settings file '{asked.config}'"
        parsed = with_defaults(settings, _defaults(file, name, settings, where))
    if HELP_ALL in rest:
        rest = [HELP[0]]
    elif any(each in HELP for each in rest):
        parsed = brief(parsed)
    with one_line():
        given = tyro.cli(parsed, prog=f"nengo-forcectl {name}", args=rest)
    return verb, as_given(settings, given)


def _command_of(file: Mapping[str, Any], path: FilePath) -> list[str]:
    """Return the words of the verb that a file of settings names.

    Raises:
        ConfigurationError: it names none.
    """
    for verb in VERBS:
        if verb.split()[0] == file.get(COMMAND):
            return verb.split()
    is_given = f"is {file[COMMAND]!r}" if COMMAND in file else "is missing"
    first = ", ".join(verb.split()[0] for verb in VERBS)
    raise ConfigurationError(f"settings file '{path}': {COMMAND} {is_given}, needs one of {first}")


def _defaults(
    file: Mapping[str, Any], name: str, settings: type[Any], where: str
) -> dict[str, Any]:
    """Return the values of a file of settings, by field.

    Raises:
        ConfigurationError: it is of another verb, or holds what is no option of the verb.
    """
    command = file.get(COMMAND, name.split()[0])
    if command != name.split()[0]:
        raise ConfigurationError(f"{where}: is of {command!r}, needs {name.split()[0]!r}")
    values = {key: value for key, value in file.items() if key != COMMAND}
    return values_from(settings, values, where)


def _list_verbs(arguments: Sequence[str]) -> NoReturn:
    """Print the verbs, or that the first argument is none of them, or the completion of a shell."""
    completion = any(each.startswith("--tyro") for each in arguments)
    parsers = _all_parsers() if completion else {name: _summary(VERBS[name]) for name in VERBS}
    with one_line():
        tyro.extras.subcommand_cli_from_dict(
            parsers, prog="nengo-forcectl", description=DESCRIPTION, args=arguments
        )
    raise AssertionError("tyro ends the program where there is no verb")


def _all_parsers() -> dict[str, Callable[..., Any]]:
    """Return the parsers of all verbs, by their first word."""
    parsers: dict[str, Callable[..., Any]] = {}
    for name, verb in VERBS.items():
        first, _, second = name.partition(" ")
        settings = load(verb.settings)
        parsers[first] = _after(second, settings) if second else settings
    return parsers


def _after(word: str, settings: type[Any]) -> Callable[..., Any]:
    """Return a parser of settings after one more word."""
    named: Any = Annotated[settings, tyro.conf.subcommand(word, prefix_name=False)]
    other: Any = Annotated[None, tyro.conf.subcommand("none"), tyro.conf.Suppress]

    def parser(which: Any) -> Any:
        return which

    parser.__annotations__["which"] = Annotated[named | other, tyro.conf.arg(name="")]
    return parser


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


def _run(verb: Verb, settings: Any, quiet: bool) -> list[str]:
    printer = load(verb.printer)
    with nullcontext() if quiet else printer.bars(settings) as bars:
        result = getattr(jobs, verb.job)(settings, *([] if bars is None else [bars.watch]))
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
def _messages(level: int) -> Iterator[None]:
    """Show warnings and messages, such as that something is compiled, as lines of our own."""
    handler, loggers = _Handler(level), [logging.getLogger(name) for name in LOGGERS]
    before = [(logger.level, logger.propagate) for logger in loggers]
    with warnings.catch_warnings():
        warnings.showwarning = _say
        for logger in loggers:
            logger.addHandler(handler)
            logger.setLevel(level)
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
