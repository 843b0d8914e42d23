"""What settings check."""

import math

from ..errors import ConfigurationError


def check_whole(settings: object, **least: int) -> None:
    """Refuse fields that are below their least; None is no number, and no matter."""
    for name, bound in least.items():
        value = getattr(settings, name)
        if value is not None and value < bound:
            raise ConfigurationError(f"{name}: is {value}, needs a whole number from {bound} up")


def check_from_zero_up(settings: object, **units: str) -> None:
    """Refuse fields that are not finite numbers from 0 up."""
    for name, unit in units.items():
        value = getattr(settings, name)
        if not (math.isfinite(value) and value >= 0):
            raise ConfigurationError(f"{name}: is {value} {unit}, needs a number from 0 up")


def check_within(field: str, value: float, least: float, most: float, unit: str) -> None:
    """Refuse a number outside its bounds."""
    if not least <= value <= most:
        given = " ".join(part for part in (str(value), unit) if part)
        raise ConfigurationError(f"{field}: is {given}, needs a number from {least:g} to {most:g}")


def check_names(field: str, names: tuple[str, ...], valid: tuple[str, ...]) -> None:
    """Refuse no names at all, one that is none, and one twice."""
    unknown = [name for name in names if name not in valid]
    if unknown or not names or len(set(names)) < len(names):
        raise ConfigurationError(
            f"{field}: is {' '.join(names) or 'empty'}, needs some of {', '.join(valid)}, "
            "each at most once"
        )
