"""The process that serves a page: it draws what it is handed, and hands back the controls."""

import os
import re
import socket
import sys
import time
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from .charts import Charts
from .missing_torque import missing_torque
from .panel import Panel
from .playback import Player
from .shown import Controls, Rows, Shown
from .stage import Stage

HOST, PORT = "127.0.0.1", 8080
BEAT = 0.02  # longest wait for rows [s]
CHARTS = 0.15  # time between two drawings of the curves [s]
OWN = re.compile(r"http://(127\.0\.0\.1|localhost)(:\d+)?")  # pages that this machine serves


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


def serve(line: Connection, shown: Shown, records: dict[str, Rows] | None) -> None:
    """Serve a page until the other end of ``line`` is closed.

    Sends ``("open", port)``, then `Controls`: after each block of rows, and whenever they change.
    Receives ``("begin", controller)``, ``("rows", rows)`` and ``("end", text)``.

    Args:
        line: to the process that runs the loop.
        shown: what there is to see.
        records: records to play, by controller; None: rows come through the line.
    """
    page = Page(shown)
    if records is not None:
        Player(page, records).serve(line)
        return
    panel = Panel(page.server, shown)
    line.send(("open", page.port))
    before: Controls | None = None
    while True:
        if line.poll(BEAT):
            message = line.recv()
            if message[0] == "begin":
                page.restart(message[1])
                panel.restart(message[1], shown.payload, shown.friction)
            elif message[0] == "rows":
                panel.say(page.draw(message[1]))
                page.drawn += 1
            else:
                page.charts.draw()
                panel.say(message[1])
                page.server.flush()
        controls = panel.read(page.drawn)
        if controls != before:
            page.stage.carry(shown.payload if controls.payload is None else controls.payload)
            line.send(controls)
            before = controls


def free_port() -> int:
    """Return the usual port, or a free one if another program has it."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, PORT))
        except OSError:
            return 0
    return PORT


def refuse_foreign_pages() -> None:
    """Let only pages of this machine connect: any page in the same browser could try to.

    viser opens its socket to every page and has no option for it; this is for the whole process.
    """
    from websockets.asyncio import server  # of viser, which is optional

    server.serve = partial(server.serve, origins=[OWN, None])  # None: a program, not a browser


def main() -> None:
    """Serve the page whose description comes first through the line on the given descriptor."""
    os.nice(5)  # the loop comes first
    refuse_foreign_pages()
    line: Any = Connection(int(sys.argv[1]))
    try:
        serve(line, *line.recv())
    except (EOFError, BrokenPipeError, ConnectionResetError):  # the loop has ended
        return
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
