"""The command line, ``nengo-forcectl``: one function of the package a verb."""

import json
import sys
import warnings
from collections.abc import Sequence
from typing import Annotated, Any

import tyro
from rich.console import Console
from rich.markup import escape

import arms

from .errors import ForcectlError
from .jobs.arms.arms_settings import ArmsSettings
from .jobs.bench.bench_settings import BenchSettings
from .jobs.contact.contact_settings import ContactSettings, PressSettings, WipeSettings
from .jobs.export.export_settings import ExportSettings
from .jobs.jacobian.jacobian_settings import JacobianSettings
from .jobs.reach.reach_settings import ReachSettings


def _bench_verb(
    which: Annotated[
        Annotated[BenchSettings, tyro.conf.subcommand("adaptation", prefix_name=False)]
        | Annotated[None, tyro.conf.subcommand("none"), tyro.conf.Suppress],
        tyro.conf.arg(name=""),
    ],
) -> Any:
    """Controllers, disturbances and arms, each with each, in parallel."""
    return which


VERBS = {
    "reach": ReachSettings,
    "press": PressSettings,
    "wipe": WipeSettings,
    "bench": _bench_verb,
    "jacobian": JacobianSettings,
    "export": ExportSettings,
    "arms": ArmsSettings,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; what is wrong with the input is one line, and exit code 2."""
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _say  # one line as well
            settings = tyro.extras.subcommand_cli_from_dict(
                VERBS,
                prog="nengo-forcectl",
                description="Torque control of robot arms that learns what their models lack.",
                args=arguments,
            )
            if isinstance(settings, ReachSettings):
                from .jobs.reach.reach_output import show

                show(settings)
            elif isinstance(settings, BenchSettings):
                from .jobs.bench.bench_output import show

                show(settings)
            elif isinstance(settings, JacobianSettings):
                from .jobs.jacobian.jacobian_output import show

                show(settings)
            elif isinstance(settings, ExportSettings):
                _export(settings)
            elif isinstance(settings, ContactSettings):
                from .jobs.contact.contact_output import show

                show(settings)
            else:
                _arms(settings)
    except ForcectlError as error:
        _say(error)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.stderr.write("nengo-forcectl: interrupted; the run folder holds what was done\n")
        sys.exit(130)


def _say(message: Warning | str | ForcectlError, *_: object) -> None:
    sys.stderr.write(f"nengo-forcectl: {' '.join(str(message).split())}\n")


def _export(settings: ExportSettings) -> None:
    from .export.controller import export_run

    controller = export_run(
        settings.run, settings.folder, settings.controller, replace=settings.replace
    )
    console = Console()
    console.print(escape(str(controller)))
    console.print(f"Controller folder: [bold]{escape(str(settings.folder))}[/]")


def _arms(settings: ArmsSettings) -> None:
    from .jobs.arms import arms_output as show_arms

    if settings.json:
        names = arms.names() if settings.name is None else (settings.name,)
        data = [show_arms.as_data(arms.load(name, tip=settings.tip)) for name in names]
        sys.stdout.write(json.dumps(data) + "\n")
    elif settings.name is None:
        Console().print(show_arms.catalogue())
    else:
        Console().print(show_arms.one(arms.load(settings.name, tip=settings.tip)))
