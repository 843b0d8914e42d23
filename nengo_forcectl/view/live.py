"""A page that shows a control loop while it runs, and takes what a person changes.

The page is served by a process of its own. Every 33 ms of real time the loop hands over the cycles
since the last time, some vectors each, if the page has drawn those before. Between two control
cycles the loop then pauses, waits for its pace, or changes the simulated robot.
"""

import logging
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any

import numpy as np

from ..contract import Cycle
from ..sim.friction import ViscousFriction
from ..sim.masses import Payload
from .page_process import PageProcess
from .shown import Controls, Shown, rows_of

LOG = logging.getLogger("nengo_forcectl")
BEAT = 1.0 / 30.0  # time between two looks at the page [s]
PATIENCE = 10.0  # longest wait for a browser [s]
NAP = 0.05  # of a loop that is paused [s]

Columns = Callable[[int, int], Mapping[str, np.ndarray]]
"""Function that returns the columns of the cycles from one number to another."""


class View:
    """A page for the ``with`` block. A fault of the page is one line, and the loop goes on.

    Args:
        shown: what there is to see.

    Raises:
        VersionError: viser is not installed.
    """

    def __init__(self, shown: Shown) -> None:
        self.shown = shown
        self.by_hand: list[dict[str, Any]] = []
        """What a person has changed, and when: it makes a run another one than its settings'."""
        self.waited = 0.0
        """Time that the loop has waited for a person or for its pace [s]."""
        self._page = PageProcess(shown)
        self._controls = Controls()
        self._name, self._wanted = "", True  # controller, and whether its job wants it to learn
        self._was = (shown.payload, shown.friction, True)  # what the robot has, and learning
        self._from, self._sent = 0, 0  # first cycle to hand over, blocks handed over
        self._stretch, self._deadline, self._due = 1, 0.0, 0.0

    def __enter__(self) -> "View":
        self._page.open()
        until = time.monotonic() + PATIENCE
        while self._page.port is not None and not self._controls.pages:
            self._listen(NAP)
            if time.monotonic() > until:
                LOG.warning("view: no browser shows the page; the run goes on as fast as it can")
                break
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._page.send("end", "the run is over" if error is None else "the run has ended early")
        self._page.close()

    def begin(self, name: str) -> None:
        """Begin with another controller: the sliders stand at the scene's own values again."""
        self._name, self._from, self._wanted = name, 0, True
        self._was = (self.shown.payload, self.shown.friction, True)
        self._controls = self._controls._replace(payload=None, friction=None)
        self._page.send("begin", name)

    def learn(self, cycle: Cycle, on: bool) -> None:
        """Let a cycle learn or not, as its job wants it, unless a person has switched it off."""
        self._wanted = on
        cycle.learn(on and self._was[2])

    def ticks(
        self, clock: Iterable[int], columns: Columns, start: int, robot: Any, cycle: Cycle
    ) -> Iterator[int]:
        """Yield the ticks of a clock, one per control cycle; serve the page between them.

        Args:
            clock: the ticks.
            columns: columns of the log that the cycles go to.
            start: cycles in the log.
            robot: simulated robot, whose payload and friction a person may change.
            cycle: the control cycle.
        """
        now, done, next_look, due = time.perf_counter, start, start, 0.0
        for tick in clock:
            if done >= next_look or now() >= due:
                self._show(done, columns)
                self._hold()
                self._obey(done, robot, cycle)
                next_look, due = done + self._stretch, now() + BEAT
            done += 1
            yield tick

    def watch(self, done: int, columns: Columns) -> None:
        """Show the cycles of a robot that is not simulated, ``done`` so far."""
        if time.perf_counter() >= self._due:
            self._due = time.perf_counter() + BEAT
            self._listen(0.0)
            self._show(done, columns)

    def _listen(self, wait: float) -> None:
        """Take the newest controls of the page."""
        messages = self._page.receive(wait)
        if self._page.port is None:
            self._controls = Controls()
        elif messages:
            self._controls = messages[-1]

    def _show(self, done: int, columns: Columns) -> None:
        """Hand over the cycles since the last time, if the page has drawn those before."""
        controls = self._controls
        if not controls.pages or controls.drawn < self._sent or done - self._from < 2:
            return
        rows = rows_of(columns(self._from, done), self.shown.period)
        if self._page.send("rows", rows):
            self._sent, self._from = self._sent + 1, done - 1

    def _hold(self) -> None:
        """Wait as long as a person has paused the loop, and for its pace."""
        began = time.perf_counter()
        self._listen(0.0)
        while self._controls.paused and self._controls.pages:
            self._listen(NAP)
        speed = self._controls.speed
        if not self._controls.pages or math.isinf(speed):
            self._stretch, self._deadline = 1 << 60, 0.0
        else:
            now = time.perf_counter()
            if now < self._deadline:
                time.sleep(self._deadline - now)
            # The next stretch takes one beat; what is late by more than that is not made up for.
            self._deadline = max(self._deadline, now - BEAT) + BEAT
            self._stretch = max(1, round(speed * BEAT / self.shown.period))
        self.waited += time.perf_counter() - began

    def _obey(self, done: int, robot: Any, cycle: Cycle) -> None:
        """Change the robot and the learning as a person wants it."""
        payload, friction, learning = self._was
        controls = self._controls
        wanted = (
            payload if controls.payload is None else controls.payload,
            friction if controls.friction is None else controls.friction,
            controls.learning if controls.pages else learning,
        )
        if wanted == self._was:
            return
        if wanted[:2] != self._was[:2]:
            robot.change(Payload(wanted[0]), ViscousFriction(wanted[1]))
        if wanted[2] != learning:
            cycle.learn(self._wanted and wanted[2])
        self._was = wanted
        entry = dict(zip(("payload", "friction", "learning"), wanted, strict=True))
        at = {"controller": self._name, "time": round(done * self.shown.period, 9)}
        self.by_hand.append({**at, **entry})
