"""Playing the records of a run on a page."""

import time
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from .panel import SPEEDS
from .served_page import Page
from .shown import Rows

FRAME = 1.0 / 30.0  # [s]
SLOW = {name: speed for name, speed in SPEEDS.items() if np.isfinite(speed)}


class Player:
    """The controls of a replay, and what they do.

    Args:
        page: the page.
        records: what `rows_of` returns of whole records, by controller.
    """

    def __init__(self, page: Page, records: dict[str, Rows]) -> None:
        gui, self._page, self._records = page.server.gui, page, records
        gui.configure_theme(show_logo=False, show_share_button=False, control_width="medium")
        gui.set_panel_label(page.shown.title)
        names = tuple(records)
        end = max(float(rows["time"][-1]) for rows in records.values())
        self._text = gui.add_markdown("", order=0)
        self._name = gui.add_dropdown("Controller", names, initial_value=names[-1], order=1)
        self._playing = gui.add_checkbox("Play", True, order=2)
        self._time = gui.add_slider("Time [s]", 0.0, round(end, 2), 0.01, 0.0, order=3)
        self._speed = gui.add_dropdown("Speed", tuple(SLOW), initial_value="1 x", order=4)
        self._time.on_update(self._seek)
        self._at: float | None = None  # where a person has put the time [s]
        self._now = 0.0
        self._place = 0  # next row to show

    def _seek(self, event: Any) -> None:
        if event.client is not None:  # moved by a person, not by the player
            self._at = float(self._time.value)

    def serve(self, line: Connection) -> None:
        """Play until the other end of ``line`` is closed."""
        line.send(("open", self._page.port))
        name, before = "", time.monotonic()
        while not line.poll(FRAME):
            now = time.monotonic()
            passed, before = now - before, now
            if name != self._name.value:
                name = self._name.value
                self._begin(name, self._now)
            if self._at is not None:
                at, self._at = self._at, None
                self._begin(name, at)
            elif self._playing.value and self._page.server.get_clients():
                self._advance(name, passed * SLOW[self._speed.value])
        line.recv()  # EOFError: the other end is closed

    def _begin(self, name: str, at: float) -> None:
        """Show a controller at a time, with the seconds before it."""
        self._page.restart(name)
        self._now, self._place = at, 0
        self._show(name)

    def _advance(self, name: str, passed: float) -> None:
        self._now += passed
        if self._now > float(self._records[name]["time"][-1]):
            self._begin(name, 0.0)
        self._show(name)
        self._time.value = round(self._now, 2)

    def _show(self, name: str) -> None:
        rows = self._records[name]
        stop = int(np.searchsorted(rows["time"], self._now, side="right"))
        stop = max(stop, 1)
        if stop > self._place:
            some = {column: values[self._place : stop] for column, values in rows.items()}
            self._page.stage.carry(float(some["payload"][-1]))
            self._text.content = self._page.draw(some)
            self._place = stop
