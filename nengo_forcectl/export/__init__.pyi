"""The public names, and where each lives."""

from .controller import (
    export_controller as export_controller,
    load_controller as load_controller,
    load_network as load_network,
)
from .data import LoadedController as LoadedController
