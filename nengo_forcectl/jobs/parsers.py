"""What the command line parses: settings short for the help, or with defaults of a file."""

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Annotated, Any, get_type_hints

import tyro

MORE = "Every option: --help-all. From a file: --config FILE. Without progress: --quiet."
WIDEST = 60  # characters of a list of choices that stands beside its option


def brief(settings: type[Any]) -> type[Any]:
    """Return settings of which the help shows the options named in ``settings.BRIEF`` alone.

    A text that lists choices, one a line, becomes one sentence with their names. Without a
    ``BRIEF`` all options are shown.
    """
    shown = getattr(settings, "BRIEF", None)
    hints = get_type_hints(settings, include_extras=True)
    cut = {name: _cut(hint, shown is None or name in shown) for name, hint in hints.items()}
    summary = (settings.__doc__ or "").partition("\n")[0]
    return _derived(settings, cut, {}, f"{summary}\n\n{MORE}")


def with_defaults(settings: type[Any], values: Mapping[str, Any]) -> type[Any]:
    """Return settings with other defaults, by name of the field."""
    hints = get_type_hints(settings, include_extras=True)
    return _derived(settings, hints, values, settings.__doc__)


def as_given(settings: type[Any], parsed: Any) -> Any:
    """Return parsed settings as an object of the command's own class."""
    return settings(**{each.name: getattr(parsed, each.name) for each in fields(parsed)})


def _derived(
    settings: type[Any], hints: Mapping[str, Any], defaults: Mapping[str, Any], text: str | None
) -> type[Any]:
    """Return a dataclass with the fields of ``settings`` in their order."""
    made = dataclasses.make_dataclass(
        settings.__name__,
        [(each.name, hints[each.name], _field(each, defaults)) for each in fields(settings)],
        bases=(settings,), frozen=True, namespace={"__doc__": text},
    )  # fmt: skip
    made.__module__ = settings.__module__
    ordered = vars(made)["__dataclass_fields__"]
    ordered.update({each.name: ordered.pop(each.name) for each in fields(settings)})
    return made


def _field(field: dataclasses.Field[Any], defaults: Mapping[str, Any]) -> Any:
    """Return a field like a given one, with its default among ``defaults``, if any."""
    if field.name in defaults:
        return dataclasses.field(default=defaults[field.name], kw_only=True)
    if field.default_factory is not dataclasses.MISSING:
        return dataclasses.field(default_factory=field.default_factory, kw_only=True)
    return dataclasses.field(default=field.default, kw_only=True)


def _cut(hint: Any, shown: bool) -> Any:
    """Return the type of an option with a short text; of one not shown, without the option."""
    if not shown:
        return Annotated[hint, tyro.conf.Suppress]
    for each in getattr(hint, "__metadata__", ()):
        text = getattr(each, "help", None)
        if text is not None:
            return Annotated[hint, _shortened(each.metavar or "", text)]
    return hint


def _shortened(metavar: str, text: str) -> Any:
    """Return a short description: the first sentence of a text, names of choices once."""
    head, *others = text.split("\n")
    choices = re.findall(r"^([\w-]+): ", "\n".join(others), re.MULTILINE)
    listed = head.endswith(":") and bool(choices)
    if listed:
        head = f"{head} {', '.join(choices)}."
    else:
        head = re.split(r"(?<=\w\w\.) |; | \(", head)[0].rstrip(".:") + "."
    if listed or len(metavar) > WIDEST:
        metavar = "NAME ..." if "..." in metavar else "NAME"
    return tyro.conf.arg(metavar=metavar or None, help=head)
