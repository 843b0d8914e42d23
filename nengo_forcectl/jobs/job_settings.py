"""The common settings of all commands."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import tyro

from ..support.checks import Settings, check_whole

T = TypeVar("T", bound=Settings)


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


@dataclass(frozen=True)
class SceneSettings:
    """The arm of a command, and its seed."""

    arm: str = "kuka_iiwa"
    """Name of an arm (see `nengo-forcectl arms`), or path of a URDF file."""

    tip: Annotated[str | None, option("LINK", "the last link")] = None
    """Link that carries the tool; needed where the links of a URDF branch."""

    seed: int = 0
    """Random seed for targets and network."""

    def __post_init__(self) -> None:
        check_whole(self, seed=0)


@dataclass(frozen=True, kw_only=True)
class JobSettings(Settings):
    """Where the results of a command go."""

    out: Annotated[Path | None, option("PATH", "the next free runs/<command>-NNN")] = None
    """Folder for the results; must not exist."""

    json: bool = False
    """Print the summary as JSON, and nothing else, on the standard output."""
