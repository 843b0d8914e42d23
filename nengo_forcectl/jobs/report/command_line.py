"""The command that repeats a run, from its settings."""

import dataclasses
import shlex
from typing import Any, get_type_hints

import tyro

from ...errors import ConfigurationError
from ..settings_file import OUTPUT, option_name

WORDS = {"bench": ("bench", "adaptation")}


def command_line(verb: str, settings: Any) -> str:
    """Return the command line of a verb with all options that are not the default."""
    hints = get_type_hints(type(settings), include_extras=True)
    positional = {
        name for name, hint in hints.items()
        if tyro.conf.Positional in getattr(hint, "__metadata__", ())
    }  # fmt: skip
    defaults = _defaults(settings, positional)
    words, options = ["nengo-forcectl", *WORDS.get(verb, (verb,))], []
    for field in dataclasses.fields(settings):
        name, value = field.name, getattr(settings, field.name)
        if name in positional:
            words += _texts(value)
        elif name not in OUTPUT and value != defaults.get(name, dataclasses.MISSING):
            options += _option(name, value)
    return shlex.join([*words, *options])


def _defaults(settings: Any, positional: set[str]) -> dict[str, Any]:
    """Return the default of every option, as the settings' own checks complete it."""
    fields = dataclasses.fields(settings)
    plain = {each.name: each.default for each in fields} | {
        each.name: each.default_factory()
        for each in fields
        if each.default_factory is not dataclasses.MISSING
    }
    needed = {
        each.name: getattr(settings, each.name)
        for each in fields
        if each.name in positional or plain[each.name] is dataclasses.MISSING
    }
    try:
        whole = type(settings)(**needed)
    except ConfigurationError:  # some option beside the needed ones must be given
        return {name: value for name, value in plain.items() if name not in needed}
    return {name: getattr(whole, name) for name in plain if name not in needed}


def _option(name: str, value: Any) -> list[str]:
    option = option_name(name)
    if isinstance(value, bool):
        return [f"--{option}" if value else f"--no-{option}"]
    return [f"--{option}", *_texts(value)]


def _texts(value: Any) -> list[str]:
    if isinstance(value, (tuple, list)):
        return [text for each in value for text in _texts(each)]
    if isinstance(value, float):
        short = f"{value:.10g}"
        return [short if float(short) == value else repr(value)]
    return [str(value)]
