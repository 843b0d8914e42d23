"""A page on the loopback, and what is drawn on it."""

import socket
import time

import numpy as np

from .charts import Charts
from .missing_torque import missing_torque
from .shown import Rows, Shown
from .stage import Stage

HOST, PORT = "127.0.0.1", 8080
CHARTS = 0.15  # time between two drawings of the curves [s]


class Page:
    """A page on the loopback.

    Args:
        shown: what there is to see.
    """

    def __init__(self, shown: Shown) -> None:
        import viser  # optional

        self.server = viser.ViserServer(HOST, port=free_port(), verbose=False)
        self.port = self.server.get_port()
        self.shown, self.drawn = shown, 0
        self.stage = Stage(self.server, shown)
        self.charts = Charts(self.server, shown.arm.joint_names, shown.simulated)
        self._drawn_at = 0.0

    def restart(self, controller: str) -> None:
        """Begin anew with a controller."""
        colour = self.shown.colours.get(controller, "#3070b0")
        self.stage.restart(colour)
        self.charts.restart(colour)

    def draw(self, rows: Rows) -> str:
        """Show some cycles; return a line about the last one."""
        shown, tool = self.shown, rows["tool"]
        same = rows["reference"].shape == tool.shape
        error = np.linalg.norm(tool - rows["reference"], axis=1) if same else np.zeros(len(tool))
        force = np.nan_to_num(rows["wrench"][-1, :3]) if "wrench" in rows else None
        self.stage.show(rows["q"][-1], tool, rows["reference"][-1] if same else None, force)
        if shown.simulated:
            torques = missing_torque(shown.arm, rows), rows["feedforward"]
        else:
            torques = rows["tau_measured"], rows["tau"]
        self.charts.add(rows["time"], error, *torques)
        now = time.monotonic()
        if now - self._drawn_at > CHARTS:
            self._drawn_at = now
            self.charts.draw()
        text = f"{rows['time'][-1]:.1f} s, error {1e3 * error[-1]:.2f} mm"
        return text if force is None else f"{text}, force {np.linalg.norm(force):.1f} N"


def free_port() -> int:
    """Return the usual port, or a free one if another program has it."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, PORT))
        except OSError:
            return 0
    return PORT
