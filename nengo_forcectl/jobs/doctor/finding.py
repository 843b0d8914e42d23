"""One thing that `nengo-forcectl doctor` found."""

from typing import NamedTuple


class Finding(NamedTuple):
    """What was looked at, what was found, and what to do about it, if anything."""

    topic: str
    name: str
    value: str
    advice: str = ""
