"""The public names, and where each lives."""

from .c_state import read_state as read_state, write_state as write_state
from .controller import (
    export_controller as export_controller,
    export_library as export_library,
    load_controller as load_controller,
    load_network as load_network,
)
from .data import LoadedController as LoadedController
