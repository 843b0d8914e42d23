"""Settings of a command from a TOML file, under the names of its options.

    passes = 2
    adapt = ["none", "structured"]
    freeze-after = 1

A value has the type that the option has, and is checked by the class that checks the option.
"""

import dataclasses
import sys
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import tomli_w

from ..errors import ConfigurationError
from ..support.files import read_toml

COMMAND = "command"  # key of the command's first word
OUTPUT = ("out", "json")  # options that a file of settings does not hold

KINDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    Path: "a path",
}
LISTS = {int: "whole numbers", float: "numbers", str: "texts", Path: "paths"}


def read_settings_file(path: Path | str) -> dict[str, Any]:
    """Return the tables and values of a TOML file.

    Raises:
        RecordError: the file cannot be read, or is no TOML.
    """
    return read_toml(Path(path), f"settings file '{path}': cannot be read")


def settings_text(command: str, settings: Any) -> str:
    """Return settings as TOML, without the options on the output; `read_settings_file` reads it."""
    values = {
        option_name(each.name): plain_value(value)
        for each in dataclasses.fields(settings)
        if each.name not in OUTPUT and (value := getattr(settings, each.name)) is not None
    }
    head = f"# nengo-forcectl {command} --config FILE takes what follows as its defaults.\n"
    return head + tomli_w.dumps({COMMAND: command, **values})


def settings_from(settings: Any, mapping: Mapping[str, Any], where: str) -> Any:
    """Return the settings of a command from values by the names of its options.

    Args:
        settings: settings class of the command.
        mapping: values by name, as TOML has them; what is missing has its default.
        where: what holds them, for messages, such as "settings file 'run.toml'".

    Raises:
        ConfigurationError: a name or a value is not one of the command's options.
    """
    values = values_from(settings, mapping, where)
    for field in dataclasses.fields(settings):
        needed = field.default is field.default_factory is dataclasses.MISSING
        if needed and field.name not in values:
            raise ConfigurationError(
                f"{where}: {option_name(field.name)} is missing, needs a value"
            )
    try:
        return settings(**values)
    except ConfigurationError as error:
        raise ConfigurationError(f"{where}: {error}") from None


def values_from(settings: Any, mapping: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return values of some fields of settings; see `settings_from`.

    ``-`` and ``_`` are the same in a name. One value stands for a list of one.

    Raises:
        ConfigurationError: a name is not one of the command's options, or a value of another type.
    """
    fields = {each.name: each for each in dataclasses.fields(settings)}
    hints = get_type_hints(settings, include_extras=True)
    values: dict[str, Any] = {}
    for name, value in mapping.items():
        field = name.replace("-", "_")
        if field not in fields:
            raise ConfigurationError(
                f"{where}: has {name!r}, needs some of {', '.join(map(option_name, fields))}"
            )
        if field in values:
            raise ConfigurationError(f"{where}: has {option_name(field)} twice, needs it once")
        values[field] = _value(value, hints[field], f"{where}: {option_name(field)}")
    return values


def option_name(field: str) -> str:
    """Return the name of an option by that of its field."""
    return field.replace("_", "-")


def plain_value(value: Any) -> Any:
    """Return a setting as a file has it: a list, or a path as text."""
    if isinstance(value, (tuple, list)):
        return [plain_value(each) for each in value]
    return str(value) if isinstance(value, Path) else value


def _value(value: Any, hint: Any, what: str) -> Any:
    """Return a value of TOML as the type of an option.

    Raises:
        ConfigurationError: it is of another type.
    """
    found = _converted(value, hint)
    if found is NotImplemented:
        raise ConfigurationError(f"{what}: is {_text(value)}, needs {_needs(hint)}")
    return found


def _converted(value: Any, hint: Any) -> Any:
    """Return a value as a type; NotImplemented if it is of another."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _converted(value, arguments[0])
    if origin in (Union, types.UnionType):
        tried = (_converted(value, each) for each in arguments)
        return next((each for each in tried if each is not NotImplemented), NotImplemented)
    if origin is Literal:
        return value if isinstance(value, str) and value in arguments else NotImplemented
    if origin is tuple:
        return _converted_list(value, arguments)
    if hint is float and type(value) is int and abs(value) <= sys.float_info.max:
        return float(value)
    if hint is Path and isinstance(value, str):
        return Path(value)
    return value if type(value) is hint else NotImplemented


def _converted_list(value: Any, arguments: tuple[Any, ...]) -> Any:
    values = value if isinstance(value, list) else [value]
    kinds = arguments[:1] * len(values) if arguments[-1] is Ellipsis else arguments
    if len(kinds) != len(values):
        return NotImplemented
    found = tuple(_converted(each, kind) for each, kind in zip(values, kinds, strict=True))
    return NotImplemented if NotImplemented in found else found


def _needs(hint: Any) -> str:
    """Return what a type needs, in words."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _needs(arguments[0])
    if origin in (Union, types.UnionType):
        return " or ".join(_needs(each) for each in arguments if each is not type(None))
    if origin is Literal:
        return f"one of {', '.join(arguments)}"
    if origin is tuple:
        count = "" if arguments[-1] is Ellipsis else f"{len(arguments)} "
        return f"a list of {count}{LISTS[arguments[0]]}"
    return KINDS[hint]


def _text(value: Any) -> str:
    """Return a value as TOML shows it, cut to one short line."""
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
