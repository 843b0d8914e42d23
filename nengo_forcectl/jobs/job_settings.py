"""The common settings of all commands."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import tyro

import arms

from ..errors import ConfigurationError
from ..sim.engines import ENGINES, default_engine
from ..support.validation import Settings, check, check_choice, check_seed, check_whole

T = TypeVar("T", bound=Settings)
SCHEDULER = re.compile(r"((tcp|tls|ws|wss|ucx)://)?([\w.-]+|\[[0-9a-fA-F:]+\]):\d{1,5}")


def own_first(settings: type[T]) -> type[T]:
    """Order the fields of a dataclass for the help: its own come before those of its bases."""
    fields, own = vars(settings)["__dataclass_fields__"], settings.__annotations__
    for base in settings.__mro__[1:]:
        for name in vars(base).get("__annotations__", ()):
            if name not in own:
                fields[name] = fields.pop(name)
    return settings


def option(metavar: str, default: str | None = None, text: str | None = None) -> Any:
    """Return the description of an option in the help.

    Args:
        metavar: placeholder for its value.
        default: shown default; None: the field's own default.
        text: help text; by default the docstring under the field.
    """
    hint = None if default is None else f"(default: {default})"
    return tyro.conf.arg(metavar=metavar, help=text, help_behavior_hint=hint)


def names(valid: Any) -> str:
    """Return the metavar of an option that accepts the ``valid`` names."""
    return f"[{{{','.join(valid)}}} ...]"


def check_start(settings: "StartSettings", adapt: Sequence[str]) -> None:
    """Raise `ConfigurationError` if no controller takes the start."""
    if settings.start is not None and "structured" not in adapt:
        raise ConfigurationError(
            f"start: is {settings.start}, needs structured in --adapt, which alone takes one"
        )


def arm_option() -> Any:
    """Return the description of an option that names an arm."""
    text = f"Path of a file, or {', '.join(arms.names())}."
    return option("NAME", None, text)


@dataclass(frozen=True, kw_only=True)
class StartSettings:
    """What the learner of a command knows when it begins."""

    start: Annotated[Path | None, option("RUN", "nothing")] = None
    """What `structured` knows at first: an earlier run's folder, or its start.npz."""


@dataclass(frozen=True, kw_only=True)
class EngineSettings:
    """The physics engine of a command that simulates."""

    engine: Annotated[
        Literal["bullet", "mujoco"],
        option("{bullet,mujoco}", "bullet where PyBullet is installed"),
    ] = field(default_factory=default_engine)  # type: ignore[assignment]
    """Physics engine that simulates the arm: PyBullet or MuJoCo."""

    def __post_init__(self) -> None:
        check_choice(self, "engine", tuple(ENGINES))

    def simulator(self) -> Any:
        """Return the class of the simulated robot."""
        return ENGINES[self.engine]


@dataclass(frozen=True)
class SceneSettings(EngineSettings):
    """The arm of a command, and its seed."""

    arm: Annotated[str, arm_option()] = "kuka_iiwa"

    tip: Annotated[str | None, option("NAME", "the last link")] = None
    """Link that carries the tool; in an MJCF, a body or site. Needed where the links branch."""

    seed: int = 0
    """Random seed for targets and network."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_seed(self)


@dataclass(frozen=True, kw_only=True)
class ViewSettings:
    """Whether a command shows its arm."""

    view: bool = False
    """Show the arm in a browser."""


@dataclass(frozen=True, kw_only=True)
class JobSettings(Settings):
    """Where the results of a command go."""

    out: Annotated[Path | None, option("PATH", "the next free runs/<command>-NNN")] = None
    """Folder for the results; must not exist."""

    json: bool = False
    """Print the summary as JSON, and nothing else, on the standard output."""


@dataclass(frozen=True, kw_only=True)
class WorkerSettings(JobSettings):
    """Where the cells of a command run.

    With ``out`` the folder of a sweep that was ended, it goes on.
    """

    out: Annotated[Path | None, option("PATH", "the next free runs/<command>-NNN")] = None
    """Folder for the results; an unfinished run with the same settings resumes."""

    jobs: Annotated[int | None, option("INT", "one per processor core")] = None
    """Number of parallel processes."""

    dask: Annotated[str | None, option("ADDRESS", "this machine")] = None
    """Address of a Dask scheduler, such as tcp://HOST:8786, whose workers run the cells."""

    def __post_init__(self) -> None:
        check_whole(self, jobs=1)
        good = self.dask is None or SCHEDULER.fullmatch(self.dask) is not None
        check(self, "dask", good, "the address of a scheduler, such as tcp://HOST:8786")
        if self.dask is not None and self.jobs is not None:
            raise ConfigurationError(
                f"jobs: is {self.jobs}, needs to be left out with --dask: a cluster has workers"
            )
