"""Networks of many kinds, each made by a function in ``CASES``; a module for each kind."""

from . import (
    asked,
    connections,
    layers,
    layers_with_state,
    networks,
    neurons,
    nodes,
    probes,
    settings,
)
from .comparison import outcome
from .draft import CASES, Subject

__all__ = [
    "CASES",
    "Subject",
    "asked",
    "connections",
    "layers",
    "layers_with_state",
    "networks",
    "neurons",
    "nodes",
    "outcome",
    "probes",
    "settings",
]
