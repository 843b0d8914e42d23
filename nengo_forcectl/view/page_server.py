"""The process that serves a page: it draws what it is handed, and hands back the controls."""

import os
import re
import sys
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from .panel import Panel
from .playback import Player
from .served_page import Page
from .shown import Controls, Rows, Shown

BEAT = 0.02  # longest wait for rows [s]
OWN = re.compile(r"http://(127\.0\.0\.1|localhost)(:\d+)?")  # pages that this machine serves


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
